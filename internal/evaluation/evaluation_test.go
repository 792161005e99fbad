package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	_ "time/tzdata" // as in main

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

// TestEvaluation is a small evaluation. What learning takes for normal must be
// seen on up to 14 days, so that three weeks are the least that finds all.
func TestEvaluation(t *testing.T) {
	page := filepath.Join(t.TempDir(), "evaluation.md")
	var talk bytes.Buffer
	if err := run(context.Background(), []string{"-seeds", "1", "-people", "100", "-days", "21", "-o", page}, &talk); err != nil {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"    make eval SEEDS=\"1\" PEOPLE=100 DAYS=21\n",
		"    entrawatch baseline learn -from clean/declared.yaml -o learned.yaml clean/logs\n",
		"    entrawatch scan -baseline attacked/normal.yaml -json attacked/logs > attacked/alerts.jsonl\n",
		"these inputs and no others: break_glass_accounts, ",
		" | 100.0 % | ",
		"\n| 1 | high | 0.00 | 0 | 0 | ",
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the page lacks %q:\n%s", want, data)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-seeds", "one"}, {"-seeds", ""}, {"-people", "many"}, {"-people", "3"}} {
		if err := run(context.Background(), args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestShortfalls(t *testing.T) {
	missed := simulate.Verdict{Missed: []simulate.Label{{Attack: "brute-force"}}}
	for _, tc := range []struct {
		name string
		r    result
		want string
	}{
		{"all is well", result{clean: levels{"high": {worst: 1}, "medium": {worst: 10}, "low": {worst: 999}}}, ""},
		{"an attack is missed", result{seed: 3, attacked: missed}, "seed 3: missed brute-force"},
		{"two high ones", result{clean: levels{"high": {worst: 2}}}, "seed 0: 2 high alerts on a day of the clean month; the budget is 1"},
		{"eleven medium ones", result{clean: levels{"medium": {worst: 11}}}, "seed 0: 11 medium alerts on a day of the clean month; the budget is 10"},
	} {
		got := ""
		if err := shortfalls([]*result{&tc.r}); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestLevels(t *testing.T) {
	got := levelsOf([]simulate.FalseCount{
		{Rule: "a", Severity: "high", Day: "2026-11-02", Count: 2},
		{Rule: "b", Severity: "high", Day: "2026-11-02", Count: 1},
		{Rule: "b", Severity: "high", Day: "2026-11-03", Count: 1},
		{Rule: "c", Severity: "medium", Count: 7},
	}, 4)
	want := levels{"high": {total: 4, worst: 3, day: "2026-11-02", mean: 1}, "medium": {total: 7}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(level{})); d != "" {
		t.Error(d)
	}
}

// TestDeclare: nothing that learning proposes is declared.
func TestDeclare(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.yaml"), filepath.Join(dir, "to.yaml")
	text := "# words\nhome_tenant_id: x\nblocked_domains: [a.example]\nallowed_countries: [SE]\nplanned_changes:\n  - {id: 1}\n\n# --- more\nthresholds:\n  lockouts: {count: 10}\n  inactive_days: 90\n  travel_speed: 800\nlegacy_auth_disabled_since: 2025-01-01\n"
	if err := os.WriteFile(from, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	names, err := declare(from, to)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"blocked_domains", "planned_changes", "thresholds.inactive_days", "thresholds.travel_speed", "legacy_auth_disabled_since"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
	got, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# What logs do not show, and a person declared.\nblocked_domains: [a.example]\nplanned_changes:\n  - {id: 1}\n\nthresholds:\n  inactive_days: 90\n  travel_speed: 800\nlegacy_auth_disabled_since: 2025-01-01\n"; string(got) != want {
		t.Errorf("%s", got)
	}
	if _, err := declare(to+"none", to); err == nil {
		t.Error("no file is declared")
	}
}

// TestJoin: thresholds may be declared and learned, in one block.
func TestJoin(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, tc := range []struct{ declared, learned, want string }{
		{"a: 1\n", "b: 2\n", "a: 1\n\nb: 2\n"},
		{"a: 1\nthresholds:\n  x: 1\nc: 3\n", "b: 2\n", "a: 1\nthresholds:\n  x: 1\nc: 3\n\nb: 2\n"},
		{"a: 1\nthresholds:\n  x: 1\nc: 3\n", "b: 2\nthresholds:\n  y: 2\n", "a: 1\nc: 3\n\nb: 2\nthresholds:\n  x: 1\n  y: 2\n"},
		{"a: 1\nthresholds:\n  x: 1\n", "b: 2\nthresholds:\n  y: 2\n", "a: 1\n\nb: 2\nthresholds:\n  x: 1\n  y: 2\n"},
	} {
		for name, text := range map[string]string{"declared": tc.declared, "learned": tc.learned} {
			if err := os.WriteFile(path(name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := join(path("both"), path("declared"), path("learned")); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path("both"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tc.want, string(got)); d != "" {
			t.Error(d)
		}
	}
}
