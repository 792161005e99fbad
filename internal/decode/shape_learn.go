package decode

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A learner adds the texts of a record to a shape. The record has been read
// along the shape's root already, so its grammar is known to be sound; the
// learner goes through it as direct does and says what direct did where.
type learner struct {
	s    *shape
	b    []byte
	st   *state
	from int    // where the text began that leads on from st
	path []byte // to the value at hand
	acts []act
	told mark // by outermost keys
	fail bool // the record has something that shapes do not do
}

// maxLearn is the size of the largest record to learn from.
const maxLearn = 64 << 10

// maxElem bounds which elements of an array have states of their own.
const maxElem = 64

// earn notes that a record followed the shape.
func (s *shape) earn() { s.credit = min(s.credit+1, maxCredit) }

// resting says that the next record is to be read without the shape: so many
// have not followed it that trying costs more than it brings.
func (s *shape) resting() bool {
	if s.pause > 0 {
		s.pause--
	}
	return s.pause > 0
}

// learn adds the record at b[i], which ends before end.
func (s *shape) learn(b []byte, i, end int) {
	if s.credit -= learnCost; s.credit < 0 {
		s.credit, s.pause = maxCredit/2, pauseFor
		return
	}
	if end-i > maxLearn {
		return
	}
	if s.ways >= maxWays {
		*s = shape{root: s.root, states: map[string]*state{}, credit: s.credit}
	}
	l := learner{s: s, b: b, st: &s.begin, from: i}
	l.object(i, s.root, -1, 1)
	l.to(end, theEnd, nil, -1, isText, 0)
}

// to ends a text before i, where v begins or ended. n is the node of the value
// that is to be noted as what; back of the text's last bytes belong to it.
func (l *learner) to(i int, v value, n *node, elem int, what event.What, back int) {
	if l.fail || i-l.from > maxText {
		l.fail = true
		return
	}
	text := l.b[l.from:i]
	w := &way{size: uint8(len(text)), end: v, elem: int32(elem), what: what, back: uint8(back)}
	if n != nil {
		w.node, w.notes = n.id, 1
	}
	for k, c := range text[:min(len(text), window)] {
		w.text[k/8] |= uint64(c) << (k % 8 * 8)
		w.mask[k/8] |= 0xff << (k % 8 * 8)
	}
	if len(text) > window {
		w.tail[0] = binary.LittleEndian.Uint64(text[len(text)-16:])
		w.tail[1] = binary.LittleEndian.Uint64(text[len(text)-8:])
	}
	if len(l.acts) > 0 || len(text) > inline || v == theEnd {
		w.extra = &extra{text: string(text), acts: slices.Clone(l.acts)}
	}
	w.marks = l.told
	l.acts, l.told = l.acts[:0], 0

	key := string(append(l.path, byte(v)))
	if w.to = l.s.states[key]; w.to == nil && v != theEnd {
		w.to = &state{}
		l.s.states[key] = w.to
	}
	if l.st.first == nil {
		l.st.first = w
		l.s.ways++
	} else if known := l.known(text); known != nil {
		w = known
	} else if len(l.st.more) == maxFan-1 {
		l.fail = true
		return
	} else {
		l.st.more = append(l.st.more, w)
		l.s.ways++
	}
	l.st = w.to
}

// known returns the way that has this very text.
func (l *learner) known(text []byte) *way {
	for _, w := range append([]*way{l.st.first}, l.st.more...) {
		if int(w.size) == len(text) && l.from+window <= len(l.b) && w.takes(l.b, l.from) {
			return w
		}
	}
	return nil
}

// act adds what is to be done at i.
func (l *learner) act(a act, i int) {
	at := i - l.from
	l.fail = l.fail || at > maxText
	a.at = uint8(at)
	l.acts = append(l.acts, a)
}

// value goes through the value at i, which is at n, and returns its end.
func (l *learner) value(i int, n *node, elem, depth int) int {
	b := l.b
	// noted is n where a value that is no string is worth a note.
	noted := n
	if n != nil && len(n.leaves) == 0 {
		noted = nil
	}
	switch c := b[i]; c {
	case '"':
		if n != nil && !n.text {
			n = nil
		}
		l.to(i+1, aString, n, elem, isText, 0)
		end, _, _ := skipString(b, i+1)
		l.from = end
		return end + 1
	case '{', '[':
		switch {
		case n == nil:
			return l.container(i, nil, elem, depth)
		case c == '[' && len(n.lists) > 0:
			l.act(act{do: doSkip}, i)
			end := l.container(i, nil, elem, depth)
			l.act(act{do: doNoted, node: n.id, elem: int32(elem)}, end)
			return end
		case c == '[':
			return l.container(i, n, elem, depth)
		}
		if noted != nil {
			l.act(act{do: doOpen, node: n.id, elem: int32(elem)}, i)
		}
		if len(n.edges) == 0 {
			n = nil
		}
		end := l.container(i, n, elem, depth)
		if noted != nil {
			l.act(act{do: doClose}, end)
		}
		return end
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		l.to(i, aNumber, noted, elem, isNumber, 0)
		end, _ := skipNumber(b, i)
		l.from = end
		return end
	default:
		end, _ := skipLiteral(b, i)
		what := isBool
		if c == 'n' {
			what = isNull
		}
		l.to(end, nothing, noted, elem, what, end-i)
		l.from = end
		return end
	}
}

// container goes through an object or array, of which n is the node.
func (l *learner) container(i int, n *node, elem, depth int) int {
	if l.b[i] == '{' {
		return l.object(i, n, elem, depth+1)
	}
	return l.array(i, n, elem, depth+1)
}

func (l *learner) object(i int, n *node, elem, depth int) int {
	b, path := l.b, len(l.path)
	if i = skipBlank(b, i+1); b[i] == '}' {
		l.to(i+1, nothing, nil, -1, isText, 0)
		l.from = i + 1
		return i + 1
	}
	for {
		from := i + 1
		end, escaped, _ := skipString(b, from)
		key := b[from:end]
		i = skipBlank(b, end+1) // the colon
		i = skipBlank(b, i+1)   // the value
		l.fail = l.fail || escaped
		if depth == 1 {
			l.outermost(key, i)
		}
		var to *node
		if n != nil {
			to = n.find(key, nameOf(key))
		}
		l.path = append(append(append(l.path[:path], '{'), key...), 0)
		i = skipBlank(b, l.value(i, to, elem, depth))
		l.path = l.path[:path]
		if b[i] == '}' {
			return i + 1
		}
		i = skipBlank(b, i+1)
	}
}

// outermost is about an outermost key, whose value is at i.
func (l *learner) outermost(key []byte, i int) {
	if l.b[i] == '[' {
		for _, k := range []string{"value", "records", "tables", "rows", "columns"} {
			// It may hold records.
			l.fail = l.fail || fold(key, k)
		}
	}
	var o sniff
	t := telltale.find(key, nameOf(key))
	if o.key(t, l.b, i); o.looks() {
		l.act(act{do: doTell, tell: t}, i)
	}
	l.told |= o.marks
}

func (l *learner) array(i int, n *node, elem, depth int) int {
	b, path, start := l.b, len(l.path), i
	if i = skipBlank(b, i+1); b[i] == ']' {
		if n != nil && len(n.leaves) == 0 {
			n = nil
		}
		l.to(i+1, nothing, n, max(elem, 0), isEmpty, i+1-start)
		l.from = i + 1
		return i + 1
	}
	for at := 0; ; at++ {
		pos := at
		if elem >= 0 || n == nil {
			// Only the outermost array gives the position.
			pos = elem
		}
		l.fail = l.fail || pos >= maxElem
		l.path = append(strconv.AppendInt(append(l.path[:path], '['), int64(pos), 10), 0)
		i = skipBlank(b, l.value(i, n, pos, depth))
		l.path = l.path[:path]
		if b[i] == ']' {
			return i + 1
		}
		i = skipBlank(b, i+1)
	}
}
