// Package ascii looks at texts eight bytes at a time. Names and ids, which are
// compared without regard to case, nearly all are ASCII, and in lower case
// already.
package ascii

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	ones = 0x0101010101010101
	high = 0x80 * ones
)

// Only reports whether s has no byte outside ASCII.
func Only(s string) bool {
	if len(s) < 8 {
		return short(s)&high == 0
	}
	seen := word(s, len(s)-8)
	for i := 0; i+8 < len(s); i += 8 {
		seen |= word(s, i)
	}
	return seen&high == 0
}

// Lower reports whether s is ASCII without capital letters.
func Lower(s string) bool {
	if len(s) < 8 {
		return capitals(short(s))&high == 0
	}
	seen := capitals(word(s, len(s)-8))
	for i := 0; i+8 < len(s); i += 8 {
		seen |= capitals(word(s, i))
	}
	return seen&high == 0
}

// ToLower is strings.ToLower for text that mostly is lower already.
func ToLower(s string) string {
	if Lower(s) {
		return s
	}
	return strings.ToLower(s)
}

// AppendLower appends s in lower case, so that a look-up can use a buffer on its
// stack instead of allocating.
func AppendLower(dst []byte, s string) []byte {
	if Lower(s) {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			for _, r := range s[i:] {
				dst = utf8.AppendRune(dst, unicode.ToLower(r))
			}
			return dst
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// capitals sets the highest bit of each byte that is a capital letter or not
// ASCII. Adding carries into that bit from A on, and from behind Z on; nothing
// carries further, because the bytes that are added to have it clear.
func capitals(w uint64) uint64 {
	low := w &^ high
	return w | (low+(0x80-'A')*ones)&^(low+(0x7f-'Z')*ones)
}

// short returns the bytes of a text of up to eight.
func short(s string) uint64 {
	var w uint64
	for i := range len(s) {
		w = w<<8 | uint64(s[i])
	}
	return w
}

// word returns the eight bytes of s from i on.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
