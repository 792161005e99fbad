package decode

import "github.com/entrawatch/entrawatch/internal/event"

// A naive reads records as direct does, a byte after the other: what direct is
// held to.
type naive struct {
	notes []event.Note
	stack []byte
	data  []byte
	keys  keyFunc
	at    int
	stop  bool
}

// record reads the object at data[i] along the paths from root. Outermost keys
// go to keys. It returns what scanner.value would.
func (d *naive) record(data []byte, i int, root *node, keys keyFunc) (end int, stopped bool, err scanErr) {
	d.data, d.keys, d.stop = data, keys, false
	end, err = d.object(i, root, -1, 1)
	return end, d.stop, err
}

func (d *naive) fail(i int, err scanErr) (int, scanErr) {
	d.at = i
	return i, err
}

// value reads the value at i under n; n is nil where nobody asks for it.
func (d *naive) value(i int, n *node, elem int32, depth int) (int, scanErr) {
	b := d.data
	if i >= len(b) {
		return d.fail(i, scanMore)
	}
	switch c := b[i]; c {
	case '"':
		end, escaped, err := skipString(b, i+1)
		if err != scanOK {
			return d.fail(end, err)
		}
		if n != nil && (len(n.leaves) > 0 || n.structured) {
			w := isText
			if escaped {
				w = isEscaped
			}
			d.notes = append(d.notes, noteOf(i+1, end, elem, n.id, w))
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

func (d *naive) object(i int, n *node, elem int32, depth int) (int, scanErr) {
	b := d.data
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
		end, escaped, err := skipString(b, from)
		if err != scanOK {
			return d.fail(end, err)
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
		if depth == 1 {
			if i >= len(b) {
				return d.fail(i, scanMore)
			}
			if !d.keys(key, telltale.find(key, nameOf(key)), i) {
				d.stop = true
				return i, scanOK
			}
		}
		if escaped {
			key, _ = unescape(nil, key)
		}
		if to := n.find(key, nameOf(key)); to == nil && i < len(b) && b[i] == '"' {
			// Most values are strings that nobody asks for.
			if i, _, err = skipString(b, i+1); err != scanOK {
				return d.fail(i, err)
			}
			i++
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

func (d *naive) array(i int, n *node, elem int32, depth int) (int, scanErr) {
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
func (d *naive) skip(i, depth int) (int, scanErr) {
	b := d.data
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
			if i, _, err = skipString(b, i+1); err != scanOK {
				return d.fail(i, err)
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
		if i, _, err = skipString(b, i+1); err != scanOK {
			return d.fail(i, err)
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
