package baseline

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowMatch is the definition of a pattern, written as it is said.
func slowMatch(pattern, s []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '*':
		return slowMatch(pattern[1:], s) || len(s) > 0 && slowMatch(pattern, s[1:])
	}
	return len(s) > 0 && pattern[0] == s[0] && slowMatch(pattern[1:], s[1:])
}

func TestGlobAgainstDefinition(t *testing.T) {
	var matched, missed int
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"*", "a", "b", "Ä", "ab", "*a*", "B*"})
		pattern := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pattern"), "")
		filler := rapid.SampledFrom([]string{"", "a", "bä", "ab"})
		var text strings.Builder // the pattern with something in place of every *, most of the time
		for _, r := range pattern {
			switch {
			case r == '*':
				text.WriteString(filler.Draw(t, "filler"))
			case rapid.IntRange(0, 9).Draw(t, "keep") > 0:
				text.WriteRune(r)
			}
		}
		g := newGlob(pattern)
		got, want := g.match([]byte(lower(text.String()))), slowMatch([]rune(lower(pattern)), []rune(lower(text.String())))
		if got != want {
			t.Fatalf("%q on %q: %v, want %v", pattern, text.String(), got, want)
		}
		if got {
			matched++
		} else {
			missed++
		}
	})
	if matched == 0 || missed == 0 {
		t.Errorf("%d matched, %d did not: the test says nothing", matched, missed)
	}
}

func TestNameSet(t *testing.T) {
	s := newNameSet([]string{"Global Administrator", "*.All", "Ärende"})
	for name, want := range map[string]bool{
		"global administrator": true, "GLOBAL ADMINISTRATOR": true, "global administrators": false, "": false,
		"User.Read.All": true, "user.read.ALL": true, ".all": true, "User.Read.Allow": false, "ärende": true,
	} {
		if s.has(name) != want {
			t.Errorf("has(%q) = %v", name, !want)
		}
	}
	if (*nameSet)(nil).has("a") {
		t.Error("an absent set has a member")
	}
}

func TestUPN(t *testing.T) {
	const hex = "0123456789abcdef0123456789ABCDEF"
	for in, want := range map[string]string{
		hex + "ann@acme.example":        "ann@acme.example",
		hex + "_ann@acme.example":       "ann@acme.example",
		hex + "@acme.example":           hex + "@acme.example", // the name itself
		hex:                             hex,
		hex + "_":                       hex + "_",
		"x" + hex[1:] + "@acme.example": "x" + hex[1:] + "@acme.example",
		"ann@acme.example":              "ann@acme.example",
	} {
		if got := withoutIDPrefix(in); got != want {
			t.Errorf("withoutIDPrefix(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"ann@Acme.Example":                         "acme.example",
		"bob_b_Partner.Example#EXT#@acme.example":  "partner.example",
		hex + "bob_partner.example#EXT#@acme.test": "partner.example",
		"#EXT#@acme.example":                       "acme.example",
		"_#EXT#@acme.example":                      "acme.example",
		"Sync_SRV@acme.example.":                   "acme.example",
		"ann@":                                     "",
		"ann":                                      "",
		"":                                         "",
		"ServicePrincipal_x":                       "",
		"\"a@b\"@acme.example":                     "acme.example",
		"bob@b.example_partner.example#EXT#@acme.io": "partner.example",
	} {
		if got, _ := domainOf(in); got != want {
			t.Errorf("domainOf(%q) = %q, want %q", in, got, want)
		}
	}
	for host, want := range map[string]bool{
		"contoso.com": true, "app.contoso.com": true, "evilcontoso.com": false, "contoso.com.evil.example": false, "com": false,
	} {
		if got := newNameSet([]string{"contoso.com"}).hasDomain(host, true); got != want {
			t.Errorf("hasDomain(%q) = %v", host, got)
		}
	}
}
