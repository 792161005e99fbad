package simulate

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

var firstMonday = time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC)

type memory struct{ bytes.Buffer }

func (*memory) Close() error { return nil }

// played is a whole simulation: files by name, with baseline and labels.
func played(t *testing.T, opt Options, format event.Format) map[string]string {
	t.Helper()
	c, err := NewCompany(opt)
	if err != nil {
		t.Fatal(err)
	}
	attack, labels, err := c.Attack()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*memory{}
	w, err := c.WriteLogs(format, attack, func(name string) (io.WriteCloser, error) {
		if files[name] != nil {
			t.Errorf("%s is written twice", name)
		}
		files[name] = &memory{}
		return files[name], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.Files != len(files) || w.Records == 0 {
		t.Errorf("says %d files and %d records; there are %d files", w.Files, w.Records, len(files))
	}
	out := map[string]string{"baseline": c.Baseline(), "labels": fmt.Sprint(labels)}
	for name, f := range files {
		out[name] = f.String()
	}
	return out
}

func TestSimulationIsTheSameEachTime(t *testing.T) {
	for _, format := range []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics, event.O365, event.PortalCSV} {
		t.Run(format.String(), func(t *testing.T) {
			opt := Options{Seed: 3, People: 30, Customers: 9, Days: 2, Start: firstMonday, Attacks: AttackSlugs()}
			a, b := played(t, opt, format), played(t, opt, format)
			if diff := cmp.Diff(a, b); diff != "" {
				t.Error(diff)
			}
			if format != event.Diagnostic {
				return
			}
			opt.Seed = 4
			if cmp.Equal(a, played(t, opt, format)) {
				t.Error("another seed gives the same")
			}
		})
	}
}

// TestTemplatesAgreeWithWriter: the fast way to write a sign-in of the staff is
// the writer's.
func TestTemplatesAgreeWithWriter(t *testing.T) {
	c, err := NewCompany(Options{Seed: 5, People: 60, Days: 1, Start: firstMonday})
	if err != nil {
		t.Fatal(err)
	}
	signins, renewals := c.newFlow(), c.newRefreshes()
	b := &bencher{templates: map[shape]template{}, cut: func(r Record) Record { return r }}
	n, seen := 0, map[outcome]int{}
	visit := func() (visit, bool) {
		if v, ok := signins.visit(); ok {
			return v, true
		}
		return renewals.visit()
	}
	for v, ok := visit(); ok; v, ok = visit() {
		seen[v.outcome]++
		fast, err := b.appendVisit(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := convert(v.record(), event.Diagnostic, NDJSON)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(appendJSON(nil, doc)), string(fast)); diff != "" {
			t.Fatal(diff)
		}
		n++
	}
	if n < 100 || seen[refreshed] < 2*seen[answered] || seen[expired] == 0 {
		t.Errorf("%d sign-ins: %v", n, seen)
	}
}

func TestNobodySignsInOnTheWay(t *testing.T) {
	c, err := NewCompany(Options{Seed: 1, People: 2000, Days: 7, Start: firstMonday})
	if err != nil {
		t.Fatal(err)
	}
	flow, away, last := c.newFlow(), 0, int64(0)
	for v, ok := flow.visit(); ok; v, ok = flow.visit() {
		if v.at <= last {
			t.Fatal("times do not rise")
		}
		last = v.at
		if wd := tickTime(v.at).Weekday(); v.where != v.who.home && v.ip != fmt.Sprintf("203.0.113.%d", 200+gateway(v.who.home)) {
			away++
			if wd < time.Tuesday || wd > time.Thursday {
				t.Errorf("%s is abroad on %s", v.who.upn, wd)
			}
		}
	}
	if away == 0 {
		t.Error("nobody travels")
	}
}

func TestEveryRowHasAnAttack(t *testing.T) {
	covered := AttackRows()
	for _, table := range []struct {
		letter string
		rows   int
	}{{"U", 48}, {"P", 36}, {"C", 49}} {
		for i := range table.rows {
			if row := fmt.Sprintf("%s%02d", table.letter, i+1); !slices.Contains(covered, row) {
				t.Errorf("%s has no attack", row)
			}
		}
	}
}

func TestAttacks(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range attacks() {
		if seen[a.slug] || len(a.rows) == 0 {
			t.Errorf("%s: twice, or without rows", a.slug)
		}
		seen[a.slug] = true
	}
	c, err := NewCompany(Options{Seed: 1, People: 40, Days: 5, Start: firstMonday, Attacks: AttackSlugs()})
	if err != nil {
		t.Fatal(err)
	}
	records, labels, err := c.Attack()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range labels {
		if l.Last.Before(l.First) || l.First.Before(firstMonday) || l.Last.After(c.end()) || len(l.Entities) == 0 {
			t.Errorf("%s: from %s to %s, entities %v", l.Attack, l.First, l.Last, l.Entities)
		}
		for _, ip := range l.Entities["ip"] {
			if strings.HasPrefix(ip, officeNetwork) {
				t.Errorf("%s names the address of an office, which is everybody's", l.Attack)
			}
		}
		if (l.Must == MustSilent) != (l.Variant == "under") {
			t.Errorf("%s: variant %q must %s", l.Attack, l.Variant, l.Must)
		}
	}
	for _, a := range stories {
		rows := map[string]bool{}
		for _, l := range labels {
			if name, _, _ := strings.Cut(l.Attack, "/"); name == a.slug {
				for _, row := range l.Rows {
					rows[row] = true
				}
			}
		}
		if got, want := slices.Sorted(maps.Keys(rows)), slices.Sorted(slices.Values(a.rows)); !slices.Equal(got, want) {
			t.Errorf("the steps of %s must raise %v, it as a whole %v", a.slug, got, want)
		}
	}
	for i, r := range records {
		if i > 0 && eventTime(r).Before(eventTime(records[i-1])) {
			t.Fatal("times do not rise")
		}
	}
}

// TestLimits: variants stay a tenth below a limit and go a tenth above it.
func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		slug        string
		under, over int
	}{{"brute-force", 18, 22}, {"admin-brute-force", 9, 11}, {"customer-accounts-made", 45, 55}} {
		c, err := NewCompany(Options{Seed: 1, People: 40, Days: 5, Start: firstMonday, Attacks: []string{tc.slug}})
		if err != nil {
			t.Fatal(err)
		}
		records, labels, err := c.Attack()
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, l := range labels {
			n := 0
			for _, r := range records {
				if at := eventTime(r); !at.Before(l.First) && !at.After(l.Last) {
					n++
				}
			}
			got = append(got, n)
		}
		if !slices.Equal(got, []int{tc.under, tc.over}) {
			t.Errorf("%s happens %v times, want %d and %d", tc.slug, got, tc.under, tc.over)
		}
	}
}

func TestCompanyRefuses(t *testing.T) {
	for _, opt := range []Options{{People: MinPeople - 1, Days: 1, Start: firstMonday}, {People: MinPeople, Start: firstMonday}} {
		if _, err := NewCompany(opt); err == nil {
			t.Errorf("%+v is a company", opt)
		}
	}
	c, err := NewCompany(Options{People: MinPeople, Days: 2, Start: firstMonday.AddDate(0, 0, 5), Attacks: AttackSlugs()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Attack(); err == nil {
		t.Error("attacks on a weekend")
	}
}
