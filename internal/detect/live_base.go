package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
)

// What can change no more need not be kept event by event. Of a group of a
// correlation a base stands for the members up to its floor; of a group of alerts
// one signal stands for those that an alert has long had.

// A Base is what is left of the members of a group up to Floor, beside the few
// that later windows still see.
type Base struct {
	Floor int64
	Open  *Found // the finding that goes on, if there is one
	Sat   int64  // the end of its last window
}

// settle moves the floor of a group: recs are its records and base what stood for
// earlier ones. It returns the new base, and the records that are still needed.
// over gets the findings that nothing can change any more.
func (p *Pattern) settle(base *Base, recs [][]byte, floor int64, over func(*Found) error) (*Base, [][]byte, error) {
	n := 0
	for n < len(recs) && memberAt(recs[n]) <= floor {
		n++
	}
	if n == 0 && base == nil {
		return nil, recs, nil
	}
	out := &Base{Floor: floor}
	var r memberReader
	var bad error
	members := func(yield func(Member, error) bool) {
		for _, rec := range recs[:n] {
			var m Member
			if m, bad = r.member(rec, p); !yield(m, bad) || bad != nil {
				return
			}
		}
	}
	err := p.eval(base, members, never, over, func(w *window) {
		w.resume()
		// A window behind the floor overlaps those of the finding, or it is over.
		if w.open != nil && p.from(floor)+1 < w.sat {
			open := *w.open
			open.Detail = w.open.Detail.clone()
			out.Open, out.Sat = &open, w.sat
		} else if w.open != nil {
			bad = over(w.open)
		}
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, nil, err
	}
	first := 0
	for first < n && memberAt(recs[first]) <= p.from(floor) {
		first++
	}
	if p.Type == "event_count" {
		// Whether a window behind the floor has enough is told by the last of them.
		last := n
		for events := p.fewest() - 1; last > first; last-- {
			// An event that satisfies several rules is one.
			if last == n || !bytes.Equal(recs[last][:8+16], recs[last-1][:8+16]) {
				if events--; events < 0 {
					break
				}
			}
		}
		first = last
	}
	kept := make([][]byte, 0, len(recs)-first)
	for i := first; i < n; i++ {
		if out.Open != nil && memberAt(recs[i]) <= out.Sat { // the finding has it
			kept = append(kept, bytes.Clone(bare(recs[i])))
		} else {
			kept = append(kept, recs[i])
		}
	}
	return out, append(kept, recs[n:]...), nil
}

// fewest is the least number of events that can satisfy the terms.
func (p *Pattern) fewest() int {
	n := 0.0
	for _, t := range p.Terms {
		switch t.Op {
		case "gt":
			n = max(n, math.Floor(t.Limit)+1)
		case "gte":
			n = max(n, math.Ceil(t.Limit))
		}
	}
	return int(min(n, math.MaxInt32))
}

// rests reports whether a base can stand for members of the pattern.
func (p *Pattern) rests() bool {
	switch p.Type {
	case "first_seen", "period_change", "travel", "absent":
		return false
	}
	return !p.Versioned && p.Span > 0 && !p.settles()
}

// from is the beginning of the window that ends at a time, itself not included.
func (p *Pattern) from(at int64) int64 {
	if from := at - int64(p.Span); from < at || p.Span <= 0 {
		return from
	}
	return math.MinInt64
}

func memberAt(rec []byte) int64 { return int64(binary.BigEndian.Uint64(rec) ^ 1<<63) }

// bare is a member's record without its detail.
func bare(rec []byte) []byte {
	d := signalReader{b: rec[8+16+1:], borrow: true}
	for range d.count(1) {
		d.text()
	}
	return rec[:len(rec)-len(d.b)]
}

func (b *Base) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.Floor))
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.Sat))
	if b.Open == nil {
		return append(dst, 0)
	}
	dst = binary.BigEndian.AppendUint64(append(dst, 1), uint64(b.Open.At))
	dst = appendText(dst, b.Open.Sub)
	detail := b.Open.append(nil)
	return append(binary.AppendUvarint(dst, uint64(len(detail))), detail...)
}

func (d *signalReader) base() *Base {
	b := &Base{Floor: int64(d.uint64()), Sat: int64(d.uint64())}
	if d.take(1)[0] == 0 {
		return b
	}
	b.Open = &Found{At: int64(d.uint64()), Sub: d.text()}
	r := signalReader{b: bytes.Clone(d.take(d.count(1)))}
	if b.Open.read(&r); r.bad {
		d.bad = true
	}
	return b
}

// fold makes one signal of those that the last alert of a group has had for
// long: of all that began up to a time, if the next one is of the same alert. What
// was before that alert is forgotten. period is the rule's.
func fold(recs [][]byte, prefix string, cut time.Time, period time.Duration) ([][]byte, error) {
	var last Detail // of the alert at hand
	var first *Signal
	n := 0
	for _, rec := range recs {
		s, err := DecodeSignal(append([]byte(prefix), rec...))
		if err != nil {
			return nil, err
		}
		if s.First.After(cut) || s.First.IsZero() {
			break
		}
		n++
		if first == nil || s.First.Sub(last.Last) > period {
			first, last = &s, s.Detail.clone()
			continue
		}
		last.Merge(&s.Detail)
	}
	if n == len(recs) && n > 0 && cut.Sub(last.Last) > period {
		return nil, nil // the alert is over as well
	}
	if n < 2 {
		return recs, nil
	}
	first.Detail = last
	one := first.Append(nil)[len(prefix):]
	return slices.Insert(slices.Clone(recs[n:]), 0, one), nil
}
