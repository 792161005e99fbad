package simulate

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

// lived is what a company wrote within a span, in steps: files, and labels.
func lived(t *testing.T, from time.Time, span, step time.Duration, every time.Duration) (files map[string]string, labels []Label, live *Live) {
	t.Helper()
	live, err := NewLive(Options{Seed: 5, People: 60, Customers: 10}, from, every)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*bytes.Buffer{}
	for at := from; ; at = at.Add(step) {
		at = at.Add(min(0, from.Add(span).Sub(at)))
		chunks, complete, err := live.Until(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			if !bytes.HasSuffix(c.Lines, []byte("}\n")) || !strings.HasPrefix(c.File, c.Log+"/") {
				t.Fatalf("%s of log %s: %.100q", c.File, c.Log, c.Lines)
			}
			if all[c.File] == nil {
				all[c.File] = &bytes.Buffer{}
			}
			all[c.File].Write(c.Lines)
		}
		labels = append(labels, complete...)
		if !at.Before(from.Add(span)) {
			break
		}
	}
	files = map[string]string{}
	for name, b := range all {
		files[name] = b.String()
	}
	return files, labels, live
}

var mondayMorning = firstMonday.Add(8*time.Hour + 17*time.Minute)

// TestLiveInSteps: how time goes on changes nothing but the pieces.
func TestLiveInSteps(t *testing.T) {
	a, some, live := lived(t, mondayMorning, 20*time.Hour, 20*time.Hour, 20*time.Minute)
	b, same, _ := lived(t, mondayMorning, 20*time.Hour, 7*time.Minute+3*time.Second, 20*time.Minute)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("files differ:\n%.2000s", diff)
	}
	if diff := cmp.Diff(some, same); diff != "" {
		t.Errorf("labels differ:\n%.2000s", diff)
	}
	if len(some) < 20 {
		t.Errorf("%d labels", len(some))
	}
	if want := firstMonday.AddDate(0, 0, LiveDays); !live.End().Equal(want) {
		t.Errorf("ends at %s", live.End())
	}
	if a["signin-interactive/2026-11-02T09-diagnostic.json"] == "" || a["m365/2026-11-02T10-log-analytics.json"] == "" {
		t.Errorf("files are %q", slices.Sorted(maps.Keys(a)))
	}
}

// TestLiveArrivals: nothing is from before the beginning, or stands in a log
// before it happened; some things come late, and a few twice.
func TestLiveArrivals(t *testing.T) {
	files, _, _ := lived(t, mondayMorning, 30*time.Hour, 30*time.Hour, 30*time.Minute)
	seen := map[string]int{}
	late, twice, n := 0, 0, 0
	for name, text := range files {
		_, hour, _ := strings.Cut(name[strings.LastIndex(name, "/"):], "/")
		at, err := time.Parse(hourLayout, hour[:len(hourLayout)])
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			n++
			if seen[line]++; seen[line] == 2 {
				twice++
			}
			for _, key := range []string{`"createdDateTime":"`, `"activityDateTime":"`} {
				_, rest, ok := strings.Cut(line, key)
				if !ok {
					continue
				}
				rest, _, _ = strings.Cut(rest, `"`)
				happened, ok := parseTime(rest)
				switch {
				case !ok:
					t.Errorf("no time: %s", rest)
				case happened.Before(mondayMorning):
					t.Errorf("%s: happened at %s, before the beginning", name, rest)
				case !happened.Before(at.Add(time.Hour)):
					t.Errorf("%s: happened at %s, in the future", name, rest)
				case happened.Before(at.Add(-time.Hour)):
					late++
				}
				break
			}
		}
	}
	if n < 1000 || late == 0 || twice == 0 || twice > n/50 {
		t.Errorf("of %d records %d are late and %d came twice", n, late, twice)
	}
}

// TestLiveAttacks: all attacks that need no history take place, each with
// something in the logs, before one comes again; those at night at night.
func TestLiveAttacks(t *testing.T) {
	_, labels, _ := lived(t, firstMonday, 60*time.Hour, 60*time.Hour, 10*time.Minute)
	got := map[string]bool{}
	for _, l := range labels {
		slug, _, _ := strings.Cut(l.Attack, "/")
		got[slug] = true
		if l.First.Before(firstMonday.Add(firstAttack)) || l.Last.Before(l.First) || len(l.Entities) == 0 || (l.Must == MustSilent) != (l.Variant == "under") {
			t.Errorf("%+v", l)
		}
	}
	for _, a := range liveAttacks() {
		if !got[a.slug] {
			t.Errorf("%s did not take place", a.slug)
		}
	}
	for _, l := range labels {
		if l.Attack == "sign-in-at-night" && l.First.Hour() > nightEnds {
			t.Errorf("%s at %s", l.Attack, l.First)
		}
	}
	if _, none, _ := lived(t, firstMonday, 24*time.Hour, 24*time.Hour, 0); len(none) > 0 {
		t.Error("attacked although it should not be")
	}
}

// TestLiveEnds: nothing happens after the end of what is planned.
func TestLiveEnds(t *testing.T) {
	live, err := NewLive(Options{Seed: 5, People: 60}, mondayMorning, 20*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	live.company.opt.Days = 2
	chunks, _, err := live.Until(mondayMorning.AddDate(0, 0, 9))
	if err != nil || len(chunks) == 0 {
		t.Fatal(len(chunks), err)
	}
	for _, c := range chunks {
		if strings.Contains(c.File, "/2026-11-04T") {
			t.Errorf("%s is from after the end", c.File)
		}
	}
	if chunks, labels, err := live.Until(mondayMorning.AddDate(0, 0, 10)); len(chunks)+len(labels) > 0 || err != nil {
		t.Error(len(chunks), len(labels), err)
	}
}

func TestLiveNamesMembers(t *testing.T) {
	live, err := NewLive(Options{Seed: 5, People: 60}, mondayMorning, 0)
	if err != nil {
		t.Fatal(err)
	}
	if text := live.Baseline(); strings.Contains(text, "group:") || !strings.Contains(text, live.company.owners()[0].upn) || !strings.Contains(text, "2027-12-0") {
		t.Errorf("the baseline names groups:\n%s", text)
	}
	if _, err := NewLive(Options{People: 3}, mondayMorning, 0); err == nil {
		t.Error("three people are no company")
	}
	for kind, most := range map[event.Kind]time.Duration{event.Signin: time.Hour, event.Audit: 6 * time.Hour, event.Activity: 10 * time.Minute} {
		for h := range uint64(1000) {
			if d := delay(kind, mix(h, 1)); d < 30*time.Second || d > most {
				t.Errorf("%s comes %s later", kind, d)
			}
		}
	}
}
