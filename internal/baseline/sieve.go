package baseline

import "unicode/utf8"

// A sieve tells most texts that are not in a set from the few that may be,
// without folding or hashing them: sets are small, and nearly everybody is in
// none of them.
type sieve struct {
	set   bool
	exact [4]uint64 // by length, first, middle and last character
	first [4]uint64 // by first character, of patterns
	all   bool      // a pattern begins with *
}

func (s *sieve) add(folded string) {
	if folded == "" {
		return
	}
	b := sieveBit(folded)
	s.exact[b>>6] |= 1 << (b & 63)
}

func (s *sieve) addGlob(g *glob) {
	if len(g.prefix) == 0 || g.prefix[0] >= utf8.RuneSelf {
		s.all = true
		return
	}
	s.first[g.prefix[0]>>6] |= 1 << (g.prefix[0] & 63)
}

// passes reports whether text may be in the set. Where it says no, it is not.
func (s *sieve) passes(text string) bool {
	if text == "" {
		return false
	}
	if !s.set || s.all {
		return true
	}
	c := lowByte(text[0])
	if s.first[c>>6]>>(c&63)&1 != 0 {
		return true
	}
	b := sieveBit(text)
	if s.exact[b>>6]>>(b&63)&1 != 0 {
		return true
	}
	// Letters outside ASCII may fold into it.
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func sieveBit(s string) uint8 {
	n := len(s)
	h := uint32(n)*7 + uint32(lowByte(s[0]))*31 + uint32(lowByte(s[n-1]))*131 + uint32(lowByte(s[n/2]))*17
	return uint8(h ^ h>>8)
}

func lowByte(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}

// seal builds the sieve of a finished set.
func (s *principalSet) seal() {
	if s == nil {
		return
	}
	for k := range s.keys {
		s.sieve.add(k)
	}
	for _, globs := range [][]glob{s.users, s.apps, s.names} {
		for i := range globs {
			s.sieve.addGlob(&globs[i])
		}
	}
	s.sieve.set = true
}

// mayHave reports whether p can be in the set at all. The forms in which the
// names of guests and deleted users hide another name are left to has.
func (s *principalSet) mayHave(p *Principal) bool {
	if len(p.UPN) > 32 {
		return true
	}
	for i := range len(p.UPN) {
		if p.UPN[i] == '#' {
			return true
		}
	}
	return s.sieve.passes(p.UPN) || s.sieve.passes(p.ID) || s.sieve.passes(p.Name) || s.sieve.passes(p.AppID)
}

func (s *nameSet) seal() {
	if s == nil {
		return
	}
	for k := range s.exact {
		s.sieve.add(k)
	}
	for i := range s.globs {
		s.sieve.addGlob(&s.globs[i])
	}
	s.sieve.set = true
}
