package detect

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Sorter takes records in any order and gives them back in ascending order.
type Sorter interface {
	Add(rec []byte) error
	Sorted() iter.Seq2[[]byte, error]
	Close() error
}

// A Watermark says up to when everything of a log is known, in Unix
// nanoseconds; ok is false if nothing was seen of it.
type Watermark func(tenant string, kind event.Kind) (until int64, ok bool)

// A Correlator turns signals, added in any order, into what alerts are made
// of. Finish must be called when all are there.
type Correlator struct {
	// LeftOut counts, by rule, the signals that a correlation could not place:
	// they lack a field of its group-by or of its condition, or have no time.
	LeftOut map[int]int

	e      *Engine
	sorter func() Sorter
	out    func(*Signal) error
	logons Sorter
	// logonsDone is true once it is known what they tell: a record that is read
	// again then stands for itself.
	logonsDone bool
	levels     []Sorter
	spread     Sorter
	wide       map[spreadKey][]stretch
	counts     map[string][]*periodChange // by tenant and correlation
	// counter takes what is counted; nil: it is counted here.
	counter Sorter
	live    *Live // whose correlator this is; nil = nobody's

	input   Input    // of Use
	filters *Filters // of the input; nil: everything may matter
	// What waits for findings: the levels of correlations for which hits must
	// be added once more, and in which groups they have findings.
	waits    []bool
	findings *Filters
	some     []bool  // by correlation: it has findings among its inputs
	replayed int     // the level for which hits are added at the moment
	telling  *glance // quarters of an hour of which findings tell, if they are added for what was counted before
	later    Sorter  // of records to be read again
	stays    Sorter  // of those of which it hangs on where others were
	fetched  bool    // the hits at hand are of such a record
	hashes   hasher
	// The tenant of the event before, which most have.
	tenant  string
	encoded []byte // as appendText writes it
	sets    *tenantSets
	// courses are what is done in the present pass with events of a verdict.
	courses *courses
	// counting is its part of counts; nil if there is none yet.
	counting []*periodChange
	// What hits are read in.
	reader signalReader
	signal Signal
	rules  []int
	// What members are made in.
	buf    []byte
	record []byte
	groups []tupleGroup
	values []Distinct
}

// An Input is what a correlator can ask about the events whose hits are added,
// so that it need not keep what turns out not to matter.
type Input struct {
	// Filters are those of every event.
	Filters *Filters
	// Again adds the hits of all events once more: some only matter beside
	// findings, and are looked at when these are known.
	Again func(add func(key event.Key, hits []byte) error) error
	// Read reads the record at a place once more and gives the hits of the
	// rules that its event satisfies; none if it cannot be read any more. Only
	// brief hits need it.
	Read func(key event.Key, place, source []byte, rules []int) (hits []byte, err error)
}

// Use lets the correlator leave out, or look at later, what does not matter.
func (c *Correlator) Use(in Input) {
	c.input, c.filters = in, in.Filters
	c.filters.boxes.settle()
	c.filters.boxes.seal()
	c.findings = &Filters{groups: make([]bitmap, c.e.marks)}
	c.waits = make([]bool, len(c.levels)+1)
	c.some = make([]bool, len(c.e.rules))
	c.courses = nil
}

// NewCorrelator returns a correlator that hands to out, in no particular order,
// the signals of rules that alert by themselves.
func (e *Engine) NewCorrelator(sorter func() Sorter, out func(*Signal) error) *Correlator {
	c := &Correlator{LeftOut: map[int]int{}, counts: map[string][]*periodChange{}, e: e, sorter: sorter, out: out, logons: sorter(), spread: sorter(), hashes: hasher{seed: e.seed}}
	top := 0
	for _, l := range e.level {
		top = max(top, l)
	}
	for range top {
		c.levels = append(c.levels, sorter())
	}
	return c
}

// Close gives up what the sorters hold.
func (c *Correlator) Close() error {
	var first error
	for _, s := range append([]Sorter{c.logons, c.spread, c.later, c.stays}, c.levels...) {
		if s == nil {
			continue
		}
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Add takes the signal of an event. Of signals of one event and rule it wants
// only one.
func (c *Correlator) Add(s *Signal) error {
	if s.Logon.Class != NoLogon {
		if c.replayed > 0 {
			return nil // it was handed on as a sign-in, and did not wait
		}
		return c.addLogon(s)
	}
	return c.dispatch(s)
}

// count adds an event to a correlation that only counts, which needs no order.
// What a finding tells of its events is taken later, if there is one, and at
// once, from d, if they do not come again.
func (c *Correlator) count(at int64, rule int, up reader, d *Detail) error {
	if c.live != nil && c.live.giving == nil {
		return c.live.countAt(up.rule, at, d, 1)
	}
	if c.counter != nil {
		b := appendSortable(binary.BigEndian.AppendUint32(c.buf[:0], uint32(up.rule)), c.tenant)
		c.buf = d.append(binary.BigEndian.AppendUint64(b, uint64(at)))
		return c.counter.Add(c.buf)
	}
	pc := c.tally(up.rule)
	pc.later = c.comesAgain(rule)
	h := pc.count(at)
	if !pc.later {
		h.tell(pc.p, d, pc.p.sources[up.input])
	}
	return nil
}

// tally is the count of a correlation in the tenant at hand.
func (c *Correlator) tally(rule int) *periodChange {
	if c.counting == nil {
		c.counting = make([]*periodChange, len(c.e.rules))
		c.counts[c.tenant] = c.counting
	}
	if c.counting[rule] == nil {
		c.counting[rule] = &periodChange{p: c.sets.patterns[rule]}
	}
	return c.counting[rule]
}

// counted evaluates the correlations of a level that only count.
func (c *Correlator) counted(level int, until Watermark) error {
	again := false
	tenants := slices.Sorted(maps.Keys(c.counts))
	each := func(do func(rule int, tenant string, pc *periodChange) error) error {
		for _, tenant := range tenants {
			for rule, pc := range c.counts[tenant] {
				if pc == nil || c.e.level[rule] != level {
					continue
				}
				if err := do(rule, tenant, pc); err != nil {
					return err
				}
			}
		}
		return nil
	}
	told := &glance{}
	_ = each(func(rule int, tenant string, pc *periodChange) error {
		pc.until = c.mark(rule, tenant, until)
		if pc.compareAll() && pc.later {
			again = true
			pc.told(told)
		}
		return nil
	})
	if again {
		c.telling = told
		err := c.addAgain(level)
		if c.telling = nil; err != nil {
			return err
		}
	}
	return each(func(rule int, tenant string, pc *periodChange) error {
		pc.emit = func(f *Found) error { return c.found(rule, tenant, nil, f) }
		c.counts[tenant][rule] = nil
		return pc.report()
	})
}

// mark is the watermark that a correlation minds. What is awaited in a log of
// which nothing was seen cannot be called absent.
func (c *Correlator) mark(rule int, tenant string, until Watermark) int64 {
	mark := int64(never)
	for _, k := range c.e.awaited(rule) {
		w, seen := until(tenant, k)
		switch {
		case !seen && c.e.rules[rule].Correlate.Type == "absent":
			return never
		case seen && (mark == never || w < mark):
			mark = w
		}
	}
	return mark
}

// member writes a signal as the member of a correlation, once for each of its
// groups.
func (c *Correlator) member(s *Signal, up reader) error {
	at, ok := nanos(s.Time)
	if !ok {
		c.LeftOut[up.rule]++
		return nil
	}
	r := c.e.rules[up.rule]
	n := len(r.Correlate.GroupBy)
	fields := len(conditionFields(r.Correlate))
	if up.slot >= len(s.Values) {
		return errSignal
	}
	tuples := s.Values[up.slot].Texts
	if len(tuples) == 0 {
		tuples = []string{""}
	}
	d := s.Detail
	d.Values = c.passedOn(s, up)
	if p := c.sets.patterns[up.rule]; p != nil && len(p.Teach) > 0 && p.Teach[up.input] {
		// What only teaches is in no finding, and most of what there is.
		d = Detail{First: s.First, Last: s.First, Count: 1}
	}
	c.groups = grouped(c.groups[:0], tuples, n)
	short := false // of values
	for _, g := range c.groups {
		counts := func(rest string) bool {
			_, complete := splitTuple(rest, fields)
			return fields > 0 && (complete || r.Correlate.Type == "travel")
		}
		values := uint64(0)
		for _, t := range g.tuples {
			if counts(t[len(g.name):]) {
				values++
			}
		}
		short = short || fields > 0 && values == 0
		if c.filters != nil && (r.Correlate.Type == "travel" || c.e.least[up.rule] || len(c.e.required[up.rule][up.input]) > 0 || c.e.level[s.Rule] > 0) &&
			c.spare(s.Rule, up, c.sets, at, c.hashes.group(s.Tenant, g.name)) {
			continue
		}
		if c.filters != nil && !c.fetched && c.mayStay(c.sets, up.rule) {
			for _, t := range g.tuples {
				cell := appendCell(nil, boxOf(placeOf(t[len(g.name):])))
				if err := c.stay(up.rule, c.sets.patterns[up.rule], c.hashes.group(s.Tenant, g.name), at, cell, nil); err != nil {
					return err
				}
			}
		}
		c.buf = binary.BigEndian.AppendUint32(c.buf[:0], uint32(up.rule))
		c.buf = appendSortable(c.buf, s.Tenant)
		c.buf = append(c.buf, g.name...)
		if c.live != nil && c.live.sieve != nil && !c.live.sieve.keeps(up, c.sets.patterns[up.rule], c.buf, at, g.tuples[0][len(g.name):]) {
			continue
		}
		c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(at)^1<<63)
		c.buf = append(c.buf, s.Identity[:]...)
		c.buf = append(c.buf, byte(up.input))
		c.buf = binary.AppendUvarint(c.buf, values)
		for _, t := range g.tuples {
			if rest := t[len(g.name):]; counts(rest) {
				c.buf = appendText(c.buf, rest)
			}
		}
		c.buf = d.append(c.buf)
		if err := c.levels[c.e.level[up.rule]-1].Add(c.buf); err != nil {
			return err
		}
	}
	if short || len(c.groups) == 0 {
		c.LeftOut[up.rule]++
	}
	return nil
}

// A tupleGroup is those of a signal's tuples that begin with the same values.
type tupleGroup struct {
	name   string
	tuples []string
}

// grouped adds to out what tuples there are, by their first n values, in the
// order in which these first come. A finding may have very many.
func grouped(out []tupleGroup, tuples []string, n int) []tupleGroup {
	if len(tuples) == 1 { // as nearly always
		if end, complete := splitTuple(tuples[0], n); complete {
			out = append(out, tupleGroup{tuples[0][:end], tuples})
		}
		return out
	}
	index := map[string]int{}
	for _, t := range tuples {
		end, complete := splitTuple(t, n)
		if !complete {
			continue
		}
		i, known := index[t[:end]]
		if !known {
			i = len(out)
			index[t[:end]] = i
			out = append(out, tupleGroup{name: t[:end]})
		}
		out[i].tuples = append(out[i].tuples, t)
	}
	return out
}

// passedOn is what a correlation needs of the values of a signal: each of its
// groups gets them, of which a finding may have as many as it has values.
func (c *Correlator) passedOn(s *Signal, up reader) []Distinct {
	c.values = slices.Grow(c.values[:0], len(s.Values))[:len(s.Values)]
	clear(c.values)
	if rows := c.e.sources[up.rule]; up.input < len(rows) {
		for _, slot := range rows[up.input] {
			if slot < len(s.Values) {
				c.values[slot] = s.Values[slot]
			}
		}
	}
	return c.values
}

// nanos is a time as windows count it; ok is false for times that are not
// known or not of our days: before 1824 or after 2115, so that no difference
// between two overflows.
func nanos(t time.Time) (int64, bool) {
	const far = math.MaxInt64 / 2 / int64(time.Second)
	if t.IsZero() || t.Unix() >= far || t.Unix() <= -far {
		return 0, false
	}
	return t.UnixNano(), true
}

// Finish evaluates the correlations, level by level.
func (c *Correlator) Finish(until Watermark) error {
	if err := c.readAgain(); err != nil {
		return err
	}
	if err := c.finishLogons(); err != nil {
		return err
	}
	if err := c.siftStays(); err != nil { // now it is known where everybody was
		return err
	}
	if err := c.readAgain(); err != nil {
		return err
	}
	for i, level := range c.levels {
		if err := c.replay(i + 1); err != nil {
			return err
		}
		next, stop := iter.Pull2(level.Sorted())
		err := c.evaluate(next, until)
		stop()
		if err != nil {
			return err
		}
		if err := c.counted(i+1, until); err != nil {
			return err
		}
		if err := level.Close(); err != nil {
			return err
		}
	}
	return c.finishSpread()
}

// evaluate takes one group after the other.
func (c *Correlator) evaluate(next func() ([]byte, error, bool), until Watermark) error {
	var g memberReader
	rec, err, ok := next()
	for ok && err == nil {
		if err := g.group(rec, c.e); err != nil {
			return err
		}
		prefix := bytes.Clone(rec[:g.prefix])
		rule, tenant := g.rule, g.tenant
		p := c.e.tenant(tenant).patterns[rule]
		var groupErr error
		members := func(yield func(Member, error) bool) {
			for ok && err == nil && bytes.HasPrefix(rec, prefix) {
				m, bad := g.member(rec[len(prefix):], p)
				if bad != nil {
					groupErr = bad
				}
				if !yield(m, bad) || bad != nil {
					return
				}
				rec, err, ok = next()
			}
		}
		group := parts(string(prefix[g.names:]))
		if bad := p.Eval(members, c.mark(rule, tenant, until), func(f *Found) error { return c.found(rule, tenant, group, f) }); bad != nil {
			return bad
		}
		if groupErr != nil {
			return groupErr
		}
		// Whatever Eval did not ask for.
		for ok && err == nil && bytes.HasPrefix(rec, prefix) {
			rec, err, ok = next()
		}
	}
	return err
}

// found turns a finding into a signal of its correlation.
func (c *Correlator) found(rule int, tenant string, group []string, f *Found) error {
	s := Signal{Rule: rule, Tenant: tenant, Group: group, Time: time.Unix(0, f.At).UTC(), Detail: f.Detail}
	if len(s.Entities) == 0 && tenant != "" {
		s.Entities = []Entity{{Type: "tenant", ID: tenant}}
	}
	h := sha256.New()
	for _, t := range append([]string{c.e.rules[rule].Slug, tenant, f.Sub}, group...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(t)))
		h.Write(n[:])
		h.Write([]byte(t))
	}
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(f.At))
	h.Write(at[:])
	copy(s.Key[:], h.Sum(nil))
	s.Identity = s.Key
	return c.dispatch(&s)
}

// A memberReader reads what member wrote.
type memberReader struct {
	rule   int
	tenant string
	names  int // where the group begins
	prefix int // where it ends
	// Room for what members say.
	arena  []byte
	values []string
}

func (g *memberReader) group(rec []byte, e *Engine) error {
	d := signalReader{b: rec}
	rule := int(d.uint32())
	tenant := d.sortable()
	if d.bad || rule >= len(e.rules) || e.rules[rule].Correlate == nil {
		return errSignal
	}
	g.rule, g.tenant, g.names = rule, tenant, len(rec)-len(d.b)
	n, _ := splitTuple(string(d.b), len(e.rules[rule].Correlate.GroupBy))
	g.prefix = g.names + n
	return nil
}

func (g *memberReader) member(b []byte, p *Pattern) (Member, error) {
	d := signalReader{b: b, borrow: true, arena: g.arena[:0]}
	m := Member{At: int64(d.uint64() ^ 1<<63), ID: d.key(), Input: int(d.take(1)[0]), Values: g.values[:0]}
	for range d.count(1) {
		if m.Values = append(m.Values, d.text()); d.bad {
			break
		}
	}
	g.arena, g.values = d.arena, m.Values
	switch p.Type {
	case "travel":
		if len(m.Values) > 0 {
			m.Place = placeOf(m.Values[0])
		}
		m.Values = nil
	case "value_sum", "value_avg", "value_percentile":
		for i, v := range m.Values {
			if t := parts(v); len(t) > 0 {
				m.Values[i] = t[0]
			}
		}
	}
	m.Detail = d.b
	if d.bad {
		return m, errSignal
	}
	return m, nil
}
