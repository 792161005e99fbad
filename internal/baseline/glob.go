package baseline

import (
	"bytes"
	"strings"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

func lower(s string) string { return string(ascii.AppendLower(nil, s)) }

// glob is a folded pattern in which * stands for any number of characters.
type glob struct {
	text           string // the pattern as written
	prefix, suffix []byte
	middle         [][]byte // found in this order between the two
	exact          bool     // no * at all
}

func newGlob(pattern string) glob {
	parts := strings.Split(lower(pattern), "*")
	g := glob{text: pattern, prefix: []byte(parts[0])}
	if len(parts) == 1 {
		g.exact = true
		return g
	}
	g.suffix = []byte(parts[len(parts)-1])
	for _, m := range parts[1 : len(parts)-1] {
		if m != "" {
			g.middle = append(g.middle, []byte(m))
		}
	}
	return g
}

// match reports whether the folded text b matches from end to end.
func (g *glob) match(b []byte) bool {
	if g.exact {
		return bytes.Equal(b, g.prefix)
	}
	if len(b) < len(g.prefix)+len(g.suffix) || !bytes.HasPrefix(b, g.prefix) || !bytes.HasSuffix(b, g.suffix) {
		return false
	}
	b = b[len(g.prefix) : len(b)-len(g.suffix)]
	for _, m := range g.middle {
		i := bytes.Index(b, m)
		if i < 0 {
			return false
		}
		b = b[i+len(m):]
	}
	return true
}

func anyGlob(globs []glob, b []byte) bool {
	for i := range globs {
		if globs[i].match(b) {
			return true
		}
	}
	return false
}
