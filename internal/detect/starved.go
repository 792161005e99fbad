package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A Starving says which rules lack a column in the logs of one run.
type Starving struct {
	Engine  *Engine
	Seen    map[event.Kind]map[event.Format]bool
	Tenants []string
	Columns []*Columns // of all goroutines
}

// Without tells which rules, by slug, can find nothing while some columns, by kind,
// are empty and all others are not, and why.
func (e *Engine) Without(empty map[event.Kind][]string, seen map[event.Kind]map[event.Format]bool, tenants []string) []Inactive {
	c := e.NewColumns()
	for k, fields := range c.open {
		for _, field := range fields {
			if !slices.Contains(empty[event.Kind(k)], e.Schema.FieldName(field)) {
				c.state[column{event.Kind(k), field}] = filled
			}
		}
	}
	s := Starving{Engine: e, Seen: seen, Tenants: tenants, Columns: []*Columns{c}}
	var out []Inactive
	for i, r := range e.rules {
		if r.Silent {
			continue // what reads it answers for it
		}
		if why := s.Why(i); why != "" {
			out = append(out, Inactive{Rule: r.Slug, Reason: why})
		}
	}
	return out
}

// Why says which empty column keeps a rule, by index, from ever matching; "" if
// none does.
func (s *Starving) Why(i int) string {
	e, reason := s.Engine, ""
	if c := e.rules[i].Correlate; c != nil {
		for j, up := range e.inputsOf(i) {
			why := s.Why(j)
			if why == "" {
				why = s.slot(j, up.slot)
			}
			if why == "" && !wantsAll(c) {
				return ""
			}
			if reason == "" {
				reason = why
			}
		}
		return reason
	}
	for k, r := range e.plans[i].byKind {
		for f := range s.Seen[k] {
			for _, t := range s.Tenants {
				ts := e.tenant(strings.ToLower(t))
				if c := ts.sets[k][f]; c == nil || !slices.Contains(c.rules, i) {
					continue
				}
				why := s.match(ts, k, f, r)
				if why == "" {
					return ""
				}
				if reason == "" || why < reason { // the same in each run
					reason = why
				}
			}
		}
	}
	return reason
}

// match says which empty column keeps a rule from matching records of a kind and
// format.
func (s *Starving) match(ts *tenantSets, k event.Kind, f event.Format, r *sigma.Rule) string {
	e := s.Engine
	filled, missing := e.fill(r, ts.view)
	expr, err := filled.Expr()
	if err != nil {
		return ""
	}
	// A comparison with nothing is true of blanks.
	blanks := map[string]bool{}
	sigma.Walk(expr, func(n sigma.Node, _ bool) {
		if it, ok := n.(*sigma.Item); ok && (it.Has("exists") || slices.ContainsFunc(it.Values, func(v sigma.Value) bool { return v.Text == "" })) {
			blanks[it.Field] = true
		}
	})
	ok, absent, _ := sigma.Satisfiable(expr, func(field string) bool {
		empty, _ := s.empty(k, field, blanks[field])
		return !empty && e.has(k, f, field, ts.view, missing)
	})
	if ok {
		return ""
	}
	for _, field := range absent {
		if empty, names := s.empty(k, field, blanks[field]); empty {
			return e.isEmpty(names, k)
		}
	}
	return ""
}

// slot says which column leaves what a correlation reads of its input empty.
func (s *Starving) slot(i, slot int) string {
	e := s.Engine
	if e.rules[i].Correlate != nil {
		for j, up := range e.inputsOf(i) {
			if why := s.slot(j, e.sources[i][up.input][slot]); why != "" {
				return why
			}
		}
		return ""
	}
	reason := ""
	for k := range e.plans[i].byKind {
		if len(s.Seen[k]) == 0 {
			continue
		}
		why := ""
		for _, name := range e.signals[i].slots[slot].fields {
			fields := []string{name}
			if ids, ok := entityIDs[name]; ok {
				fields = []string{e.Schema.FieldName(ids[0]), e.Schema.FieldName(ids[1])}
			} else if isBaseline(name) {
				continue
			}
			if why == "" && s.allEmpty(k, fields, false) {
				why = e.isEmpty(fields, k)
			}
		}
		if why == "" {
			return ""
		}
		if reason == "" || why < reason {
			reason = why
		}
	}
	return reason
}

// empty reports whether what a rule names is empty in all events of a kind, and
// what these columns are called.
func (s *Starving) empty(k event.Kind, field string, blankIsSomething bool) (bool, []string) {
	names := []string{field}
	if isBaseline(field) {
		names = factsOf(field)
	}
	return s.allEmpty(k, names, blankIsSomething), names
}

func (s *Starving) allEmpty(k event.Kind, names []string, blankIsSomething bool) bool {
	some := false
	for _, name := range names {
		f := s.Engine.Schema.Lookup(k, name)
		if f == nil {
			continue
		}
		if some = true; !slices.Contains(s.Engine.columns(k), f.ID) {
			return false
		}
		for _, c := range s.Columns {
			if state := c.state[column{k, f.ID}]; state == filled || state == blank && blankIsSomething {
				return false
			}
		}
	}
	return some
}

// isEmpty is the reason in words. What is derived goes by what the log has.
func (e *Engine) isEmpty(names []string, k event.Kind) string {
	var logged []string
	for _, name := range names {
		from := []string{name}
		if f := e.Schema.Lookup(k, name); f == nil {
			continue
		} else if len(f.Needs) > 0 {
			from = f.Needs
		}
		for _, column := range from {
			if column = strings.ReplaceAll(column, "|", " or "); !slices.Contains(logged, column) {
				logged = append(logged, column)
			}
		}
	}
	verb := " is"
	if len(logged) > 1 {
		verb = " are"
	}
	return fmt.Sprintf("no data: %s%s empty in all %s events", strings.Join(logged, " and "), verb, k)
}
