package detect

import (
	"math"
	"slices"
	"time"
)

// A service runs for years, so a Live gives up what can change no more: events
// later than they are ever late. What still stands for them is noted, so that it
// can be kept together with what else the events meant.

const (
	// hotMembers is how many members of a group are kept at most, whatever else
	// might come late; hotSignals how many signals of alerts.
	hotMembers = 20_000
	hotSignals = 4_000
)

// Forget gives up what lies so far before the newest event of its tenant, in Unix
// nanoseconds, that nothing later comes. It must follow Evaluate.
func (l *Live) Forget(newest func(tenant string) (int64, bool), lateness time.Duration) error {
	loose := map[*liveGroup]*looseRecs{}
	for _, g := range l.tallies {
		l.loosen(g, loose)
	}
	for stage := range l.stages {
		for _, g := range l.stages[stage].groups {
			tenant := l.tenantOfGroup(g)
			if at, ok := newest(tenant); ok && !g.dirty && (len(g.recs) > 0 || g.base != nil) {
				cut := at - int64(lateness)
				if err := l.forget(g, cut, loose[g].limit()); err != nil {
					return err
				}
				l.cuts[tenant] = cut
				l.note(g, cut, loose[g])
				if len(g.recs) == 0 && g.base == nil {
					delete(l.stages[stage].groups, g.prefix)
				}
			}
			l.loosen(g, loose)
		}
	}
	for key := range l.tallies {
		if at, ok := newest(key.tenant); ok {
			l.forgetCounts(key, at-int64(lateness))
		}
	}
	oldest, some := int64(0), false
	for tenant := range l.seen {
		at, ok := newest(tenant)
		if !ok {
			continue
		}
		l.cuts[tenant] = at - int64(lateness) // groups that rest have no notes
		if !some || at < oldest {
			oldest, some = at, true
		}
	}
	if l.sieve != nil && some {
		l.sieve.forget(oldest - int64(lateness))
	}
	return nil
}

// tenantOfGroup is whose a group is.
func (l *Live) tenantOfGroup(g *liveGroup) string {
	d := signalReader{b: []byte(g.prefix)}
	switch g.stage {
	case 0, l.alerts():
	case l.spread():
		d.uint32()
	default:
		return g.tenant
	}
	return d.sortable()
}

// looseRecs are records of a group that may still change, because what gave them
// may: findings that go on grow.
type looseRecs struct {
	first int64 // when the first of them was
	recs  map[string]bool
}

// limit is up to when nothing changes.
func (r *looseRecs) limit() int64 {
	if r == nil {
		return math.MaxInt64
	}
	return r.first - 1
}

func (r *looseRecs) has(rec []byte) bool { return r != nil && r.recs[string(rec)] }

// loosen notes what a group may still change.
func (l *Live) loosen(g *liveGroup, loose map[*liveGroup]*looseRecs) {
	for _, out := range g.out {
		if out.stage >= len(l.stages) {
			continue
		}
		n, err := l.prefix(out.stage, out.rec)
		if err != nil {
			continue
		}
		to := l.stages[out.stage].groups[string(out.rec[:n])]
		if to == nil {
			continue
		}
		rest := out.rec[n:]
		r := loose[to]
		if r == nil {
			r = &looseRecs{first: math.MaxInt64, recs: map[string]bool{}}
			loose[to] = r
		}
		r.first = min(r.first, l.at(to, rest))
		r.recs[string(rest)] = true
	}
}

// at is the time of a record of a group.
func (l *Live) at(g *liveGroup, rest []byte) int64 {
	if g.stage == l.alerts() {
		return beganAt(rest)
	}
	return memberAt(rest)
}

// A lag is how long after its time a signal of a rule may come to be: a finding
// begins before it holds, and an absence is known when its time is over. member
// is that of its time as a member of a correlation, began that of its beginning.
type lag struct{ member, began int64 }

func (l *Live) lagOf(rule int) lag {
	e := l.c.e
	var in lag
	for j := range e.inputsOf(rule) {
		of := l.lagOf(j)
		in.member, in.began = max(in.member, of.member), max(in.began, of.began)
	}
	if c := e.rules[rule].Correlate; c != nil {
		span := int64(l.spanOf(rule))
		if c.Type == "absent" {
			in.member += span
		}
		if c.Type == "period_change" {
			span = longDay
		}
		in.began += span
	}
	return in
}

// Lag is how long after it began, and beyond lateness, an alert of a rule may
// still change.
func (l *Live) Lag(rule int) time.Duration { return time.Duration(l.lags[rule].began) }

// forget gives up what is not later than cut in a group, of what does not change
// up to limit.
func (l *Live) forget(g *liveGroup, cut, limit int64) error {
	switch g.stage {
	case 0:
		if memberAt(g.recs[len(g.recs)-1]) <= cut-int64(logonSpan) {
			g.recs, g.out = nil, nil
		}
		return nil
	case l.spread():
		return l.forgetSpread(g, min(cut, limit))
	case l.alerts():
		return l.forgetSignals(g, cut, limit)
	}
	p := g.pattern
	cut -= l.inputLag[g.rule]
	switch {
	case p.rests():
		if n := len(g.recs); n > hotMembers {
			cut = max(cut, memberAt(g.recs[n-hotMembers/2]))
		}
		cut = min(cut, limit)
		if !g.settleable(cut) {
			return nil
		}
		base, recs, err := p.settle(g.base, g.recs, cut, func(*Found) error { return nil })
		if err != nil {
			return err
		}
		if base.Open == nil && (len(recs) == 0 || memberAt(recs[0]) > cut) {
			base = nil
		}
		g.base, g.recs = base, recs
	case p.settles() && len(g.out) > 0:
		return nil // what it found may go on
	default:
		first := 0
		if p.Type == "period_change" {
			first = 1 // it tells since when the group is known
		}
		n := forgotten(g.recs[first:], min(l.oldest(g, cut+l.inputLag[g.rule]), limit))
		if n == 0 {
			return nil
		}
		g.recs = slices.Delete(g.recs, first, first+n)
	}
	return l.freeze(g)
}

// oldest is up to when a group without a base forgets its members.
func (l *Live) oldest(g *liveGroup, cut int64) int64 {
	p := g.pattern
	switch {
	case p.Type == "period_change":
		return cut - 16*24*int64(time.Hour) // two weeks are compared
	case p.Type == "first_seen", p.Versioned, p.Span <= 0:
		return math.MinInt64
	}
	return cut - l.inputLag[g.rule] - int64(p.Span)
}

// settleable reports whether moving the floor of a group changes what stands for
// its members.
func (g *liveGroup) settleable(cut int64) bool {
	p := g.pattern
	if g.base == nil {
		return memberAt(g.recs[0]) <= cut
	}
	if g.base.Open != nil && p.from(cut)+1 >= g.base.Sat {
		return true
	}
	n := forgotten(g.recs, g.base.Floor)
	return n < len(g.recs) && memberAt(g.recs[n]) <= cut || n > 0 && memberAt(g.recs[0]) <= p.from(cut)
}

// forgotten is how many records are no later than at.
func forgotten(recs [][]byte, at int64) int {
	n := 0
	for n < len(recs) && memberAt(recs[n]) <= at {
		n++
	}
	return n
}

// freeze leaves what a group gave and does not give any more to those who have it.
func (l *Live) freeze(g *liveGroup) error {
	var out []given
	if err := l.give(&out, func() error { return l.correlate(g, l.until) }); err != nil {
		return err
	}
	slices.SortFunc(out, given.compare)
	g.out = out
	return nil
}

// forgetSpread gives up findings of a rule that make nothing widespread any more.
// When it was is still known.
func (l *Live) forgetSpread(g *liveGroup, cut int64) error {
	key, err := spreadOf([]byte(g.prefix))
	if err != nil {
		return err
	}
	f := filler{view: l.c.e.tenant(key.tenant).view}
	span := f.span("%" + spreadInput + ".within%")
	n := forgotten(g.recs, cut-int64(span))
	if n == 0 {
		return nil
	}
	for _, w := range l.c.wide[key] {
		if w.last <= cut-int64(span) {
			l.past[key] = append(l.past[key], w)
		}
	}
	g.recs = slices.Delete(g.recs, 0, n)
	return nil
}

// forgetSignals lets one signal stand for those that alerts have long had.
func (l *Live) forgetSignals(g *liveGroup, cut, limit int64) error {
	d := signalReader{b: []byte(g.prefix)}
	d.sortable()
	rule := int(d.uint32())
	r := l.c.e.rules[rule]
	cut -= l.lags[rule].began
	if r.Posture() {
		return nil
	}
	if n := len(g.recs); n > hotSignals {
		cut = max(cut, beganAt(g.recs[n-hotSignals/2]))
	}
	cut = min(cut, limit)
	if began := beganAt(g.recs[0]); began == 0 || began > cut {
		return nil
	}
	recs, err := fold(g.recs, g.prefix, time.Unix(0, cut).UTC(), r.Period())
	if err != nil {
		return err
	}
	if len(recs) != len(g.recs) {
		g.recs, g.folded = recs, cut
	}
	return nil
}

// beganAt is when an encoded signal began, in Unix nanoseconds; 0 = not known.
func beganAt(rec []byte) int64 {
	d := signalReader{b: rec}
	if t := d.time(); !t.IsZero() {
		return t.UnixNano()
	}
	return 0
}

// covered reports whether a base or a folded signal stands for a record. When
// events come back, so does a note.
func (l *Live) covered(g *liveGroup, rest []byte) bool {
	switch {
	case l.restoring && g.stage > 0 && g.stage != l.spread() && !l.isRenewed(l.ruleOf(g)):
		at := l.at(g, rest)
		cut, ok := l.cuts[l.tenantOfGroup(g)]
		switch {
		case !ok || at == 0 && g.stage == l.alerts():
			return false
		case l.standsAlone(g, rest):
			return at <= cut
		}
		return at <= l.oldest(g, cut)
	case g.base != nil:
		return memberAt(rest) <= g.base.Floor
	case g.folded != 0 && g.stage == l.alerts():
		began := beganAt(rest)
		return began != 0 && began <= g.folded
	}
	return false
}

// late takes a member that comes after its group was settled beyond it: it still
// counts for what goes on.
func (l *Live) late(g *liveGroup, rest []byte) error {
	l.TooLate[g.rule]++
	if g.base.Open == nil || memberAt(rest) < g.base.Open.First.UnixNano() {
		return nil
	}
	var r memberReader
	m, err := r.member(rest, g.pattern)
	if err != nil {
		return err
	}
	if err := g.pattern.take(&g.base.Open.Detail, &m); err != nil {
		return err
	}
	l.touch(g)
	return nil
}
