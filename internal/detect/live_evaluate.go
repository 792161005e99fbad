package detect

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

func (g given) compare(h given) int {
	if g.stage != h.stage {
		return g.stage - h.stage
	}
	return bytes.Compare(g.rec, h.rec)
}

// Evaluate looks again at the groups that have changed, and at those that
// waited for their watermark.
func (l *Live) Evaluate(until Watermark) error {
	_, err := l.evaluateAll(until, false)
	return err
}

// EvaluateUrgent is Evaluate without large groups that have given something
// already, which are looked at now and then only: to look at all of one after each
// event would take ever longer. It reports whether any were left for later.
func (l *Live) EvaluateUrgent(until Watermark) (left bool, err error) {
	return l.evaluateAll(until, true)
}

// membersEachTime is how many members of a group that goes on are looked at each
// time, in the middle.
const membersEachTime = 500

// later reports whether a group can be left for later once more.
func (l *Live) later(g *liveGroup) bool {
	g.passed++
	return g.pattern != nil && len(g.out) > 0 && g.passed <= len(g.recs)/l.eachTime
}

func (l *Live) evaluateAll(until Watermark, urgent bool) (left bool, err error) {
	l.until = until
	l.expire(until)
	for i := range l.stages {
		if l.sieve != nil {
			if err := l.give(nil, func() error { return l.sieve.fetch(i) }); err != nil {
				return false, err
			}
		}
		var later []*liveGroup
		for l.stages[i].dirty != nil {
			dirty := l.stages[i].dirty
			l.stages[i].dirty = nil
			for _, g := range dirty {
				if urgent && l.later(g) {
					later = append(later, g)
					continue
				}
				g.dirty, g.passed = false, 0
				if err := l.evaluate(g, until); err != nil {
					return false, err
				}
			}
		}
		l.stages[i].dirty = later
		left = left || later != nil
		if i > 0 && i < l.spread() {
			if err := l.compare(i, until); err != nil {
				return false, err
			}
		}
	}
	return left, nil
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
	l.rest(g)
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
			if err := l.insert(out[0].stage, out[0].rec, false); err != nil {
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
	key, err := spreadOf([]byte(g.prefix))
	if err != nil {
		return err
	}
	before := slices.Clone(l.c.wide[key])
	recs := func(yield func([]byte, error) bool) {
		for _, r := range g.recs {
			if !yield(r, nil) {
				return
			}
		}
	}
	if err := l.c.stretches(key, recs); err != nil {
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
	key := l.recount(rule)
	if l.counted[key] == nil {
		l.counted[key] = map[int64]bool{}
	}
	l.counted[key][pc.hourStart(at)] = true
	return nil
}
