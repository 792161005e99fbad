package detect

import (
	"encoding/binary"
	"unsafe"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Hits are what one event means to the rules: the signals of all that it
// satisfies, in one record, because most of what they say they say together.
// Sign-ins give nearly every one some, so making and reading them allocates
// nothing.

const (
	hitVersion = 1 << iota // the event is a version of an identity
	hitLogon               // the record is part of a sign-in
	hitBrief               // the hits are brief
	hitMore                // behind brief hits stand those of other rules
)

// Hits appends the hits of an event that satisfies rules; nothing if there are
// none. Of the event the fields of Wanted must be there. source says where it
// stands; the record sorts by it last.
func (m *Matcher) Hits(dst []byte, rules []int, ev *event.Event, source []byte) []byte {
	class, correlation := m.logonOf(ev)
	if len(rules) == 0 && class == NoLogon {
		return dst
	}
	var flags byte
	version := ""
	if ev.Identity != ev.Key {
		flags |= hitVersion
		version = versionOf(ev)
	}
	if class != NoLogon {
		flags |= hitLogon
	}
	dst = binary.AppendUvarint(dst, uint64(len(source)))
	dst = append(dst, source...)
	dst = append(dst, flags)
	dst = appendTime(dst, ev.Time)
	dst = appendText(dst, ev.Tenant)
	if flags&hitVersion != 0 {
		dst = append(dst, ev.Identity[:]...)
		dst = appendText(dst, version)
	}
	m.entities = appendEntities(m.entities[:0], ev)
	if flags&hitLogon != 0 {
		dst = append(dst, byte(class))
		dst = appendText(dst, correlation)
		if class == Interruption {
			m.filters.interrupt(m.hashes.logon(m.hashes.tenant(ev.Tenant), correlation))
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.entities)))
	for i := range m.entities {
		e := &m.entities[i]
		dst = appendText(appendText(appendText(dst, e.Type), e.ID), e.Name)
	}
	dst = binary.AppendUvarint(dst, uint64(len(rules)))
	for _, rule := range rules {
		dst = m.hit(dst, rule, ev)
	}
	return dst
}

// hit appends what one rule wants to know.
func (m *Matcher) hit(dst []byte, rule int, ev *event.Event) []byte {
	rs := &m.engine.signals[rule]
	k := ev.Kind
	dst = binary.AppendUvarint(dst, uint64(rule))
	n := len(rs.group)
	switch {
	case n > 0:
		dst = binary.AppendUvarint(dst, uint64(n))
		for i := range rs.group {
			dst = appendText(dst, m.groupText(ev, rs.group[i][k]))
		}
	case m.engine.rules[rule].Silent:
		dst = append(dst, 0)
	default:
		dst = appendText(append(dst, 1), defaultGroup(ev))
	}
	severity := ""
	if rs.level != nil {
		severity = m.text(ev, rs.level[k], 1)
	}
	dst = appendText(dst, severity)
	var flags Flags
	for i := range rs.flags {
		if m.text(ev, rs.flags[i][k], 1) == "true" {
			flags |= 1 << i
		}
	}
	dst = append(dst, byte(flags))
	for i := range rs.slots {
		sf := &rs.slots[i]
		from := len(dst)
		dst = append(dst, 0, 0)
		count := 0
		if sf.tuple {
			dst, count = m.tuples(dst, ev, sf.access[k])
			m.filters.note(&m.hashes, ev, m.tenant(ev), dst[from+2:], sf)
		} else {
			for _, t := range m.texts(ev, sf.access[k][0], maxShown) {
				dst = appendText(dst, t)
				count++
			}
		}
		binary.BigEndian.PutUint16(dst[from:], uint16(count))
	}
	return dst
}

// AddHits takes what Hits made of the event with that key. The record may
// change after the call.
func (c *Correlator) AddHits(key event.Key, rec []byte) error {
	d := &c.reader
	*d = signalReader{b: rec, borrow: true, arena: d.arena[:0]}
	source := d.take(d.count(1))
	flags := d.take(1)[0]
	if flags&hitBrief != 0 {
		return c.addBrief(key, source, flags, d)
	}
	s := &c.signal
	*s = Signal{
		Key: key, Identity: key, Group: s.Group[:0],
		Detail: Detail{Count: 1, Entities: s.Entities[:0], Values: s.Values[:0], Evidence: s.Evidence[:0]},
	}
	s.Time = d.time()
	s.First, s.Last = s.Time, s.Time
	s.Tenant = d.text()
	if flags&hitVersion != 0 {
		s.Identity, s.Version = d.key(), d.text()
	}
	class, correlation := NoLogon, ""
	if flags&hitLogon != 0 {
		class, correlation = LogonClass(d.take(1)[0]), d.text()
	}
	for range d.count(3) {
		s.Entities = append(s.Entities, Entity{Type: d.text(), ID: d.text(), Name: d.text()})
	}
	hits := d.count(4)
	if d.bad {
		return errSignal
	}
	s.Evidence = append(s.Evidence, Evidence{Key: key, Time: s.Time, Source: borrowed(source)})
	var logon Logon
	if class != NoLogon && !c.logonsDone {
		logon = c.logonOf(class, s, correlation)
	}
	joined := false
	for range hits {
		if err := c.readHit(d, s); err != nil {
			return err
		}
		s.Logon = Logon{}
		if c.e.signals[s.Rule].logons {
			s.Logon, joined = logon, true
		}
		if err := c.Add(s); err != nil {
			return err
		}
	}
	if logon.Class == NoLogon || joined {
		return nil
	}
	s.Rule, s.Logon, s.Group, s.Values = noRule, logon, s.Group[:0], s.Values[:0]
	return c.Add(s)
}

// momentOf returns when the event happened of which hits are; ok is false where
// that is not known.
func momentOf(hits []byte) (at int64, ok bool) {
	d := signalReader{b: hits}
	d.take(d.count(1))
	if d.take(1)[0]&hitBrief != 0 {
		return int64(d.uint64()), !d.bad
	}
	at, ok = nanos(d.time())
	return at, ok && !d.bad
}

// readHit reads one rule's part of the hits.
func (c *Correlator) readHit(d *signalReader, s *Signal) error {
	s.Rule = int(d.uvarint())
	if s.Rule < 0 || s.Rule >= len(c.e.rules) {
		return errSignal
	}
	s.Group = s.Group[:0]
	for range d.count(1) {
		s.Group = append(s.Group, d.text())
	}
	s.Severity = d.text()
	s.Flags = Flags(d.take(1)[0])
	s.Values = s.Values[:0]
	for range c.e.signals[s.Rule].slots {
		v := s.value()
		for range binary.BigEndian.Uint16(d.take(2)) {
			v.Texts = append(v.Texts, d.text())
		}
	}
	if d.bad {
		return errSignal
	}
	return nil
}

// borrowed is text that is valid as long as b does not change.
func borrowed(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
