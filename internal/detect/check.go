package detect

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A Check says what a rule works on. Its JSON form is an interface of
// `rules check -json`.
type Check struct {
	Rule    string   `json:"rule"`
	File    string   `json:"file"`
	WorksOn []string `json:"works_on"`
	Needs   []string `json:"needs"`
	Cannot  string   `json:"cannot"`
}

// Check reports on every rule, as if each baseline input were set.
func (e *Engine) Check() []Check {
	out := make([]Check, len(e.rules))
	for i, r := range e.rules {
		out[i] = Check{Rule: r.Slug, File: r.File, WorksOn: []string{}, Needs: e.needs(i)}
		if r.Correlate != nil {
			// What it reads stands before it.
			out[i].WorksOn, out[i].Cannot = e.checkCorrelation(i, out)
			continue
		}
		p := &e.plans[i]
		if p.cannot != "" {
			out[i].Cannot = p.cannot
			continue
		}
		reason := ""
		for _, s := range p.sources {
			mapped := p.byKind[s.kind]
			if mapped == nil {
				continue
			}
			for _, f := range event.FormatsOf(s.kind) {
				if s.formats != nil && !slices.Contains(s.formats, f) {
					continue
				}
				if why := e.everFires(s.kind, f, mapped); why == "" {
					if name := f.String(); !slices.Contains(out[i].WorksOn, name) {
						out[i].WorksOn = append(out[i].WorksOn, name)
					}
				} else if reason == "" {
					reason = why
				}
			}
		}
		if len(out[i].WorksOn) == 0 {
			out[i].Cannot = reason
		}
	}
	return out
}

// everFires returns "" if a rule can fire on records of a kind and format
// under some baseline, else why not.
func (e *Engine) everFires(k event.Kind, f event.Format, r *sigma.Rule) string {
	expr, err := r.Expr()
	if err != nil {
		return err.Error()
	}
	bad := map[string]string{}
	sigma.Walk(expr, func(n sigma.Node, _ bool) {
		it, ok := n.(*sigma.Item)
		if !ok || !it.Has("expand") {
			return
		}
		for _, v := range it.Values {
			for _, name := range placeholders(v.Text) {
				if inputs, reason := baseline.PlaceholderNeeds(name); len(inputs) == 0 {
					bad[it.Field] = "placeholder %" + name + "%: " + reason
				}
			}
		}
	})
	ok, absent, unguarded := sigma.Satisfiable(expr, func(field string) bool {
		if bad[field] != "" {
			return false
		}
		return e.couldHave(k, f, field)
	})
	if ok && len(unguarded) == 0 {
		return ""
	}
	fields := append(absent, unguarded...)
	for _, field := range fields {
		if why := bad[field]; why != "" {
			return why
		}
	}
	if len(fields) == 0 {
		return "its condition can never be true"
	}
	return "field " + fields[0] + " does not exist in " + k.String() + " events (" + f.String() + ")"
}

// couldHave is like has, with every baseline input set.
func (e *Engine) couldHave(k event.Kind, f event.Format, field string) bool {
	if isBaseline(field) {
		return e.hasFacts(k, f, field)
	}
	return e.Schema.Resolve(k, field).In(f)
}

// needs lists the baseline inputs that a rule reads.
func (e *Engine) needs(i int) []string {
	needs := slices.Clone(e.rules[i].Extra.Needs)
	if needs == nil {
		needs = []string{}
	}
	add := func(name string) {
		if !slices.Contains(needs, name) {
			needs = append(needs, name)
		}
	}
	if c := e.rules[i].Correlate; c != nil {
		for _, name := range placeholderTexts(c) {
			inputs, _ := baseline.PlaceholderNeeds(name)
			for _, in := range inputs {
				add(in)
			}
		}
		for j := range e.inputsOf(i) {
			for _, need := range e.needs(j) {
				add(need)
			}
		}
	}
	for _, r := range e.plans[i].byKind {
		expr, err := r.Expr()
		if err != nil {
			continue
		}
		sigma.Walk(expr, func(n sigma.Node, _ bool) {
			it, ok := n.(*sigma.Item)
			if !ok {
				return
			}
			if j := e.baselineField(it.Field); j >= 0 {
				for _, need := range e.fields[j].Needs {
					add(need)
				}
			}
			if it.Has("expand") {
				for _, v := range it.Values {
					for _, name := range placeholders(v.Text) {
						inputs, _ := baseline.PlaceholderNeeds(name)
						for _, in := range inputs {
							add(in)
						}
					}
				}
			}
		})
	}
	slices.Sort(needs)
	return needs
}

// An Inactive rule does nothing in this run.
type Inactive struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// Activity splits the rules into those that work for at least one of the
// tenants seen and the others, with the reason. Rules that no event of the
// input could concern are inactive as well, for want of data.
func (e *Engine) Activity(seen map[event.Kind]map[event.Format]bool, tenants []string) (active []string, inactive []Inactive) {
	for i, r := range e.rules {
		if r.Silent {
			continue // what reads it answers for it
		}
		reason := e.inactivity(i, seen, tenants)
		if reason == "" {
			active = append(active, r.Slug)
		} else {
			inactive = append(inactive, Inactive{r.Slug, reason})
		}
	}
	return active, inactive
}

// Works reports whether a rule, by index, that makes alerts works for one of the
// tenants.
func (e *Engine) Works(i int, tenants []string) bool {
	return !e.rules[i].Silent && slices.ContainsFunc(tenants, func(t string) bool { return e.tenant(strings.ToLower(t)).inactive[i] == "" })
}

// Reads lists the kinds of event that a rule, by index, rests on.
func (e *Engine) Reads(i int) []event.Kind {
	if e.rules[i].Correlate != nil {
		return e.kindsOf(i, func(int) bool { return true })
	}
	return e.rules[i].Kinds()
}

func (e *Engine) inactivity(i int, seen map[event.Kind]map[event.Format]bool, tenants []string) string {
	if len(tenants) == 0 {
		tenants = []string{""}
	}
	reason := ""
	for _, t := range tenants {
		ts := e.tenant(strings.ToLower(t))
		if ts.inactive[i] == "" {
			reason = ""
			break
		}
		if reason == "" {
			reason = ts.inactive[i]
		}
	}
	if reason != "" {
		return reason
	}
	if c := e.rules[i].Correlate; c != nil {
		for j := range e.inputsOf(i) {
			why := e.inactivity(j, seen, tenants)
			if why == "" && !wantsAll(c) {
				return ""
			}
			if reason == "" {
				reason = why
			}
		}
		return reason
	}
	var kinds []string
	blind := ""
	for _, s := range e.plans[i].sources {
		kinds = append(kinds, s.kind.String())
		for f := range seen[s.kind] {
			for _, t := range tenants {
				c := e.tenant(strings.ToLower(t)).sets[s.kind][f]
				if c != nil && slices.Contains(c.rules, i) {
					return ""
				}
			}
			if blind == "" && (s.formats == nil || slices.Contains(s.formats, f)) {
				blind = "not computable: " + s.kind.String() + " events in the format " + f.String() + " lack a field that the rule needs"
			}
		}
	}
	if blind != "" {
		return blind
	}
	return "no data: no " + strings.Join(kinds, ", ") + " events in the input"
}

// Unresolved lists the references of the baseline that no snapshot resolves,
// for the tenants seen.
func (e *Engine) Unresolved(tenants []string) []string {
	var out []string
	for _, t := range tenants {
		for _, u := range e.tenant(strings.ToLower(t)).view.Unresolved() {
			if !slices.Contains(out, u) {
				out = append(out, u)
			}
		}
	}
	return out
}
