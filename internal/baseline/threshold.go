package baseline

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Threshold is one entry of thresholds; which fields it has depends on its name.
type Threshold struct {
	Count  int           // so many
	Within time.Duration // in this span; also the span of short_lived_window and the like

	Percent float64 // growth against the period before
	Minimum int     // below so many, growth means nothing

	Value float64 // a plain number: travel_speed in km/h, inactive_days

	Privileged *Threshold // for privileged accounts; nil: the same
}

const (
	thresholdsPrefix = "thresholds."
	privilegedSuffix = "_privileged"
)

func (p *parser) countThreshold(n *yaml.Node, path string) any {
	var t Threshold
	var privileged *yaml.Node
	count, within := p.countKeys(&t, true)
	ok := p.object(n, path, count, within,
		key{"privileged", false, func(n *yaml.Node, _ string) { privileged = n }})
	if !ok {
		return nil
	}
	if privileged != nil {
		own := t // what it does not name is as for everybody
		count, within := p.countKeys(&own, false)
		if !p.object(privileged, path+".privileged", count, within) {
			return nil
		}
		t.Privileged = &own
	}
	return t
}

func (p *parser) countKeys(t *Threshold, required bool) (count, within key) {
	return key{"count", required, func(n *yaml.Node, path string) { t.Count, _ = p.integer(n, path, 1) }},
		key{"within", required, func(n *yaml.Node, path string) { t.Within, _ = p.span(n, path) }}
}

func (p *parser) percentThreshold(n *yaml.Node, path string) any {
	var t Threshold
	if !p.object(n, path,
		key{"percent", true, func(n *yaml.Node, path string) { t.Percent, _ = p.number(n, path) }},
		key{"minimum", false, func(n *yaml.Node, path string) { t.Minimum, _ = p.integer(n, path, 0) }}) {
		return nil
	}
	return t
}

func (p *parser) spanThreshold(n *yaml.Node, path string) any {
	if d, ok := p.span(n, path); ok {
		return Threshold{Within: d}
	}
	return nil
}

func (p *parser) numberThreshold(n *yaml.Node, path string) any {
	if v, ok := p.number(n, path); ok {
		return Threshold{Value: v}
	}
	return nil
}

func (p *parser) daysThreshold(n *yaml.Node, path string) any {
	if v, ok := p.integer(n, path, 1); ok {
		return Threshold{Value: float64(v)}
	}
	return nil
}

// Threshold returns the threshold of that name, with or without "thresholds."
// before it. A name that ends in "_privileged" gives what applies to privileged
// accounts: the entry of that name, the privileged part of the general entry, or
// the general entry, in this order, and what was written before what is built in.
func (v *View) Threshold(name string) (Threshold, bool) {
	name = thresholdsPrefix + strings.TrimPrefix(lower(name), thresholdsPrefix)
	general, suffixed := strings.CutSuffix(name, privilegedSuffix)
	own, hasOwn := v.in[name]
	if !suffixed {
		t, ok := own.val.(Threshold)
		return t, ok
	}
	t, hasGeneral := v.in[general].val.(Threshold)
	if hasGeneral && t.Privileged != nil && (!hasOwn || own.builtin) {
		return *t.Privileged, true
	}
	if hasOwn {
		t, hasGeneral = own.val.(Threshold)
	}
	return t, hasGeneral
}

// part returns one number of a threshold, or with part "" its first one, as
// rules write it.
func (t Threshold) part(name string) (string, bool) {
	switch {
	case t.Count > 0 && (name == "" || name == "count"):
		return strconv.Itoa(t.Count), true
	case t.Within > 0 && (name == "" || name == "within"):
		return formatSpan(t.Within), true
	case t.Percent > 0 && (name == "" || name == "percent"):
		return strconv.FormatFloat(t.Percent, 'f', -1, 64), true
	case t.Percent > 0 && name == "minimum":
		return strconv.Itoa(t.Minimum), true
	case t.Value > 0 && name == "":
		return strconv.FormatFloat(t.Value, 'f', -1, 64), true
	}
	return "", false
}
