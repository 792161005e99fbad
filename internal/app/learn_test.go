package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/learn"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// draftOf learns from files and returns the draft without thresholds.
func draftOf(t testing.TB, c app.ScanConfig) []byte {
	t.Helper()
	l, err := app.Learn(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	d := learn.Draft{Home: l.Home, Period: [2]time.Time{l.Tally.First, l.Tally.Last}}
	d.Blocks = learn.Propose(l.Profiles[l.Home], &l.Tally, l.Roles, true)
	return d.Write()
}

// habits writes sign-ins and changes of people with a few habits, and of an
// attacker who is loud on one day.
func habits(t testing.TB, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	var b strings.Builder
	id := 0
	users, days := 4+rng.IntN(8), 4+rng.IntN(6)
	countries := []string{"SE", "DE", "NO"}[:1+rng.IntN(3)]
	signin := func(day, hour, user int, country, ip string, code int) {
		id++
		fmt.Fprintf(&b, `{"id":"%08x-0000-4000-8000-000000000001","createdDateTime":"2026-11-%02dT%02d:%02d:00Z","userPrincipalName":"user%d@contoso.com","userId":"%08x-1111-4000-8000-000000000001","appId":"4765445b-32c6-49b0-83e6-1d93765276ca","appDisplayName":"OfficeHome","ipAddress":"%s","clientAppUsed":"Browser","isInteractive":true,"status":{"errorCode":%d},"location":{"countryOrRegion":"%s"}}`+"\n",
			id, day, hour, rng.IntN(60), user, user, ip, code, country)
	}
	for day := 2; day < 2+days; day++ {
		for user := range users {
			if rng.IntN(4) > 0 {
				signin(day, 7+rng.IntN(9), user, countries[user%len(countries)], "8.8.8.8", []int{0, 0, 0, 50126}[rng.IntN(4)])
			}
		}
		id++
		fmt.Fprintf(&b, `{"id":"Directory_%d","activityDateTime":"2026-11-%02dT09:00:00Z","activityDisplayName":"Update user","category":"UserManagement","result":"success","loggedByService":"Core Directory","operationType":"Update","initiatedBy":{"user":{"id":"%08x-2222-4000-8000-000000000001","userPrincipalName":"admin%d@contoso.com"}},"targetResources":[{"id":"%08x-1111-4000-8000-000000000001","type":"User","userPrincipalName":"user1@contoso.com"}]}`+"\n",
			id, day, day%2, day%2, 1)
	}
	for range 50 {
		signin(4, 3, rng.IntN(users), "RU", "9.9.9.9", 0)
	}
	path := filepath.Join(t.TempDir(), "logs.json")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// lists are the inputs that allow something by listing it.
var lists = []string{"allowed_countries", "egress_ips", "approved_domains", "approved_sources", "partner_organizations", "approved_actors.user_lifecycle"}

// TestLearnedIsNoLouder scans logs with what was learned from them and with
// the same inputs empty: what is listed can only take alerts away, and takes
// none of the attacker's.
func TestLearnedIsNoLouder(t *testing.T) {
	rules := library(t)
	for seed := range uint64(12) {
		path := habits(t, seed)
		text := draftOf(t, app.ScanConfig{Paths: []string{path}, Tenant: simulate.Tenant})
		learned := parseBaseline(t, string(text))
		empty := learned
		for _, in := range lists {
			empty = empty.Without(in)
		}
		var nothing strings.Builder
		for _, in := range lists {
			if learned.Sets("", in) {
				group, part, nested := strings.Cut(in, ".")
				if nested {
					fmt.Fprintf(&nothing, "%s: {%s: []}\n", group, part)
				} else {
					fmt.Fprintf(&nothing, "%s: []\n", in)
				}
			}
		}
		empty = parseBaseline(t, nothing.String()).Over(empty)
		count := func(b *baseline.Baseline) (all, russian int) {
			for _, a := range alerts(t, scan(t, app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: b})) {
				all++
				if strings.Contains(a.Rule, "country") && strings.Contains(a.Summary, "RU") {
					russian++
				}
			}
			return all, russian
		}
		with, seen := count(learned)
		without, seenBefore := count(empty)
		if with > without {
			t.Errorf("seed %d: %d alerts with what was learned, %d with nothing:\n%s", seed, with, without, text)
		}
		if learned.Sets("", "allowed_countries") && (seen == 0 || seenBefore == 0) {
			t.Errorf("seed %d: the attacker of one day was learned (%d alerts, %d with nothing):\n%s", seed, seen, seenBefore, text)
		}
	}
}

// TestLearnSpills learns the same with hardly any memory, and with several
// workers.
func TestLearnSpills(t *testing.T) {
	path := habits(t, 3)
	want := string(draftOf(t, app.ScanConfig{Paths: []string{path}, Tenant: simulate.Tenant, Workers: 1}))
	for _, workers := range []int{1, 3} {
		got := string(draftOf(t, app.ScanConfig{Paths: []string{path, path}, Tenant: simulate.Tenant, Workers: workers, Memory: 4096, TempDir: t.TempDir()}))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d workers:\n%s", workers, d)
		}
	}
}

// TestUnused finds the entries that no event needs.
func TestUnused(t *testing.T) {
	b := parseBaseline(t, "home_tenant_id: "+simulate.Tenant+"\nallowed_countries: [SE, FR]\negress_ips: [8.8.8.0/24, 1.1.1.1]\napproved_actors: {user_lifecycle: [admin0@contoso.com, nobody@contoso.com]}")
	entries, err := app.Unused(context.Background(), app.ScanConfig{Paths: []string{habits(t, 1)}, Baseline: b})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Input+" "+e.Text)
	}
	if d := cmp.Diff([]string{"approved_actors.user_lifecycle nobody@contoso.com", "allowed_countries FR", "egress_ips 1.1.1.1"}, got); d != "" {
		t.Error(d)
	}
}

// BenchmarkLearn measures the memory of learning from a million users, two
// sign-ins each; it must stay under 512 MiB.
func BenchmarkLearn(b *testing.B) {
	forgetPeak(b)
	const users = 1_000_000
	c := app.ScanConfig{Paths: []string{shortSignins(b, 2*users, users)}, Tenant: simulate.Tenant}
	most := 0.0
	for b.Loop() {
		forgetPeak(b)
		draftOf(b, c)
		most = max(most, peak(b))
	}
	if most >= 512 {
		b.Errorf("learning had %.0f MiB, and must stay under 512", most)
	}
	b.ReportMetric(most, "MiB")
	b.ReportMetric(users, "users")
}
