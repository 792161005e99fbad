package app_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// attackDay is when the attacks of these tests happen.
var attackDay = time.Date(2026, 10, 6, 9, 0, 0, 0, time.UTC)

// attacks are four that nobody may miss.
func attacks() map[string][]simulate.Record {
	return map[string][]simulate.Record{
		"spray":    simulate.PasswordSpray(attackDay, 400, 3*time.Hour),
		"brute":    simulate.BruteForce(attackDay.Add(20*time.Minute), 120, 5*time.Second),
		"fatigue":  simulate.MFAFatigue(attackDay.Add(40*time.Minute), 9, 50*time.Second),
		"deletion": simulate.MassDeletion(attackDay.Add(5*time.Hour), 80, 20*time.Second),
	}
}

// traffic is ordinary sign-ins of two days with the attacks among them.
func traffic(n int) []simulate.Record {
	var out []simulate.Record
	for r := range simulate.SigninRecords(3) {
		if len(out) == n {
			break
		}
		out = append(out, r)
	}
	all := attacks()
	for _, name := range []string{"spray", "brute", "fatigue", "deletion"} {
		out = append(out, all[name]...)
	}
	return out
}

// byKind writes records into files of one log each.
func byKind(t *testing.T, dir, name string, format event.Format, layout simulate.Layout, recs []simulate.Record) {
	t.Helper()
	kinds := map[event.Kind][]simulate.Record{}
	for _, r := range recs {
		kinds[r.Kind] = append(kinds[r.Kind], r)
	}
	for k, same := range kinds {
		write(t, dir, fmt.Sprintf("%s-%s.json", k, name), format, layout, same)
	}
}

func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFiftyFiles: the same events as one file and as fifty, shuffled and with
// duplicates, give the same alerts, to the byte.
func TestFiftyFiles(t *testing.T) {
	recs := traffic(1500)
	rules, base := library(t), declared(t)
	one := folder(t)
	byKind(t, one, "all", event.Diagnostic, simulate.NDJSON, recs)
	res := scan(t, app.ScanConfig{Paths: []string{one}, Rules: rules, Baseline: base, Workers: 1})
	want := asJSON(t, res)
	correlated := 0
	for _, a := range alerts(t, res) {
		if a.Count > 20 {
			correlated++
		}
	}
	if correlated < 4 {
		t.Errorf("%d alerts of many events; that tests little", correlated)
	}

	rng := rand.New(rand.NewPCG(5, 5))
	mixed := slices.Clone(recs)
	for range len(recs) / 3 {
		mixed = append(mixed, recs[rng.IntN(len(recs))])
	}
	rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	fifty := folder(t)
	for i := range 50 {
		part := mixed[i*len(mixed)/50 : (i+1)*len(mixed)/50]
		layout := simulate.NDJSON
		if i%2 == 1 {
			layout = simulate.Page
		}
		byKind(t, fifty, fmt.Sprintf("%02d", i), event.Diagnostic, layout, part)
	}
	for _, c := range []app.ScanConfig{{Workers: 3}, {Workers: 2, Memory: 1 << 20}} {
		c.Paths, c.Rules, c.Baseline = []string{fifty}, rules, base
		got := scan(t, c)
		if d := cmp.Diff(want, asJSON(t, got)); d != "" {
			t.Errorf("%d workers, %d bytes (-one +fifty):\n%s", c.Workers, c.Memory, d)
		}
		if got.Summary.Duplicates != int64(len(mixed)-len(recs)) {
			t.Errorf("%d duplicates, want %d", got.Summary.Duplicates, len(mixed)-len(recs))
		}
	}
}

// TestThreeFormats: the same events as formats that carry ids give the same
// alerts, for every rule that works on all of them.
func TestThreeFormats(t *testing.T) {
	recs := traffic(1500)
	rules, base := library(t), declared(t)
	engine, err := detect.New(detect.Config{Rules: rules, Baseline: base})
	if err != nil {
		t.Fatal(err)
	}
	formats := []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics}
	everywhere := map[string]bool{}
	for _, c := range engine.Check() {
		everywhere[c.Rule] = !slices.ContainsFunc(formats, func(f event.Format) bool { return !slices.Contains(c.WorksOn, f.String()) })
	}
	var want []string
	for i, format := range formats {
		dir := folder(t)
		byKind(t, dir, "x", format, simulate.Layouts(format)[0], recs)
		res := scan(t, app.ScanConfig{Paths: []string{dir}, Rules: rules, Baseline: base, Tenant: simulate.Tenant})
		var got []string
		for _, a := range alerts(t, res) {
			if everywhere[a.Rule] {
				got = append(got, fmt.Sprintf("%s %s %s %d %s %s", a.Rule, a.ID, a.Severity, a.Count, a.First.Format(time.RFC3339), a.Last.Format(time.RFC3339)))
			}
		}
		slices.Sort(got)
		if i == 0 {
			if want = got; len(want) < 5 {
				t.Fatalf("%d alerts; that tests little", len(want))
			}
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-%s +%s\n%s", formats[0], format, d)
		}
	}
	t.Logf("%d alerts compared over %d formats", len(want), len(formats))
}

// TestAttacksAreOneAlert: an attack is one alert, of the right severity, whose
// sentence says what happened.
func TestAttacksAreOneAlert(t *testing.T) {
	tests := []struct {
		attack, rule, severity string
		count                  int
		says                   []string
	}{
		{"spray", "password-spray-pattern", "high", 400, []string{"192.0.2.66", "400"}},
		{"brute", "failed-sign-in-attempts", "medium", 120, []string{"victim5000@contoso.com", "120"}},
		{"fatigue", "mfa-fraud-alert", "high", 9, []string{"victim6000@contoso.com", "9"}},
		{"deletion", "mass-account-deletion", "high", 80, []string{"bo.andersson@contoso.com", "80"}},
	}
	all := attacks()
	var builtin []*detect.Rule
	for _, r := range library(t) {
		if r.Builtin {
			builtin = append(builtin, r)
		}
	}
	base := parseBaseline(t, `
home_tenant_id: `+simulate.Tenant+`
allowed_countries: [SE, DE]
approved_actors: {user_lifecycle: [bo.andersson@contoso.com]}
`)
	for _, tt := range tests {
		t.Run(tt.attack, func(t *testing.T) {
			dir := folder(t)
			byKind(t, dir, "x", event.Diagnostic, simulate.NDJSON, all[tt.attack])
			res := scan(t, app.ScanConfig{Paths: []string{dir}, Rules: builtin, Baseline: base})
			found := alerts(t, res)
			if len(found) != 1 || found[0].Rule != tt.rule {
				for _, a := range found[:min(len(found), 10)] {
					t.Logf("%s ×%d: %s", a.Rule, a.Count, a.Summary)
				}
				t.Fatalf("%d alerts, want one of %s", len(found), tt.rule)
			}
			a := found[0]
			if a.Severity != tt.severity || a.Count != tt.count {
				t.Errorf("severity %s (%s), count %d; want %s, %d", a.Severity, a.SeverityReason, a.Count, tt.severity, tt.count)
			}
			for _, s := range tt.says {
				if !strings.Contains(a.Summary, s) {
					t.Errorf("%q does not say %q", a.Summary, s)
				}
			}
		})
	}
}
