package detect

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Live correlates while events arrive. It holds what a Correlator sorts, by
// group, and looks again at the groups that new events concern. What a group
// gives then takes the place of what it gave before, level by level, so that
// after each Evaluate the signals are those that a Correlator would make of the
// same events, whatever their order.
//
// It is the correlator's own code that takes hits apart and turns groups into
// signals; only where their records go is different.
type Live struct {
	c      *Correlator
	stages []stage
	// What the group at work gives, nil while hits are added.
	giving  *[]given
	tallies map[spreadKey]*liveGroup // of correlations that only count
	waiting map[spreadKey]*deadlines // of groups of a correlation in a tenant
	fresh   []*liveGroup             // groups of alerts that have changed
	recall  Recall
	sieve   *sieve // nil: everything is kept
	// TooLate counts, by correlation, members that came after what they belong to
	// was settled.
	TooLate map[int]int64
	until   Watermark // of the last Evaluate
	seen    map[string]bool
	past    map[spreadKey][]stretch // when rules were widespread, long ago
	// What was noted, by name, and which hours were counted, by their beginning.
	notes   map[string][]byte
	counted map[spreadKey]map[int64]bool
	cuts    map[string]int64 // by tenant: up to when everything was noted
	// restoring: events come back for whose older ones notes stand.
	restoring bool
	renewed   []bool // by rule: it is not the one that notes were made for; nil = all are
	// teaches says by correlation that of a value only the first member matters.
	teaches  []bool
	lags     []lag         // by rule
	inputLag []int64       // by correlation: the largest of its inputs
	need     time.Duration // of the event at hand
}

// The stages: sign-ins, a stage for each level of correlations, accounts of
// rules that may be widespread, and alerts. What only is counted has a stage
// without groups behind them.
type stage struct {
	groups map[string]*liveGroup
	dirty  []*liveGroup
}

// A liveGroup is what belongs together in a stage.
type liveGroup struct {
	stage  int
	prefix string   // of its records
	recs   [][]byte // what stands behind the prefix, in ascending order
	out    []given  // what it gave when it was last evaluated, in ascending order
	dirty  bool
	// What stands for earlier records: a base, or the first record, which stands
	// for signals up to folded.
	base   *Base
	folded int64
	// noted tells that there is a note of the group, and noteHash of what.
	noted    bool
	noteHash uint64
	open     bool  // whoever is sifted out of other groups is let in
	hours    int64 // up to when a day's count is looked at every hour
	// Of a group of a correlation.
	rule    int
	tenant  string
	pattern *Pattern
}

// A given is a record that a group gave to a stage.
type given struct {
	stage int
	rec   []byte
}

func (g given) compare(h given) int {
	if g.stage != h.stage {
		return g.stage - h.stage
	}
	return bytes.Compare(g.rec, h.rec)
}

// A sink is a Sorter whose records go to the groups of a stage.
type sink struct {
	l     *Live
	stage int
}

func (s sink) Add(rec []byte) error { return s.l.put(s.stage, rec) }

var errSink = errors.New("records of a stage are read by group")

func (s sink) Sorted() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield(nil, errSink) }
}

func (s sink) Close() error { return nil }

// NewLive returns a Live without events. recall is asked for hits that turn out
// to matter; without it all are kept.
func (e *Engine) NewLive(recall Recall) *Live {
	l := &Live{
		recall: recall, tallies: map[spreadKey]*liveGroup{}, waiting: map[spreadKey]*deadlines{}, TooLate: map[int]int64{},
		until: func(string, event.Kind) (int64, bool) { return 0, false },
		seen:  map[string]bool{}, past: map[spreadKey][]stretch{}, notes: map[string][]byte{}, counted: map[spreadKey]map[int64]bool{}, cuts: map[string]int64{},
	}
	var alerts sink
	var buf []byte
	l.c = e.NewCorrelator(func() Sorter { return nil }, func(s *Signal) error {
		buf = s.Append(buf[:0])
		return alerts.Add(buf)
	})
	next := func() sink {
		l.stages = append(l.stages, stage{groups: map[string]*liveGroup{}})
		return sink{l, len(l.stages) - 1}
	}
	l.c.logons = next()
	for i := range l.c.levels {
		l.c.levels[i] = next()
	}
	l.c.spread, alerts = next(), next()
	l.c.wide = map[spreadKey][]stretch{}
	l.c.counter = sink{l, len(l.stages)}
	l.c.live = l
	for i := range e.rules {
		l.teaches = append(l.teaches, l.teachesFirst(i))
		l.lags = append(l.lags, l.lagOf(i))
		most := int64(0)
		for j := range e.inputsOf(i) {
			most = max(most, l.lags[j].member)
		}
		l.inputLag = append(l.inputLag, most)
	}
	if recall != nil {
		l.sieve = l.newSieve()
	}
	return l
}

// needs is how long members are needed of which nothing takes the place.
func (p *Pattern) needs() time.Duration {
	switch {
	case p.Type == "first_seen":
		return Forever
	case p.Type == "period_change":
		return 17 * 24 * time.Hour
	case p.rests():
		return 0
	case p.Span <= 0, p.Versioned:
		return Forever
	}
	return 2 * p.Span
}

// LeftOut counts, by rule, the signals of events that a correlation could not
// place.
func (l *Live) LeftOut() map[int]int { return l.c.LeftOut }

// Widespread says why a finding is part of a pattern that concerns many
// accounts; "" if it is not.
func (l *Live) Widespread(s *Signal) string { return l.c.Widespread(s) }

// Forever is how long hits are needed that tell since when something is known.
const Forever = time.Duration(math.MaxInt64)

// Add takes the hits of an event that was not added before. It returns for how
// long they are needed, beyond the time that events may be late: to be recalled,
// and to be brought back when the Live is made anew. Whatever is older notes
// stand for.
func (l *Live) Add(key event.Key, hits []byte) (need time.Duration, err error) {
	l.need = 0
	if l.sieve != nil {
		l.need = l.sieve.reach
	}
	err = l.c.AddHits(key, hits)
	return l.need, err
}

// Back takes hits that were added before the Live was made anew, or are read
// again, when all notes have come back.
func (l *Live) Back(key event.Key, hits []byte) (need time.Duration, err error) {
	l.need = 0
	if l.sieve != nil {
		l.need = l.sieve.reach
	}
	l.restoring = true
	err = l.c.AddHits(key, hits)
	l.restoring = false
	return l.need, err
}

// put takes a record of a stage.
func (l *Live) put(stage int, rec []byte) error {
	if l.giving != nil {
		*l.giving = append(*l.giving, given{stage, bytes.Clone(rec)})
		return nil
	}
	if l.sieve != nil && l.sieve.recalling >= 0 {
		if missing, err := l.sieve.missing(stage, rec); err != nil || !missing {
			return err
		}
	}
	return l.insert(stage, bytes.Clone(rec))
}

// group returns the group of a record, and how much of the record names it.
func (l *Live) group(stage int, rec []byte) (*liveGroup, int, error) {
	n, err := l.prefix(stage, rec)
	if err != nil {
		return nil, 0, err
	}
	g, err := l.named(stage, rec[:n])
	return g, n, err
}

// named returns the group that a prefix names.
func (l *Live) named(stage int, prefix []byte) (*liveGroup, error) {
	groups := l.stages[stage].groups
	if g := groups[string(prefix)]; g != nil {
		return g, nil
	}
	g := &liveGroup{stage: stage, prefix: string(prefix)}
	if stage > 0 && stage < l.spread() {
		var m memberReader
		if err := m.group(prefix, l.c.e); err != nil {
			return nil, err
		}
		g.pattern = l.c.tenantOf(m.tenant).patterns[m.rule]
		g.rule, g.tenant = m.rule, l.c.tenant
	}
	groups[g.prefix] = g
	return g, nil
}

func (l *Live) prefix(stage int, rec []byte) (int, error) {
	switch stage {
	case 0:
		return logonPrefix(rec), nil
	case l.spread():
		return spreadPrefix(rec), nil
	case l.alerts():
		return signalPrefix(rec)
	}
	var m memberReader
	err := m.group(rec, l.c.e)
	return m.prefix, err
}

func (l *Live) spread() int  { return len(l.stages) - 2 }
func (l *Live) alerts() int  { return len(l.stages) - 1 }
func (l *Live) counter() int { return len(l.stages) }

// signalPrefix is how much of an encoded signal says to which alerts it
// belongs: its tenant, rule and group.
func signalPrefix(rec []byte) (int, error) {
	d := signalReader{b: rec, borrow: true}
	d.sortable()
	d.uint32()
	for d.take(1)[0] == 1 {
		d.sortable()
	}
	if d.bad {
		return 0, errSignal
	}
	return len(rec) - len(d.b), nil
}

func (l *Live) insert(stage int, rec []byte) error {
	if stage == l.counter() {
		return l.count(rec, 1)
	}
	g, n, err := l.group(stage, rec)
	if err != nil {
		return err
	}
	rest := rec[n:]
	if l.covered(g, rest) {
		switch {
		case l.restoring:
			return nil
		case g.base != nil:
			return l.late(g, rest)
		}
	}
	if g.stage > 0 && g.stage < l.spread() && l.teaches[g.rule] && !g.learn(rest) {
		return nil
	}
	at := len(g.recs)
	if at > 0 && bytes.Compare(g.recs[at-1], rest) >= 0 { // most come in order
		var there bool
		if at, there = slices.BinarySearchFunc(g.recs, rest, bytes.Compare); there {
			return nil // it came back twice
		}
	}
	g.recs = slices.Insert(g.recs, at, rest)
	l.touch(g)
	l.entered(g, rest)
	return nil
}

func (l *Live) remove(stage int, rec []byte) error {
	if stage == l.counter() {
		return l.count(rec, -1)
	}
	g, n, err := l.group(stage, rec)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearchFunc(g.recs, rec[n:], bytes.Compare)
	if !found {
		if l.covered(g, rec[n:]) {
			return nil // it has become part of something that stands
		}
		return errSignal // whoever removes a record has added it
	}
	g.recs = slices.Delete(g.recs, at, at+1)
	l.touch(g)
	return nil
}

func (l *Live) touch(g *liveGroup) {
	if !g.dirty {
		g.dirty = true
		l.stages[g.stage].dirty = append(l.stages[g.stage].dirty, g)
	}
}

// Evaluate looks again at the groups that have changed, and at those that
// waited for their watermark.
func (l *Live) Evaluate(until Watermark) error {
	l.until = until
	l.expire(until)
	for i := range l.stages {
		if l.sieve != nil {
			if err := l.give(nil, func() error { return l.sieve.fetch(i) }); err != nil {
				return err
			}
		}
		for l.stages[i].dirty != nil {
			dirty := l.stages[i].dirty
			l.stages[i].dirty = nil
			for _, g := range dirty {
				g.dirty = false
				if err := l.evaluate(g, until); err != nil {
					return err
				}
			}
		}
		if i > 0 && i < l.spread() {
			if err := l.compare(i, until); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Live) evaluate(g *liveGroup, until Watermark) error {
	switch g.stage {
	case l.alerts():
		l.fresh = append(l.fresh, g)
	case l.spread():
		return l.stretch(g)
	default:
		var out []given
		err := l.give(&out, func() error {
			if g.stage == 0 {
				return l.c.joinLogons(g.all())
			}
			return l.correlate(g, until)
		})
		if err != nil {
			return err
		}
		if err := l.replace(g, out); err != nil {
			return err
		}
	}
	if len(g.recs) == 0 && len(g.out) == 0 && g.base == nil && g.stage < l.spread() {
		delete(l.stages[g.stage].groups, g.prefix)
	}
	return nil
}

// give collects what do hands on. Signals that correlations cannot place were
// counted when they first came.
func (l *Live) give(out *[]given, do func() error) error {
	leftOut := l.c.LeftOut
	l.c.LeftOut = map[int]int{}
	l.giving = out
	err := do()
	l.giving = nil
	l.c.LeftOut = leftOut
	return err
}

// replace puts what a group gives now in the place of what it gave before.
func (l *Live) replace(g *liveGroup, out []given) error {
	slices.SortFunc(out, given.compare)
	old := g.out
	g.out = out
	for len(old) > 0 || len(out) > 0 {
		order := 0
		switch {
		case len(old) == 0:
			order = 1
		case len(out) == 0:
			order = -1
		default:
			order = old[0].compare(out[0])
		}
		switch {
		case order < 0:
			if err := l.remove(old[0].stage, old[0].rec); err != nil {
				return err
			}
			old = old[1:]
		case order > 0:
			if err := l.insert(out[0].stage, out[0].rec); err != nil {
				return err
			}
			out = out[1:]
		default:
			old, out = old[1:], out[1:]
		}
	}
	return nil
}

// all gives the records of a group as they were added.
func (g *liveGroup) all() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var rec []byte
		for _, r := range g.recs {
			rec = append(append(rec[:0], g.prefix...), r...)
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// correlate evaluates a group of a correlation.
func (l *Live) correlate(g *liveGroup, until Watermark) error {
	c := l.c
	var m memberReader
	if err := m.group([]byte(g.prefix), c.e); err != nil {
		return err
	}
	p := g.pattern
	mark := c.mark(m.rule, m.tenant, until)
	last := int64(math.MaxInt64)
	if p.settles() {
		last = l.settled(m.rule, m.tenant, until)
	}
	var bad error
	members := func(yield func(Member, error) bool) {
		for _, rec := range g.recs {
			var one Member
			if one, bad = m.member(rec, p); bad == nil && one.At > last {
				return
			}
			if !yield(one, bad) || bad != nil {
				return
			}
		}
	}
	group := parts(g.prefix[m.names:])
	if err := p.eval(g.base, members, mark, func(f *Found) error { return c.found(m.rule, m.tenant, group, f) }, nil); err != nil {
		return err
	}
	return bad
}

// settles reports whether a window counts only when all of its events are
// known, because fewer may satisfy it.
func (p *Pattern) settles() bool {
	if p.Type == "value_sum" || p.Type == "value_avg" || p.Type == "value_percentile" {
		return false // whose values may be anything
	}
	return p.Type != "travel" && p.Type != "period_change" &&
		slices.ContainsFunc(p.Terms, func(t Term) bool { return t.Op != "gt" && t.Op != "gte" })
}

// settled is the watermark of all that a correlation reads.
func (l *Live) settled(rule int, tenant string, until Watermark) int64 {
	mark := int64(math.MaxInt64)
	for _, k := range l.c.e.kindsOf(rule, func(int) bool { return true }) {
		if w, seen := until(tenant, k); seen {
			mark = min(mark, w)
		}
	}
	if mark == math.MaxInt64 {
		return mark
	}
	return mark - l.inputLag[rule]
}

// stretch finds when a rule was widespread, and looks again at its alerts if
// that has changed.
func (l *Live) stretch(g *liveGroup) error {
	d := signalReader{b: []byte(g.prefix)}
	key := spreadKey{rule: int(d.uint32()), tenant: d.sortable()}
	before := slices.Clone(l.c.wide[key])
	recs := func(yield func([]byte, error) bool) {
		for _, r := range g.recs {
			if !yield(r, nil) {
				return
			}
		}
	}
	if err := l.c.stretches([]byte(g.prefix), recs); err != nil {
		return err
	}
	if past := l.past[key]; len(past) > 0 {
		l.c.wide[key] = append(slices.Clip(past), l.c.wide[key]...)
	}
	if slices.Equal(before, l.c.wide[key]) {
		return nil
	}
	prefix := string(binary.BigEndian.AppendUint32(appendSortable(nil, key.tenant), uint32(key.rule)))
	for name, alerts := range l.stages[l.alerts()].groups {
		if strings.HasPrefix(name, prefix) {
			l.touch(alerts)
		}
	}
	return nil
}

// compare evaluates the correlations of a level that only count.
func (l *Live) compare(level int, until Watermark) error {
	keys := slices.SortedFunc(maps.Keys(l.tallies), func(a, b spreadKey) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), strings.Compare(a.tenant, b.tenant))
	})
	for _, key := range keys {
		g := l.tallies[key]
		pc := l.c.counts[key.tenant][key.rule]
		mark := l.c.mark(key.rule, key.tenant, until)
		if g.stage != level || !g.dirty && mark == pc.until {
			continue
		}
		g.dirty, pc.until = false, mark
		var out []given
		err := l.give(&out, func() error {
			for _, day := range pc.days {
				day.finding = nil
			}
			pc.compareAll()
			pc.emit = func(f *Found) error { return l.c.found(key.rule, key.tenant, nil, f) }
			return pc.report()
		})
		if err != nil {
			return err
		}
		if err := l.replace(g, out); err != nil {
			return err
		}
	}
	return nil
}

// count takes a record of what only is counted, or takes it back.
func (l *Live) count(rec []byte, by int) error {
	d := signalReader{b: rec, borrow: true}
	rule, tenant, at := int(d.uint32()), d.sortable(), int64(d.uint64())
	var told Detail
	if told.read(&d); d.bad {
		return errSignal
	}
	l.c.tenantOf(tenant)
	return l.countAt(rule, at, &told, by)
}

// countAt counts an event of the tenant at hand.
func (l *Live) countAt(rule int, at int64, told *Detail, by int) error {
	c := l.c
	if l.restoring && !l.isRenewed(rule) || l.sieve != nil && l.sieve.recalling >= 0 {
		return nil // its hour comes back as a whole, or has it
	}
	pc := c.tally(rule)
	h := pc.hourOf(at)
	if h.n += by; h.n == by || at < h.earliest {
		h.earliest = at
	}
	if by > 0 {
		h.tell(pc.p, told, pc.p.sources[0])
	} else {
		h.untell(pc.p, told, pc.p.sources[0])
	}
	key := spreadKey{c.tenant, rule}
	if l.tallies[key] == nil {
		l.tallies[key] = &liveGroup{stage: c.e.level[rule]}
	}
	l.tallies[key].dirty = true
	if l.counted[key] == nil {
		l.counted[key] = map[int64]bool{}
	}
	l.counted[key][pc.hourStart(at)] = true
	return nil
}

// Changed gives the groups whose signals have changed since the last call, as
// the signals of each in the order of their encoding. Signals and their texts
// are valid until the next one.
func (l *Live) Changed(each func(group string, signals iter.Seq2[Signal, error]) error) error {
	fresh := l.fresh
	l.fresh = nil
	slices.SortFunc(fresh, func(a, b *liveGroup) int { return strings.Compare(a.prefix, b.prefix) })
	for _, g := range fresh {
		signals := func(yield func(Signal, error) bool) {
			for rec, err := range g.all() {
				if err != nil {
					yield(Signal{}, err)
					return
				}
				s, err := DecodeSignal(rec)
				if !yield(s, err) || err != nil {
					return
				}
			}
		}
		if err := each(g.prefix, signals); err != nil {
			return err
		}
		if len(g.recs) == 0 {
			delete(l.stages[g.stage].groups, g.prefix)
		}
	}
	return nil
}

// What waits for a watermark: absent for the end of its timespan, windows that
// must be complete for their own end, and a day's count for each of its hours.

type deadline struct {
	at    int64
	group *liveGroup
}

type deadlines []deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at < d[j].at }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)        { *d = append(*d, x.(deadline)) }
func (d *deadlines) Pop() any {
	old := *d
	x := old[len(old)-1]
	*d = old[:len(old)-1]
	return x
}

// longDay is as long as days get.
const longDay = 26 * int64(time.Hour)

// entered notes what a new member means to its group: when it must be looked at
// again, and what else it wants now.
func (l *Live) entered(g *liveGroup, rest []byte) {
	if g.stage >= l.spread() {
		return
	}
	d := signalReader{b: rest}
	at := int64(d.uint64() ^ 1<<63)
	if g.stage == 0 {
		if class := LogonClass(d.take(1)[0]); class == Interruption && l.sieve != nil {
			l.sieve.interrupted(g, at)
		}
		return
	}
	d.key()
	input := int(d.take(1)[0])
	l.need = max(l.need, g.pattern.needs())
	l.seen[g.tenant] = true
	if l.sieve != nil {
		l.sieve.opened(g, input, at)
	}
	p := g.pattern
	switch {
	case p.settles():
	case p.Type == "absent" && input == 0:
		at = (&absent{p: p}).deadline(&Member{At: at})
	case p.Type == "period_change":
		hour := at - at%int64(time.Hour) + int64(time.Hour)
		began := g.hours < hour
		if g.hours = max(g.hours, at+longDay); !began {
			return // it is looked at every hour
		}
		at = hour
	default:
		return
	}
	key := spreadKey{g.tenant, g.rule}
	if l.waiting[key] == nil {
		l.waiting[key] = &deadlines{}
	}
	heap.Push(l.waiting[key], deadline{at, g})
}

// expire touches the groups whose time has come.
func (l *Live) expire(until Watermark) {
	for key, waiting := range l.waiting {
		p := l.c.e.tenant(key.tenant).patterns[key.rule]
		mark := l.c.mark(key.rule, key.tenant, until)
		if p.settles() {
			mark = l.settled(key.rule, key.tenant, until)
		}
		for len(*waiting) > 0 && (*waiting)[0].at <= mark {
			d := heap.Pop(waiting).(deadline)
			l.touch(d.group)
			if next := d.at + int64(time.Hour); p.Type == "period_change" && next <= d.group.hours {
				heap.Push(waiting, deadline{next, d.group})
			}
		}
	}
}

// Again has Changed give a group once more.
func (l *Live) Again(group string) {
	if g := l.stages[l.alerts()].groups[group]; g != nil && !slices.Contains(l.fresh, g) {
		l.fresh = append(l.fresh, g)
	}
}

// Gone reports whether there are no signals of a group of alerts although there
// were some: its rule is another one now, and does not find them.
func (l *Live) Gone(group string, rule int) bool {
	return l.isRenewed(rule) && l.stages[l.alerts()].groups[group] == nil
}

// AlertGroup is how Changed names the group of the alerts of a rule, by index.
func AlertGroup(tenant string, rule int, group []string) string {
	b := binary.BigEndian.AppendUint32(appendSortable(nil, tenant), uint32(rule))
	for _, g := range group {
		b = appendSortable(append(b, 1), g)
	}
	return string(append(b, 0))
}

// A LiveSize says how much a Live holds.
type LiveSize struct{ Groups, Members, Visits, Minutes int }

// Size counts what the Live holds.
func (l *Live) Size() LiveSize {
	var n LiveSize
	for i := range l.stages {
		n.Groups += len(l.stages[i].groups)
		for _, g := range l.stages[i].groups {
			n.Members += len(g.recs)
		}
	}
	if l.sieve != nil {
		for _, v := range l.sieve.roams {
			n.Visits += len(v)
		}
		n.Minutes = len(l.sieve.left.slots)
	}
	return n
}

func (n LiveSize) String() string {
	return fmt.Sprintf("%d groups, %d members, %d visits, %d minutes", n.Groups, n.Members, n.Visits, n.Minutes)
}
