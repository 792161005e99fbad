// Package spelling finds the name that somebody meant to write.
package spelling

import "strings"

// Nearest returns the known name that word becomes with the fewest edits, which
// must be no more than most; "" when there is none. Case does not count, and of
// several equally near names the first is taken.
func Nearest(word string, known []string, most int) string {
	best, limit := "", most+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k), limit); d < limit {
			best, limit = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements of single bytes
// that make b of a, or is limit if they are no fewer than that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], limit)
}
