package guide

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/report"
	"github.com/entrawatch/entrawatch/rules"
)

// library loads the built-in rules.
func library(t *testing.T) []*detect.Rule {
	t.Helper()
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "builtin", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	return lib.Rules
}

func entries(t *testing.T, all []*detect.Rule) []Entry {
	t.Helper()
	out, err := Entries(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEntries holds the list to the guides and to what there is.
func TestEntries(t *testing.T) {
	all := library(t)
	list := entries(t, all)
	counts := map[string]int{}
	ids := map[string]bool{}
	inputs := map[string]bool{}
	for _, in := range baseline.Inputs() {
		inputs[in.Name] = true
	}
	for i := range list {
		e := &list[i]
		ids[e.ID] = true
		prefix := strings.TrimRight(e.ID, "0123456789")
		counts[prefix]++
		switch {
		case len(e.By) == 0:
			t.Errorf("%s is not implemented: %s", e.ID, e.How)
		case e.Row() && !slices.ContainsFunc(e.By, func(b By) bool { return b.What == "rule" }):
			t.Errorf("%s: no rule implements this row", e.ID)
		}
		for _, by := range e.By {
			known := true
			switch by.What {
			case "rule":
				known = slices.ContainsFunc(all, func(r *detect.Rule) bool { return r.Slug == by.Name && !r.Silent })
			case "input":
				known = inputs[by.Name]
			case "report":
				known = slices.ContainsFunc(report.Makers(), func(m report.Maker) bool { return m.Name == by.Name })
			case "page":
				_, err := os.Stat(filepath.Join("..", "..", by.Name))
				known = err == nil
			}
			if !known {
				t.Errorf("%s: there is no %s", e.ID, by)
			}
		}
	}
	if want := map[string]int{"U": 48, "P": 36, "C": 49, "UX": 63, "PX": 47, "CX": 16}; !cmp.Equal(counts, want) {
		t.Errorf("entries by guide: %v, want %v", counts, want)
	}
	for _, r := range all {
		for _, id := range r.Extra.Guide {
			if !ids[id] {
				t.Errorf("rule %s names %s, which no guide has", r.Slug, id)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	facts := Facts{
		Rule: func(slug string) string {
			return map[string]string{
				"p2": "not licensed: hidden", "b": "inactive: baseline input x is not set", "c": "no data: no audit events in the input",
				"d": "not computable: signin events in the format o365 lack a field that the rule needs", "e": "cannot match: field y does not exist",
			}[slug]
		},
		Input: func(name string) bool { return name == "set" },
	}
	for _, tc := range []struct{ line, state, reason string }{
		{"U01 row | rule a | S.", Active, ""},
		{"U01 row | rule a; rule b; rule c | S.", Active, "1 of 3 parts work; b: baseline input x is not set"},
		{"U01 row | rule c; rule b | S.", Inactive, "b: baseline input x is not set"},
		{"U01 row | rule c | S.", NoData, "no audit events in the input"},
		{"U01 row | rule p2 | S.", NotLicensed, "hidden"},
		{"U01 row | rule d | S.", NotComputable, "signin events in the format o365 lack a field that the rule needs"},
		{"U01 row | rule e; rule d | S.", NotComputable, "e: field y does not exist"},
		{"U01 row | input set | S.", Active, ""},
		{"U01 row | input other | S.", Inactive, "baseline input other is not set"},
		{"U01 row | command scan | S.", Active, ""},
		{"U01 row | none | S.", NotImplemented, "S."},
	} {
		e, err := parse(tc.line)
		if err != nil {
			t.Fatal(err)
		}
		if s := e.Status(facts); s.State != tc.state || s.Reason != tc.reason {
			t.Errorf("%s: %s: %q; want %s: %q", tc.line, s.State, s.Reason, tc.state, tc.reason)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{"U01", "expected an id and a slug"},
		{"U01 row | rule a", "expected what implements it and a sentence"},
		{"U01 row | rule | S.", "expected rule, input, report, command or page with a name"},
		{"U01 row | idea a | S.", "expected rule, input, report, command or page with a name"},
	} {
		if _, err := parse(tc.line); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v, want %q", tc.line, err, tc.want)
		}
	}
}
