package detect_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
)

// numbersOf are the finite numbers among a member's values.
func numbersOf(m *mem) []float64 {
	var out []float64
	for _, v := range m.Values {
		if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			out = append(out, f)
		}
	}
	return out
}

func holds(terms []detect.Term, v float64) bool {
	for _, t := range terms {
		if !map[string]bool{
			"gt": v > t.Limit, "gte": v >= t.Limit, "lt": v < t.Limit, "lte": v <= t.Limit, "eq": v == t.Limit, "neq": v != t.Limit,
		}[t.Op] {
			return false
		}
	}
	return true
}

// within reports whether a member lies in the window of a span that ends at a
// moment: later than t - span, and no later than t.
func within(at, t int64, span time.Duration) bool {
	return at <= t && uint64(t)-uint64(at) < uint64(span)
}

// windows looks at every window anew.
func (c *trial) windows() []finding {
	counted := c.distinct(func(m *mem) bool {
		switch c.p.Type {
		case "value_count":
			return len(m.Values) > 0
		case "value_sum", "value_avg", "value_percentile":
			return len(numbersOf(m)) > 0
		}
		return true
	})
	var out []finding
	var held []bool // members of the finding at hand
	var since, last int64
	measure := ""
	finish := func() {
		if held == nil {
			return
		}
		var ms []*mem
		for i, h := range held {
			if h {
				ms = append(ms, counted[i])
			}
		}
		out = append(out, say(c.p, c.all, c.sources, since, ms, measure))
		held = nil
	}
	for i := range counted {
		t := counted[i].At
		if i+1 < len(counted) && counted[i+1].At == t {
			continue // the window ends at the last member of the moment
		}
		var in []*mem
		for _, m := range counted {
			if within(m.At, t, c.p.Span) {
				in = append(in, m)
			}
		}
		v := c.aggregate(in)
		if len(c.p.Terms) > 0 && !holds(c.p.Terms, v) || len(c.p.Terms) == 0 && v < float64(c.p.Inputs) {
			continue
		}
		// Windows (a, b] and (c, d] overlap if c < b.
		if held != nil && !(uint64(t)-uint64(last) < uint64(c.p.Span)) {
			finish()
		}
		if held == nil {
			held, since = make([]bool, len(counted)), t
		}
		last = t
		for j, m := range counted {
			held[j] = held[j] || within(m.At, t, c.p.Span)
		}
		if c.p.Type[:5] == "value" {
			measure = numberText(v)
		}
	}
	finish()
	return out
}

// numberText writes whole numbers with their thousands apart, and others with
// two decimals.
func numberText(f float64) string {
	if math.Abs(f) >= 1e15 {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	if f != math.Floor(f) {
		return fmt.Sprintf("%.2f", f)
	}
	s := fmt.Sprint(int64(math.Abs(f)))
	out := ""
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			out += ","
		}
		out += string(r)
	}
	if f < 0 {
		out = "-" + out
	}
	return out
}

// aggregate is what a type makes of the members in a window.
func (c *trial) aggregate(in []*mem) float64 {
	var all []float64
	texts, rules := map[string]bool{}, map[int]bool{}
	for i := range in {
		rules[in[i].Input] = true
		all = append(all, numbersOf(in[i])...)
		for _, v := range in[i].Values {
			texts[v] = true
		}
	}
	slices.Sort(all)
	sum := 0.0
	for _, f := range all {
		sum += f
	}
	switch c.p.Type {
	case "value_count":
		return float64(len(texts))
	case "temporal":
		return float64(len(rules))
	case "temporal_ordered":
		return float64(longest(in, c.p.Inputs))
	case "value_sum":
		return sum
	case "value_avg":
		return sum / float64(len(all))
	case "value_percentile":
		// Nearest rank: the least value that so many per cent do not exceed.
		for i, f := range all {
			if int64(i+1)*10000 >= c.percentile*int64(len(all)) {
				return f + 0
			}
		}
	}
	return float64(len(in))
}

// longest tries every choice of rules and takes for each the first member that
// is not before the one of the rule before.
func longest(in []*mem, rules int) int {
	best := 0
	for choice := range 1 << rules {
		size, now, ok := 0, int64(math.MinInt64), true
		for r := range rules {
			if choice&(1<<r) == 0 {
				continue
			}
			next, some := int64(math.MaxInt64), false
			for _, m := range in {
				if m.Input == r && m.At >= now && m.At <= next {
					next, some = m.At, true
				}
			}
			ok = ok && some
			size, now = size+1, next
		}
		if ok {
			best = max(best, size)
		}
	}
	return best
}

func (c *trial) firstSeen() []finding {
	var out []finding
	known := map[string]bool{}
	counted := c.distinct(func(m *mem) bool { return len(m.Values) > 0 })
	for _, m := range counted {
		for _, v := range m.Values {
			history := uint64(m.At) - uint64(counted[0].At)
			if !known[v] && history >= uint64(c.p.Learning) {
				one := *m
				one.again = false // a finding of its own
				out = append(out, say(c.p, c.all, c.sources, m.At, []*mem{&one}, "known for "+detect.SpanText(time.Duration(history))))
			}
			known[v] = true
		}
	}
	return out
}

func (c *trial) absent() []finding {
	var out []finding
	counted := c.distinct(func(*mem) bool { return true })
	for _, a := range counted {
		if a.Input != 0 {
			continue
		}
		followed := false
		for _, b := range counted {
			followed = followed || b.Input > 0 && b.At > a.At && uint64(b.At)-uint64(a.At) <= uint64(c.p.Span)
		}
		passed := c.until != detect.Never && c.until >= a.At && uint64(c.until)-uint64(a.At) >= uint64(c.p.Span)
		if !followed && passed {
			out = append(out, say(c.p, c.all, c.sources, a.At, []*mem{a}, detect.SpanText(c.p.Span)))
		}
	}
	return out
}

// kilometres measures by the angle between two directions from the centre of
// the earth.
func kilometres(p, q detect.Place) float64 {
	vector := func(p detect.Place) [3]float64 {
		lat, lon := p.Lat*math.Pi/180, p.Lon*math.Pi/180
		return [3]float64{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
	}
	a, b := vector(p), vector(q)
	cross := [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
	return 6371 * math.Atan2(math.Sqrt(cross[0]*cross[0]+cross[1]*cross[1]+cross[2]*cross[2]), a[0]*b[0]+a[1]*b[1]+a[2]*b[2])
}

func (c *trial) travel() []finding {
	var out []finding
	counted := c.distinct(func(m *mem) bool { return m.Place.Known })
	for i := 1; i < len(counted); i++ {
		a, b := counted[i-1], counted[i]
		took := time.Duration(b.At - a.At)
		if a.Place == b.Place || c.p.Span > 0 && took > c.p.Span {
			continue
		}
		way := kilometres(a.Place, b.Place)
		if way < c.p.Minimum || !holds(c.p.Terms, way/took.Hours()) {
			continue
		}
		measure := numberText(math.Round(way)) + " km in " + detect.SpanText(took)
		out = append(out, say(c.p, c.all, c.sources, b.At, []*mem{a, b}, measure))
	}
	return out
}
