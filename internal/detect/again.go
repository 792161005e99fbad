package detect

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Records of which brief hits do not say enough are read again. Many people are
// now here and now there, and few of them fast: for travel those are left out
// around which nobody of the group was far away.

// A stretchKey is a stretch of time as long as the span of a travel rule: two
// members that are compared lie in one or in two that adjoin.
type stretchKey struct {
	rule, group uint32 // a hash
	stretch     uint64
}

// maxStays bounds for how many it is remembered that somebody was far away.
const maxStays = 1 << 18

// mayStay reports whether members of a rule matter only beside others that were far
// away within a span, and all of them are known before any is evaluated.
func (c *Correlator) mayStay(ts *tenantSets, rule int) bool {
	p := ts.patterns[rule]
	return p.Type == "travel" && p.Span > 0 && c.e.level[rule] == 1
}

// stayLength is how long a stay is without its record.
const stayLength = 4 + 4 + 8 + 4 + 4

// stay notes a member of a travel rule, and the record, if any, that is to be read
// again if somebody of its group was far away at that time.
func (c *Correlator) stay(rule int, p *Pattern, group uint32, at int64, cell, record []byte) error {
	if c.stays == nil {
		c.stays = c.sorter()
	}
	b := binary.BigEndian.AppendUint32(c.buf[:0], uint32(rule))
	b = binary.BigEndian.AppendUint32(b, group)
	b = binary.BigEndian.AppendUint64(b, uint64(bucketOf(p, at))^1<<63)
	b = binary.BigEndian.AppendUint32(b, uint32(max(0, min(p.Minimum, math.MaxInt32))))
	c.buf = append(append(b, cell...), record...)
	return c.stays.Add(c.buf)
}

// siftStays hands on the records that are to be read again.
func (c *Correlator) siftStays() error {
	s := c.stays
	if s == nil {
		return nil
	}
	far, err := farStays(s)
	if err != nil {
		return err
	}
	for rec, err := range s.Sorted() {
		if err != nil {
			return err
		}
		if key, _, _ := readStay(rec); len(rec) == stayLength || far != nil && !far[key] {
			continue
		}
		if err := c.readLater(rec[stayLength:]); err != nil {
			return err
		}
	}
	c.stays = nil
	return s.Close()
}

// farStays says in which stretches some group was in places as far apart as its
// rule asks, together with the one before or after; nil: in too many.
func farStays(s Sorter) (map[stretchKey]bool, error) {
	far := map[stretchKey]bool{}
	var now, before stretchKey
	var here, there box // the places of now, and of before if that adjoins
	for rec, err := range s.Sorted() {
		if err != nil {
			return nil, err
		}
		key, minimum, cell := readStay(rec)
		if key != now {
			before, there = now, here
			if now.stretch++; key != now {
				there = box{}
			}
			now, here = key, box{}
		}
		here = here.with(cell)
		if both := here.with(there); both.extent() < minimum {
			continue
		}
		if far[now] = true; there.used {
			far[before] = true
		}
		if len(far) > maxStays {
			return nil, nil
		}
	}
	return far, nil
}

func readStay(rec []byte) (key stretchKey, minimum float64, cell box) {
	d := signalReader{b: rec}
	key = stretchKey{d.uint32(), d.uint32(), d.uint64()}
	return key, float64(d.uint32()), cellOf(d.take(4))
}

// readLater notes a record that is to be read again.
func (c *Correlator) readLater(record []byte) error {
	if c.later == nil {
		c.later = c.sorter()
	}
	return c.later.Add(record)
}

// appendLater writes which record is to be read again: it sorts by where it
// stands.
func appendLater(dst, place, key, rules, source []byte) []byte {
	for _, b := range [][]byte{place, key, rules, source} {
		dst = append(dst, b...)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(len(place)))
}

// readAgain adds the hits of records that brief hits did not say enough of.
func (c *Correlator) readAgain() error {
	if c.later == nil {
		return nil
	}
	s := c.later
	c.later, c.fetched = nil, true
	defer func() { c.fetched = false }()
	var last []byte
	for rec, err := range s.Sorted() {
		if err != nil {
			return err
		}
		if bytes.Equal(rec, last) {
			continue // it stays somewhere for two rules
		}
		last = append(last[:0], rec...)
		d := signalReader{b: rec[:len(rec)-4]}
		place := d.take(int(binary.BigEndian.Uint32(rec[len(rec)-4:])))
		key := d.key()
		if c.rules = d.rules(c.rules[:0], len(c.e.rules)); d.bad {
			return errSignal
		}
		hits, err := c.input.Read(key, place, d.b, c.rules)
		if err != nil {
			return err
		}
		if len(hits) == 0 {
			continue
		}
		if err := c.AddHits(key, hits); err != nil {
			return err
		}
	}
	return s.Close()
}
