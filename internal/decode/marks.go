package decode

import (
	"encoding/binary"
	"math/bits"
)

// marks has a bit for each byte of a text, the lowest of a byte of marks
// first: set where the text has a quote, a backslash or a control character.
// Nothing else can end a string or be wrong in it, so that the end of a string
// is the next mark behind its beginning, however long it is.
//
// A mark says nothing about what stands around it. So marks stay right
// wherever reading goes on after damage, and none is made twice while the text
// grows. They may be shorter than the text, or missing where the processor
// cannot make them quickly: reading then goes by bytes.
type marks []byte

// markStep is how many bytes of text are marked at once.
const markStep = 64

// next returns where the first mark at i or behind stands, or, where there are
// no marks, i itself: no byte before it is one that marks are for.
func (m marks) next(i int) int {
	if at := i >> 3; at+8 <= len(m) {
		if w := binary.LittleEndian.Uint64(m[at:]) >> (i & 7); w != 0 {
			return i + bits.TrailingZeros64(w)
		}
		return m.far(at + 8)
	}
	return i
}

// far goes on from byte at of the marks. The end of the text is marked.
func (m marks) far(at int) int {
	for ; at+8 <= len(m); at += 8 {
		if w := binary.LittleEndian.Uint64(m[at:]); w != 0 {
			return at<<3 + bits.TrailingZeros64(w)
		}
	}
	return at << 3
}

// A marker makes the marks of a text that grows at its end.
type marker struct {
	marks marks
	done  int // bytes of text whose marks are final, a multiple of markStep
}

// reset forgets the text.
func (k *marker) reset() { k.marks, k.done = k.marks[:0], 0 }

// extend returns the marks of data, of which the beginning may be marked
// already.
func (k *marker) extend(data []byte) marks {
	if !canMark {
		return nil
	}
	steps := (len(data) - k.done) / markStep
	size := len(data)/markStep*8 + 16
	if cap(k.marks) < size {
		k.marks = append(make(marks, 0, size+size/4), k.marks...)
	}
	k.marks = k.marks[:size]
	if steps > 0 {
		markBlocks(&k.marks[k.done>>3], &data[k.done], steps)
		k.done += steps * markStep
	}
	// What remains is marked together with zeros behind it, which are control
	// characters: they mark the end of the text, and give next eight bytes to
	// read wherever it begins.
	var rest [2 * markStep]byte
	copy(rest[:], data[k.done:])
	markBlocks(&k.marks[k.done>>3], &rest[0], 2)
	return k.marks
}
