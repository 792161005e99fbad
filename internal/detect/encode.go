package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Append encodes a signal. The encoding sorts by tenant, rule, group, beginning
// and identity, which is the order in which alerts are made. A finding begins
// with its first event, which may be long before the time at which it held; an
// event has one time.
func (s *Signal) Append(dst []byte) []byte {
	dst = appendSortable(dst, s.Tenant)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Rule))
	for _, g := range s.Group {
		dst = appendSortable(append(dst, 1), g)
	}
	dst = append(dst, 0)
	began := s.First
	if began.IsZero() {
		began = s.Time
	}
	dst = appendTime(dst, began)
	dst = append(dst, s.Identity[:]...)
	if began.Equal(s.Time) {
		dst = append(dst, 0)
	} else {
		dst = appendTime(append(dst, 1), s.Time)
	}
	dst = appendText(dst, s.Version)
	dst = append(dst, s.Key[:]...)
	dst = append(dst, byte(s.Logon.Class))
	if s.Logon.Class != NoLogon {
		dst = appendText(dst, s.Logon.ID)
	}
	return s.Detail.append(dst)
}

// DecodeSignal reads what Append wrote. Its texts point into one copy of that.
func DecodeSignal(b []byte) (Signal, error) {
	const ids = 8 // as many as most signals have
	room := append(make([]byte, 0, len(b)+36*ids), b...)
	var s Signal
	err := s.decode(&signalReader{b: room, borrow: true, arena: room[len(b):]})
	return s, err
}

// decode reads a signal in the room of another one.
func (s *Signal) decode(d *signalReader) error {
	*s = Signal{
		Tenant: d.sortable(), Rule: int(d.uint32()), Group: s.Group[:0],
		Detail: Detail{Entities: s.Entities[:0], Values: s.Values[:0], Evidence: s.Evidence[:0]},
	}
	for d.take(1)[0] == 1 {
		s.Group = append(s.Group, d.sortable())
	}
	s.Time = d.time()
	s.Identity = d.key()
	if d.take(1)[0] == 1 {
		s.Time = d.time()
	}
	s.Version = d.text()
	s.Key = d.key()
	if s.Logon.Class = LogonClass(d.take(1)[0]); s.Logon.Class != NoLogon {
		s.Logon.ID = d.text()
	}
	s.read(d)
	if d.bad {
		return errSignal
	}
	return nil
}

// append encodes a detail. The source of the last evidence stands at its end,
// so that signals of copies of one record differ in nothing before it.
func (d *Detail) append(dst []byte) []byte {
	single := d.Count == 1 && len(d.Evidence) == 1 && d.First.Equal(d.Last) && d.First.Equal(d.Evidence[0].Time)
	if single {
		dst = append(dst, 1)
		dst = appendTime(dst, d.First)
	} else {
		dst = append(dst, 0)
		dst = appendTime(appendTime(dst, d.First), d.Last)
		dst = binary.AppendUvarint(dst, uint64(d.Count))
	}
	dst = append(dst, byte(d.Flags))
	dst = appendText(dst, d.Severity)
	dst = appendText(dst, d.Measure)
	dst = binary.AppendUvarint(dst, uint64(len(d.Entities)))
	for i := range d.Entities {
		e := &d.Entities[i]
		dst = appendText(appendText(appendText(dst, e.Type), e.ID), e.Name)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.Values)))
	for i := range d.Values {
		v := &d.Values[i]
		dst = binary.AppendUvarint(dst, uint64(len(v.Texts)))
		for _, t := range v.Texts {
			dst = appendText(dst, t)
		}
		dst = binary.AppendUvarint(dst, uint64(len(v.rest)))
		for _, h := range v.rest {
			dst = binary.BigEndian.AppendUint64(dst, h)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.Evidence)))
	source := ""
	for i := range d.Evidence {
		e := &d.Evidence[i]
		dst = append(dst, e.Key[:]...)
		if !single {
			dst = appendTime(dst, e.Time)
		}
		if i < len(d.Evidence)-1 {
			dst = appendText(dst, e.Source)
		} else {
			source = e.Source
		}
	}
	dst = append(dst, source...)
	return binary.BigEndian.AppendUint32(dst, uint32(len(source)))
}

// read decodes a detail, which is what is left of the text.
func (d *Detail) read(r *signalReader) {
	single := r.take(1)[0] == 1
	d.First = r.time()
	if d.Last, d.Count = d.First, 1; !single {
		d.Last = r.time()
		n := r.uvarint()
		if d.Count = int(n); n > math.MaxInt64/2 {
			r.bad = true
		}
	}
	d.Flags = Flags(r.take(1)[0])
	d.Severity = r.text()
	d.Measure = r.text()
	n := r.count(3)
	d.Entities = slices.Grow(d.Entities, n)
	for range n {
		d.Entities = append(d.Entities, Entity{Type: r.text(), ID: r.text(), Name: r.text()})
	}
	n = r.count(2)
	d.Values = slices.Grow(d.Values, n)
	for range n {
		v := d.value()
		m := r.count(1)
		v.Texts = slices.Grow(v.Texts, m)
		for range m {
			v.Texts = append(v.Texts, r.text())
		}
		for range r.count(8) {
			v.rest = append(v.rest, r.uint64())
		}
	}
	n = r.count(16)
	d.Evidence = slices.Grow(d.Evidence, n)
	for i := range n {
		e := Evidence{Key: r.key(), Time: d.First}
		if !single {
			e.Time = r.time()
		}
		if i < n-1 {
			e.Source = r.text()
		}
		d.Evidence = append(d.Evidence, e)
	}
	if r.bad || len(r.b) < 4 || int(binary.BigEndian.Uint32(r.b[len(r.b)-4:])) != len(r.b)-4 {
		r.bad = true
		return
	}
	if n > 0 {
		source := r.b[:len(r.b)-4]
		if d.Evidence[n-1].Source = borrowed(source); !r.borrow {
			d.Evidence[n-1].Source = string(source)
		}
	}
}

// value adds an empty value, in the room of an earlier one if there is some.
func (d *Detail) value() *Distinct {
	if len(d.Values) == cap(d.Values) {
		d.Values = append(d.Values, Distinct{})
	} else {
		d.Values = d.Values[:len(d.Values)+1]
	}
	v := &d.Values[len(d.Values)-1]
	*v = Distinct{Texts: v.Texts[:0], rest: v.rest[:0]}
	return v
}

// SameButSource reports whether two encoded signals differ at most in their
// source, which is how the signals of copies of one record do.
func SameButSource(a, b []byte) bool {
	return bytes.Equal(withoutSource(a), withoutSource(b))
}

func withoutSource(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	n := int(binary.BigEndian.Uint32(b[len(b)-4:]))
	return b[:max(0, len(b)-4-n)]
}

// appendTime writes a time so that the encoding sorts as the time does. The
// time that is not known is the first of all.
func appendTime(dst []byte, t time.Time) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.Unix())^1<<63)
	return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
}

// appendSortable writes text so that the encoding sorts as the text does: a
// zero byte within is written as 0 1, the end as 0 0.
func appendSortable(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return append(append(dst, s...), 0, 0)
		}
		dst = append(append(dst, s[:i]...), 0, 1)
		s = s[i+1:]
	}
}

// afterSortable returns what follows a text that appendSortable wrote.
func afterSortable(b []byte) []byte {
	d := signalReader{b: b, borrow: true}
	d.sortable()
	return d.b
}

// appendText writes text with its length. Ids of directory objects, which are
// most of it, take half of their length.
func appendText(dst []byte, s string) []byte {
	if g, lower, ok := event.ParseGUID(s); ok && lower {
		return append(append(dst, 1), g[:]...)
	}
	return append(binary.AppendUvarint(dst, uint64(len(s))<<1), s...)
}

var errSignal = errors.New("signal is damaged")

type signalReader struct {
	b   []byte
	bad bool
	// borrow lets texts point into b, or into arena, instead of being copied.
	borrow bool
	arena  []byte
}

func (d *signalReader) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return make([]byte, max(0, min(n, 16)))
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *signalReader) uint32() uint32 { return binary.BigEndian.Uint32(d.take(4)) }
func (d *signalReader) uint64() uint64 { return binary.BigEndian.Uint64(d.take(8)) }

func (d *signalReader) time() time.Time {
	return time.Unix(int64(d.uint64()^1<<63), int64(d.uint32())).UTC()
}

func (d *signalReader) key() event.Key { return event.Key(d.take(16)) }

func (d *signalReader) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return n
}

// count reads how many things follow, each of at least so many bytes.
func (d *signalReader) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.b)/size) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *signalReader) text() string {
	n := d.uvarint()
	if n == 1 {
		if !d.borrow {
			return string(event.AppendGUID(nil, d.key()))
		}
		if cap(d.arena)-len(d.arena) < 36 {
			d.arena = make([]byte, 0, 4096) // the texts in the old one keep it
		}
		from := len(d.arena)
		d.arena = event.AppendGUID(d.arena, d.key())
		return borrowed(d.arena[from:])
	}
	if n&1 != 0 || n>>1 > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return ""
	}
	text := d.take(int(n >> 1))
	if d.borrow {
		return borrowed(text)
	}
	return string(text)
}

func (d *signalReader) sortable() string {
	var before []byte // up to a zero within
	for {
		i := bytes.IndexByte(d.b, 0)
		if i < 0 || i+1 == len(d.b) {
			d.bad, d.b = true, nil
			return ""
		}
		text, end := d.b[:i], d.b[i+1] == 0
		d.b = d.b[i+2:]
		switch {
		case !end:
			before = append(append(before, text...), 0)
		case before == nil && d.borrow:
			return borrowed(text)
		case before == nil:
			return string(text)
		default:
			return string(append(before, text...))
		}
	}
}
