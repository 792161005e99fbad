package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/entrawatch/entrawatch/internal/printable"
	"github.com/entrawatch/entrawatch/internal/spelling"
)

// clean, columns and wrap are those of package printable.
func clean(s string) string             { return printable.Clean(s) }
func columns(s string) int              { return printable.Columns(s) }
func wrap(s string, limit int) []string { return printable.Wrap(s, limit) }

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
