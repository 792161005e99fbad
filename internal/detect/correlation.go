package detect

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// extensions are the correlation types that entrawatch adds to Sigma's.
var extensions = []string{"first_seen", "period_change", "travel", "absent"}

// extensionKeys are what they add to the correlation section.
var extensionKeys = []string{"learning", "learn-from", "minimum", "zone"}

// DefaultLearning is how much history first_seen wants where a rule does not
// say.
const DefaultLearning = 14 * 24 * time.Hour

// egressField tells travel which places are those of buildings.
const egressField = "baseline.ip.egress"

// travelFields are what travel compares.
var travelFields = []string{"location.geoCoordinates.latitude", "location.geoCoordinates.longitude", egressField}

// agents are fields that change with every update of a browser.
var agents = []string{"useragent", "devicedetail.browser", "browser"}

// checkExtension finds what a correlation of entrawatch's own types lacks, or
// what another has too much.
func checkExtension(c *sigma.Correlation) error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d: %s", c.File, c.Line, fmt.Sprintf(format, args...)))
	}
	takes := map[string][]string{"first_seen": {"learning", "learn-from"}, "period_change": {"minimum", "zone"}, "travel": {"minimum"}}
	for key := range c.Options {
		if !slices.Contains(takes[c.Type], key) {
			fail("%s takes no %s", c.Type, key)
		}
	}
	if !slices.Contains(extensions, c.Type) {
		return errors.Join(errs...)
	}
	noSpan := c.Timespan.Text == ""
	switch c.Type {
	case "first_seen":
		if len(c.Condition.Fields) == 0 {
			fail("first_seen needs the field whose values are new; add 'condition: {field: …}'")
		}
		for _, f := range c.Condition.Fields {
			if slices.Contains(agents, strings.ToLower(f)) {
				fail("first_seen of %s would alert on every update of a browser; take another field", f)
			}
		}
	case "period_change":
		if len(c.Condition.Terms) == 0 {
			fail("period_change needs a limit in per cent, such as 'condition: {gte: 10}'")
		}
	case "travel":
		if len(c.Condition.Terms) == 0 {
			fail("travel needs a limit in km/h, such as 'condition: {gt: 900}'")
		}
	case "absent":
		if len(c.Rules) < 2 {
			fail("absent needs two rules: what happens, and what ought to follow")
		}
		if noSpan {
			fail("absent needs a timespan within which the other rules ought to follow")
		}
	}
	for _, name := range learnFrom(c) {
		if !slices.Contains(c.Rules, name) {
			fail("learn-from: %q is none of the rules", name)
		}
	}
	if len(learnFrom(c)) == len(c.Rules) {
		fail("learn-from names all rules: nothing is left to report")
	}
	if len(c.Condition.Fields) > 0 && c.Type != "first_seen" {
		fail("%s takes no field in its condition", c.Type)
	}
	if len(c.Condition.Terms) > 0 && (c.Type == "first_seen" || c.Type == "absent") {
		fail("%s takes no limit in its condition", c.Type)
	}
	if !noSpan && (c.Type == "first_seen" || c.Type == "period_change") {
		fail("%s takes no timespan", c.Type)
	}
	for _, key := range []string{"learning", "minimum", "zone"} {
		n := c.Options[key]
		if n == nil {
			continue
		}
		var err error
		switch {
		case strings.HasPrefix(n.Value, "%") && key != "zone":
		case key == "learning":
			_, err = ParseSpan(n.Value)
		case key == "minimum":
			if f, bad := strconv.ParseFloat(n.Value, 64); bad != nil || f < 0 || math.IsNaN(f) || math.IsInf(f, 0) {
				err = fmt.Errorf("%q is no number from 0 on", n.Value)
			}
		case n.Value == "" || n.Value == "Local": // which Go takes for a zone
			err = fmt.Errorf("%q is no time zone; write Europe/Stockholm", n.Value)
		default:
			_, err = time.LoadLocation(n.Value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %s: %w", c.File, n.Line, key, err))
		}
	}
	return errors.Join(errs...)
}

// learnFrom lists the rules that only teach first_seen what is known.
func learnFrom(c *sigma.Correlation) []string {
	n := c.Options["learn-from"]
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, v := range n.Content {
		out = append(out, v.Value)
	}
	return out
}

// requires lists the inputs of a correlation without which a group needs no
// member of the given one: without any of them, or for first_seen without all.
func requires(c *sigma.Correlation, input int) []int {
	var out []int
	teach := learnFrom(c)
	for other := range c.Rules {
		switch {
		case other == input:
		case c.Type == "absent" && input > 0 && other == 0, strings.HasPrefix(c.Type, "temporal") && len(c.Condition.Terms) == 0:
			out = append(out, other)
		case c.Type == "first_seen" && slices.Contains(teach, c.Rules[input]) && !slices.Contains(teach, c.Rules[other]):
			out = append(out, other)
		}
	}
	return out
}

// conditionFields are the fields whose values a correlation looks at.
func conditionFields(c *sigma.Correlation) []string {
	if c.Type == "travel" {
		return travelFields
	}
	return c.Condition.Fields
}

// wantsAll reports whether a correlation can fire only if every one of its
// rules can.
func wantsAll(c *sigma.Correlation) bool {
	return c.Type == "absent" || strings.HasPrefix(c.Type, "temporal") && len(c.Condition.Terms) == 0
}

// A reader is a correlation that reads a rule: as which of its inputs, and
// from which slot of the rule's signals.
type reader struct {
	rule, input, slot int
	grouping          int // by which it groups brief hits
}

// closure returns rules and everything that they read, inputs first where a
// rule has some, so that the order is one of rising levels.
func closure(rules []*Rule) []*Rule {
	var out []*Rule
	seen := map[*Rule]bool{}
	var add func(r *Rule)
	add = func(r *Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		for _, in := range r.Inputs {
			add(in)
		}
		out = append(out, r)
	}
	for _, r := range rules {
		add(r)
	}
	return out
}

// connect finds who reads whom, at which level, and what signals must carry.
func (e *Engine) connect() {
	e.signals = make([]ruleSignals, len(e.rules))
	e.readers = make([][]reader, len(e.rules))
	e.sources = make([][][]int, len(e.rules))
	e.level = make([]int, len(e.rules))
	e.required = make([][][]int, len(e.rules))
	e.mark = make([][]int, len(e.rules))
	e.waits = make([][]bool, len(e.rules))
	e.found = make([][]bool, len(e.rules))
	e.counts, e.least = make([]bool, len(e.rules)), make([]bool, len(e.rules))
	index := map[*Rule]int{}
	for i, r := range e.rules {
		index[r] = i
		for _, p := range Placeholders(r.Extra.Summary) {
			if p.Field != "" {
				e.addSlot(i, index, []fieldRef{{name: p.Field}}, slotFields{fields: []string{p.Field}, refs: []fieldRef{{name: p.Field}}})
			}
		}
		if r.Correlate == nil {
			continue
		}
		refs := []fieldRef{}
		for _, f := range slices.Concat(r.Correlate.GroupBy, conditionFields(r.Correlate)) {
			refs = append(refs, fieldRef{name: f})
		}
		for input := range r.Inputs {
			e.required[i] = append(e.required[i], requires(r.Correlate, input))
		}
		for _, in := range r.Inputs {
			e.found[i] = append(e.found[i], in.Correlate != nil)
		}
		// Marks of events are for other events: there are few findings.
		e.mark[i] = make([]int, len(r.Inputs))
		for input := range r.Inputs {
			e.mark[i][input] = -1
			for other, required := range e.required[i] {
				if e.mark[i][input] < 0 && slices.Contains(required, input) && !e.found[i][other] {
					e.mark[i][input] = e.marks
					e.marks++
				}
			}
		}
		for input := range r.Inputs {
			waits := slices.ContainsFunc(e.required[i][input], func(other int) bool { return e.found[i][other] })
			e.waits[i] = append(e.waits[i], waits && !e.found[i][input])
		}
		for input, in := range r.Inputs {
			j := index[in]
			e.level[i] = max(e.level[i], e.level[j]+1)
			e.readers[j] = append(e.readers[j], reader{rule: i, input: input, slot: e.slotFor(j, index, descend(r, in, refs), slotFields{slot: slot{all: true}, tuple: true})})
		}
		c := r.Correlate
		e.least[i] = (c.Type == "event_count" || c.Type == "value_count") && len(c.Condition.Terms) > 0 && !slices.Contains(e.found[i], true)
		e.counts[i] = c.Type == "period_change" && len(c.GroupBy) == 0 && len(r.Inputs) == 1 && !e.versioned(i)
	}
}

// A fieldRef is a field as a correlation names it; alias tells what it is
// called in the rules below.
type fieldRef struct {
	name  string
	alias *sigma.Alias
}

// descend turns names that a correlation uses into those of one of its inputs.
func descend(from, to *Rule, refs []fieldRef) []fieldRef {
	out := slices.Clone(refs)
	for i := range out {
		ref := &out[i]
		for a := range from.Correlate.Aliases {
			if alias := &from.Correlate.Aliases[a]; ref.alias == nil && alias.Name == ref.name {
				ref.alias = alias
			}
		}
		if ref.alias == nil {
			continue
		}
		for _, f := range ref.alias.Fields {
			if f.Rule == to.Name || to.ID != "" && strings.EqualFold(f.Rule, to.ID) {
				*ref = fieldRef{name: f.Field}
				break
			}
		}
	}
	return out
}

// slotFor returns the slot of a rule's signals that holds the fields, new or
// old. Two correlations may call different fields by one alias.
func (e *Engine) slotFor(i int, index map[*Rule]int, refs []fieldRef, s slotFields) int {
	s.fields = nil
	for k := range refs {
		s.fields = append(s.fields, refs[k].name)
		if e.rules[i].Match != nil {
			refs[k].alias = nil // there is nothing further down
		}
	}
	for j, have := range e.signals[i].slots {
		if have.tuple == s.tuple && have.all == s.all && slices.Equal(have.refs, refs) {
			return j
		}
	}
	return e.addSlot(i, index, refs, s)
}

func (e *Engine) addSlot(i int, index map[*Rule]int, refs []fieldRef, s slotFields) int {
	r := e.rules[i]
	n := len(e.signals[i].slots)
	s.refs = refs
	e.signals[i].slots = append(e.signals[i].slots, s)
	for input, in := range r.Inputs {
		if len(e.sources[i]) <= input {
			e.sources[i] = append(e.sources[i], nil)
		}
		from := e.slotFor(index[in], index, descend(r, in, refs), s)
		e.sources[i][input] = append(e.sources[i][input], from)
	}
	return n
}

// inputsOf yields the rules that a correlation reads, by index, each with how
// it is read.
func (e *Engine) inputsOf(i int) iter.Seq2[int, reader] {
	return func(yield func(int, reader) bool) {
		for j, readers := range e.readers {
			for _, up := range readers {
				if up.rule == i && !yield(j, up) {
					return
				}
			}
		}
	}
}

// basesOf returns the rules that match events below a rule, itself included.
func (e *Engine) basesOf(i int) []int {
	if e.rules[i].Match != nil {
		return []int{i}
	}
	var out []int
	for j := range e.inputsOf(i) {
		out = append(out, e.basesOf(j)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// kindsOf returns the kinds of event below some inputs of a correlation.
func (e *Engine) kindsOf(i int, input func(int) bool) []event.Kind {
	var out []event.Kind
	for j, up := range e.inputsOf(i) {
		if !input(up.input) {
			continue
		}
		for _, base := range e.basesOf(j) {
			for _, s := range e.plans[base].sources {
				if !slices.Contains(out, s.kind) {
					out = append(out, s.kind)
				}
			}
		}
	}
	return out
}

// awaited returns the kinds of event whose watermark a correlation minds.
func (e *Engine) awaited(i int) []event.Kind {
	switch c := e.rules[i].Correlate; c.Type {
	case "absent":
		return e.kindsOf(i, func(input int) bool { return input > 0 })
	case "period_change":
		return e.kindsOf(i, func(int) bool { return true })
	}
	return nil
}

// activate settles for one tenant which correlations work, and so which rules
// are worth matching. active says whether a rule that matches events can fire.
func (e *Engine) activate(ts *tenantSets, active func(int) bool) {
	ts.patterns = make([]*Pattern, len(e.rules))
	ts.needed = make([]bool, len(e.rules))
	works := make([]bool, len(e.rules))
	for i, r := range e.rules {
		if r.Correlate == nil {
			works[i] = active(i)
			continue
		}
		p, reason := e.pattern(i, ts.view)
		some, missing := false, ""
		for j := range e.inputsOf(i) {
			some = some || works[j]
			if !works[j] && missing == "" {
				missing = ts.inactive[j]
			}
		}
		for _, need := range r.Extra.Needs {
			if !hasInput(ts.view, need) && reason == "" {
				reason = "inactive: baseline input " + strings.ReplaceAll(need, "|", " or ") + " is not set"
			}
		}
		if missing != "" && (!some || wantsAll(r.Correlate)) && reason == "" {
			reason = missing
		}
		if ts.inactive[i] = reason; reason == "" {
			works[i], ts.patterns[i] = true, p
		}
	}
	// Inputs stand before what reads them.
	for i := len(e.rules) - 1; i >= 0; i-- {
		ts.needed[i] = works[i] && (!e.rules[i].Silent || slices.ContainsFunc(e.readers[i], func(up reader) bool { return ts.needed[up.rule] }))
		if !ts.needed[i] {
			ts.patterns[i] = nil
		}
	}
}

// A Placeholder is a part of a summary in braces. One of Field and Special is
// set.
type Placeholder struct {
	Field   string // its different values, or with Count their number
	Special string // count, first, last, span, measure
	Count   bool
}

// specials are placeholders that stand for the alert as a whole.
var specials = []string{"count", "first", "last", "span", "measure"}

// Placeholders lists what stands in braces in a summary, in order.
func Placeholders(template string) []Placeholder {
	var out []Placeholder
	for _, name := range summaryFields(template) {
		field, count := strings.CutPrefix(name, "number of ")
		if slices.Contains(specials, name) {
			out = append(out, Placeholder{Special: name})
			continue
		}
		out = append(out, Placeholder{Field: field, Count: count})
	}
	return out
}
