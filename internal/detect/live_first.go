package detect

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// first_seen asks since when a value is known, and keeps no more than says so: of
// each value the earliest members, and the earliest of the group.

// teachesFirst reports whether later members of a correlation tell nothing. Those
// that may be taken back do: what was left out because of them would be missing.
func (l *Live) teachesFirst(i int) bool {
	e := l.c.e
	c := e.rules[i].Correlate
	if c == nil || c.Type != "first_seen" || e.versioned(i) {
		return false
	}
	for j := range e.inputsOf(i) {
		if e.level[j] > 0 || e.signals[j].logons {
			return false
		}
	}
	return true
}

// valuesOf gives the values of a member's record.
func valuesOf(rec []byte, each func(value []byte) bool) bool {
	b := rec[8+16+1:]
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return false
	}
	d := signalReader{b: b[size:], borrow: true}
	for range n {
		from := d.b
		if d.text(); d.bad || !each(from[:len(from)-len(d.b)]) {
			return false
		}
	}
	return true
}

// learn reports whether a new record tells something, and gives up those that
// tell nothing beside it.
func (g *liveGroup) learn(rest []byte) bool {
	if told(rest, g.recs) {
		return false
	}
	at := memberAt(rest)
	later, _ := slices.BinarySearchFunc(g.recs, rest, bytes.Compare)
	if later == len(g.recs) {
		return true // most come in order
	}
	kept := slices.Clone(g.recs[:later])
	beside := append(slices.Clip(g.recs), rest)
	for _, rec := range g.recs[later:] {
		if memberAt(rec) == at || !told(rec, beside) {
			kept = append(kept, rec)
		}
	}
	g.recs = kept
	return true
}

// told reports whether earlier ones of recs have all values of a record.
func told(rec []byte, recs [][]byte) bool {
	at := memberAt(rec)
	earlier := false
	for _, other := range recs {
		earlier = earlier || memberAt(other) < at
	}
	if !earlier {
		return false
	}
	return valuesOf(rec, func(value []byte) bool {
		return slices.ContainsFunc(recs, func(other []byte) bool {
			return memberAt(other) < at && !valuesOf(other, func(v []byte) bool { return string(v) != string(value) })
		})
	})
}
