package sigma

import "unicode/utf8"

// exactTable finds a folded text among many by a hash of its folded bytes. It is
// open addressing over a power of two; a slot holds the upper half of the hash
// and 1 + the index of an entry.
type exactTable struct {
	mask    uint64
	slots   []exactSlot
	entries []literal
	ends    [256]bool // by first and last character of the literals
	empty   bool      // one of them is the empty text
}

type exactSlot struct{ tag, entry uint32 }

func newExactTable(literals []literal) *exactTable {
	size := 8
	for size < 3*len(literals) {
		size *= 2
	}
	t := &exactTable{mask: uint64(size - 1), slots: make([]exactSlot, size), entries: literals}
	for i, l := range literals {
		if l.text == "" {
			t.empty = true
		} else {
			t.ends[ends(l.text[0], l.text[len(l.text)-1])] = true
		}
		h, _ := hashFolded(l.text, true)
		at := h & t.mask
		for t.slots[at].entry != 0 {
			at = (at + 1) & t.mask
		}
		t.slots[at] = exactSlot{uint32(h >> 32), uint32(i + 1)}
	}
	return t
}

// ends is the place of two characters, which are folded or ASCII. For letters
// their case is nothing.
func ends(first, last byte) byte { return (first|0x20)*31 ^ (last | 0x20) }

// mayHave reports whether a literal begins and ends like the text, which spares
// most texts the hash. Characters outside ASCII may fold to others.
func mayHave[T byteseq](t *exactTable, text T) bool {
	if len(text) == 0 {
		return t.empty
	}
	first, last := text[0], text[len(text)-1]
	if first|last >= utf8.RuneSelf {
		return true
	}
	return t.ends[ends(first, last)]
}

// findExact reports the literal that equals the folded text.
func findExact[T byteseq](m *Matcher, t *exactTable, text T) {
	h, ascii := hashFolded(text, false)
	if !ascii {
		m.buf = appendFold(m.buf[:0], text)
		h, _ = hashFolded(m.buf, true)
	}
	for at := h & t.mask; t.slots[at].entry != 0; at = (at + 1) & t.mask {
		if t.slots[at].tag != uint32(h>>32) {
			continue
		}
		e := &t.entries[t.slots[at].entry-1]
		if ascii && equalFolded(text, e.text) || !ascii && string(m.buf) == e.text {
			for _, p := range e.preds {
				m.mark(p)
			}
			return
		}
	}
}
