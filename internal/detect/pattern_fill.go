package detect

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// pattern fills a correlation in for one tenant. reason says why it cannot be.
func (e *Engine) pattern(i int, view *baseline.View) (p *Pattern, reason string) {
	c := e.rules[i].Correlate
	p = &Pattern{Type: c.Type, Inputs: len(c.Rules), Learning: DefaultLearning, sources: e.sources[i], grouped: len(c.GroupBy) > 0}
	for len(p.sources) < p.Inputs {
		p.sources = append(p.sources, nil)
	}
	for _, s := range e.signals[i].slots {
		p.slots = append(p.slots, s.slot)
	}
	f := filler{view: view}
	if c.Timespan.Text != "" {
		p.Span = f.span(c.Timespan.Text)
	}
	for _, t := range c.Condition.Terms {
		p.Terms = append(p.Terms, Term{t.Op, f.number(t.Limit.Text)})
	}
	if e.least[i] {
		p.least = least(p.Terms)
	}
	p.Percentile = 50
	if c.Condition.Percentile != nil {
		p.Percentile = f.number(c.Condition.Percentile.Text)
	}
	if n := c.Options["learning"]; n != nil {
		p.Learning = f.span(n.Value)
	}
	teach := learnFrom(c)
	for _, name := range c.Rules {
		p.Teach = append(p.Teach, slices.Contains(teach, name))
	}
	if n := c.Options["minimum"]; n != nil {
		p.Minimum = f.number(n.Value)
	}
	if n := c.Options["zone"]; n != nil {
		p.Zone, _ = time.LoadLocation(n.Value)
	}
	p.Versioned = e.versioned(i)
	return p, f.reason
}

// least is the lowest count that satisfies the terms.
func least(terms []Term) int {
	n := 0.0
	for _, t := range terms {
		switch t.Op {
		case "gt":
			n = max(n, math.Floor(t.Limit)+1)
		case "gte", "eq":
			n = max(n, math.Ceil(t.Limit))
		}
	}
	return int(min(n, maxCounted))
}

// versioned reports whether events below a correlation come in versions.
func (e *Engine) versioned(i int) bool {
	kinds := e.kindsOf(i, func(int) bool { return true })
	return slices.Contains(kinds, event.RiskDetection) || slices.Contains(kinds, event.RiskyUser)
}

// A filler reads numbers and spans, or takes them from the baseline.
type filler struct {
	view   *baseline.View
	reason string
}

func (f *filler) text(s string) (string, bool) {
	if !strings.HasPrefix(s, "%") {
		return s, true
	}
	name := strings.Trim(s, "%")
	if values, ok := f.view.Expand(name); ok && len(values) == 1 {
		return values[0], true
	}
	if f.reason == "" {
		f.reason = unfilled(name)
	}
	return "", false
}

// unfilled says why a placeholder has no value.
func unfilled(name string) string {
	inputs, reason := baseline.PlaceholderNeeds(name)
	if len(inputs) > 0 {
		return "inactive: baseline input " + strings.Join(inputs, " or ") + " is not set"
	}
	return "cannot match: placeholder %" + name + "%: " + reason
}

func (f *filler) number(s string) float64 {
	text, ok := f.text(s)
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && f.reason == "" {
		f.reason = "cannot match: " + text + " of the baseline is no number"
	}
	return n
}

func (f *filler) span(s string) time.Duration {
	text, ok := f.text(s)
	if !ok {
		return 0
	}
	d, err := ParseSpan(text)
	if err != nil && f.reason == "" {
		f.reason = "cannot match: " + err.Error()
	}
	return d
}
