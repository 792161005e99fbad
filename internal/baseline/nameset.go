package baseline

import (
	"maps"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

// nameSet holds names or ids that compare without regard to case, and patterns.
type nameSet struct {
	exact map[string]struct{}
	globs []glob
	sieve sieve
	list  []string // as written, for placeholders
}

func newNameSet(names []string) *nameSet {
	s := &nameSet{exact: make(map[string]struct{}, len(names))}
	for _, n := range names {
		s.add(n)
	}
	return s
}

func (s *nameSet) add(name string) {
	if strings.Contains(name, "*") {
		s.globs = append(s.globs, newGlob(name))
		s.list = append(s.list, name)
		return
	}
	key := lower(name)
	if _, ok := s.exact[key]; !ok {
		s.exact[key] = struct{}{}
		s.list = append(s.list, name)
	}
}

// has reports whether name is in the set; the empty name never is.
func (s *nameSet) has(name string) bool {
	if s == nil || !s.sieve.passes(name) {
		return false
	}
	var buf [128]byte
	b := ascii.AppendLower(buf[:0], name)
	if _, ok := s.exact[string(b)]; ok {
		return true
	}
	return len(s.globs) > 0 && anyGlob(s.globs, b)
}

// sorted returns the keys of a set in order, so that nothing depends on the
// order of a map.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
