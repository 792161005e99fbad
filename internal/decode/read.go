package decode

import (
	"bytes"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A reader walks one record along the paths of a decoder and puts what it
// finds into an event. The record's grammar was checked when it was framed;
// text inside strings was not, so the reader trusts no offset.
type reader struct {
	e    *event.Event
	scan scanner
}

// maxNested bounds JSON in strings in JSON: three layers are real.
const maxNested = 4

// read reads the value at data[i] under n and returns its end. elem is the
// position in the outermost array passed so far, -1 outside arrays.
func (r *reader) read(n *node, data []byte, i, elem, nested int) int {
	switch data[i] {
	case '{':
		if len(n.leaves) > 0 {
			end := skip(data, i)
			r.leaf(n, event.Value{Kind: sigma.String, Text: str(data[i:end])}, elem)
		}
		return r.object(n, data, i, elem, nested)
	case '[':
		return r.array(n, data, i, elem, nested)
	case '"':
		end, escaped, err := skipString(data, i+1)
		if err != scanOK {
			return len(data)
		}
		r.text(n, data[i+1:end], escaped, elem, nested)
		return end + 1
	}
	end := i
	for end < len(data) && data[end] > ' ' && data[end] != ',' && data[end] != '}' && data[end] != ']' {
		end++
	}
	v := event.Value{Kind: sigma.Number, Text: str(data[i:end])}
	switch data[i] {
	case 't', 'f':
		v.Kind = sigma.Bool
	case 'n':
		v = event.Value{}
	}
	r.leaf(n, v, elem)
	return end
}

// text handles a string: a value, and JSON inside it where the paths lead
// further.
func (r *reader) text(n *node, raw []byte, escaped bool, elem, nested int) {
	if len(n.edges) == 0 && len(n.lists) == 0 && len(n.leaves) == 0 {
		return
	}
	s := raw
	if escaped {
		room := r.e.Scratch(len(raw))
		s, _ = unescape(room, raw)
	}
	if t := bytes.TrimLeft(s, " \r\n\t"); len(t) > 1 && (t[0] == '{' || t[0] == '[') && nested < maxNested && n.structured() {
		if end, _, err := r.scan.value(t, 0, nil); err == scanOK && end == len(bytes.TrimRight(t, " \r\n\t")) {
			r.read(n, t[:end], 0, elem, nested+1)
			return
		}
	}
	v := event.Value{Kind: sigma.String, Text: str(s)}
	for _, l := range n.leaves {
		if l.typ == event.Encoded {
			r.encoded(l, s, elem, nested)
			continue
		}
		r.e.Put(l.field, l.rank, v, elem)
	}
}

// structured reports whether a string here may hold an object or array.
func (n *node) structured() bool {
	if len(n.edges) > 0 || len(n.lists) > 0 {
		return true
	}
	for _, l := range n.leaves {
		if l.typ == event.JSON {
			return true
		}
	}
	return false
}

// encoded reads a modified property's value: JSON text inside a string. Text
// that is no JSON stands for itself, as in the unified audit log.
func (r *reader) encoded(l leaf, s []byte, elem, nested int) {
	t := bytes.TrimSpace(s)
	if len(t) > 0 && (t[0] == '"' || t[0] == '[') {
		if end, _, err := r.scan.value(t, 0, nil); err == scanOK && end == len(t) {
			tmp := node{leaves: []leaf{{field: l.field, rank: l.rank, typ: event.String}}}
			if t[0] == '[' {
				r.array(&tmp, t, 0, max(elem, 0), nested+1)
			} else {
				r.read(&tmp, t, 0, elem, nested+1)
			}
			return
		}
	}
	r.e.Put(l.field, l.rank, event.Value{Kind: sigma.String, Text: str(s)}, elem)
}

func (r *reader) leaf(n *node, v event.Value, elem int) {
	for _, l := range n.leaves {
		r.e.Put(l.field, l.rank, v, elem)
	}
}

func (r *reader) object(n *node, data []byte, i, elem, nested int) int {
	if len(n.edges) == 0 && len(n.lists) == 0 {
		return skip(data, i)
	}
	if i = skipBlank(data, i+1); i < len(data) && data[i] == '}' {
		return i + 1
	}
	for i < len(data) && data[i] == '"' {
		end, escaped, err := skipString(data, i+1)
		if err != scanOK {
			return len(data)
		}
		key := data[i+1 : end]
		if escaped {
			key, _ = unescape(nil, key)
		}
		if i = end + 1; i < len(data) && data[i] != ':' {
			i = skipBlank(data, i)
		}
		if i++; i < len(data) && data[i] <= ' ' {
			i = skipBlank(data, i)
		}
		if i >= len(data) {
			return i
		}
		if to := n.find(key); to != nil {
			i = r.read(to, data, i, elem, nested)
		} else {
			i = skip(data, i)
		}
		if i < len(data) && data[i] <= ' ' {
			i = skipBlank(data, i)
		}
		if i >= len(data) || data[i] != ',' {
			break
		}
		if i++; i < len(data) && data[i] <= ' ' {
			i = skipBlank(data, i)
		}
	}
	return i + 1
}

func (r *reader) array(n *node, data []byte, i, elem, nested int) int {
	i = skipBlank(data, i+1)
	if i < len(data) && data[i] == ']' {
		r.leaf(n, event.Value{Kind: sigma.String, Text: "[]"}, max(elem, 0))
		return i + 1
	}
	for at := 0; i < len(data) && data[i] != ']'; at++ {
		from := i
		if elem >= 0 {
			// Only the outermost array gives the position.
			at = elem
		}
		if data[i] == '{' && len(n.lists) > 0 {
			r.listed(n, data, i, at, nested)
		}
		i = skipBlank(data, r.read(n, data, i, at, nested))
		if i < len(data) && data[i] == ',' {
			i = skipBlank(data, i+1)
		}
		if i <= from {
			return len(data)
		}
	}
	return i + 1
}

// listed reads an element of a list of key-value objects: first its key, then
// the rest under the node of that name.
func (r *reader) listed(n *node, data []byte, i, elem, nested int) {
	for _, l := range n.lists {
		var to *node
		walkObject(data, i, func(key []byte, v int) {
			if to != nil || !fold(key, l.key) {
				return
			}
			to = l.named(data, v)
		})
		if to != nil {
			r.object(to, data, i, elem, nested)
		}
	}
}

// named finds the node for the name at data[v] without copying it.
func (l *list) named(data []byte, v int) *node {
	var name []byte
	if data[v] == '"' {
		end, escaped, err := skipString(data, v+1)
		if err != scanOK {
			return nil
		}
		if name = data[v+1 : end]; escaped {
			name, _ = unescape(nil, name)
		}
	} else {
		name = bytes.TrimSpace(data[v:skip(data, v)])
	}
	var folded [96]byte
	if len(name) > len(folded) {
		return nil
	}
	for i, c := range name {
		folded[i] = lower(c)
	}
	return l.byName[string(folded[:len(name)])]
}
