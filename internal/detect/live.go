package detect

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
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
	eachTime int // see membersEachTime
	c        *Correlator
	stages   []stage
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
	shelf  shelf // of groups that rest
}

// A liveGroup is what belongs together in a stage.
type liveGroup struct {
	stage  int
	prefix string   // of its records
	recs   [][]byte // what stands behind the prefix, in ascending order
	out    []given  // what it gave when it was last evaluated, in ascending order
	passed int      // how often it was left for later since it is dirty
	// What stands for earlier records: a base, or the first record, which stands
	// for signals up to folded.
	base   *Base
	folded int64
	// noteHash is of what there is a note of the group, if it is noted.
	noteHash uint64
	recalled []Range // of when it has what was not let in before it was open
	hours    int64   // up to when a day's count is looked at every hour
	// Of a group of a correlation.
	rule    int
	tenant  string
	pattern *Pattern
	// There is one for each user: side by side these take little.
	dirty bool
	noted bool
	open  bool // whoever is sifted out of other groups is let in
}

// A given is a record that a group gave to a stage.
type given struct {
	stage int
	rec   []byte
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
		recall: recall, eachTime: membersEachTime, tallies: map[spreadKey]*liveGroup{}, waiting: map[spreadKey]*deadlines{}, TooLate: map[int]int64{},
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

// LeftOut counts, by rule, the signals of events that a correlation could not
// place.
func (l *Live) LeftOut() map[int]int { return l.c.LeftOut }

// Widespread says why a finding is part of a pattern that concerns many
// accounts; "" if it is not.
func (l *Live) Widespread(s *Signal) string { return l.c.Widespread(s) }

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
	l.restoring = true
	defer func() { l.restoring = false }()
	return l.Add(key, hits)
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
	return l.insert(stage, rec, true)
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
	g := &liveGroup{stage: stage, prefix: string(prefix), recs: l.stages[stage].shelf.take(prefix)}
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

// insert adds a record to its group. One that is borrowed is copied when it stays.
func (l *Live) insert(stage int, rec []byte, borrowed bool) error {
	if stage == l.counter() {
		return l.count(rec, 1)
	}
	n, err := l.prefix(stage, rec)
	if err != nil {
		return err
	}
	prefix, rest := rec[:n], rec[n:]
	if told(rest, l.stages[stage].shelf.look(prefix)) {
		return nil
	}
	g, err := l.named(stage, prefix)
	if err != nil {
		return err
	}
	if borrowed {
		rest = bytes.Clone(rest)
	}
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

// A LiveSize says how much a Live holds.
type LiveSize struct{ Groups, Resting, Members, Stays, Minutes int }

// Size counts what the Live holds.
func (l *Live) Size() LiveSize {
	var n LiveSize
	for i := range l.stages {
		n.Groups += len(l.stages[i].groups)
		n.Resting += l.stages[i].shelf.len()
		for _, g := range l.stages[i].groups {
			n.Members += len(g.recs)
		}
	}
	if l.sieve != nil {
		n.Stays = l.sieve.roams.len()
		n.Minutes = len(l.sieve.left.slots)
	}
	return n
}

func (n LiveSize) String() string {
	return fmt.Sprintf("%d groups, %d at rest, %d members, %d stays, %d minutes", n.Groups, n.Resting, n.Members, n.Stays, n.Minutes)
}
