package decode

import (
	"encoding/binary"
	"math/bits"

	"github.com/entrawatch/entrawatch/internal/event"
)

// The records of a log are written by one program, and so the text between
// their values (quotes, commas, brackets and keys) is nearly always one that
// stood there before. A shape knows these texts: a record that consists of
// them, in an order in which they may follow each other, need not be read key
// by key. It gives the same notes as reading it does.
//
// A shape is a graph. A state is a place in a record behind a value: which keys
// and brackets lead there decides what may follow and what it means, so that a
// text that was read once in a state need never be read again there. What leads
// from state to state is a way: a text, and the value behind it.
type shape struct {
	root   *node
	begin  state // before the record's first bracket
	states map[string]*state
	ways   int
	// credit is what is left for learning: records that follow the shape earn
	// it, records that do not use it up. pause is how many records are then
	// read without the shape.
	credit, pause int
}

const (
	maxWays   = 1 << 13 // of a shape; then it begins anew
	maxFan    = 8       // ways out of a state
	maxText   = 255     // bytes of a way's text
	maxCredit = 512
	learnCost = 8
	pauseFor  = 4096
)

type state struct {
	first *way // was taken last
	more  []*way
}

// A way is laid out so that following it takes few decisions: processors guess
// them, and at each wrong guess the time of a whole way is lost.
type way struct {
	text  [4]uint64 // its first 32 bytes
	mask  [4]uint64 // over the bytes that it has
	tail  [2]uint64 // its last 16 bytes, if it has more than 32
	to    *state
	extra *extra // if there is more to it
	marks mark   // what its outermost keys tell
	elem  int32
	node  uint16
	size  uint8 // of the text
	end   value // what follows the text
	// The note of the value: 1 if it is worth one, of what, and how many of the
	// text's last bytes are part of it.
	notes uint8
	what  event.What
	back  uint8
}

const (
	window = 32          // bytes of input that there must be at a way's text
	inline = window + 16 // bytes of text that a way has in it
)

// extra is what few ways have.
type extra struct {
	text string // all of it, if it is longer than a way
	acts []act
}

// A value is what a way leads to.
type value uint8

const (
	aString value = iota // behind its quote
	aNumber
	nothing // it ended with a literal or an empty container
	theEnd  // of the record
)

// An act is what reading does at a byte of a way's text.
type act struct {
	do   deed
	at   uint8
	node uint16
	elem int32
	tell *telling
}

type deed uint8

const (
	doTell  deed = iota // tell of an outermost key, whose value is looked at later, there
	doOpen              // note the container that begins there and ends later
	doClose             // it ends there
	doSkip              // a container that is noted when it ends begins there
	doNoted             // it ends there
)

func newShape(root *node) *shape {
	return &shape{root: root, states: map[string]*state{}, credit: maxCredit}
}

// shapes are those of records, by what they are read along.
type shapes map[*node]*shape

func (m shapes) of(root *node) *shape {
	if root == nil {
		return nil
	}
	s := m[root]
	if s == nil {
		s = newShape(root)
		m[root] = s
	}
	return s
}

// read reads the object at i along root, by its shape if that is known. Outermost
// keys go to keys, or, where they are known to be no more than that, to o.
func (s *shape) read(d *direct, i int, root *node, keys keyFunc, o *sniff) (end int, stopped bool, err scanErr) {
	if s == nil || s.resting() {
		return d.record(i, root, keys)
	}
	if end, ok := s.follow(d, i, o); ok {
		s.earn()
		return end, false, scanOK
	}
	*o = sniff{base: i}
	end, stopped, err = d.record(i, root, keys)
	if err == scanOK && !stopped {
		s.learn(d.data, i, end)
	}
	return end, stopped, err
}

// takes says whether the text at b[i] is the way's.
func (w *way) takes(b []byte, i int) bool {
	t := b[i : i+window : i+window]
	return (binary.LittleEndian.Uint64(t)^w.text[0])&w.mask[0]|
		(binary.LittleEndian.Uint64(t[8:])^w.text[1])&w.mask[1]|
		(binary.LittleEndian.Uint64(t[16:])^w.text[2])&w.mask[2]|
		(binary.LittleEndian.Uint64(t[24:])^w.text[3])&w.mask[3] == 0 && (w.size <= window || w.takesLong(b[i:]))
}

func (w *way) takesLong(b []byte) bool {
	n := int(w.size)
	if n > len(b) {
		return false
	}
	if n > inline {
		return string(b[:n]) == w.extra.text
	}
	return binary.LittleEndian.Uint64(b[n-16:]) == w.tail[0] && binary.LittleEndian.Uint64(b[n-8:]) == w.tail[1]
}

// other finds the way on that was not the one taken last.
func (s *state) other(b []byte, i int) *way {
	for k, w := range s.more {
		if w.takes(b, i) {
			s.first, s.more[k] = w, s.first
			return w
		}
	}
	return nil
}

// follow reads the object at i if it follows the shape, as d.record would, and
// returns its end. Telling keys go to o, also those of one that does not.
func (s *shape) follow(d *direct, i int, o *sniff) (end int, ok bool) {
	from := len(d.notes)
	d.open = d.open[:0]
	st := &s.begin
	for {
		i, st = d.run(i, st, o)
		var w *way
		if i, w = d.step(i, st, o); w == nil {
			d.notes = d.notes[:from]
			return 0, false
		}
		if st = w.to; w.end == theEnd {
			return i, true
		}
	}
}

// run goes on from i as long as the ways are those taken last and have nothing
// unusual. It calls nothing, so that all it works with stays in registers.
func (d *direct) run(i int, st *state, o *sniff) (int, *state) {
	b, m, notes, seen := d.data, d.marks, d.notes, o.marks
	for {
		w := st.first
		if w == nil || w.extra != nil || i+window > len(b) || len(notes) == cap(notes) {
			break
		}
		t := b[i : i+window : i+window]
		if (binary.LittleEndian.Uint64(t)^w.text[0])&w.mask[0]|
			(binary.LittleEndian.Uint64(t[8:])^w.text[1])&w.mask[1]|
			(binary.LittleEndian.Uint64(t[16:])^w.text[2])&w.mask[2]|
			(binary.LittleEndian.Uint64(t[24:])^w.text[3])&w.mask[3] != 0 {
			break
		}
		from := i + int(w.size)
		if w.size > window {
			if from > len(b) {
				break
			}
			if t = b[from-16 : from : from]; binary.LittleEndian.Uint64(t) != w.tail[0] || binary.LittleEndian.Uint64(t[8:]) != w.tail[1] {
				break
			}
		}
		end := from
		if w.end == aString {
			at := from >> 3
			if at+16 > len(m) {
				break
			}
			marked := binary.LittleEndian.Uint64(m[at:]) >> (from & 7)
			if marked == 0 {
				// No mark in the 57 bytes or more that the first eight bytes of marks are for.
				at += 8
				end = at << 3
				marked = binary.LittleEndian.Uint64(m[at:])
			}
			if end += bits.TrailingZeros64(marked); marked == 0 || end >= len(b) || b[end] != '"' {
				break
			}
		} else if w.end == aNumber {
			for end < len(b) && b[end]-'0' < 10 {
				end++
			}
			if end == from || b[from] == '0' && end > from+1 {
				break
			}
			if end < len(b) && b[end] == '.' {
				dot := end
				for end++; end < len(b) && b[end]-'0' < 10; end++ {
				}
				if end == dot+1 {
					break
				}
			}
			if end == len(b) || b[end]|0x20 == 'e' {
				break
			}
		}
		// The note is written in any case, and counts if it is wanted.
		k := len(notes)
		notes = notes[:k+1]
		p := &notes[k]
		p.At, p.End, p.Elem, p.Place, p.What = uint32(from)-uint32(w.back), uint32(end), w.elem, w.node, w.what
		notes = notes[:k+int(w.notes)]
		seen |= w.marks
		i, st = end, w.to
	}
	d.notes, o.marks = notes, seen
	return i, st
}

// step goes one way on from i, whatever it is, and returns it. It returns nil
// if there is none.
func (d *direct) step(i int, st *state, o *sniff) (int, *way) {
	b, w := d.data, st.first
	if w == nil || i+window > len(b) {
		return i, nil
	}
	if !w.takes(b, i) {
		if w = st.other(b, i); w == nil {
			return i, nil
		}
	}
	o.marks |= w.marks
	if w.extra != nil {
		for k := range w.extra.acts {
			d.act(&w.extra.acts[k], uint32(i)+uint32(w.extra.acts[k].at), o)
		}
	}
	from, end, what, err := i+int(w.size), i+int(w.size), w.what, scanOK
	switch w.end {
	case aString:
		var escaped bool
		if end, escaped, err = d.text(from); escaped {
			what = isEscaped
		}
	case aNumber:
		if from == len(b) {
			return i, nil
		}
		end, err = skipNumber(b, from)
	}
	if err != scanOK {
		return i, nil
	}
	if w.notes > 0 {
		d.notes = append(d.notes, noteOf(from-int(w.back), end, w.elem, w.node, what))
	}
	return end, w
}

func (d *direct) act(a *act, at uint32, o *sniff) {
	last := len(d.open) - 1
	switch a.do {
	case doTell:
		o.key(a.tell, d.data, int(at))
	case doOpen:
		d.open = append(d.open, uint32(len(d.notes)))
		d.notes = append(d.notes, noteOf(int(at), 0, a.elem, a.node, isRaw))
	case doClose:
		d.notes[d.open[last]].End = at
		d.open = d.open[:last]
	case doSkip:
		d.open = append(d.open, at)
	case doNoted:
		d.notes = append(d.notes, noteOf(int(d.open[last]), int(at), a.elem, a.node, isKeyed))
		d.open = d.open[:last]
	}
}
