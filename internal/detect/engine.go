package detect

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// Config is what an engine is made from.
type Config struct {
	Rules     []*Rule
	Baseline  *baseline.Baseline  // nil: nothing is declared
	Directory *baseline.Directory // nil: no snapshots
	// Generic matches every rule against any JSON, whatever its log source.
	Generic bool
}

// An Engine holds the rules of one run, compiled for every tenant, kind and
// format that they work on. It does not change and may be shared; each
// goroutine matches through a Matcher of its own.
type Engine struct {
	Schema *event.Schema

	rules   []*Rule
	plans   []plan // by rule
	fields  []baseline.Field
	named   map[string]int // index in fields
	first   int            // id of the first baseline field; the others follow
	known   int            // id of what is known of the user, see record.appendKnown
	changes map[string]int
	signals []ruleSignals // by rule
	readers [][]reader    // by rule: the correlations that read it
	sources [][][]int     // by correlation, input and slot: the slot of the input
	level   []int         // by rule: 0, or one more than the highest of its inputs
	// required says, by correlation and input, which other inputs a group must
	// have for that one to matter; mark is where Filters know their groups.
	required [][][]int
	mark     [][]int
	marks    int
	waits    [][]bool // by correlation and input: it waits for findings
	counts   []bool   // by correlation: it only counts events, in any order
	least    []bool   // by correlation: it may want a least number of events
	found    [][]bool // by correlation and input: it is a correlation
	seed     maphash.Seed
	// mass is the kind that most events are of. Of these hits may be brief:
	// groupings are by what they are grouped, parts the fields of those.
	mass      event.Kind
	groupings []grouping
	parts     []access
	// correlationID is the field of that name.
	correlationID int

	tenants map[string]*tenantSets
	other   *tenantSets           // for tenants that the baseline does not name
	hot     [event.NumKinds][]int // what rules that work compare
	wanted  [event.NumKinds][]int // that, and what signals tell
}

// tenantSets are the rules as one tenant's baseline makes them.
type tenantSets struct {
	view    *baseline.View
	answers []baseline.Answer // by baseline field
	sets    [event.NumKinds][event.NumFormats]*compiled
	// inactive says, by rule, why it does nothing for this tenant; "" = active.
	inactive []string
	patterns []*Pattern // by rule: of correlations that are evaluated
	needed   []bool     // by rule: it alerts, or something that does reads it
	// logons tells that some rule wants the records of a sign-in joined.
	logons bool
}

type compiled struct {
	set   *sigma.Set
	rules []int // index in the set → index in the engine
}

// A plan is what is known of a rule before any tenant's baseline is.
type plan struct {
	sources []source
	byKind  map[event.Kind]*sigma.Rule // translated
	cannot  string                     // why it can match nothing at all
}

// New compiles rules. Rules that cannot be compiled are errors, each with its
// place; the engine works with the others.
func New(c Config) (*Engine, error) {
	e := &Engine{
		Schema: event.NewSchema(), rules: closure(c.Rules), fields: baseline.Fields(), named: map[string]int{},
		changes: map[string]int{}, seed: maphash.MakeSeed(), mass: event.Signin, tenants: map[string]*tenantSets{},
	}
	if c.Generic {
		e.mass = event.Generic
	}
	e.correlationID = e.Schema.MustID("correlationId")
	for i, f := range e.fields {
		e.named[f.Name] = i
		id := e.Schema.Hidden(f.Name)
		if i == 0 {
			e.first = id
		}
	}
	e.known = e.Schema.Hidden("known user")
	if c.Baseline == nil {
		empty, err := baseline.Parse("", nil, nil)
		if err != nil {
			return nil, fmt.Errorf("empty baseline: %w", err)
		}
		c.Baseline = empty
	}
	for _, name := range c.Baseline.Properties() {
		for _, side := range []string{".new", ".old"} {
			f := e.Schema.Resolve(event.Audit, "changes."+name+side)
			e.changes[strings.ToLower(name)+side] = f.ID
		}
	}
	var errs []error
	for _, r := range e.rules {
		p, err := e.plan(r, c.Generic)
		if err != nil {
			errs = append(errs, err)
		}
		e.plans = append(e.plans, p)
	}
	e.connect()
	for _, t := range c.Baseline.Tenants() {
		sets, err := e.compile(c.Baseline.View(t.ID, c.Directory))
		if err != nil {
			errs = append(errs, err)
		}
		e.tenants[strings.ToLower(t.ID)] = sets
	}
	if e.other = e.tenants[strings.ToLower(c.Baseline.HomeTenantID())]; e.other == nil || c.Baseline.HomeTenantID() == "" {
		sets, err := e.compile(c.Baseline.View("", c.Directory))
		if err != nil && len(e.tenants) == 0 {
			errs = append(errs, err)
		}
		e.other = sets
	}
	e.prepareSignals()
	return e, errors.Join(errs...)
}

// Rules lists the engine's rules; signals refer to them by index.
func (e *Engine) Rules() []*Rule { return e.rules }

// Compared lists the fields that matching reads, by kind, for the decoder.
func (e *Engine) Compared() [event.NumKinds][]int { return e.hot }

// Wanted lists the fields that signals need, by kind. They are many more, and
// needed for the few events that satisfy a rule.
func (e *Engine) Wanted() [event.NumKinds][]int { return e.wanted }

// plan finds a rule's kinds and translates it for each.
func (e *Engine) plan(r *Rule, generic bool) (plan, error) {
	p := plan{byKind: map[event.Kind]*sigma.Rule{}}
	if r.Match == nil {
		return p, nil
	}
	if generic {
		p.sources = []source{{kind: event.Generic}}
		p.byKind[event.Generic] = r.Match
		return p, e.resolveAll(event.Generic, r.Match)
	}
	p.sources, p.cannot = sourcesOf(r.Match.LogSource)
	if p.cannot != "" {
		return p, nil
	}
	p.sources = redirect(r, p.sources)
	sources, cannot := p.sources, ""
	p.sources = nil
	for _, s := range sources {
		t := translator{kind: s.kind, schema: e.Schema}
		mapped := r.Match.Map(t.item)
		if len(t.cannot) > 0 {
			expr, err := mapped.Expr()
			if err != nil {
				return p, err
			}
			// What one kind of event cannot have, another may.
			if ok, _, _ := sigma.Satisfiable(expr, func(string) bool { return true }); !ok {
				if cannot == "" {
					cannot = t.cannot[0]
				}
				continue
			}
		}
		if err := e.resolveAll(s.kind, mapped); err != nil {
			return p, err
		}
		p.sources = append(p.sources, s)
		p.byKind[s.kind] = mapped
	}
	if len(p.sources) == 0 {
		p.cannot = cannot
	}
	return p, nil
}

// resolveAll makes sure that the schema knows every field of a rule, before
// events are made.
func (e *Engine) resolveAll(k event.Kind, r *sigma.Rule) error {
	return e.read(&e.wanted, k, r)
}

// read adds the fields that a rule reads to a list.
func (e *Engine) read(list *[event.NumKinds][]int, k event.Kind, r *sigma.Rule) error {
	expr, err := r.Expr()
	if err != nil {
		return err
	}
	sigma.Walk(expr, func(n sigma.Node, _ bool) {
		it, ok := n.(*sigma.Item)
		if !ok || it.Field == "" {
			return
		}
		if isBaseline(it.Field) {
			for _, id := range e.factsRead(k, it.Field) {
				want(list, k, id)
			}
		} else {
			want(list, k, e.Schema.Resolve(k, it.Field).ID)
		}
		if it.Has("fieldref") {
			for _, v := range it.Values {
				want(list, k, e.Schema.Resolve(k, v.Text).ID)
			}
		}
	})
	return nil
}

func want(list *[event.NumKinds][]int, k event.Kind, id int) {
	if !slices.Contains(list[k], id) {
		list[k] = append(list[k], id)
	}
}

func isBaseline(field string) bool { return strings.HasPrefix(strings.ToLower(field), "baseline.") }

// baselineField returns the index of a baseline field, or -1.
func (e *Engine) baselineField(name string) int {
	if i, ok := e.named[name]; ok { // written as it is in the reference
		return i
	}
	for i := range e.fields {
		if strings.EqualFold(e.fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// compile makes the sets of one tenant.
func (e *Engine) compile(view *baseline.View) (*tenantSets, error) {
	ts := &tenantSets{view: view, inactive: make([]string, len(e.rules))}
	for _, f := range e.fields {
		ts.answers = append(ts.answers, f.For(view))
	}
	var lists [event.NumKinds][event.NumFormats]struct {
		rules []*sigma.Rule
		index []int
	}
	works := make([][]working, len(e.rules))
	for i, r := range e.rules {
		if r.Match != nil {
			works[i], ts.inactive[i] = e.worksOn(i, view)
		}
		if len(works[i]) > 0 {
			ts.inactive[i] = ""
		}
	}
	e.activate(ts, func(i int) bool { return len(works[i]) > 0 })
	for i := range e.rules {
		if !ts.needed[i] {
			continue
		}
		ts.logons = ts.logons || e.rules[i].Extra.View == signinView
		for _, w := range works[i] {
			if err := e.read(&e.hot, w.kind, w.rule); err != nil {
				return nil, err
			}
			l := &lists[w.kind][w.format]
			l.rules, l.index = append(l.rules, w.rule), append(l.index, i)
		}
	}
	var errs []error
	reported := map[string]bool{}
	for k := range lists {
		for f := range lists[k] {
			l := &lists[k][f]
			if len(l.rules) == 0 || ts.sets[k][f] != nil {
				continue
			}
			set, err := sigma.Compile(l.rules, e.options(event.Kind(k), view))
			if err != nil && !reported[err.Error()] {
				reported[err.Error()] = true
				errs = append(errs, err)
			}
			if set == nil {
				continue
			}
			c := &compiled{set: set}
			// The set leaves out what it could not compile.
			for _, r := range set.Rules() {
				c.rules = append(c.rules, l.index[slices.Index(l.rules, r)])
			}
			// Most formats hold what all rules need: they share a set.
			for g := f; g < len(lists[k]); g++ {
				if slices.Equal(lists[k][g].rules, l.rules) {
					ts.sets[k][g] = c
				}
			}
		}
	}
	return ts, errors.Join(errs...)
}

func (e *Engine) options(k event.Kind, view *baseline.View) sigma.Options {
	return sigma.Options{
		Resolve: func(field string) (sigma.Ref, bool) {
			if isBaseline(field) {
				i := e.baselineField(field)
				if i < 0 {
					return sigma.Ref{}, false
				}
				return e.baselineRef(k, i), true
			}
			return eventRef(e.Schema.Resolve(k, field)), true
		},
		Expand: view.Expand,
	}
}

// A working is a rule as it is for one kind and format.
type working struct {
	kind   event.Kind
	format event.Format
	rule   *sigma.Rule
}

// worksOn lists the kinds and formats on which a rule can give a right answer
// under a baseline. reason says why there are none.
func (e *Engine) worksOn(i int, view *baseline.View) (works []working, reason string) {
	p := &e.plans[i]
	if p.cannot != "" {
		return nil, "cannot match: " + p.cannot
	}
	for _, need := range e.rules[i].Extra.Needs {
		if !hasInput(view, need) {
			return nil, "inactive: baseline input " + strings.ReplaceAll(need, "|", " or ") + " is not set"
		}
	}
	for _, s := range p.sources {
		r := p.byKind[s.kind]
		if r == nil {
			continue
		}
		filled, missing := e.fill(r, view)
		expr, err := filled.Expr()
		if err != nil {
			return nil, "cannot match: " + err.Error()
		}
		for _, f := range event.FormatsOf(s.kind) {
			if s.formats != nil && !slices.Contains(s.formats, f) {
				continue
			}
			ok, absent, unguarded := sigma.Satisfiable(expr, func(field string) bool { return e.has(s.kind, f, field, view, missing) })
			if ok && len(unguarded) == 0 {
				works = append(works, working{s.kind, f, filled})
				continue
			}
			if reason == "" {
				reason = e.why(s.kind, f, append(absent, unguarded...), view, missing)
			}
		}
	}
	return works, reason
}

// fill replaces comparisons whose placeholders the baseline does not fill by
// one with a field that nothing has. missing tells its reason by that field.
func (e *Engine) fill(r *sigma.Rule, view *baseline.View) (filled *sigma.Rule, missing map[string]string) {
	missing = map[string]string{}
	filled = r.Map(func(it *sigma.Item) sigma.Node {
		if !it.Has("expand") {
			return nil
		}
		for _, v := range it.Values {
			for _, name := range placeholders(v.Text) {
				if _, ok := view.Expand(name); ok {
					continue
				}
				field := "missing." + name
				missing[field] = unfilled(name)
				return &sigma.Item{Field: field, Values: []sigma.Value{sigma.Text("x")}, Line: it.Line}
			}
		}
		return nil
	})
	return filled, missing
}

// placeholders lists the names between percent signs.
func placeholders(s string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, "%")
		if !ok {
			return out
		}
		name, tail, ok := strings.Cut(rest, "%")
		if !ok {
			return out
		}
		out = append(out, name)
		s = tail
	}
}

// has reports whether records of a kind and format can have a field.
func (e *Engine) has(k event.Kind, f event.Format, field string, view *baseline.View, missing map[string]string) bool {
	if _, ok := missing[field]; ok {
		return false
	}
	if !isBaseline(field) {
		return e.Schema.Resolve(k, field).In(f)
	}
	i := e.baselineField(field)
	if i < 0 {
		return false
	}
	for _, need := range e.fields[i].Needs {
		if !hasInput(view, need) {
			return false
		}
	}
	return e.hasFacts(k, f, field)
}

// hasFacts reports whether records of a kind and format hold what a baseline
// field looks at.
func (e *Engine) hasFacts(k event.Kind, f event.Format, field string) bool {
	i := e.baselineField(field)
	if i < 0 {
		return false
	}
	facts := factsOf(e.fields[i].Name)
	for _, name := range facts {
		if g := e.Schema.Lookup(k, name); g != nil && g.In(f) {
			return true
		}
	}
	return len(facts) == 0
}

func hasInput(view *baseline.View, need string) bool {
	for name := range strings.SplitSeq(need, "|") {
		if view.Has(name) {
			return true
		}
	}
	return false
}

// why says in words what keeps a rule from working.
func (e *Engine) why(k event.Kind, f event.Format, fields []string, view *baseline.View, missing map[string]string) string {
	var inputs []string
	for _, field := range fields {
		if reason, ok := missing[field]; ok {
			return reason
		}
		if i := e.baselineField(field); i >= 0 {
			for _, need := range e.fields[i].Needs {
				if !hasInput(view, need) && !slices.Contains(inputs, need) {
					inputs = append(inputs, need)
				}
			}
		} else if isBaseline(field) {
			return "cannot match: there is no field " + field
		}
	}
	switch len(inputs) {
	case 0:
	case 1:
		return "inactive: baseline input " + strings.ReplaceAll(inputs[0], "|", " or ") + " is not set"
	default:
		return "inactive: baseline inputs " + strings.Join(inputs, ", ") + " are not set"
	}
	if len(fields) > 0 {
		return fmt.Sprintf("cannot match: field %s does not exist in %s events (%s)", fields[0], k, f)
	}
	return "cannot match: its condition can never be true"
}
