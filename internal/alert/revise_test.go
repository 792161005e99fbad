package alert_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// span is an alert of a group, from and to so many minutes after noon.
func span(id string, from, to int, more ...func(*alert.Alert)) *alert.Alert {
	first, last := noon.Add(time.Duration(from)*time.Minute), noon.Add(time.Duration(to)*time.Minute)
	a := &alert.Alert{ID: id, Tenant: "t1", Rule: "r", Group: []string{"alice"}, Status: "new", Revision: 1, First: &first, Last: &last, Count: to - from, Related: []string{}}
	for _, f := range more {
		f(a)
	}
	return a
}

func status(s string) func(*alert.Alert) { return func(a *alert.Alert) { a.Status = s } }

func revision(n int) func(*alert.Alert) { return func(a *alert.Alert) { a.Revision = n } }

func gone(status, before, by string) func(*alert.Alert) {
	return func(a *alert.Alert) {
		a.Status, a.StatusBefore = status, before
		if by != "" {
			a.SupersededBy = &by
		}
	}
}

func timeless(a *alert.Alert) { a.First, a.Last = nil, nil }

func TestRevise(t *testing.T) {
	type alerts = []*alert.Alert
	tests := []struct {
		name        string
		before, now alerts
		want        []string // id revision status, the status before, what it is superseded by
	}{
		{"nothing", nil, nil, nil},
		{"new", nil, alerts{span("b", 0, 1), span("a", 5, 6)}, []string{"a 1 new", "b 1 new"}},
		{"unchanged", alerts{span("a", 0, 1, revision(3), status("acknowledged"))}, alerts{span("a", 0, 1)}, nil},
		{"grown", alerts{span("a", 0, 1)}, alerts{span("a", 0, 2)}, []string{"a 2 new"}},
		{"grown while somebody works on it", alerts{span("a", 0, 1, status("in progress"), revision(4))}, alerts{span("a", 0, 2)}, []string{"a 5 in progress"}},
		{"grown after it was closed", alerts{span("a", 0, 1, status("closed: false positive"))}, alerts{span("a", 0, 2)}, []string{"a 2 closed: false positive"}},
		{"more severe", alerts{span("a", 0, 1)}, alerts{span("a", 0, 1, func(a *alert.Alert) { a.Severity = "high" })}, []string{"a 2 new"}},
		{"another summary", alerts{span("a", 0, 1)}, alerts{span("a", 0, 1, func(a *alert.Alert) { a.Summary = "x" })}, []string{"a 2 new"}},
		{"no news: links", alerts{span("a", 0, 1, func(a *alert.Alert) { a.Incident, a.Related = "i", []string{"x"} })}, alerts{span("a", 0, 1)}, nil},
		{
			"no news: a copy of an event",
			alerts{span("a", 0, 1, func(a *alert.Alert) { a.Evidence = []alert.Evidence{{Event: "e", Source: "a:1"}} })},
			alerts{span("a", 0, 1, func(a *alert.Alert) { a.Evidence = []alert.Evidence{{Event: "e", Source: "b:2"}} })},
			nil,
		},
		{
			"other evidence",
			alerts{span("a", 0, 1, func(a *alert.Alert) { a.Evidence = []alert.Evidence{{Event: "e", Source: "a:1"}} })},
			alerts{span("a", 0, 1, func(a *alert.Alert) { a.Evidence = []alert.Evidence{{Event: "f", Source: "a:1"}} })},
			[]string{"a 2 new"},
		},
		{"withdrawn", alerts{span("a", 0, 1, status("acknowledged"), revision(2))}, nil, []string{"a 3 withdrawn (acknowledged)"}},
		{"withdrawn beside another", alerts{span("a", 0, 1)}, alerts{span("b", 2, 3)}, []string{"b 1 new", "a 2 withdrawn (new)"}},
		{"the beginning moved", alerts{span("a", 0, 1)}, alerts{span("b", -1, 1)}, []string{"b 1 new", "a 2 superseded (new) by b"}},
		{"and takes the status along", alerts{span("a", 0, 1, status("acknowledged"))}, alerts{span("b", -1, 1)}, []string{"b 1 acknowledged", "a 2 superseded (acknowledged) by b"}},
		{
			"joined into the earlier one",
			alerts{span("a", 0, 10), span("b", 70, 80, status("acknowledged"))},
			alerts{span("a", 0, 80)},
			[]string{"a 2 new", "b 2 superseded (acknowledged) by a"},
		},
		{
			"two make a new one",
			alerts{span("a", 0, 10, status("acknowledged")), span("b", 70, 80, status("acknowledged"))},
			alerts{span("c", -1, 80)},
			[]string{"c 1 acknowledged", "a 2 superseded (acknowledged) by c", "b 2 superseded (acknowledged) by c"},
		},
		{
			"two that were seen differently",
			alerts{span("a", 0, 10, status("acknowledged")), span("b", 70, 80)},
			alerts{span("c", -1, 80)},
			[]string{"c 1 new", "a 2 superseded (acknowledged) by c", "b 2 superseded (new) by c"},
		},
		{"one moment in common", alerts{span("a", 0, 10)}, alerts{span("b", 10, 20)}, []string{"b 1 new", "a 2 superseded (new) by b"}},
		{"the earliest that overlaps", alerts{span("a", 0, 10)}, alerts{span("b", 5, 20), span("c", 0, 4)}, []string{"b 1 new", "c 1 new", "a 2 superseded (new) by c"}},
		{
			"not by another group, rule or tenant",
			alerts{span("a", 0, 10)},
			alerts{
				span("b", 0, 10, func(a *alert.Alert) { a.Group = []string{"al", "ice"} }), span("c", 0, 10, func(a *alert.Alert) { a.Rule = "r2" }),
				span("d", 0, 10, func(a *alert.Alert) { a.Tenant = "t2" }),
			},
			[]string{"b 1 new", "c 1 new", "d 1 new", "a 2 withdrawn (new)"},
		},
		{"gone for long", alerts{span("a", 0, 1, gone("superseded", "new", "b"), revision(2)), span("c", 0, 1, gone("withdrawn", "new", ""))}, alerts{span("d", 0, 1)}, []string{"d 1 new"}},
		{"back", alerts{span("a", 0, 1, gone("withdrawn", "acknowledged", ""), revision(5))}, alerts{span("a", 0, 1)}, []string{"a 6 acknowledged"}},
		{"back from being superseded", alerts{span("a", 0, 1, gone("superseded", "new", "b"), revision(2)), span("b", -1, 1)}, alerts{span("a", 0, 2)}, []string{"a 3 new", "b 2 superseded (new) by a"}},
		{"without time", alerts{span("a", 0, 0, timeless)}, alerts{span("b", 0, 0, timeless)}, []string{"b 1 new", "a 2 superseded (new) by b"}},
		{"without time and with", alerts{span("a", 0, 0, timeless)}, alerts{span("b", 0, 0)}, []string{"b 1 new", "a 2 withdrawn (new)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, now := cloned(tt.before), cloned(tt.now)
			out := alert.Revise(tt.before, tt.now)
			var got []string
			for _, a := range out {
				s := fmt.Sprintf("%s %d %s", a.ID, a.Revision, a.Status)
				if a.StatusBefore != "" {
					s += " (" + a.StatusBefore + ")"
				}
				if a.SupersededBy != nil {
					s += " by " + *a.SupersededBy
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff([]alerts{before, now}, []alerts{tt.before, tt.now}); diff != "" {
				t.Errorf("what was given has changed\n%s", diff)
			}
			slices.Reverse(now)
			slices.Reverse(before)
			if diff := cmp.Diff(out, alert.Revise(before, now)); diff != "" {
				t.Errorf("in another order\n%s", diff)
			}
		})
	}
}

// TestReviseKeepsLinks: the incident and the related alerts of the record
// before stay, beside what the evaluation itself knows.
func TestReviseKeepsLinks(t *testing.T) {
	before := span("a", 0, 1, func(a *alert.Alert) { a.Incident, a.Related = "i", []string{"x", "y"} })
	now := span("a", 0, 2, func(a *alert.Alert) { a.Related = []string{"z", "x"} })
	got := alert.Revise([]*alert.Alert{before}, []*alert.Alert{now})[0]
	if diff := cmp.Diff([]string{"z", "x", "y"}, got.Related); diff != "" || got.Incident != "i" {
		t.Errorf("incident %q; -want +got\n%s", got.Incident, diff)
	}
}

func cloned(alerts []*alert.Alert) []*alert.Alert {
	var out []*alert.Alert
	for _, a := range alerts {
		c := *a
		out = append(out, &c)
	}
	return out
}

// TestReviseStepByStep: however events come in, are withdrawn or come again,
// and whenever somebody closes something, the alerts that are alive are those
// of one evaluation over what is known, and whatever was delivered and is gone
// says so.
func TestReviseStepByStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ruleWith("r", "10m", summary("{count} by {user}"))
		var signals []detect.Signal
		for i := range rapid.IntRange(1, 12).Draw(t, "signals") {
			from := rapid.IntRange(0, 90).Draw(t, "from")
			s := at(byte(i), time.Duration(from)*time.Minute, group(rapid.SampledFrom([]string{"alice", "bob"}).Draw(t, "group")))
			s.Last = s.First.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 3, 25}).Draw(t, "long")) * time.Minute)
			s.Values = values(s.Group[0])
			signals = append(signals, s)
		}
		known := make([]bool, len(signals))
		var closed []int
		stored := map[string]*alert.Alert{}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			late := true // nothing but late data
			for i, was := range known {
				// Mostly more is known, now and then a finding does not hold any more.
				known[i] = rapid.IntRange(0, 5).Draw(t, "known") < 3 || was && rapid.IntRange(0, 9).Draw(t, "still") > 0
				late = late && (known[i] || !was)
			}
			if rapid.IntRange(0, 3).Draw(t, "close") == 0 {
				closed = append(closed, rapid.IntRange(0, 100).Draw(t, "closed"))
				slices.Sort(closed)
			}
			var have []detect.Signal
			for i, s := range signals {
				if known[i] {
					have = append(have, s)
				}
			}
			now := evaluate(t, r, closed, have)
			before := slices.Collect(maps.Values(stored))
			delivered := map[string]bool{}
			for _, a := range alert.Revise(before, now) {
				was := stored[a.ID]
				switch {
				case late && a.Status == alert.Withdrawn:
					t.Fatalf("late data withdraws %s", a.ID)
				case delivered[a.ID]:
					t.Fatalf("%s comes twice", a.ID)
				case was == nil && a.Revision != 1, was != nil && a.Revision != was.Revision+1:
					t.Fatalf("revision %d follows %+v", a.Revision, was)
				case a.Status == alert.Superseded && !slices.ContainsFunc(now, func(b *alert.Alert) bool { return b.ID == *a.SupersededBy }):
					t.Fatalf("%s is superseded by %s, which is not there", a.ID, *a.SupersededBy)
				}
				if status := rapid.SampledFrom([]string{"", "", "acknowledged"}).Draw(t, "status"); status != "" && a.Live() {
					a.Status = status // somebody looked at it
				}
				delivered[a.ID], stored[a.ID] = true, a
			}
			checkLive(t, now, stored)
			if again := alert.Revise(slices.Collect(maps.Values(stored)), now); len(again) > 0 {
				t.Fatalf("%d alerts change without a reason, such as %+v", len(again), again[0])
			}
		}
	})
}

// evaluate makes alerts of what is known, in one go.
func evaluate(t *rapid.T, r *detect.Rule, closed []int, signals []detect.Signal) []*alert.Alert {
	var out []*alert.Alert
	b := alert.NewBuilder([]*detect.Rule{r}, nil, func(a *alert.Alert) error { out = append(out, a); return nil })
	b.CloseAt(closedAt("alice", closed...))
	fold(t, b, signals)
	seen := map[string]bool{}
	for _, a := range out {
		if seen[a.ID] {
			t.Fatalf("%s lives twice", a.ID)
		}
		seen[a.ID] = true
	}
	return out
}

// checkLive compares what is alive with an evaluation.
func checkLive(t *rapid.T, now []*alert.Alert, stored map[string]*alert.Alert) {
	text := func(a *alert.Alert) string {
		return fmt.Sprint(a.ID, clock(a.First), clock(a.Last), a.Count, a.Summary, a.Evidence)
	}
	var want, got []string
	for _, a := range now {
		want = append(want, text(a))
	}
	for _, a := range stored {
		if a.Live() {
			got = append(got, text(a))
		} else if a.StatusBefore == "" || strings.HasPrefix(a.StatusBefore, "super") || (a.Status == alert.Superseded) != (a.SupersededBy != nil) {
			t.Fatalf("gone, and wrongly so: %+v", a)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-evaluated +alive\n%s", diff)
	}
}
