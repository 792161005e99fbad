package event

import (
	"iter"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/sigma"
)

// A Value is one value of a field, as text.
type Value = sigma.FieldValue

// A Key identifies an event: equal keys are the same event, whatever format
// it came in.
type Key [16]byte

// A Source is where a record stood in the input.
type Source struct {
	File  string
	Line  int
	Index int // position in its array, from 0; -1 when it stands alone
}

func (s Source) String() string {
	out := s.File + ":" + strconv.Itoa(s.Line)
	if s.Index >= 0 {
		out += "[" + strconv.Itoa(s.Index) + "]"
	}
	return out
}

// An Event is one log entry or directory object, the same whatever its format.
// It borrows the text of its record and is valid as long as that is; Reset
// makes it ready for the next record without giving up its memory.
type Event struct {
	Kind   Kind
	Sub    Sub
	Format Format
	// Key has the id's version in it, Identity has not: versions of one risk
	// detection have one identity.
	Key, Identity Key
	// HasID tells whether the record carried an id; else the key is a hash of
	// its text.
	HasID  bool
	Time   time.Time // UTC; zero when the record has none
	Tenant string
	ID     string
	Source Source
	Raw    []byte

	schema  *Schema
	derived []*Field // of the kind, by id
	heads   []head
	arrays  []array // of the fields whose heads say that there is one
	record  uint32  // number of the present one; heads of others are out of date
	vals    []val
	scratch []byte

	// Of Noted.
	data   []byte
	notes  []Note
	places []Place
	own    []Note
}

// A head is the list of a field's values. Heads are small, since those of several
// events are in use at a time.
type head struct {
	record      uint32
	first, last int32 // index into vals, plus one; of a note, if first is 0
	rank        uint8 // of the path that gave them
	derived     bool  // computed already
	mixed       bool  // elements are out of order: the array's key occurs twice
	array       bool  // there is more to say about it
}

// An array is what there is to say about values that may be many.
type array struct {
	// seen and index are where Value was last asked and found, from which the
	// next question goes on: a list of a hundred thousand is read in one walk.
	// at is the same for TextAt.
	seen, index, at int32
	most            int32 // elements, as far as their positions tell
}

type val struct {
	v    Value
	next int32
	elem int32 // position in the outermost array of the path
}

// New returns an event for records read under schema. The schema must not
// grow afterwards.
func New(schema *Schema) *Event {
	return &Event{schema: schema, heads: make([]head, schema.Size()), arrays: make([]array, schema.Size()), record: 1}
}

// Schema is the registry under which the event is read.
func (e *Event) Schema() *Schema { return e.schema }

// Reset forgets everything about the last record.
func (e *Event) Reset(k Kind, sub Sub, f Format, raw []byte) {
	if e.record++; e.record == 0 {
		clear(e.heads)
		e.record = 1
	}
	e.vals, e.scratch = e.vals[:0], e.scratch[:0]
	e.data, e.notes, e.places = nil, nil, nil
	e.Format = f
	e.Settle(k, sub, raw)
	e.Key, e.Identity, e.HasID = Key{}, Key{}, false
	e.Time, e.Tenant, e.ID, e.Source = time.Time{}, "", "", Source{}
}

// Settle says what the record is, where only reading in it has told.
func (e *Event) Settle(k Kind, sub Sub, raw []byte) {
	e.Kind, e.Sub, e.Raw = k, sub, raw
	e.derived = e.schema.kinds[k].derivedBy
}

// Scratch returns room for n bytes of text that lives as long as the event's
// present contents.
func (e *Event) Scratch(n int) []byte {
	if len(e.scratch)+n > cap(e.scratch) {
		// The old room stays alive through the values that point into it.
		e.scratch = make([]byte, 0, max(2*cap(e.scratch), n, 4096))
	}
	from := len(e.scratch)
	e.scratch = e.scratch[:from+n]
	return e.scratch[from : from : from+n]
}

// Put adds a value to a field. rank is the place of its path among the field's
// alternatives: a better path replaces the values of a worse one, except that
// nothing empty replaces something. elem is the position in the outermost
// array of the path, or -1 outside arrays, where the last of several values
// wins (a key that occurs twice).
func (e *Event) Put(field int, rank uint8, v Value, elem int) {
	h := e.head(field)
	if h.noted() {
		e.putNoted(field, h)
	}
	if h.first != 0 && (rank != h.rank || elem < 0) {
		empty := v.Kind == sigma.Null || v.Text == ""
		old := e.vals[h.first-1].v
		oldEmpty := h.first == h.last && (old.Kind == sigma.Null || old.Text == "")
		if rank > h.rank && (!oldEmpty || empty) || rank < h.rank && empty && !oldEmpty {
			return
		}
		*h = head{record: h.record, derived: h.derived}
	}
	n := int32(len(e.vals)) + 1
	if int(n) > cap(e.vals) {
		e.vals = append(e.vals, val{})
	}
	e.vals = e.vals[:n]
	// Part by part: what is written as a whole and then read in parts must
	// first reach memory.
	w := &e.vals[n-1]
	w.v.Kind, w.v.Text, w.next, w.elem = v.Kind, v.Text, 0, int32(elem)
	if h.first == 0 {
		h.first = n
	} else {
		e.vals[h.last-1].next = n
	}
	h.last, h.rank = n, rank
	if elem >= 0 && h.first != n { // a single value tells by itself
		a := e.array(field, h)
		h.mixed = h.mixed || int32(elem)+1 < a.most
		a.most = max(a.most, int32(elem)+1)
	}
}

// head returns the list of a field in the present record.
func (e *Event) head(field int) *head {
	h := &e.heads[field]
	if h.record != e.record {
		*h = head{record: e.record}
	}
	return h
}

// array returns what there is to say about the values of a head.
func (e *Event) array(field int, h *head) *array {
	a := &e.arrays[field]
	if !h.array {
		*a, h.array = array{}, true
		if h.first != 0 {
			a.most = e.vals[h.first-1].elem + 1
		}
	}
	return a
}

// Append adds the values of a field to dst. It is the heart of matching.
func (e *Event) Append(dst []Value, field int) []Value {
	if v, ok := e.noted(&e.heads[field]); ok {
		return append(dst, v)
	}
	for n := e.list(field); n != 0; {
		w := &e.vals[n-1]
		dst = append(dst, w.v)
		n = w.next
	}
	return dst
}

// First returns the first value of a field and how many it has: 0, 1, or 2 for
// several.
func (e *Event) First(field int) (v Value, n int) {
	h := &e.heads[field]
	first := h.first
	if h.record != e.record || first == 0 {
		if v, ok := e.noted(h); ok {
			return v, 1
		}
		if first = e.list(field); first == 0 {
			return Value{}, 0
		}
	}
	w := &e.vals[first-1]
	if w.next != 0 {
		return w.v, 2
	}
	return w.v, 1
}

// Value returns the i-th value of a field; ok is false past the last.
func (e *Event) Value(field, i int) (v Value, ok bool) {
	n, at := e.list(field), int32(0)
	a := e.array(field, &e.heads[field])
	if a.seen != 0 && int(a.index) <= i {
		n, at = a.seen, a.index
	}
	for ; n != 0; at++ {
		w := &e.vals[n-1]
		if int(at) == i {
			a.seen, a.index = n, at
			return w.v, true
		}
		n = w.next
	}
	return Value{}, false
}

// All gives the values of a field in turn, with their positions in the outermost
// array of the field's path, -1 outside arrays. It returns when yield does so
// with false.
func (e *Event) All(field int) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for n := e.list(field); n != 0; {
			w := &e.vals[n-1]
			if !yield(int(w.elem), w.v) {
				return
			}
			n = w.next
		}
	}
}

// list returns the first value of a field, computing derived ones.
func (e *Event) list(field int) int32 {
	h := e.head(field)
	switch {
	case h.first != 0:
	case h.noted():
		e.putNoted(field, h)
	case !h.derived && field < len(e.derived):
		if f := e.derived[field]; f != nil {
			h.derived = true
			f.derive(e)
		}
	}
	return h.first
}

// Text returns the first value of a field that is not null, or "".
func (e *Event) Text(field int) string {
	if v, ok := e.noted(&e.heads[field]); ok {
		return v.Text
	}
	for n := e.list(field); n != 0; n = e.vals[n-1].next {
		if w := &e.vals[n-1]; w.v.Kind != sigma.Null {
			return w.v.Text
		}
	}
	return ""
}

// One returns the value of a field that has exactly one that says something.
func (e *Event) One(field int) (text string, ok bool) {
	for n := e.list(field); n != 0; n = e.vals[n-1].next {
		v := &e.vals[n-1].v
		if v.Kind == sigma.Null || v.Text == "" {
			continue
		}
		if ok {
			return "", false
		}
		text, ok = v.Text, true
	}
	return text, ok
}

// TextAt returns the value of a field in element elem of the outermost array
// of its path, or "".
func (e *Event) TextAt(field, elem int) string {
	n := e.list(field)
	h := &e.heads[field]
	a := e.array(field, h)
	if a.at != 0 && !h.mixed && int(e.vals[a.at-1].elem) <= elem {
		n = a.at
	}
	for ; n != 0; n = e.vals[n-1].next {
		w := &e.vals[n-1]
		if int(w.elem) > elem && !h.mixed {
			break
		}
		if a.at == 0 || w.elem > e.vals[a.at-1].elem {
			a.at = n
		}
		if int(w.elem) == elem && w.v.Kind != sigma.Null {
			return w.v.Text
		}
	}
	return ""
}

// Elems returns how many elements of an array have a value for the field.
func (e *Event) Elems(field int) int {
	e.list(field)
	return int(e.array(field, &e.heads[field]).most)
}

// Get returns the first value of the field with that canonical name, or "". It
// is for places off the hot path.
func (e *Event) Get(name string) string {
	id, ok := e.schema.ids[name]
	if !ok {
		if f := e.schema.lookup(e.Kind, name); f != nil {
			id = f.ID
		} else {
			return ""
		}
	}
	return e.Text(id)
}

// set is how derivations give their result.
func (e *Event) set(field int, text string) {
	if text != "" {
		e.Put(field, 0, Value{Kind: sigma.String, Text: text}, 0)
	}
}

func (e *Event) setBool(field int, b bool) {
	text := "false"
	if b {
		text = "true"
	}
	e.Put(field, 0, Value{Kind: sigma.Bool, Text: text}, 0)
}
