package decode

import (
	"bytes"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A reader puts into an event what lies on the paths of a decoder: what was noted
// as the record was read, or, of a record within another's string, what it finds
// along the tape that was written when its grammar was checked.
type reader struct {
	e    *event.Event
	scan scanner // for JSON inside strings
}

// maxNested bounds JSON in strings in JSON: three layers are real.
const maxNested = 4

// A cursor is a text and its tape. Tokens of a record in a batch count from
// the batch's beginning, as do their offsets.
type cursor struct {
	data   []byte
	tape   []token
	nested int
}

// behind returns the index of the token behind the value at token t.
func (c *cursor) behind(t int) int {
	k := &c.tape[t]
	if b := c.data[k.at]; b == '{' || b == '[' {
		return int(k.next)
	}
	return t + 1
}

// text returns the bytes of a string token, unescaped into room if need be.
func (c *cursor) text(t int, room func(int) []byte) []byte {
	k := &c.tape[t]
	s := c.data[k.at+1 : k.end]
	if k.next != 0 {
		s, _ = unescape(room(len(s)), s)
	}
	return s
}

func fresh(n int) []byte { return make([]byte, 0, n) }

// read reads the value at token t under n. elem is the position in the
// outermost array passed so far, -1 outside arrays.
func (r *reader) read(n *node, c *cursor, t, elem int) {
	k := &c.tape[t]
	switch c.data[k.at] {
	case '{':
		if len(n.leaves) > 0 {
			r.leaf(n, event.Value{Kind: sigma.String, Text: str(c.data[k.at : k.end+1])}, elem)
		}
		r.object(n, c, t, elem)
	case '[':
		r.array(n, c, t, elem)
	case '"':
		r.text(n, c.text(t, r.e.Scratch), elem, c.nested)
	case 't', 'f':
		r.leaf(n, event.Value{Kind: sigma.Bool, Text: str(c.data[k.at:k.end])}, elem)
	case 'n':
		r.leaf(n, event.Value{}, elem)
	default:
		r.leaf(n, event.Value{Kind: sigma.Number, Text: str(c.data[k.at:k.end])}, elem)
	}
}

// text handles a string: a value, and JSON inside it where the paths lead
// further.
func (r *reader) text(n *node, s []byte, elem, nested int) {
	if n.structured && nested < maxNested {
		if inner, ok := r.inside(s, nested, "{["); ok {
			r.read(n, &inner, 0, elem)
			return
		}
	}
	for _, l := range n.leaves {
		if l.typ == event.Encoded {
			r.encoded(l, s, elem, nested)
			continue
		}
		r.e.Put(l.field, l.rank, event.Value{Kind: sigma.String, Text: str(s)}, elem)
	}
}

// inside returns a cursor over the JSON that a string holds, if it begins with
// one of the brackets and is sound to its end.
func (r *reader) inside(s []byte, nested int, brackets string) (cursor, bool) {
	s = bytes.TrimSpace(s)
	if len(s) < 2 || strings.IndexByte(brackets, s[0]) < 0 {
		return cursor{}, false
	}
	// Deeper layers must not overwrite the tape of this one.
	from := len(r.scan.tape)
	r.scan.tape = r.scan.tape[from:]
	end, _, err := r.scan.value(s, 0, nil)
	if err != scanOK || end != len(s) {
		return cursor{}, false
	}
	return cursor{data: s, tape: r.scan.tape, nested: nested + 1}, true
}

// encoded reads a modified property's value: JSON text inside a string. Text
// that is no JSON stands for itself, as in the unified audit log.
func (r *reader) encoded(l leaf, s []byte, elem, nested int) {
	if inner, ok := r.inside(s, nested, `"[`); ok {
		plain := node{leaves: []leaf{{field: l.field, rank: l.rank, typ: event.String}}}
		if inner.data[0] == '[' {
			elem = max(elem, 0)
		}
		r.read(&plain, &inner, 0, elem)
		return
	}
	r.e.Put(l.field, l.rank, event.Value{Kind: sigma.String, Text: str(s)}, elem)
}

func (r *reader) leaf(n *node, v event.Value, elem int) {
	for _, l := range n.leaves {
		r.e.Put(l.field, l.rank, v, elem)
	}
}

// object reads the keys of the object at token t.
func (r *reader) object(n *node, c *cursor, t, elem int) {
	if len(n.edges) == 0 {
		return
	}
	end := int(c.tape[t].next)
	for t++; t < end; t = c.behind(t + 1) {
		k := &c.tape[t]
		key := c.data[k.at+1 : k.end]
		if k.next != 0 {
			key, _ = unescape(nil, key)
		}
		if to := n.find(key, nameOf(key)); to != nil {
			r.read(to, c, t+1, elem)
		}
	}
}

func (r *reader) array(n *node, c *cursor, t, elem int) {
	end := int(c.tape[t].next)
	if t++; t == end {
		r.leaf(n, event.Value{Kind: sigma.String, Text: "[]"}, max(elem, 0))
		return
	}
	for i := 0; t < end; i, t = i+1, c.behind(t) {
		at := i
		if elem >= 0 {
			// Only the outermost array gives the position.
			at = elem
		}
		if len(n.lists) > 0 && c.data[c.tape[t].at] == '{' {
			r.listed(n, c, t, at)
		}
		if len(n.edges) > 0 || len(n.leaves) > 0 {
			r.read(n, c, t, at)
		}
	}
}

// listed reads an element of a list of key-value objects: first its key, then
// the rest under the node of that name.
func (r *reader) listed(n *node, c *cursor, t, elem int) {
	for _, l := range n.lists {
		end := int(c.tape[t].next)
		for k := t + 1; k < end; k = c.behind(k + 1) {
			key := c.data[c.tape[k].at+1 : c.tape[k].end]
			if !fold(key, l.key) {
				continue
			}
			if to := l.named(c, k+1); to != nil {
				r.object(to, c, t, elem)
			}
			break
		}
	}
}

// named finds the node for the name at token t without copying it.
func (l *list) named(c *cursor, t int) *node {
	k := &c.tape[t]
	name := c.data[k.at:k.end]
	if c.data[k.at] == '"' {
		name = c.text(t, fresh)
	}
	var folded [96]byte
	if len(name) > len(folded) {
		return nil
	}
	for i, b := range name {
		folded[i] = lower(b)
	}
	return l.byName[string(folded[:len(name)])]
}

// replay puts what was noted into the event, in the order of the record. Most is
// left to the event until somebody asks for it.
func (r *reader) replay(data []byte, root *node, notes []event.Note) {
	e := r.e
	e.Noted(data, notes, root.places)
	for i := e.Defer(0); i < len(notes); i = e.Defer(i + 1) {
		m := &notes[i]
		text := data[m.At:m.End]
		elem := int(m.Elem)
		n := root.all[m.Place]
		switch m.What {
		case isText:
			r.text(n, text, elem, 0)
		case isEscaped:
			text, _ = unescape(e.Scratch(len(text)), text)
			r.text(n, text, elem, 0)
		case isNumber, isBool:
			r.leaf(n, event.Value{Kind: sigma.ValueKind(m.What), Text: str(text)}, elem)
		case isNull:
			r.leaf(n, event.Value{}, elem)
		case isRaw:
			r.leaf(n, event.Value{Kind: sigma.String, Text: str(text)}, elem)
		case isEmpty:
			r.leaf(n, event.Value{Kind: sigma.String, Text: "[]"}, elem)
		case isKeyed:
			if inner, ok := r.inside(text, -1, "["); ok {
				r.array(n, &inner, 0, elem)
			}
		}
	}
}
