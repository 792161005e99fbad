package detect

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// Most sign-ins satisfy no rule but those that only correlations read, and
// most of these turn out not to matter. Their hits carry a few fields of the
// event as they are, each once, instead of what every correlation would make of
// them; that is made when it is asked for.

// A carried field is one that lean hits hold. carriedUser and so on are those
// of which entities are made.
const (
	carriedUser = iota
	carriedUserName
	carriedIP
	carriedApp
	carriedAppName
	carriedActorType
	carriedActor
	carriedActorName
	carriedFixed
)

var carriedAlways = [carriedFixed]int{
	carriedUser: event.FUser, carriedUserName: event.FUserName, carriedIP: event.FIP, carriedApp: event.FAppID, carriedAppName: event.FAppName,
	carriedActorType: event.FActorType, carriedActor: event.FActorID, carriedActorName: event.FActorName,
}

// maxCarried is how many fields lean hits can hold.
const maxCarried = 64

// A carry says where a lean hit holds a field of a slot: in one carried field,
// or for an entity the id in one and the name in another.
type carry struct {
	field  int
	name   int
	entity bool
	// egress: whether the address in the field is the organisation's own is
	// found out when it is asked for.
	egress bool
}

// carryAll settles which fields lean hits hold, and for which rules that is
// enough.
func (e *Engine) carryAll() {
	for _, id := range carriedAlways {
		e.carried = append(e.carried, access{what: accessField, id: id})
	}
	for i := range e.signals {
		rs := &e.signals[i]
		if !rs.lean {
			continue
		}
		for j := range rs.slots {
			s := &rs.slots[j]
			for _, a := range s.access[event.Signin] {
				s.carries = append(s.carries, e.carry(a))
			}
			for _, c := range s.carries {
				rs.carried |= 1<<c.field | 1<<c.name
			}
		}
		for _, f := range rs.flags {
			rs.flagCarries = append(rs.flagCarries, e.carry(f[event.Signin]).field)
			rs.carried |= 1 << rs.flagCarries[len(rs.flagCarries)-1]
		}
		rs.lean = len(e.carried) <= maxCarried && rs.level == nil
	}
}

func (e *Engine) carry(a access) carry {
	place := func(a access) int {
		if i := slices.Index(e.carried, a); i >= 0 {
			return i
		}
		e.carried = append(e.carried, a)
		return len(e.carried) - 1
	}
	if a.what == accessEntity {
		id, name := place(access{what: accessField, id: a.ids[0]}), place(access{what: accessField, id: a.ids[1]})
		return carry{field: id, name: name, entity: true}
	}
	if a.what == accessBaseline && a.id == e.first+e.baselineField(egressField) {
		return carry{field: carriedIP, name: carriedIP, egress: true}
	}
	i := place(a)
	return carry{field: i, name: i}
}

// egressField tells travel which places are those of buildings.
const egressField = "baseline.ip.egress"

// allLean reports whether lean hits are enough for rules.
func (e *Engine) allLean(rules []int) bool {
	for _, r := range rules {
		if !e.signals[r].lean {
			return false
		}
	}
	return true
}

// appendLean appends the fields that rules want to know of an event, and the
// rules.
func (m *Matcher) appendLean(dst []byte, rules []int, ev *event.Event) []byte {
	mask := uint64(1<<carriedActorType - 1)
	if ev.Text(event.FActorType) == "app" {
		mask = 1<<carriedFixed - 1
	}
	for _, r := range rules {
		mask |= m.engine.signals[r].carried
	}
	at := len(dst)
	dst = binary.BigEndian.AppendUint64(dst, 0)
	for rest := mask; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		from := len(dst)
		dst = append(dst, 0)
		n := 0
		a := m.engine.carried[i]
		if a.what == accessField {
			m.scratch = ev.Append(m.scratch[:0], a.id)
		} else {
			m.values(ev, a)
		}
		for k := range m.scratch {
			if v := &m.scratch[k]; v.Kind != sigma.Null && v.Text != "" && n < maxTuples-1 {
				dst = appendText(dst, v.Text)
				n++
			}
		}
		if n == 0 {
			dst, mask = dst[:from], mask&^(1<<i)
			continue
		}
		dst[from] = byte(n)
	}
	binary.BigEndian.PutUint64(dst[at:], mask)
	dst = binary.AppendUvarint(dst, uint64(len(rules)))
	for _, r := range rules {
		dst = binary.AppendUvarint(dst, uint64(r))
		for j := range m.engine.signals[r].slots {
			s := &m.engine.signals[r].slots[j]
			if len(s.notes) > 0 {
				m.noteLean(ev, s)
			}
		}
	}
	return dst
}

// noteLean notes the groups of an event in a slot, without making its tuples if
// they are simple.
func (m *Matcher) noteLean(ev *event.Event, s *slotFields) {
	fields := s.access[event.Signin]
	for _, n := range s.notes {
		m.buf = m.buf[:0]
		simple := true
		for _, a := range fields[:n.groups] {
			values := m.keyValues(ev, a)
			if simple = simple && len(values) == 1; simple {
				m.buf = appendPart(m.buf, values[0].Text)
			}
		}
		if !simple {
			m.noted, _ = m.tuples(m.noted[:0], ev, fields)
			m.filters.note(m.engine.seed, ev.Tenant, m.noted, s)
			return
		}
		h := groupHash(m.engine.seed, ev.Tenant, borrowed(m.buf))
		if n.mark >= 0 {
			m.filters.mark(n.mark, h)
		}
		if n.travels {
			m.filters.visit(h, placeAt(ev.Text(fields[n.groups].id), ev.Text(fields[n.groups+1].id)))
		}
	}
}

// readLean reads the fields of lean hits.
func (c *Correlator) readLean(d *signalReader, s *Signal) {
	if c.carried == nil {
		c.carried = make([][]string, len(c.e.carried))
	}
	for i := range c.carried {
		c.carried[i] = c.carried[i][:0]
	}
	for mask := d.uint64(); mask != 0 && !d.bad; mask &= mask - 1 {
		i := bits.TrailingZeros64(mask)
		if i >= len(c.carried) {
			d.bad = true
			return
		}
		for range d.take(1)[0] {
			c.carried[i] = append(c.carried[i], d.text())
		}
	}
	s.Entities = appendEntity(s.Entities, "user", c.first(carriedUser), c.first(carriedUserName))
	if c.first(carriedActorType) == "app" {
		s.Entities = appendEntity(s.Entities, "service_principal", c.first(carriedActor), c.first(carriedActorName))
	}
	s.Entities = appendEntity(s.Entities, "ip", "", c.first(carriedIP))
	s.Entities = appendEntity(s.Entities, "app", c.first(carriedApp), c.first(carriedAppName))
}

func (c *Correlator) first(field int) string {
	if v := c.carried[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// begin makes the signal at hand that of a rule of lean hits.
func (c *Correlator) begin(s *Signal, rule int) {
	rs := &c.e.signals[rule]
	s.Rule, s.Group, s.Severity, s.Flags = rule, s.Group[:0], "", 0
	for i, f := range rs.flagCarries {
		if c.first(f) == "true" {
			s.Flags |= 1 << i
		}
	}
	for len(s.Values) < len(rs.slots) {
		if len(s.Values) < cap(s.Values) {
			s.Values = s.Values[:len(s.Values)+1]
		} else {
			s.Values = append(s.Values, Distinct{})
		}
	}
	s.Values = s.Values[:len(rs.slots)]
	c.made = slices.Grow(c.made[:0], len(rs.slots))[:len(rs.slots)]
	clear(c.made)
}

// want makes a slot of the signal at hand, if it is one of lean hits.
func (c *Correlator) want(s *Signal, slot int) {
	if !c.lean || slot >= len(c.made) || c.made[slot] {
		return
	}
	c.made[slot] = true
	d := &s.Values[slot]
	*d = Distinct{Texts: d.Texts[:0]}
	sf := &c.e.signals[s.Rule].slots[slot]
	if !sf.tuple {
		for _, v := range c.shown(sf.carries[0]) {
			if len(d.Texts) == maxShown {
				break
			}
			if t := clip(v, 200); !slices.Contains(d.Texts, t) {
				d.Texts = append(d.Texts, t)
			}
		}
		return
	}
	d.Texts = append(d.Texts, "")
	for _, f := range sf.carries {
		values := c.keys(f)
		if len(values) > 1 {
			d.Texts = multiplied(d.Texts, values)
			continue
		}
		for i, t := range d.Texts {
			c.part = append(c.part[:0], t...)
			if len(values) == 0 {
				c.part = append(c.part, 0)
			} else {
				c.part = appendPart(c.part, values[0])
			}
			d.Texts[i] = c.store(c.part)
		}
	}
}

// multiplied puts each value behind each tuple.
func multiplied(tuples, values []string) []string {
	var out []string
	for _, t := range tuples {
		for _, v := range values {
			if len(out) < maxTuples {
				out = append(out, string(appendPart([]byte(t), v)))
			}
		}
	}
	return out
}

// shown are the values of a field as a person reads them.
func (c *Correlator) shown(f carry) []string {
	if f.egress {
		return c.keys(f)
	}
	if f.entity && len(c.carried[f.name]) > 0 {
		return c.carried[f.name][:1]
	}
	if f.entity && len(c.carried[f.field]) > 0 {
		return c.carried[f.field][:1]
	}
	return c.carried[f.field]
}

// keys are the values of a field by which signals are told apart.
func (c *Correlator) keys(f carry) []string {
	if f.egress {
		in, known := c.e.tenant(c.signal.Tenant).view.Egress(c.first(f.field))
		switch {
		case !known:
			return nil
		case in:
			return []string{"true"}
		}
		return []string{"false"}
	}
	if !f.entity {
		return c.carried[f.field]
	}
	if v := c.carried[f.field]; len(v) > 0 {
		return v[:1]
	}
	return c.carried[f.name][:min(1, len(c.carried[f.name]))]
}

// store keeps text as long as the hits at hand.
func (c *Correlator) store(text []byte) string {
	d := &c.reader
	if cap(d.arena)-len(d.arena) < len(text) {
		d.arena = make([]byte, 0, max(4096, len(text)))
	}
	from := len(d.arena)
	d.arena = append(d.arena, text...)
	return borrowed(d.arena[from:])
}

// groupOf is the hash of the group of a lean hit; ok is false if it has none,
// or several.
func (c *Correlator) groupOf(s *Signal, up reader) (h uint64, ok bool) {
	n := len(c.e.rules[up.rule].Correlate.GroupBy)
	c.part = c.part[:0]
	for _, f := range c.e.signals[s.Rule].slots[up.slot].carries[:n] {
		values := c.keys(f)
		if len(values) != 1 {
			return 0, false
		}
		c.part = appendPart(c.part, values[0])
	}
	return groupHash(c.e.seed, s.Tenant, borrowed(c.part)), true
}
