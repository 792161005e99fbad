package sigma

import (
	"fmt"
	"strings"
)

// suggest returns a hint naming the candidate that word probably stands for, or
// else listing all candidates.
func suggest(word string, candidates []string) string {
	best, bestDistance := "", 1+max(1, min(3, len(word)/3))
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(candidates) == 0 || len(candidates) > 30:
		return ""
	default:
		return "one of " + strings.Join(candidates, ", ")
	}
}

// near is suggest without the list.
func near(word string, candidates []string) string {
	if s := suggest(word, candidates); strings.HasPrefix(s, "did") {
		return s
	}
	return ""
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a. Long words are not worth the time.
func editDistance(a, b string) int {
	const long = 64
	if len(a) > long || len(b) > long {
		return long
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
