package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/entrawatch/entrawatch/internal/spelling"
)

// clean makes text from a log or a file safe to print: on a terminal it cannot
// move the cursor, change colours, begin a new line or turn the direction of
// what follows. Line breaks and tabs become blanks; control characters and
// invisible ones, such as bidirectional overrides, go.
func clean(s string) string {
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

// columns returns how many columns of a terminal the text takes.
func columns(s string) int {
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

// wrap breaks text into lines of at most that many columns, between words where
// it can.
func wrap(s string, limit int) []string {
	limit = max(limit, 1)
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, line)
		line, used = "", 0
	}
	for word := range strings.FieldsSeq(s) {
		n := columns(word)
		if used > 0 && used+1+n > limit {
			flush()
		}
		for n > limit { // a word longer than a line
			head, tail := split(word, limit)
			line = head
			flush()
			word, n = tail, columns(tail)
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

// pad fills text with blanks up to a number of columns.
func pad(s string, to int) string {
	return s + strings.Repeat(" ", max(0, to-columns(s)))
}

// paragraph wraps text and puts prefix before its first line and as many
// blanks before the others.
func paragraph(prefix, text string, limit int) string {
	in := columns(prefix)
	var b strings.Builder
	for i, line := range wrap(text, limit-in) {
		if i > 0 {
			prefix = strings.Repeat(" ", in)
		}
		b.WriteString(strings.TrimRight(prefix+line, " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// count writes a number with its noun: "1 file", "1,204 records".
func count[N int | int64](n N, noun string) string {
	if n != 1 {
		switch {
		case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
			noun = strings.TrimSuffix(noun, "y") + "ies"
		default:
			noun += "s"
		}
	}
	return number(n) + " " + noun
}

// number writes thousands apart: 1,204.
func number[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural chooses a word by number.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// bytesOf writes a size: 1.2 GB.
func bytesOf(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	f, u := float64(n), 0
	for f >= 999.5 && u < len(units)-1 {
		f /= 1000
		u++
	}
	if u == 0 || f >= 99.5 {
		return fmt.Sprintf("%.0f %s", f, units[u])
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}

// cut shortens a list to its first entries. more is how many were left out;
// one too many is no reason to cut.
func cut[T any](list []T, most int) (head []T, more int) {
	if len(list) <= most+1 {
		return list, 0
	}
	return list[:most], len(list) - most
}

// didYouMean returns "; did you mean X?" for the candidate that needs the
// fewest edits to become the word, if they are few.
func didYouMean(word string, candidates []string) string {
	best := spelling.Nearest(word, candidates, min(3, len(word)/2))
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}
