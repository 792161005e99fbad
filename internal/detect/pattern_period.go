package detect

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// periodChange compares the count of a day so far, at each full hour, with the
// count of the same weekday of the week before up to the same hour. Terms
// limit the change in per cent; a count against none is an infinite change. A
// day is compared only if the group was known before the day that it is
// compared with began.
//
// Only counts matter, so members may come in any order.
type periodChange struct {
	p        *Pattern
	later    bool // what findings tell is taken when it is known that there are some
	emit     func(*Found) error
	until    int64
	first    int64
	days     map[int64]*dayCount // by number
	quarters map[int64]*quarters // by days since 1970 in UTC
	recent   [64]*quarters       // of those, by the last digits of the number
}

// quarters are the quarters of an hour of a day in UTC, each with the hour in which
// it lies.
type quarters struct {
	number int64 // of days since 1970
	hours  [96]*hourCount
}

// A dayCount is what happened on one day, by full hours since it began.
type dayCount struct {
	number     int64 // of days since 1970 in the zone
	y          int   // its date; d may lie outside of the month
	m          time.Month
	d          int
	start, end int64 // Unix nanoseconds
	hours      []hourCount
	finding    *Found // without what it tells
	last       int    // the last of its hours
}

// An hourCount is what happened in an hour of a day. Of the events it keeps the
// first few, and how often each value of a slot came.
type hourCount struct {
	n        int
	earliest int64 // of its events
	told     bool  // a finding tells of it
	span     Detail
	evidence []Evidence // the first MaxEvidence, by time and key
	values   []valueCounts
}

// valueCounts are how often each value came. The few that are common stand in
// front, where they are found without a map.
type valueCounts struct {
	common [8]valueCount
	// Texts are borrowed, and a map that is written to takes the key over with the
	// value also where it has it: what stands behind the key changes instead.
	others map[string]*int
}

type valueCount struct {
	text string
	n    int
}

func (c *valueCounts) add(text string) { c.addMany(text, 1) }

func (c *valueCounts) addMany(text string, n int) {
	if len(c.others) > maxValues {
		return // there are too many
	}
	for i := range c.common {
		v := &c.common[i]
		if v.n == 0 {
			v.text = strings.Clone(text)
		} else if v.text != text {
			continue
		}
		v.n += n
		return
	}
	if c.others == nil {
		c.others = map[string]*int{}
	}
	if m := c.others[text]; m != nil {
		*m += n
	} else if len(c.others) <= maxValues {
		c.others[strings.Clone(text)] = &n
	}
}

func (c *valueCounts) remove(text string) {
	for i := range c.common {
		if v := &c.common[i]; v.n > 0 && v.text == text {
			v.n--
			return
		}
	}
	if n := c.others[text]; n != nil && *n > 1 {
		*n--
	} else {
		delete(c.others, text)
	}
}

func (c *valueCounts) addTo(total map[string]int) {
	for _, v := range c.common {
		if v.n > 0 {
			total[v.text] += v.n
		}
	}
	for t, n := range c.others {
		total[t] += *n
	}
}

// maxValues is how many values of a slot are counted in an hour, or a day: a
// breakdown by application or country has few. Of a slot that has more nothing
// is told.
const maxValues = 1000

func (c *periodChange) zone() *time.Location {
	if c.p.Zone == nil {
		return time.UTC
	}
	return c.p.Zone
}

// dayOf returns the day on which a moment lies.
func (c *periodChange) dayOf(at int64) *dayCount {
	y, m, d := time.Unix(0, at).In(c.zone()).Date()
	// Where the clock once went back over midnight, the end of a day came
	// twice. Days are what lies between their beginnings.
	for at < c.dayStart(y, m, d) {
		d--
	}
	for at >= c.dayStart(y, m, d+1) {
		d++
	}
	number := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	if day := c.days[number]; day != nil {
		return day
	}
	start, end := c.dayStart(y, m, d), c.dayStart(y, m, d+1)
	hours := (end - start + int64(time.Hour) - 1) / int64(time.Hour)
	day := &dayCount{number: number, y: y, m: m, d: d, start: start, end: end, hours: make([]hourCount, hours)}
	c.days[number] = day
	return day
}

// dayStart returns the first moment of a day. That is not always what
// time.Date says of its midnight: in some zones the clock jumps over midnight
// in spring, and comes by it twice in autumn.
func (c *periodChange) dayStart(y int, m time.Month, d int) int64 {
	noon := time.Date(y, m, d, 12, 0, 0, 0, c.zone())
	midnight := func(offset int) time.Time { // by the clock of an offset
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
	}
	_, offset := noon.Zone()
	start := midnight(offset)
	change, _ := noon.ZoneBounds()
	if change.IsZero() {
		return start.UnixNano()
	}
	_, offset = change.Add(-1).Zone()
	if before := midnight(offset); before.Before(change) {
		start = before
	} else if start.Before(change) {
		start = change
	}
	return start.UnixNano()
}

// quarterOf is the number of the quarter of an hour in which a moment lies.
func quarterOf(at int64) int64 { return at / int64(15*time.Minute) }

// hourOf returns the hour in which a moment lies. Days begin at quarters of an
// hour in every zone.
func (c *periodChange) hourOf(at int64) *hourCount {
	if c.days == nil {
		c.first, c.days, c.quarters = at, map[int64]*dayCount{}, map[int64]*quarters{}
	}
	c.first = min(c.first, at)
	if at < 0 { // before 1970 quarters are not rounded down
		return c.dayOf(at).hour(at)
	}
	quarter := quarterOf(at)
	q := c.quartersOf(quarter / 96)
	h := &q.hours[quarter%96]
	if *h == nil {
		*h = c.dayOf(at).hour(at)
	}
	return *h
}

// hour returns the hour of the day in which a moment lies.
func (d *dayCount) hour(at int64) *hourCount { return &d.hours[(at-d.start)/int64(time.Hour)] }

func (c *periodChange) quartersOf(number int64) *quarters {
	recent := &c.recent[number%int64(len(c.recent))]
	if q := *recent; q != nil && q.number == number {
		return q
	}
	q := c.quarters[number]
	if q == nil {
		q = &quarters{number: number}
		c.quarters[number] = q
	}
	*recent = q
	return q
}

// dropQuarters forgets where hours are, because some of them are given up.
func (c *periodChange) dropQuarters() {
	clear(c.quarters)
	clear(c.recent[:])
}

func (c *periodChange) counts(*Member) bool { return true }

func (c *periodChange) moment() error { return nil }

func (c *periodChange) add(m *Member) error {
	var d Detail
	r := signalReader{b: m.Detail, borrow: true}
	if d.read(&r); r.bad {
		return errSignal
	}
	c.count(m.At).tell(c.p, &d, c.p.sources[m.Input])
	return nil
}

// count counts a member and returns its hour.
func (c *periodChange) count(at int64) *hourCount {
	h := c.hourOf(at)
	h.n++
	return h
}

// tell takes what findings tell of a member, if there is one of its hour.
func (c *periodChange) tell(at int64, d *Detail, from []int) {
	if h := c.hourOf(at); h.told {
		h.tell(c.p, d, from)
	}
}

// tell takes what findings tell of a member. from says in which of its slots
// the values are.
func (h *hourCount) tell(p *Pattern, d *Detail, from []int) {
	first := h.span.Count == 0
	h.span.Count += d.Count
	h.span.span(d.First, d.Last)
	h.span.Flags |= d.Flags
	if first || worse(d.Severity, h.span.Severity) {
		h.span.Severity = strings.Clone(d.Severity)
	}
	for i := range d.Evidence {
		h.note(&d.Evidence[i])
	}
	if p.grouped {
		for _, e := range d.Entities {
			h.span.addEntity(Entity{strings.Clone(e.Type), strings.Clone(e.ID), strings.Clone(e.Name)})
		}
	}
	if h.values == nil && len(p.slots) > 0 {
		h.values = make([]valueCounts, len(p.slots))
	}
	for i := range p.slots {
		if j := from[i]; j >= 0 && j < len(d.Values) {
			for _, t := range d.Values[j].Texts {
				h.values[i].add(t)
			}
		}
	}
}

// told notes the quarters of the hours of which findings tell.
func (c *periodChange) told(quarters *glance) {
	for _, day := range c.days {
		for h := range day.hours {
			if !day.hours[h].told {
				continue
			}
			for q := quarterOf(day.start + int64(h)*int64(time.Hour)); q <= quarterOf(day.endOf(h)-1); q++ {
				quarters.set(uint32(q))
			}
		}
	}
}

// untell takes back a member that was told of. Which event would be the next
// to name instead of one that is gone is not known any more.
func (h *hourCount) untell(p *Pattern, d *Detail, from []int) {
	h.span.Count -= d.Count
	for i := range d.Evidence {
		h.evidence = slices.DeleteFunc(h.evidence, func(e Evidence) bool { return e.Key == d.Evidence[i].Key })
	}
	for i := range h.values {
		if j := from[i]; j >= 0 && j < len(d.Values) {
			for _, t := range d.Values[j].Texts {
				h.values[i].remove(t)
			}
		}
	}
}

// worse orders levels of records; those that mean the same by their text.
func worse(a, b string) bool {
	return cmp.Or(cmp.Compare(rank(LevelOf(a)), rank(LevelOf(b))), cmp.Compare(a, b)) < 0
}

// note keeps an event if it is one of the first.
func (h *hourCount) note(e *Evidence) {
	before := func(a, b *Evidence) bool {
		return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.Key[:], b.Key[:])) < 0
	}
	n := len(h.evidence)
	if n == MaxEvidence {
		if !before(e, &h.evidence[n-1]) {
			return
		}
		h.evidence = h.evidence[:n-1]
	}
	i := len(h.evidence)
	for i > 0 && before(e, &h.evidence[i-1]) {
		i--
	}
	h.evidence = slices.Insert(h.evidence, i, Evidence{Key: e.Key, Time: e.Time, Source: strings.Clone(e.Source)})
}

func (c *periodChange) end() error {
	c.compareAll()
	return c.report()
}

// compareAll finds the days of which there are findings, and reports whether
// there are any.
func (c *periodChange) compareAll() bool {
	some := false
	if c.until == never {
		return some
	}
	for _, day := range c.days {
		c.compare(day)
		some = some || day.finding != nil
	}
	return some
}

// report emits the findings.
func (c *periodChange) report() error {
	for _, number := range slices.Sorted(maps.Keys(c.days)) {
		day := c.days[number]
		f := day.finding
		if f == nil {
			continue
		}
		measured := f.Measure
		f.Detail = c.detail(day.hours[:day.last+1])
		f.Measure = measured
		if err := c.emit(f); err != nil {
			return err
		}
	}
	return nil
}

// compare compares a day, up to the watermark.
func (c *periodChange) compare(day *dayCount) {
	// The reference begins at the same time of day a week earlier, which is
	// not always 168 hours ago.
	if c.first > c.dayStart(day.y, day.m, day.d-7) {
		return
	}
	before := c.days[day.number-7]
	now, then, held, last := 0, 0, -1, -1
	measured := ""
	for h := range day.hours {
		if day.endOf(h) > c.until {
			break
		}
		now += day.hours[h].n
		if before != nil && h < len(before.hours) {
			then += before.hours[h].n
		}
		change := math.Inf(1)
		if then > 0 {
			change = 100 * float64(now-then) / float64(then)
		}
		if now == 0 || float64(now) < c.p.Minimum || !c.p.holds(change) {
			continue
		}
		if held < 0 {
			held = h
		}
		last, measured = h, fmt.Sprintf("%s against none a week before", Whole(float64(now)))
		if then > 0 {
			measured = fmt.Sprintf("%s against %s a week before, %+.0f %%", Whole(float64(now)), Whole(float64(then)), change)
		}
	}
	if held < 0 {
		return
	}
	day.finding, day.last = &Found{At: day.endOf(held), Detail: Detail{Measure: measured}}, last
	for h := range day.hours[:last+1] {
		day.hours[h].told = true
	}
}

// endOf is the moment at which an hour of the day ends.
func (d *dayCount) endOf(hour int) int64 {
	return min(d.start+int64(hour+1)*int64(time.Hour), d.end)
}

// detail puts hours together. Values come in order of how frequent they are.
func (c *periodChange) detail(hours []hourCount) Detail {
	out := c.p.detail()
	total := make([]map[string]int, len(c.p.slots))
	for i := range hours {
		h := &hours[i]
		if h.n == 0 {
			continue
		}
		span := h.span
		span.Evidence = h.evidence
		severity := out.Severity
		first := out.Count == 0
		if out.merge(&span); !first && !worse(span.Severity, severity) {
			out.Severity = severity
		} else {
			out.Severity = span.Severity
		}
		for j := range h.values {
			if total[j] == nil {
				total[j] = map[string]int{}
			}
			h.values[j].addTo(total[j])
		}
	}
	for i, m := range total {
		if len(m) > maxValues {
			continue
		}
		texts := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
			return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b))
		})
		for _, t := range texts {
			out.Values[i].add(t, c.p.slots[i].all)
		}
	}
	return out
}
