package detect

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Most sign-ins are read by correlations to which they never matter: nobody
// travelled, nothing was found beside which they would count. A Live sifts them
// out. What it keeps of them says whether they may matter after all; then their
// hits are recalled, and the group has them as if it had never been without.

// Recall gives the hits of events of some ranges of time, from and to included,
// that were added; others may be among them.
type Recall func(ranges []Range, each func(key event.Key, hits []byte) error) error

// A Range is a stretch of time, in Unix nanoseconds.
type Range struct{ From, To int64 }

// A sieve decides which members a Live keeps.
type sieve struct {
	l    *Live
	seed maphash.Seed
	// gated says, by correlation and input, which inputs let its members in: a
	// group with none of these has no use for them. nil = all are let in.
	gated [][][]int
	opens [][]bool // by correlation and input: it is such a one
	// What was not let in, by group and time.
	left  timeSet
	roams roams
	// wanted are the groups that have become open, by stage.
	wanted []map[string][]Range
	reach  time.Duration // how far back hits are recalled, beyond lateness
	// recalling is the stage for which hits are recalled; -1 = none.
	recalling int
}

// newSieve settles which inputs are sifted.
func (l *Live) newSieve() *sieve {
	e := l.c.e
	s := &sieve{l: l, seed: maphash.MakeSeed(), roams: newRoams(), recalling: -1}
	s.left.slots = map[int64]*timeSlot{}
	s.gated, s.opens = make([][][]int, len(e.rules)), make([][]bool, len(e.rules))
	for range l.stages {
		s.wanted = append(s.wanted, map[string][]Range{})
	}
	for i, r := range e.rules {
		if r.Correlate == nil {
			continue
		}
		n := len(r.Inputs)
		s.gated[i], s.opens[i] = make([][]int, n), make([]bool, n)
		for input, in := range r.Inputs {
			if in.Correlate != nil || in.Extra.View == signinView || e.versioned(i) {
				continue // its signals are no hits of one event
			}
			s.gated[i][input] = s.gates(i, input)
		}
		if r.Correlate.Type == "travel" {
			s.reach = max(s.reach, l.spanOf(i))
		}
		for input := range r.Inputs {
			if len(s.gated[i][input]) > 0 && r.Correlate.Type != "absent" {
				s.reach = max(s.reach, min(l.spanOf(i), longestReach))
			}
			for _, gate := range s.gated[i][input] {
				s.opens[i][gate] = true
			}
		}
		// What opens a group is let in itself.
		for input := range r.Inputs {
			if s.opens[i][input] {
				s.gated[i][input] = nil
			}
		}
	}
	return s
}

// longestReach bounds how far back what was left out of a correlation over a long
// time is looked for when a finding comes late.
const longestReach = 24 * time.Hour

// spanOf is the longest timespan of a correlation in any tenant.
func (l *Live) spanOf(rule int) time.Duration {
	e, longest := l.c.e, time.Duration(0)
	each := func(ts *tenantSets) {
		if ts != nil && ts.patterns[rule] != nil {
			longest = max(longest, ts.patterns[rule].Span)
		}
	}
	each(e.other)
	for _, ts := range e.tenants {
		each(ts)
	}
	return longest
}

// gates are the inputs without any of which an event of another does not matter.
func (s *sieve) gates(i, input int) []int {
	r := s.l.c.e.rules[i]
	switch c := r.Correlate; {
	case c.Type == "absent" && input > 0:
		return []int{0}
	case c.Type == "absent":
		return nil // it is what matters
	case wantsAll(c):
		// Findings are few.
		for other, in := range r.Inputs {
			if other != input && in.Correlate != nil {
				return []int{other}
			}
		}
	}
	return nil
}

// keeps reports whether a group wants a member. prefix is what the record of
// the member begins with, which names the group, and rest its tuple behind the
// group's values.
func (s *sieve) keeps(up reader, p *Pattern, prefix []byte, at int64, rest string) bool {
	roams := p.Type == "travel" && p.Minimum > 0
	gated := len(s.gated[up.rule][up.input]) > 0
	if !gated && !roams {
		return true
	}
	stage := s.l.c.e.level[up.rule]
	if s.recalling >= 0 {
		_, wanted := s.wanted[stage][string(prefix)]
		return stage == s.recalling && wanted
	}
	if g := s.l.stages[stage].groups[string(prefix)]; g != nil && g.open {
		return true
	}
	if roams {
		return s.roam(stage, p, prefix, at, placeOf(rest))
	}
	s.left.add(s.hash(prefix), at)
	return false
}

func (s *sieve) hash(prefix []byte) uint64 { return maphash.Bytes(s.seed, prefix) }

// logon reports whether the outcome of a sign-in is of one that is known to
// have been interrupted.
func (s *sieve) logon(prefix []byte, at int64) bool {
	if s.recalling >= 0 {
		_, wanted := s.wanted[0][string(prefix)]
		return s.recalling == 0 && wanted
	}
	if s.l.stages[0].groups[string(prefix)] != nil {
		return true
	}
	s.left.add(s.hash(prefix), at)
	return false
}

// interrupted notes that a sign-in was interrupted: its outcome may be known.
func (s *sieve) interrupted(g *liveGroup, at int64) {
	for _, r := range s.left.within(s.hash([]byte(g.prefix)), Range{at, at + int64(logonSpan)}) {
		s.want(g, r)
	}
}

// opened notes that a group has a member of an input that may open it.
func (s *sieve) opened(g *liveGroup, input int, at int64) {
	p, rule := g.pattern, g.rule
	if !s.opens[rule][input] {
		return
	}
	g.open = true
	r := Range{at - int64(p.Span), at + int64(p.Span)}
	if p.Type == "absent" {
		r.From = at
	}
	if p.Type == "temporal_ordered" {
		// Only what comes later in the order may be later in time.
		before, after := false, false
		for other := range s.gated[rule] {
			if slices.Contains(s.gated[rule][other], input) {
				before, after = before || other < input, after || other > input
			}
		}
		if !before {
			r.From = at
		}
		if !after {
			r.To = at
		}
	}
	// A finding that goes on does so many times, and what comes while the group is
	// open is let in: nothing is recalled twice.
	h := s.hash([]byte(g.prefix))
	for _, r := range without(r, g.recalled) {
		for _, r := range s.left.within(h, r) {
			s.want(g, r)
		}
	}
	g.recalled = merged(append(g.recalled, r))
}

// without returns what of a range others do not cover; these are in order, and none
// overlaps another.
func without(r Range, others []Range) []Range {
	var out []Range
	for _, o := range others {
		if o.To < r.From || o.From > r.To {
			continue
		}
		if o.From > r.From {
			out = append(out, Range{r.From, o.From - 1})
		}
		if o.To >= r.To {
			return out
		}
		r.From = o.To + 1
	}
	return append(out, r)
}

func (s *sieve) want(g *liveGroup, r Range) {
	s.wanted[g.stage][g.prefix] = append(s.wanted[g.stage][g.prefix], r)
}

// fetch recalls what the groups of a stage that have become open lack.
func (s *sieve) fetch(stage int) error {
	wanted := s.wanted[stage]
	if len(wanted) == 0 {
		return nil
	}
	var ranges []Range
	for _, r := range wanted {
		ranges = append(ranges, r...)
	}
	s.recalling = stage
	err := s.l.recall(merged(ranges), s.l.c.AddHits)
	s.recalling = -1
	clear(wanted)
	return err
}

// merged joins ranges that overlap.
func merged(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.From, b.From) })
	out := ranges[:0]
	for _, r := range ranges {
		if n := len(out); n > 0 && r.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, r.To)
			continue
		}
		out = append(out, r)
	}
	return out
}

// missing reports whether a recalled record is one that its group lacks.
func (s *sieve) missing(stage int, rec []byte) (bool, error) {
	if stage != s.recalling {
		return false, nil
	}
	n, err := s.l.prefix(stage, rec)
	if err != nil {
		return false, err
	}
	ranges, wanted := s.wanted[stage][string(rec[:n])]
	if !wanted {
		return false, nil
	}
	at := int64(binary.BigEndian.Uint64(rec[n:]) ^ 1<<63)
	if !slices.ContainsFunc(ranges, func(r Range) bool { return r.From <= at && at <= r.To }) {
		return false, nil
	}
	g := s.l.stages[stage].groups[string(rec[:n])]
	if g == nil {
		return true, nil
	}
	_, there := slices.BinarySearchFunc(g.recs, rec[n:], bytes.Compare)
	return !there, nil
}

// A timeSet remembers which hashes came in which minute, with a few that did
// not among them: one in ten thousand.
type timeSet struct{ slots map[int64]*timeSlot }

// A timeSlot is what came in a minute: bits of Bloom filters, each twice as
// large as the one before.
type timeSlot struct {
	filters [][]uint64
	room    int // in the last one
}

const (
	slotLength  = int64(time.Minute)
	bitsForEach = 20
	slotProbes  = 6
)

func slotOf(at int64) int64 {
	n := at / slotLength
	if at%slotLength < 0 {
		n--
	}
	return n
}

func (t *timeSet) add(h uint64, at int64) {
	n := slotOf(at)
	s := t.slots[n]
	if s == nil {
		s = &timeSlot{}
		t.slots[n] = s
	}
	if s.room == 0 {
		words := 8 << len(s.filters)
		s.filters = append(s.filters, make([]uint64, words))
		s.room = words * 64 / bitsForEach
	}
	s.room--
	f := s.filters[len(s.filters)-1]
	probe(h, len(f), func(word int, bit uint64) bool {
		f[word] |= bit
		return true
	})
}

// probe visits the bits of a hash until visit returns false.
func probe(h uint64, words int, visit func(word int, bit uint64) bool) bool {
	step := h>>32 | 1
	for range slotProbes {
		h += step * 0x9e3779b97f4a7c15
		i := h >> 20
		if !visit(int(i>>6)&(words-1), 1<<(i&63)) {
			return false
		}
	}
	return true
}

func (s *timeSlot) has(h uint64) bool {
	for _, f := range s.filters {
		if probe(h, len(f), func(word int, bit uint64) bool { return f[word]&bit != 0 }) {
			return true
		}
	}
	return false
}

// within returns the minutes, within a range, in which a hash may have come.
func (t *timeSet) within(h uint64, r Range) []Range {
	var out []Range
	look := func(n int64, s *timeSlot) {
		if s.has(h) {
			out = append(out, Range{max(r.From, n*slotLength), min(r.To, (n+1)*slotLength-1)})
		}
	}
	first, last := slotOf(r.From), slotOf(r.To)
	if last-first < int64(len(t.slots)) {
		for n := first; n <= last; n++ {
			if s := t.slots[n]; s != nil {
				look(n, s)
			}
		}
		return out
	}
	for n, s := range t.slots {
		if n >= first && n <= last {
			look(n, s)
		}
	}
	return out
}

// forget gives up what is older.
func (t *timeSet) forget(before int64) {
	for n := range t.slots {
		if (n+1)*slotLength <= before {
			delete(t.slots, n)
		}
	}
}
