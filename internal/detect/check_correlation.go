package detect

import (
	"slices"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// checkCorrelation finds the formats on which all that a correlation reads
// works, with the fields that it groups by and looks at.
func (e *Engine) checkCorrelation(i int, checks []Check) (works []string, cannot string) {
	for _, name := range placeholderTexts(e.rules[i].Correlate) {
		if inputs, reason := baseline.PlaceholderNeeds(name); len(inputs) == 0 {
			return []string{}, "placeholder %" + name + "%: " + reason
		}
	}
	first := true
	for j, up := range e.inputsOf(i) {
		var can []string
		for _, name := range checks[j].WorksOn {
			why := e.carries(j, up.slot, name)
			if why == "" {
				can = append(can, name)
			} else if cannot == "" {
				cannot = why
			}
		}
		if len(checks[j].WorksOn) == 0 && cannot == "" {
			cannot = "its rule " + e.rules[j].Slug + " cannot: " + checks[j].Cannot
		}
		if first {
			works, first = can, false
			continue
		}
		works = slices.DeleteFunc(works, func(f string) bool { return !slices.Contains(can, f) })
	}
	if len(works) > 0 {
		return works, ""
	}
	if cannot == "" {
		cannot = "no format holds the logs of all its rules"
	}
	return []string{}, cannot
}

// placeholderTexts lists the placeholders in the numbers of a correlation.
func placeholderTexts(c *sigma.Correlation) []string {
	texts := []string{c.Timespan.Text}
	for _, t := range c.Condition.Terms {
		texts = append(texts, t.Limit.Text)
	}
	if p := c.Condition.Percentile; p != nil {
		texts = append(texts, p.Text)
	}
	for _, key := range extensionKeys {
		if n := c.Options[key]; n != nil {
			texts = append(texts, n.Value)
		}
	}
	var out []string
	for _, t := range texts {
		out = append(out, placeholders(t)...)
	}
	return out
}

// carries says why records of a format cannot fill a slot that a correlation
// reads; "" if they can.
func (e *Engine) carries(i, slot int, format string) string {
	if e.rules[i].Correlate != nil {
		for j, up := range e.inputsOf(i) {
			if why := e.carries(j, e.sources[i][up.input][slot], format); why != "" {
				return why
			}
		}
		return ""
	}
	f, _ := event.FormatByName(format)
	for k := range e.plans[i].byKind {
		if !slices.Contains(event.FormatsOf(k), f) {
			continue
		}
		for _, name := range e.signals[i].slots[slot].fields {
			if !e.carriesField(k, f, name) {
				return "field " + name + " does not exist in " + k.String() + " events (" + format + ")"
			}
		}
	}
	return ""
}

func (e *Engine) carriesField(k event.Kind, f event.Format, name string) bool {
	if ids, entity := entityIDs[name]; entity {
		for _, id := range ids {
			if g := e.Schema.Field(k, id); g != nil && g.In(f) {
				return true
			}
		}
		return false
	}
	// A baseline field whose facts are missing says nothing, which is an answer.
	return isBaseline(name) || e.Schema.Resolve(k, name).In(f)
}
