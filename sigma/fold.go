package sigma

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// Case-insensitive comparison is comparison of folded bytes: every rune is
// replaced by one representative of its case orbit (Unicode simple folding), and
// bytes that are not UTF-8 stand for themselves. All fast paths below compute
// functions of those folded bytes without writing them where the text is ASCII.

// byteseq is a text as a string or as bytes.
type byteseq interface{ string | []byte }

// foldRune returns the representative of the runes that differ from r in case
// only: the smallest of them, or the lower-case letter if that is ASCII.
func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case 0x2E80 <= r && r < 0xA640: // East Asian scripts have no case
		return r
	}
	least := r
	for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
		least = min(least, x)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// fold returns s folded.
func fold(s string) string { return string(appendFold(nil, s)) }

// appendFold appends the folded bytes of s.
func appendFold[T byteseq](dst []byte, s T) []byte {
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			dst = append(dst, lowerASCII(b))
			i++
			continue
		}
		r, size := runeAt(s, i)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, b)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += size
	}
	return dst
}

func lowerASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// runeAt decodes the rune that starts at s[i], with size 1 and RuneError if
// there is none.
func runeAt[T byteseq](s T, i int) (r rune, size int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s[i:])])
}

// runeBefore decodes the rune that ends at s[i-1].
func runeBefore[T byteseq](s T, i int) (r rune, size int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeLastRune(b[:copy(b[:], s[max(0, i-utf8.UTFMax):i])])
}

const (
	highBits = 0x8080808080808080
	ones     = 0x0101010101010101
)

// lowerWord lowers the ASCII letters among eight ASCII bytes.
func lowerWord(w uint64) uint64 {
	// Neither sum carries into the next byte, since all are below 0x80. The high
	// bit of a byte is then set in the first if it is at least 'A', in the
	// second if it is above 'Z'.
	atLeastA := w + (0x80-'A')*ones
	aboveZ := w + (0x80-'Z'-1)*ones
	return w | ((atLeastA^aboveZ)&highBits)>>2
}

// hashFolded returns a hash of the folded bytes of s, or ok = false if s is not
// ASCII and has to be folded first; that is never so for text that is folded and
// passed with raw = true.
func hashFolded[T byteseq](s T, raw bool) (h uint64, ok bool) {
	const k0, k1 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	n := len(s)
	h = uint64(n) * k0
	var w, seen uint64
	i := 0
	for ; i+8 <= n; i += 8 {
		w = word(s, i)
		seen |= w
		h = mix(h^lowerWordOrRaw(w, raw), k1)
	}
	if i < n {
		if n >= 8 {
			w = word(s, n-8) // overlaps what was hashed already
		} else {
			w = 0
			for j := n - 1; j >= 0; j-- {
				w = w<<8 | uint64(s[j])
			}
		}
		seen |= w
		h = mix(h^lowerWordOrRaw(w, raw), k1)
	}
	return h, raw || seen&highBits == 0
}

// lowerWordOrRaw must not lower bytes of folded text: where it is not ASCII the
// arithmetic of lowerWord does not hold, and it is lower case already.
func lowerWordOrRaw(w uint64, raw bool) uint64 {
	if raw {
		return w
	}
	return lowerWord(w)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// word loads eight bytes; the compiler makes it one instruction.
func word[T byteseq](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// equalFolded reports whether s, which is ASCII, folds to folded.
func equalFolded[T byteseq](s T, folded string) bool {
	if len(s) != len(folded) {
		return false
	}
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if lowerWord(word(s, i)) != word(folded, i) {
			return false
		}
	}
	for ; i < len(s); i++ {
		if lowerASCII(s[i]) != folded[i] {
			return false
		}
	}
	return true
}
