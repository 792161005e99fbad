package event

import (
	"unsafe"

	"github.com/entrawatch/entrawatch/sigma"
)

// Most values of a record nobody asks for, and most others are asked for once. So
// whoever reads a record notes where its values stand, and the event makes them
// when they are asked for.

// A Note says where in the data a value stands, and where it belongs.
type Note struct {
	At, End uint32
	Elem    int32  // position in the outermost array of the path, -1 outside arrays
	Place   uint16 // index in the places
	What    What
}

// A What is the kind of a value, or, from Special on, something else that the
// reader makes values of.
type What uint8

// Special is the first that is no kind.
const Special = What(sigma.Bool) + 1

// A Place is what a path leads to.
type Place struct {
	Field uint16
	Rank  uint8
	// Plain is true where a value is that of the field and nothing else.
	Plain bool
}

// Noted hands over the notes of the record. They, the data and the places must stay
// as they are as long as the event's contents.
func (e *Event) Noted(data []byte, notes []Note, places []Place) {
	e.data, e.notes, e.places = data, notes, places
}

// OwnNotes is room for notes that live as long as the event.
func (e *Event) OwnNotes() *[]Note { return &e.own }

// Defer leaves the notes from the i-th on until their fields are asked for, up to
// one of which the value must be Put, and returns which that is.
func (e *Event) Defer(i int) int {
	notes, places, heads, record := e.notes, e.places, e.heads, e.record
	for ; i < len(notes); i++ {
		n := &notes[i]
		p := places[n.Place]
		if !p.Plain || n.What >= Special {
			break
		}
		if h := &heads[p.Field]; h.record != record {
			*h = head{record: record, last: int32(i) + 1}
		} else if !e.deferAnother(i, h) {
			break
		}
	}
	return i
}

// deferAnother does so where the field has values. It follows the rules of Put.
func (e *Event) deferAnother(i int, h *head) bool {
	if !h.noted() {
		return false
	}
	n, old := &e.notes[i], &e.notes[h.last-1]
	p, was := &e.places[n.Place], &e.places[old.Place]
	if p.Rank == was.Rank && n.Elem >= 0 {
		e.putNoted(int(p.Field), h)
		return false
	}
	if p.Rank > was.Rank && (!old.empty() || n.empty()) || p.Rank < was.Rank && n.empty() && !old.empty() {
		return true
	}
	h.last = int32(i) + 1
	return true
}

// noted reports whether the field has a value that is only noted.
func (h *head) noted() bool { return h.first == 0 && h.last != 0 }

func (n *Note) empty() bool { return n.At == n.End || n.What == What(sigma.Null) }

// putNoted puts the value of a field that is only noted.
func (e *Event) putNoted(field int, h *head) {
	n := &e.notes[h.last-1]
	h.last = 0
	e.Put(field, e.places[n.Place].Rank, e.valueOf(n), int(n.Elem))
}

// valueOf makes the value of a note.
func (e *Event) valueOf(n *Note) Value {
	if n.What == What(sigma.Null) {
		return Value{}
	}
	text := e.data[n.At:n.End]
	return Value{Kind: sigma.ValueKind(n.What), Text: unsafe.String(unsafe.SliceData(text), len(text))}
}

// noted returns the value of a field that is only noted and has no other.
func (e *Event) noted(h *head) (v Value, ok bool) {
	if h.record != e.record || !h.noted() {
		return Value{}, false
	}
	return e.valueOf(&e.notes[h.last-1]), true
}
