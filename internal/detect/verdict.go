package detect

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Most events satisfy one of few sets of rules. What follows from such a verdict
// is settled once, so that the number of rules costs an event little.

// A verdict is the rules that an event satisfies, with what brief hits take.
type verdict struct {
	rules     []int
	brief     bool   // brief hits are enough for some, or there are none
	rest      []int  // the others
	encoded   []byte // those for which they are enough, as hits have them
	present   []access
	parts     []int // of the groupings, each once
	groupings []int
	notes     []briefNote
	place     bool // brief hits say where it was
	logons    bool // some rule sees the records of a sign-in as one
	// correlation is the part that is the correlation id; -1 if none is.
	correlation int
}

// maxVerdicts bounds how many are remembered.
const maxVerdicts = 1 << 12

// verdictOf returns the verdict of events that satisfy rules.
func (m *Matcher) verdictOf(rules []int) *verdict {
	if v := m.verdict; v != nil && slices.Equal(v.rules, rules) {
		return v
	}
	m.buf = appendRules(m.buf[:0], rules)
	v := m.verdicts[string(m.buf)]
	if v == nil {
		if m.verdicts == nil || len(m.verdicts) >= maxVerdicts {
			m.verdicts = map[string]*verdict{}
		}
		v = m.engine.verdict(slices.Clone(rules))
		m.verdicts[string(m.buf)] = v
	}
	m.verdict = v
	return v
}

func appendRules(dst []byte, rules []int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(rules)))
	for _, r := range rules {
		dst = binary.AppendUvarint(dst, uint64(r))
	}
	return dst
}

// rules reads what appendRules wrote; most is how many rules there are.
func (d *signalReader) rules(dst []int, most int) []int {
	for range d.count(1) {
		r := d.uvarint()
		if r >= uint64(most) {
			d.bad = true
			break
		}
		dst = append(dst, int(r))
	}
	return dst
}

func (e *Engine) verdict(rules []int) *verdict {
	v := &verdict{rules: rules, correlation: -1}
	groupings := uint64(0)
	var brief []int
	for _, r := range rules {
		rs := &e.signals[r]
		if !rs.brief {
			v.rest = append(v.rest, r)
			continue
		}
		brief = append(brief, r)
		v.logons = v.logons || rs.logons
		groupings |= rs.groupings
		for _, a := range rs.present {
			if !slices.Contains(v.present, a) {
				v.present = append(v.present, a)
			}
		}
		for _, n := range rs.notes {
			if !slices.ContainsFunc(v.notes, n.repeats) {
				v.notes = append(v.notes, n)
				v.place = v.place || n.travels
			}
		}
	}
	v.brief, v.encoded = len(brief) > 0 || len(rules) == 0, appendRules(nil, brief)
	for ; groupings != 0; groupings &= groupings - 1 {
		i := bits.TrailingZeros64(groupings)
		v.groupings = append(v.groupings, i)
		for _, p := range e.groupings[i] {
			if !slices.Contains(v.parts, p) {
				v.parts = append(v.parts, p)
				if a := e.parts[p]; a.what == accessField && a.id == e.correlationID {
					v.correlation = p
				}
			}
		}
	}
	return v
}

// repeats reports whether a note says no more than another of the same event.
func (n *briefNote) repeats(o briefNote) bool {
	return n.travels && o.travels && n.grouping == o.grouping && n.latitude == o.latitude && n.longitude == o.longitude
}

// A course is what a correlator does with events of a verdict, in one pass over
// the hits.
type course struct {
	ts      *tenantSets
	encoded []byte // the verdict
	groups  int    // hashes that brief hits have
	place   bool   // they say where it was
	logons  bool   // some rule sees the records of a sign-in as one
	counts  []reading
	tells   []reading
	joins   []reading // that filters of groups say nothing about
	stays   []reading // for which it hangs on where others of the group were
	sifts   []sift
}

// A reading is a reader with the rule that it reads.
type reading struct {
	from int
	reader
	at int // where the hash of its group stands among those of the hits
}

// A sift is the joins by one grouping. may tells of which groups some of them
// may want events, so that most events are let go at a glance.
type sift struct {
	at    int
	may   *glance
	joins []reading
}

// courses are those of a pass.
type courses struct {
	last *course
	all  map[courseKey]*course
	may  map[groupKey]*glance
}

type courseKey struct {
	ts      *tenantSets
	encoded string
}

type groupKey struct {
	ts       *tenantSets
	grouping int
}

// courseOf reads a verdict and returns what is done with its events; nil if it is
// damaged.
func (c *Correlator) courseOf(ts *tenantSets, d *signalReader) *course {
	if c.courses == nil {
		c.courses = &courses{all: map[courseKey]*course{}, may: map[groupKey]*glance{}}
	}
	cs := c.courses
	if k := cs.last; k != nil && k.ts == ts && bytes.HasPrefix(d.b, k.encoded) {
		d.b = d.b[len(k.encoded):]
		return k
	}
	encoded := d.b
	if c.rules = d.rules(c.rules[:0], len(c.e.rules)); d.bad {
		return nil
	}
	encoded = encoded[:len(encoded)-len(d.b)]
	k := cs.all[courseKey{ts, borrowed(encoded)}]
	if k == nil {
		if len(cs.all) >= maxVerdicts {
			clear(cs.all)
		}
		k = c.course(ts, c.rules, bytes.Clone(encoded))
		cs.all[courseKey{ts, string(k.encoded)}] = k
	}
	cs.last = k
	return k
}

func (c *Correlator) course(ts *tenantSets, rules []int, encoded []byte) *course {
	k := &course{ts: ts, encoded: encoded}
	groupings := uint64(0)
	for _, r := range rules {
		groupings |= c.e.signals[r].groupings
		k.place = k.place || slices.ContainsFunc(c.e.signals[r].notes, func(n briefNote) bool { return n.travels })
	}
	k.groups = bits.OnesCount64(groupings)
	for _, r := range rules {
		if !ts.needed[r] {
			continue
		}
		k.logons = k.logons || c.e.signals[r].logons
		for _, up := range c.e.readers[r] {
			g := reading{from: r, reader: up, at: 4 * bits.OnesCount64(groupings&(1<<up.grouping-1))}
			switch c.task(r, up, ts) {
			case taskCount:
				k.counts = append(k.counts, g)
			case taskTell:
				k.tells = append(k.tells, g)
			case taskWait:
				c.waits[c.e.level[up.rule]] = true
			case taskJoin:
				k.join(c, g)
			}
		}
	}
	return k
}

func (k *course) join(c *Correlator, g reading) {
	if c.mayStay(k.ts, g.rule) {
		k.stays = append(k.stays, g)
		return
	}
	if _, ok := c.wants(k.ts, g); !ok {
		k.joins = append(k.joins, g)
		return
	}
	may := c.mayWant(k.ts, g.grouping)
	if may == nil {
		return
	}
	i := slices.IndexFunc(k.sifts, func(s sift) bool { return s.at == g.at })
	if i < 0 {
		i = len(k.sifts)
		k.sifts = append(k.sifts, sift{at: g.at, may: may})
	}
	k.sifts[i].joins = append(k.sifts[i].joins, g)
}

// wanted reports whether an event whose groups have these hashes matters to more
// than counts.
func (k *course) wanted(c *Correlator, at int64, hashes []byte) bool {
	for i := range k.tells {
		if c.tells(at, k.tells[i].reader) {
			return true
		}
	}
	for i := range k.sifts {
		s := &k.sifts[i]
		if h := binary.BigEndian.Uint32(hashes[s.at:]); s.may.has(h) {
			for j := range s.joins {
				if g := &s.joins[j]; !c.spare(g.from, g.reader, k.ts, at, h) {
					return true
				}
			}
		}
	}
	for i := range k.joins {
		if g := &k.joins[i]; !c.spare(g.from, g.reader, k.ts, at, binary.BigEndian.Uint32(hashes[g.at:])) {
			return true
		}
	}
	return false
}

// mayWant tells of which groups of a grouping some correlation may want events;
// nil: of none.
func (c *Correlator) mayWant(ts *tenantSets, grouping int) *glance {
	key := groupKey{ts, grouping}
	may, known := c.courses.may[key]
	if known {
		return may
	}
	for r := range c.e.rules {
		if !c.e.signals[r].brief || !ts.needed[r] {
			continue
		}
		for _, up := range c.e.readers[r] {
			if c.e.counts[up.rule] || up.grouping != grouping || c.task(r, up, ts) != taskJoin || c.mayStay(ts, up.rule) {
				continue
			}
			of, _ := c.wants(ts, reading{from: r, reader: up})
			for _, b := range of {
				if !b.made() || b.few.empty() {
					continue
				}
				if may == nil {
					may = &glance{}
				}
				may.merge(b.few)
			}
		}
	}
	c.courses.may[key] = may
	return may
}

// wants returns bitmaps of groups; in none that is in none of them does an event
// matter to a correlation. ok is false if there is no telling.
func (c *Correlator) wants(ts *tenantSets, g reading) (of []*bitmap, ok bool) {
	if p := ts.patterns[g.rule]; p.Type == "travel" {
		far := &c.filters.boxes.far
		return []*bitmap{far}, far.made() && p.Minimum >= farKm
	}
	any := c.e.rules[g.rule].Correlate.Type == "first_seen" // of what is required is enough
	for _, other := range c.e.required[g.rule][g.input] {
		m := c.e.mark[g.rule][other]
		switch {
		case !c.e.found[g.rule][other]:
			of = append(of, &c.filters.groups[m])
		case c.replayed > 0:
			of = append(of, &c.findings.groups[m])
		case any:
			return nil, false // it is not known yet
		default:
			continue
		}
		if !any {
			return of, true
		}
	}
	return of, len(of) > 0
}
