package baseline

import (
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

// A sieve tells most texts that are not in a set from the few that may be,
// without folding or hashing them: sets are small, and nearly everybody is in
// none of them.
type sieve struct {
	never uint64   // lengths, modulo 64, that no text of the set has, a bit each
	exact []uint64 // by length and some characters, a bit each; nil: everything passes
	shift uint8    // of a hash, for the number of its bit
	// foreign is true if a text with letters outside ASCII may fold to one of the
	// set.
	foreign  bool
	patterns *patternSieve // nil: there are none
}

// A patternSieve does so for patterns.
type patternSieve struct {
	first   [4]uint64 // by first character, of those that do not begin with *
	globs   []*glob   // these
	loose   []*glob   // those that do
	foreign bool
}

// newSieve makes a sieve for a number of texts.
func newSieve(texts int) sieve {
	n := max(8, bits.Len(uint(texts))+3)
	return sieve{never: math.MaxUint64, exact: make([]uint64, 1<<(n-6)), shift: uint8(32 - n)}
}

func (s *sieve) add(folded string) {
	if folded == "" {
		return
	}
	b := sieveHash(folded) >> s.shift
	s.exact[b>>6] |= 1 << (b & 63)
	longer, plain := foreign(folded)
	s.foreign = s.foreign || longer > 0
	if !plain {
		s.never = 0
	}
	for n := range longer + 1 {
		s.never &^= 1 << ((len(folded) + n) & 63)
	}
}

func (s *sieve) addGlob(g *glob) {
	p := s.patterns
	if p == nil {
		p = &patternSieve{}
		s.patterns = p
	}
	for _, end := range [][]byte{g.prefix, g.suffix} {
		longer, _ := foreign(end)
		p.foreign = p.foreign || longer > 0
	}
	if len(g.prefix) == 0 {
		p.loose = append(p.loose, g)
		return
	}
	c := g.prefix[0] | lowBit
	p.first[c>>6] |= 1 << (c & 63)
	p.globs = append(p.globs, g)
}

// passes reports whether text may be in the set. Where it says no, it is not.
func (s *sieve) passes(text string) bool {
	return s.never>>(len(text)&63)&1 == 0 && s.may(text) || s.patterns != nil && s.patterns.may(text)
}

// may does so for texts of the length of one that is in the set.
func (s *sieve) may(text string) bool {
	if text == "" || s.exact == nil {
		return text != ""
	}
	b := sieveHash(text) >> s.shift
	return s.exact[b>>6]>>(b&63)&1 != 0 || s.foreign && !ascii.Only(text)
}

func (p *patternSieve) may(text string) bool {
	if text == "" {
		return false
	}
	c := text[0] | lowBit
	return p.first[c>>6]>>(c&63)&1 != 0 && anyEnds(p.globs, text) || len(p.loose) > 0 && anyEnds(p.loose, text) ||
		p.foreign && !ascii.Only(text)
}

// foreign returns how much longer a text with letters outside ASCII may be that
// folds to this one: the Kelvin sign, of three bytes, folds to k, and the I with a
// dot, of two, to i. plain is false if the text itself has such letters.
func foreign[T string | []byte](folded T) (longer int, plain bool) {
	plain = true
	for i := range len(folded) {
		switch c := folded[i]; {
		case c == 'k':
			longer += 2
		case c == 'i', c >= utf8.RuneSelf:
			longer++
			plain = plain && c < utf8.RuneSelf
		}
	}
	return longer, plain
}

// anyEnds reports whether text, if it is ASCII, begins and ends as one of the
// patterns says.
func anyEnds(globs []*glob, text string) bool {
	for _, g := range globs {
		if len(text) >= max(len(g.prefix), len(g.suffix)) &&
			startsFolded(text, g.prefix) && startsFolded(text[len(text)-len(g.suffix):], g.suffix) {
			return true
		}
	}
	return false
}

func startsFolded(text string, folded []byte) bool {
	for i, c := range folded {
		if lowByte(text[i]) != c {
			return false
		}
	}
	return true
}

// lowBit is what lower-case letters have and capital ones lack.
const lowBit = 'a' - 'A'

// sieveHash takes the length and characters from all over the text, without
// regard to case.
func sieveHash(s string) uint32 {
	n := len(s)
	h := uint32(n)*0x9E3779B1 + uint32(s[0]|lowBit)*0x85EBCA77 + uint32(s[n/4]|lowBit)*0xC2B2AE3D +
		uint32(s[n/3]|lowBit)*0x27D4EB2F + uint32(s[n/2]|lowBit)*0x165667B1 + uint32(s[n-1]|lowBit)*0xD3A2646D
	return (h ^ h>>15) * 0x2C1B3C6D
}

func lowByte(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}

// seal builds the sieve of a finished set.
func (s *principalSet) seal() {
	s.sieve = newSieve(len(s.keys))
	s.pour(&s.sieve)
}

// pour adds everything in the set to a sieve.
func (s *principalSet) pour(into *sieve) {
	for k := range s.keys {
		into.add(k)
	}
	for _, globs := range [][]glob{s.users, s.apps, s.names} {
		for i := range globs {
			into.addGlob(&globs[i])
		}
	}
}

// mayHave reports whether p can be in the set at all. The forms in which the
// names of guests and deleted users hide another name are left to has.
func (s *sieve) mayHave(p *Principal) bool {
	if len(withoutIDPrefix(p.UPN)) != len(p.UPN) {
		return true
	}
	if strings.IndexByte(p.UPN, '#') >= 0 {
		return true
	}
	return s.passes(p.UPN) || s.passes(p.ID) || s.passes(p.Name) || s.passes(p.AppID)
}

func (s *nameSet) seal() {
	if s == nil {
		return
	}
	s.sieve = newSieve(len(s.exact))
	for k := range s.exact {
		s.sieve.add(k)
	}
	for i := range s.globs {
		s.sieve.addGlob(&s.globs[i])
	}
}
