package source

import (
	"bytes"
	"slices"
)

// maxDepth is how deep brackets may nest in a line.
const maxDepth = 64

// OneLine reports whether text is one JSON object or array on one line, as far
// as brackets and strings tell. What follows such a line on the next one cannot
// be taken for a part of it.
func OneLine(text []byte) bool {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' || bytes.IndexByte(text, '\n') >= 0 {
		return false
	}
	open := make([]byte, 0, maxDepth)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			n := stringEnd(text[i+1:])
			if n < 0 {
				return false
			}
			i += n
		case '{', '[':
			if len(open) == maxDepth {
				return false
			}
			open = append(open, c+2) // the ASCII of } and ] is two behind
		case '}', ']':
			if n := len(open) - 1; open[n] != c {
				return false
			} else if open = open[:n]; n == 0 {
				return i == len(text)-1
			}
		}
	}
	return false
}

// stringEnd returns how far behind its opening quote a string ends, -1 if it does
// not.
func stringEnd(text []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '"')
		if n < 0 {
			return -1
		}
		at += n + 1
		escapes := 0
		for _, c := range slices.Backward(text[:at-1]) {
			if c != '\\' {
				break
			}
			escapes++
		}
		if escapes%2 == 0 {
			return at
		}
	}
}
