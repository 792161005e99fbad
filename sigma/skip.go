package sigma

import "unicode/utf8"

// skipper lets the search for literals that are all long leap over text. Within
// the first window bytes of the literals each pair of bytes has a place; the pair
// at the end of a window of the text tells by how much the window can move on
// before it could be the beginning of a literal (Wu and Manber). Where it cannot
// move, the automaton takes over until it is back at its root.
type skipper struct {
	window int
	shift  []uint8 // by the classes of the two bytes
}

const (
	minWindow = 8 // less does not pay
	maxWindow = 64
)

// newSkipper returns nil if the literals are too short.
func newSkipper(a *automaton, literals []literal) *skipper {
	sk := &skipper{window: maxWindow, shift: make([]uint8, a.stride*a.stride)}
	for _, l := range literals {
		sk.window = min(sk.window, len(l.text))
	}
	if sk.window < minWindow {
		return nil
	}
	for i := range sk.shift {
		sk.shift[i] = uint8(sk.window - 1)
	}
	for _, l := range literals {
		for i := 1; i < sk.window; i++ {
			pair := uint32(a.class[l.text[i-1]])*a.stride + uint32(a.class[l.text[i]])
			sk.shift[pair] = min(sk.shift[pair], uint8(sk.window-1-i))
		}
	}
	return sk
}

// nonASCII returns the index of the first byte from i on that is not ASCII, the
// length of the text if there is none.
func nonASCII[T byteseq](text T, i int) int {
	for i+8 <= len(text) && word(text, i)&highBits == 0 {
		i += 8
	}
	for i < len(text) && text[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// findLeaping reports the literals that the text contains. It leaps over ASCII
// only, where bytes of the text and folded bytes have the same distances; other
// text is shorter or as long when folded, so no literal fits in less than a
// window.
func findLeaping[T byteseq](m *Matcher, a *automaton, text T) {
	window, shift := a.skipper.window, a.skipper.shift
	foreign := nonASCII(text, 0)
	for at := 0; at+window <= len(text); {
		last, until := at+window-1, at
		if last < foreign {
			pair := uint32(a.class[text[last-1]])*a.stride + uint32(a.class[text[last]])
			if by := shift[pair]; by > 0 {
				at += int(by)
				continue
			}
		} else {
			until = foreign
		}
		for s := uint32(0); at < len(text) && (s != 0 || at <= until); {
			if c := text[at]; c < utf8.RuneSelf {
				s = a.step(m, s, c)
				at++
				continue
			}
			var size int
			s, size = stepRune(m, a, s, text, at)
			at += size
		}
		if foreign < at {
			foreign = nonASCII(text, at)
		}
	}
}
