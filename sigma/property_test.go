package sigma

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// show writes an expression for failure messages.
func show(n Node) string {
	var parts []string
	switch n := n.(type) {
	case And:
		for _, x := range n {
			parts = append(parts, show(x))
		}
		return "(" + strings.Join(parts, " and ") + ")"
	case Or:
		for _, x := range n {
			parts = append(parts, show(x))
		}
		return "(" + strings.Join(parts, " or ") + ")"
	case Not:
		return "not " + show(n.X)
	case *Item:
		return fmt.Sprintf("%s|%s: %q", n.Field, strings.Join(n.Modifiers, "|"), n.Values)
	}
	return fmt.Sprint(n)
}

// TestMatchEqualsEval holds the compiled sets against the naive evaluator: any
// rules, any records, several records in a row and once more, since matchers
// remember values.
func TestMatchEqualsEval(t *testing.T) {
	opt := testOptions()
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.SliceOfN(nodeGen(3), 1, 12).Draw(t, "rules")
		nodes = append(nodes, nodes[:rapid.IntRange(0, len(nodes)).Draw(t, "repeated")]...) // rules that say the same
		records := rapid.SliceOfN(recordGen(), 1, 6).Draw(t, "records")
		rules := make([]*Rule, len(nodes))
		for i, n := range nodes {
			rules[i] = ruleOf(n)
		}
		set, err := Compile(rules, opt)
		if err != nil {
			t.Fatal(err)
		}
		m := set.NewMatcher()
		for _, rec := range slices.Concat(records, records) {
			got := m.Match(rec)
			for i, n := range nodes {
				want, err := Eval(n, opt, rec)
				if err != nil {
					t.Fatal(err)
				}
				if slices.Contains(got, i) != want {
					t.Fatalf("rule %s\nrecord %v\nMatch says %v, Eval %v", show(n), rec, !want, want)
				}
			}
		}
		several := set.NewMatchers(len(records))
		for from := range records { // fewer and fewer at a time
			var recs []Record
			for _, rec := range records[from:] {
				recs = append(recs, rec)
			}
			for i, got := range several.Match(recs) {
				if want := m.Match(recs[i]); !slices.Equal(got, want) {
					t.Fatalf("record %v alone satisfies %v, beside others %v", recs[i], want, got)
				}
			}
		}
	})
}

func TestFoldEqualsDefinition(t *testing.T) {
	for r := rune(0); r <= 0x10FFFF; r++ {
		if s := string(r); fold(s) != slowFold(s) {
			t.Fatalf("fold(%U) = %q, want %q", r, fold(s), slowFold(s))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := textGen().Draw(t, "text")
		if fold(s) != slowFold(s) {
			t.Fatalf("fold(%q) = %q, want %q", s, fold(s), slowFold(s))
		}
		h1, ok := hashFolded(s, false)
		h2, _ := hashFolded(fold(s), true)
		if ok && h1 != h2 {
			t.Fatalf("the hash of %q is not that of its folded bytes", s)
		}
	})
}

func TestMatchPartsEqualsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := tidy(parsePattern(textGen().Draw(t, "pattern")))
		s := textGen().Draw(t, "text")
		if got, want := matchParts(parts, []byte(s)), slowMatch(parts, s); got != want {
			t.Fatalf("matchParts(%v, %q) = %v, want %v", parts, s, got, want)
		}
	})
}

func TestParseAddrEqualsNetip(t *testing.T) {
	piece := rapid.SampledFrom([]string{":", "::", ".", "1", "0", "10", "255", "256", "ff", "abcd", "12345", "%", "eth0", "g", "ffff"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		checkAddr(t, s)
	})
}

func checkAddr(t *rapid.T, s string) {
	want, err := netip.ParseAddr(s)
	got, ok := parseAddr(s)
	if ok != (err == nil) || ok && got != want.WithZone("").Unmap() {
		t.Fatalf("parseAddr(%q) = %v, %v; want %v, %v", s, got, ok, want, err)
	}
}
