package detect_test

import (
	"math"
	"time"
	_ "time/tzdata" // days of change-over must not depend on the machine

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// places are apart enough that no speed between them is near a limit.
var places = []detect.Place{
	{Lat: 48.14, Lon: 11.58, Known: true},  // Munich
	{Lat: 48.37, Lon: 10.9, Known: true},   // Augsburg
	{Lat: 40.71, Lon: -74.01, Known: true}, // New York
	{Lat: -33.87, Lon: 151.21, Known: true},
	{Lat: 52.1, Lon: 179.9, Known: true},
	{Lat: 52.1, Lon: -179.9, Known: true},
	{},
}

var numberTexts = []string{
	"1", "2", "3", "1", "2", "0", "-1", "-0", "0.5", "0.1", "0.2", "0.3", "-2.25", "10", "100", "x", "", "NaN", "Inf",
	"4398046511104", "1099511627776", "1099511627775", "9007199254740993", "1e16", "-1e16", "1e300", "1.7e308", "-1.7e308",
}

var zones = []string{
	"", "UTC", "Europe/Berlin", "America/New_York",
	"Atlantic/Azores",     // the clock jumps at midnight
	"America/Havana",      // so that midnight comes twice in autumn
	"Africa/Cairo",        // and not at all in spring
	"Australia/Lord_Howe", // by half an hour
}

// changes are days on which clocks change in these zones, in 2026.
var changes = []time.Time{
	time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC),
	time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC),
}

// makeTrial makes a small, dense group: few different times, and spans of the
// size of the distances between them, so that members often lie on the very
// border of a window.
func makeTrial(d *dice, typ string) *trial {
	c := &trial{p: &detect.Pattern{Type: typ, Inputs: 1 + d.roll(4), Versioned: d.roll(4) == 0}, until: detect.Never}
	p := c.p
	if typ == "absent" {
		p.Inputs = max(p.Inputs, 2)
	}
	for range d.roll(3) {
		c.all = append(c.all, d.roll(2) == 0)
	}
	for range p.Inputs {
		from := []int{} // as the engine makes it where there are no slots
		if len(c.all) == 0 && d.roll(2) == 0 {
			from = nil
		}
		for range c.all {
			from = append(from, d.roll(4)-1)
		}
		c.sources = append(c.sources, from)
	}
	p.SetSlots(c.all, c.sources)
	at := c.times(d)
	c.condition(d)
	n := d.roll(pick(d, 4, 9, 20))
	for i := range n {
		m := &mem{Member: detect.Member{At: at(), Input: d.roll(p.Inputs)}}
		m.ID = event.Key{byte(i), 1}
		if p.Versioned {
			m.ID = event.Key{byte(d.roll(max(1, n/2))), 2}
		}
		m.Values = c.values(d)
		if typ == "travel" {
			m.Place = places[d.roll(len(places))]
		}
		m.d = detail(d, m)
		c.members = append(c.members, m)
		// The same event satisfies another rule as well.
		for p.Inputs > 1 && d.roll(5) == 1 && len(c.members) < 40 {
			o := *m
			o.Input = (o.Input + 1) % p.Inputs
			o.Values = c.values(d)
			m = &o
			c.members = append(c.members, m)
		}
	}
	c.once()
	sortMembers(c.members)
	return c
}

// once leaves of members of one moment, identity and input only one.
func (c *trial) once() {
	var out []*mem
	for _, m := range c.members {
		double := false
		for _, o := range out {
			double = double || o.At == m.At && o.ID == m.ID && o.Input == m.Input
		}
		if !double {
			out = append(out, m)
		}
	}
	c.members = out
}

// times settles the spans and says when members happen.
func (c *trial) times(d *dice) func() int64 {
	p := c.p
	near := func() int64 { return pick[int64](d, 0, 0, 0, 0, 0, 0, -1, 1) }
	if p.Type == "period_change" {
		return c.periods(d)
	}
	unit := int64(pick(d, time.Second, time.Hour, 1))
	base := pick[int64](d, 0, 0, time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC).UnixNano(), math.MinInt64/2, math.MaxInt64/2-40*int64(time.Hour))
	p.Span = time.Duration(unit*int64(1+d.roll(6)) + near())
	p.Learning = time.Duration(unit*int64(1+d.roll(6)) + near())
	if p.Span <= 0 {
		p.Span = 1
	}
	if d.roll(12) == 0 {
		p.Span, p.Learning = math.MaxInt64, math.MaxInt64
	}
	if p.Type == "travel" {
		p.Minimum = pick[float64](d, 0, 0, 0, 100, 1000)
		if d.roll(2) == 0 {
			p.Span = 0 // none is given
		}
	}
	spread := 2 + d.roll(20)
	if d.roll(3) > 0 {
		c.until = base + unit*int64(spread+6)
	} else if d.roll(2) == 0 {
		c.until = base + unit*int64(d.roll(24)) + near()
	}
	return func() int64 { return base + unit*int64(d.roll(spread)) + near() }
}

// periods are times of period_change: on few days, a week apart, around the
// days on which clocks change, and near the full hours.
func (c *trial) periods(d *dice) func() int64 {
	p := c.p
	if name := pick(d, zones...); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			panic(err)
		}
		p.Zone = zone
	}
	day := pick(d, changes...)
	p.Minimum = float64(pick(d, 0, 0, 1, 2, 5))
	at := func() int64 {
		days := pick(d, 0, 0, 0, -7, -7, 7, 7, -1, 1, -14, 8, 14)
		hour := pick(d, 0, 0, 0, 1, 1, 2, 3, 4, 12, 22, 23)
		t := time.Date(day.Year(), day.Month(), day.Day()+days, hour, 0, 0, 0, zoneOf(p))
		return t.UnixNano() + pick[int64](d, 0, 0, 1, -1, int64(30*time.Minute), int64(time.Hour), int64(-30*time.Minute))
	}
	c.until = math.MaxInt64 / 2
	switch d.roll(8) {
	case 0, 1, 2:
		c.until = at() // often the very end of an hour
	case 3:
		c.until = detect.Never
	}
	if d.roll(6) > 0 { // the group is known
		m := &mem{Member: detect.Member{At: day.AddDate(0, 0, -20+d.roll(5)).UnixNano(), ID: event.Key{255}}}
		m.d = detail(d, m)
		c.members = append(c.members, m)
	}
	return at
}

// condition makes terms that hold now and then.
func (c *trial) condition(d *dice) {
	p := c.p
	ops := []string{"gte", "gte", "gt", "lt", "lte", "eq", "neq"}
	limit := func() float64 { return float64(d.roll(5)) }
	switch p.Type {
	case "first_seen", "absent":
		return
	case "temporal", "temporal_ordered":
		if d.roll(2) == 0 {
			return
		}
		limit = func() float64 { return float64(d.roll(p.Inputs + 1)) }
	case "value_sum", "value_avg", "value_percentile":
		limit = func() float64 { return pick(d, 0, 1, 2, 3, 0.5, 1.5, -1, 1e16, 4398046511104) }
	case "travel":
		limit = func() float64 { return pick[float64](d, 40, 900, 5000, 1e9) }
	case "period_change":
		limit = func() float64 { return pick[float64](d, -50, 0, 10, 50, 100, 200) }
	}
	p.Terms = append(p.Terms, detect.Term{Op: pick(d, ops...), Limit: limit()})
	if d.roll(4) == 0 { // a range
		low := limit()
		p.Terms = []detect.Term{{Op: pick(d, "gt", "gte"), Limit: low}, {Op: pick(d, "lt", "lte", "neq"), Limit: low + limit()}}
	}
	if p.Type == "value_percentile" {
		c.percentile = pick[int64](d, 0, 100, 500, 700, 2500, 5000, 5500, 7500, 9000, 9500, 9990, 10000, 3333, 1400, 2800)
		p.Percentile = float64(c.percentile) / 100
	}
}

func (c *trial) values(d *dice) []string {
	from := []string{"a", "b", "c", "a\x00", "d", "e"}
	switch c.p.Type {
	case "value_sum", "value_avg", "value_percentile":
		// Mostly small numbers; the others would drown them.
		from = numberTexts[:pick(d, 6, 13, len(numberTexts))]
	case "value_count", "first_seen":
	default:
		return nil
	}
	var out []string
	for range pick(d, 1, 1, 1, 1, 0, 2, 3) {
		out = append(out, pick(d, from...))
	}
	return out
}

// detail makes what a member tells: of an event, or of several as findings do.
func detail(d *dice, m *mem) detect.Detail {
	when := time.Unix(0, m.At).UTC()
	o := detect.Detail{
		First: when, Last: when, Count: 1, Severity: pick(d, "", "", "high", "low"), Flags: detect.Flags(d.roll(4)),
		Evidence: []detect.Evidence{{Key: event.Key{m.ID[0], byte(d.roll(256))}, Time: when, Source: "a.json:1"}},
		Entities: []detect.Entity{{Type: "user", ID: pick(d, "a", "b", "c")}},
	}
	if d.roll(5) == 0 {
		for i := range d.roll(4) {
			o.Count += 1 + i*d.roll(10)
			o.First = o.First.Add(-time.Duration(d.roll(3)) * time.Minute)
			o.Last = o.Last.Add(time.Duration(d.roll(3)) * time.Minute)
			o.Evidence = append(o.Evidence, detect.Evidence{Key: event.Key{9, byte(i)}, Time: o.First})
		}
	}
	for range d.roll(4) {
		var v detect.Distinct
		for range d.roll(4) {
			// Different ones: a detail holds no text twice.
			v.Texts = append(v.Texts, string([]byte{'0' + byte(len(v.Texts)), 'a' + byte(d.roll(6))}))
		}
		o.Values = append(o.Values, v)
	}
	return o
}
