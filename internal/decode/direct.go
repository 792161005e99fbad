package decode

import (
	"encoding/binary"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// Nearly all of the time goes into passing over text that nobody asks for. So
// a record is checked, cut out and read in one pass, which follows the paths
// of the kind and format that the record before had. What it finds it notes
// down; the worker puts it into an event. A record of another kind is read
// again.

// How a string follows a key, and a key a string, without blanks.
const (
	keyString = '"' | ':'<<8 | '"'<<16
	stringKey = '"' | ','<<8 | '"'<<16
)

// What a note is of: a value, or what replay makes values of.
const (
	isNull   = event.What(sigma.Null)
	isText   = event.What(sigma.String)
	isNumber = event.What(sigma.Number)
	isBool   = event.What(sigma.Bool)
)

const (
	isEscaped = event.Special + iota // a string with escapes
	isRaw                            // the text of a container
	isEmpty                          // an array without elements
	isKeyed                          // an array of objects that are told apart by a key
)

// noteOf makes the note of a value at a node: strings without quotes, containers
// with brackets.
func noteOf(at, end int, elem int32, node uint16, what event.What) event.Note {
	return event.Note{At: uint32(at), End: uint32(end), Elem: elem, Place: node, What: what}
}

// A direct reads records in one pass. It keeps its memory between records.
type direct struct {
	notes []event.Note
	stack []byte
	data  []byte
	marks marks // of data
	keys  keyFunc
	at    int // where it stopped, for messages
	stop  bool
	open  []uint32 // containers that a shape has entered
}

// over makes data what is read. Its marks may be missing.
func (d *direct) over(data []byte, m marks) { d.data, d.marks = data, m }

// record reads the object at i along the paths from root. Outermost keys
// go to keys. It returns what scanner.value would.
func (d *direct) record(i int, root *node, keys keyFunc) (end int, stopped bool, err scanErr) {
	d.keys, d.stop = keys, false
	end, err = d.object(i, root, -1, 1)
	return end, d.stop, err
}

// text is skipString, by way of the marks.
func (d *direct) text(i int) (end int, escaped bool, err scanErr) {
	if i = d.marks.next(i); i < len(d.data) && d.data[i] == '"' {
		return i, false, scanOK
	}
	return skipString(d.data, i)
}

func (d *direct) fail(i int, err scanErr) (int, scanErr) {
	d.at = i
	return i, err
}

// value reads the value at i under n; n is nil where nobody asks for it.
func (d *direct) value(i int, n *node, elem int32, depth int) (int, scanErr) {
	b := d.data
	if i >= len(b) {
		return d.fail(i, scanMore)
	}
	switch c := b[i]; c {
	case '"':
		end, escaped, err := d.text(i + 1)
		if err != scanOK {
			return d.fail(end, err)
		}
		if n != nil && n.text {
			d.noteText(n, i+1, end, elem, escaped)
		}
		return end + 1, scanOK
	case '{', '[':
		if depth == MaxDepth {
			return d.fail(i, scanDepth)
		}
		switch {
		case n == nil:
			return d.skip(i, depth)
		case c == '[' && len(n.lists) > 0:
			end, err := d.skip(i, depth)
			if err == scanOK {
				d.notes = append(d.notes, noteOf(i, end, elem, n.id, isKeyed))
			}
			return end, err
		case c == '[':
			return d.array(i, n, elem, depth+1)
		}
		k := len(d.notes)
		if len(n.leaves) > 0 {
			d.notes = append(d.notes, noteOf(i, 0, elem, n.id, isRaw))
		}
		var end int
		var err scanErr
		if len(n.edges) == 0 {
			end, err = d.skip(i, depth)
		} else {
			end, err = d.object(i, n, elem, depth+1)
		}
		if err == scanOK && len(n.leaves) > 0 {
			d.notes[k].End = uint32(end)
		}
		return end, err
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end, err := skipNumber(b, i)
		if err == scanOK && end == len(b) {
			err = scanMore
		}
		if err != scanOK {
			return d.fail(end, err)
		}
		if n != nil && len(n.leaves) > 0 {
			d.notes = append(d.notes, noteOf(i, end, elem, n.id, isNumber))
		}
		return end, scanOK
	default:
		end, err := skipLiteral(b, i)
		if err != scanOK {
			return d.fail(end, err)
		}
		if n != nil && len(n.leaves) > 0 {
			w := isBool
			if c == 'n' {
				w = isNull
			}
			d.notes = append(d.notes, noteOf(i, end, elem, n.id, w))
		}
		return end, scanOK
	}
}

func (d *direct) object(i int, n *node, elem int32, depth int) (int, scanErr) {
	b, m := d.data, d.marks
	i = blank(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, scanOK
	}
	for {
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		if b[i] != '"' {
			return d.fail(i, scanKey)
		}
		from := i + 1
		end, escaped := m.next(from), false
		var err scanErr
		if end >= len(b) || b[end] != '"' {
			if end, escaped, err = skipString(b, end); err != scanOK {
				return d.fail(end, err)
			}
		}
		if i = end + 1; i < len(b) && b[i] != ':' {
			i = skipBlank(b, i)
		}
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		if b[i] != ':' {
			return d.fail(i, scanColon)
		}
		i = blank(b, i+1)
		key := b[from:end]
		name := nameOf(key)
		if depth == 1 {
			if i >= len(b) {
				return d.fail(i, scanMore)
			}
			if !d.keys(key, telltale.find(key, name), i) {
				d.stop = true
				return i, scanOK
			}
		}
		if escaped {
			key, _ = unescape(nil, key)
			name = nameOf(key)
		}
		to := n.find(key, name)
		if i < len(b) && b[i] == '"' {
			// Most values are strings, most of them such as nobody asks for.
			end, escaped := m.next(i+1), false
			if end >= len(b) || b[end] != '"' {
				if end, escaped, err = skipString(b, end); err != scanOK {
					return d.fail(end, err)
				}
			}
			if to != nil && to.text {
				d.noteText(to, i+1, end, elem, escaped)
			}
			i = end + 1
		} else if i, err = d.value(i, to, elem, depth); err != scanOK || d.stop {
			return i, err
		}
		i = blank(b, i)
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		switch b[i] {
		case ',':
			i = blank(b, i+1)
		case '}':
			return i + 1, scanOK
		case ']':
			return d.fail(i, scanClose)
		default:
			return d.fail(i, scanComma)
		}
	}
}

func (d *direct) noteText(n *node, from, to int, elem int32, escaped bool) {
	w := isText
	if escaped {
		w = isEscaped
	}
	d.notes = append(d.notes, noteOf(from, to, elem, n.id, w))
}

func (d *direct) array(i int, n *node, elem int32, depth int) (int, scanErr) {
	b := d.data
	start := i
	if i = skipBlank(b, i+1); i < len(b) && b[i] == ']' {
		if len(n.leaves) > 0 {
			d.notes = append(d.notes, noteOf(start, i+1, max(elem, 0), n.id, isEmpty))
		}
		return i + 1, scanOK
	}
	for at := int32(0); ; at++ {
		pos := at
		if elem >= 0 {
			// Only the outermost array gives the position.
			pos = elem
		}
		var err scanErr
		if i, err = d.value(i, n, pos, depth); err != scanOK {
			return i, err
		}
		i = blank(b, i)
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		switch b[i] {
		case ',':
			i = skipBlank(b, i+1)
		case ']':
			return i + 1, scanOK
		case '}':
			return d.fail(i, scanClose)
		default:
			return d.fail(i, scanComma)
		}
	}
}

// skip checks the container at i, at the given depth, and returns its end.
func (d *direct) skip(i, depth int) (int, scanErr) {
	b, m := d.data, d.marks
	stack := d.stack[:0]
	defer func() { d.stack = stack }()
	for {
		// A value is expected at i.
		i = blank(b, i)
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		var err scanErr
		switch c := b[i]; c {
		case '"':
			if i = m.next(i + 1); i >= len(b) || b[i] != '"' {
				if i, _, err = skipString(b, i); err != scanOK {
					return d.fail(i, err)
				}
			}
			i++
		case '{', '[':
			if depth+len(stack) >= MaxDepth {
				return d.fail(i, scanDepth)
			}
			stack = append(stack, c)
			i = blank(b, i+1)
			// ] and } are two above [ and {.
			if i < len(b) && b[i] == c+2 {
				goto closed
			}
			if c == '{' {
				goto key
			}
			continue
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if i, err = skipNumber(b, i); err != scanOK {
				return d.fail(i, err)
			}
		default:
			if i, err = skipLiteral(b, i); err != scanOK {
				return d.fail(i, err)
			}
		}

	after: // a value has just ended before i
		i = blank(b, i)
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		switch b[i] {
		case ',':
			i++
			if stack[len(stack)-1] == '[' {
				continue
			}
			i = blank(b, i)
		case '}', ']':
			goto closed
		default:
			return d.fail(i, scanComma)
		}

	key: // a quoted key is expected at i
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		if b[i] != '"' {
			return d.fail(i, scanKey)
		}
		for len(m) > 0 {
			// Strings without blanks between them are the commonest by far.
			end := m.next(i + 1)
			if end+4 > len(b) || binary.LittleEndian.Uint32(b[end:])&0xffffff != keyString {
				break
			}
			end = m.next(end + 3)
			if end+4 > len(b) || b[end] != '"' {
				break
			}
			if binary.LittleEndian.Uint32(b[end:])&0xffffff != stringKey {
				i = end + 1
				goto after
			}
			i = end + 2
		}
		if i = m.next(i + 1); i >= len(b) || b[i] != '"' {
			if i, _, err = skipString(b, i); err != scanOK {
				return d.fail(i, err)
			}
		}
		if i++; i < len(b) && b[i] != ':' {
			i = skipBlank(b, i)
		}
		if i >= len(b) {
			return d.fail(i, scanMore)
		}
		if b[i] != ':' {
			return d.fail(i, scanColon)
		}
		i++
		continue

	closed: // b[i] closes the innermost container
		if stack[len(stack)-1]+2 != b[i] {
			return d.fail(i, scanClose)
		}
		stack = stack[:len(stack)-1]
		i++
		if len(stack) == 0 {
			return i, scanOK
		}
		goto after
	}
}
