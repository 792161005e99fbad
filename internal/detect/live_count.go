package detect

import (
	"encoding/binary"
	"time"
)

// What correlations that only count have counted, as notes: an hour each.

// hourStart is the beginning of the hour, of its day, in which a moment lies.
func (c *periodChange) hourStart(at int64) int64 {
	day := c.dayOf(at)
	return day.start + (at-day.start)/int64(time.Hour)*int64(time.Hour)
}

// hour encodes the hour that begins then.
func (c *periodChange) hour(start int64) []byte {
	h := c.dayOf(start).hour(start)
	if h.n <= 0 {
		return nil
	}
	b := binary.AppendUvarint(nil, uint64(h.n))
	b = binary.BigEndian.AppendUint64(b, uint64(h.earliest))
	b = binary.AppendUvarint(b, uint64(len(h.values)))
	for i := range h.values {
		total := map[string]int{}
		h.values[i].addTo(total)
		b = binary.AppendUvarint(b, uint64(len(total)))
		for text, n := range total {
			b = binary.AppendUvarint(appendText(b, text), uint64(n))
		}
	}
	span := h.span
	span.Evidence = h.evidence
	return span.append(b)
}

// restoreCount brings an hour back.
func (l *Live) restoreCount(rule int, tenant string, body []byte) error {
	c := l.c
	sets := c.tenantOf(tenant)
	if !c.e.counts[rule] || sets.patterns[rule] == nil {
		return nil // it is another sort of rule now
	}
	d := signalReader{b: body}
	n := int(d.uvarint())
	at := int64(d.uint64())
	if d.bad {
		return errSignal
	}
	pc := c.tally(rule)
	h := pc.hourOf(at)
	h.n, h.earliest = n, at
	h.values = make([]valueCounts, d.count(1))
	for i := range h.values {
		for range d.count(2) {
			text, n := d.text(), int(d.uvarint())
			h.values[i].addMany(text, n)
		}
	}
	if h.span.read(&d); d.bad {
		return errSignal
	}
	h.evidence, h.span.Evidence = h.span.Evidence, nil
	l.recount(rule)
	return nil
}

// recount has the tenant at hand be compared anew.
func (l *Live) recount(rule int) spreadKey {
	key := spreadKey{l.c.tenant, rule}
	if l.tallies[key] == nil {
		l.tallies[key] = &liveGroup{stage: l.c.e.level[rule]}
	}
	l.tallies[key].dirty = true
	return key
}

// forgetCounts gives up hours that are compared with no other any more.
func (l *Live) forgetCounts(key spreadKey, cut int64) {
	pc := l.c.counts[key.tenant][key.rule]
	for number, day := range pc.days {
		if day.end > cut-16*24*int64(time.Hour) {
			continue
		}
		delete(pc.days, number)
		for i := range day.hours {
			start := day.start + int64(i)*int64(time.Hour)
			if day.hours[i].n > 0 {
				l.notes[string(l.countName(key, start))] = nil
			}
		}
		pc.dropQuarters()
	}
}

func (l *Live) countName(key spreadKey, start int64) []byte {
	name := appendSortable(appendSortable([]byte{noteCount}, l.c.e.rules[key.rule].Slug), key.tenant)
	return binary.BigEndian.AppendUint64(name, uint64(start)^1<<63)
}
