package detect

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Most sign-ins satisfy no rule but such as correlations read, and most of
// these turn out not to matter: nobody travelled, nothing was found beside
// which they would count. Their hits are brief. They say to which groups the
// event belongs, as hashes, and where the record stands; the few records that
// do matter are read again, in the order in which they stand there.

// A grouping is the fields by which some correlation groups events, each as an
// index of Engine.parts.
type grouping []int

// maxBrief bounds groupings and parts, which are bits of a word.
const maxBrief = 64

// A briefNote is a groupNote of brief hits.
type briefNote struct {
	groupNote
	grouping            int
	latitude, longitude int      // field ids
	counted             []access // what a value that counts once consists of
}

// prepareBrief settles for which rules brief hits are enough.
func (e *Engine) prepareBrief() {
	for i := range e.rules {
		rs := &e.signals[i]
		// Sign-ins are most of all events, and nobody reads more of them for a
		// rule that only correlations read.
		rs.brief = e.rules[i].Silent && len(e.plans[i].byKind) == 1 && e.plans[i].byKind[e.mass] != nil &&
			!slices.ContainsFunc(e.readers[i], func(up reader) bool { return !e.counts[up.rule] && !e.sifts(i, up) })
		if !rs.brief {
			continue
		}
		for j := range e.readers[i] {
			up := &e.readers[i][j]
			if e.counts[up.rule] {
				continue
			}
			s := &rs.slots[up.slot]
			fields := make([]access, len(s.fields))
			for k, name := range s.fields {
				fields[k] = e.access(&e.hot, e.mass, name)
			}
			note := briefNote{groupNote: e.groupNote(*up)}
			n := note.groups
			if up.grouping = e.grouping(fields[:n]); up.grouping < 0 {
				rs.brief = false
				break
			}
			rs.groupings |= 1 << up.grouping
			note.grouping = up.grouping
			if note.travels {
				note.latitude, note.longitude = fields[n].id, fields[n+1].id
			} else {
				rs.present = append(rs.present, fields[n:]...)
				note.counted = fields[n:]
			}
			if note.asks() {
				rs.notes = append(rs.notes, note)
			}
		}
	}
}

// sifts reports whether filters can tell which events of a rule matter to a
// correlation.
func (e *Engine) sifts(rule int, up reader) bool {
	if c := e.rules[up.rule].Correlate; c.Type == "travel" {
		return c.Options["minimum"] != nil
	}
	return e.least[up.rule] || e.waits[up.rule][up.input] && !e.signals[rule].logons ||
		slices.ContainsFunc(e.required[up.rule][up.input], func(other int) bool { return !e.found[up.rule][other] })
}

// grouping returns the index of a grouping, new or old; -1 if there are too
// many.
func (e *Engine) grouping(fields []access) int {
	var g grouping
	for _, a := range fields {
		i := slices.Index(e.parts, a)
		if i < 0 {
			i = len(e.parts)
			e.parts = append(e.parts, a)
		}
		g = append(g, i)
	}
	i := slices.IndexFunc(e.groupings, func(h grouping) bool { return slices.Equal(g, h) })
	if i < 0 {
		i = len(e.groupings)
		e.groupings = append(e.groupings, g)
	}
	if i >= maxBrief || len(e.parts) > maxBrief {
		return -1
	}
	return i
}

// Brief appends hits of an event that satisfies rules, or nothing if there are
// none. Unless done, the Hits of rest must be appended to them: of rules that take
// more, or of all, because the event has several groups or values, or none, or
// interrupts a sign-in, or of none, because it goes on with one that is known to be
// interrupted. Of the event the fields of Compared are enough. place is where its
// record can be read again, nil if it cannot.
func (m *Matcher) Brief(dst []byte, rules []int, ev *event.Event, source, place []byte) (out []byte, rest []int, done bool) {
	class, correlation := m.logonOf(ev)
	if len(rules) == 0 && class == NoLogon {
		return dst, nil, true
	}
	at, known := nanos(ev.Time)
	if class == Interruption || place == nil || !known || ev.Identity != ev.Key {
		return dst, rules, false
	}
	v := m.verdictOf(rules)
	if !v.brief {
		return dst, rules, false
	}
	for _, a := range v.present {
		if _, ok := m.one(ev, a); !ok {
			return dst, rules, false
		}
	}
	e := m.engine
	tenant := m.hashes.tenant(ev.Tenant)
	for _, p := range v.parts {
		value, ok := m.one(ev, e.parts[p])
		if !ok {
			return dst, rules, false
		}
		m.parts[p] = m.hashes.part(value)
	}
	for _, i := range v.groupings {
		h := tenant
		for _, p := range e.groupings[i] {
			h = mix(h, m.parts[p])
		}
		m.groups[i] = short(h)
	}
	joins, logon := false, uint32(0)
	if class == Outcome {
		if p := v.correlation; p >= 0 {
			logon = logonHash(tenant, m.parts[p])
		} else {
			logon = m.hashes.logon(tenant, correlation)
		}
		// What is known to go on with a sign-in need not be read again for that.
		if joins = m.filters.interrupts.made() && m.filters.interrupts.has(logon); joins && (v.logons || len(v.rest) == len(rules)) {
			return dst, rules, false
		}
	}
	where := box{}
	for i := range v.notes {
		n := &v.notes[i]
		if n.travels {
			where = m.places.at(ev.Text(n.latitude), ev.Text(n.longitude))
			m.filters.boxes.visit(m.groups[n.grouping], where)
			continue
		}
		value := uint64(0)
		if n.values {
			for _, a := range n.counted {
				text, _ := m.one(ev, a)
				value = mix(value, m.hashes.raw(text))
			}
		}
		m.filters.see(&n.groupNote, m.tenant(ev), m.groups[n.grouping], value, at, true)
	}
	dst = append(binary.AppendUvarint(dst, uint64(len(source))), source...)
	flags := byte(hitBrief)
	if class == Outcome && !joins {
		flags |= hitLogon
	}
	if joins || len(v.rest) > 0 {
		flags |= hitMore
	}
	dst = append(dst, flags)
	dst = binary.BigEndian.AppendUint64(dst, uint64(at))
	dst = append(dst, m.hashes.encoded...)
	if flags&hitLogon != 0 {
		dst = binary.BigEndian.AppendUint32(dst, logon)
	}
	dst = append(binary.AppendUvarint(dst, uint64(len(place))), place...)
	dst = append(dst, v.encoded...)
	for _, i := range v.groupings {
		dst = binary.BigEndian.AppendUint32(dst, m.groups[i])
	}
	if v.place {
		dst = appendCell(dst, where)
	}
	return dst, v.rest, flags&hitMore == 0
}

// addBrief counts an event where counting is all, and has its record read
// again if it may matter to more. Hits of other rules may follow.
func (c *Correlator) addBrief(key event.Key, source []byte, flags byte, d *signalReader) error {
	at := int64(d.uint64())
	ts := c.sets
	if ts != nil && bytes.HasPrefix(d.b, c.encoded) {
		d.b = d.b[len(c.encoded):]
	} else {
		ts = c.tenantOf(d.text())
	}
	joins := flags&hitLogon != 0 && c.filters.interrupted(d.uint32()) && c.replayed == 0
	place := d.take(d.count(1))
	k := c.courseOf(ts, d)
	if k == nil {
		return errSignal
	}
	hashes := d.take(4 * k.groups)
	cell := []byte(nil)
	if k.place {
		cell = d.take(4)
	}
	if d.bad || (len(d.b) > 0) != (flags&hitMore != 0) {
		return errSignal
	}
	for i := range k.counts {
		if err := c.count(at, k.counts[i].from, k.counts[i].reader, nil); err != nil {
			return err
		}
	}
	need, rules := joins && k.logons || k.wanted(c, at, hashes), k.encoded
	for i := range k.stays {
		g := &k.stays[i]
		h := binary.BigEndian.Uint32(hashes[g.at:])
		if c.spare(g.from, g.reader, ts, at, h) {
			continue
		}
		c.record = c.record[:0]
		if need = need || joins; !need { // else it is read again in any case
			c.record = appendLater(c.record, place, key[:], rules, source)
		}
		if err := c.stay(g.rule, ts.patterns[g.rule], h, at, cell, c.record); err != nil {
			return err
		}
	}
	if need || joins {
		if !need {
			rules = noRules // it is enough to know that the sign-in went on
		}
		c.record = appendLater(c.record[:0], place, key[:], rules, source)
		if err := c.readLater(c.record); err != nil {
			return err
		}
	}
	if flags&hitMore == 0 {
		return nil
	}
	return c.AddHits(key, d.b)
}

// noRules is an empty list of rules.
var noRules = appendRules(nil, nil)

// tells reports whether a finding of what was counted tells of an event.
func (c *Correlator) tells(at int64, up reader) bool {
	return c.counting[up.rule].hourOf(at).told
}
