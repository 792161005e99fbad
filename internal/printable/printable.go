// Package printable makes text from logs fit to be read: without what could harm
// a terminal, and in lines. It is used by whatever prints for people.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Clean makes text from a log or a file safe to print: on a terminal it cannot
// move the cursor, change colours, begin a new line or turn the direction of
// what follows. Line breaks and tabs become blanks; control characters and
// invisible ones, such as bidirectional overrides, go.
func Clean(s string) string {
	if safe(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s { // what is not UTF-8 becomes U+FFFD
		switch {
		case unicode.IsPrint(r) || r == zwnj || r == zwj:
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
		default:
			b.WriteRune(utf8.RuneError) // unassigned or private: show that there is something
		}
	}
	return b.String()
}

// Joiners are invisible and part of the spelling of names, such as Persian ones.
const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// safe reports whether s is printable ASCII.
func safe(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Columns returns how many columns of a terminal the text takes.
func Columns(s string) int {
	if safe(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if r == zwnj || r == zwj || unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Wrap breaks text into lines of at most that many columns, between words where
// it can.
func Wrap(s string, limit int) []string {
	limit = max(limit, 1)
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, line)
		line, used = "", 0
	}
	for word := range strings.FieldsSeq(s) {
		n := Columns(word)
		if used > 0 && used+1+n > limit {
			flush()
		}
		for n > limit { // a word longer than a line
			head, tail := split(word, limit)
			line = head
			flush()
			word, n = tail, Columns(tail)
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	if used > 0 || len(lines) == 0 {
		flush()
	}
	return lines
}

// split cuts a word so that its head fits: behind a separator if one stands in
// the second half, so that paths and addresses stay readable.
func split(word string, limit int) (head, tail string) {
	used, cut, nice := 0, len(word), 0
	for i, r := range word {
		if n := runeColumns(r); used+n > limit && i > 0 {
			cut = i
			break
		} else {
			used += n
		}
		if strings.ContainsRune(`/\-_.,;:@`, r) && used > limit/2 {
			nice = i + utf8.RuneLen(r)
		}
	}
	if nice > 0 && nice < cut && cut < len(word) {
		cut = nice
	}
	return word[:cut], word[cut:]
}
