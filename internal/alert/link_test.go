package alert_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// link gives alerts to a linker and returns what it hands on.
func link(t failer, alerts ...*alert.Alert) []*alert.Alert {
	l := alert.NewLinker(detect.NewMemory)
	for _, a := range alerts {
		if err := l.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	var out []*alert.Alert
	if err := l.Finish(func(a *alert.Alert) error { out = append(out, a); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// about makes an alert name entities: "user alice" has a name, "user=1" an id.
func about(entities ...string) func(*alert.Alert) {
	return func(a *alert.Alert) {
		for _, text := range entities {
			var e detect.Entity
			if n, _ := fmt.Sscanf(text, "%s %s", &e.Type, &e.Name); n < 2 {
				i := slices.Index([]byte(text), '=')
				e.Type, e.ID = text[:i], text[i+1:]
			}
			a.Entities = append(a.Entities, e)
		}
	}
}

func of(group ...string) func(*alert.Alert) {
	return func(a *alert.Alert) { a.Group = group }
}

const day = 24 * 60 // minutes

func TestLink(t *testing.T) {
	tests := []struct {
		name   string
		alerts []*alert.Alert
		want   []string // id, incident as a letter, related
	}{
		{"alone", []*alert.Alert{span("1", 0, 1, about("user alice"))}, []string{"1 A []"}},
		{"two of one user", []*alert.Alert{span("1", 0, 1, about("user alice")), span("2", 60, 61, about("user alice"))}, []string{"1 A [2]", "2 A [1]"}},
		{"whatever the case of the name", []*alert.Alert{span("1", 0, 1, about("user alice")), span("2", 60, 61, about("user Alice"))}, []string{"1 A [2]", "2 A [1]"}},
		{"two users", []*alert.Alert{span("1", 0, 1, about("user alice")), span("2", 0, 1, about("user bob"), of("bob"))}, []string{"1 A []", "2 B []"}},
		{"a user and an address of one name", []*alert.Alert{span("1", 0, 1, about("user alice")), span("2", 0, 1, about("ip alice"))}, []string{"1 A []", "2 B []"}},
		{"two tenants", []*alert.Alert{span("1", 0, 1, about("user alice")), span("2", 0, 1, about("user alice"), func(a *alert.Alert) { a.Tenant = "t2" })}, []string{"1 A []", "2 B []"}},
		{"over midnight", []*alert.Alert{span("1", 11*60, 11*60, about("user alice")), span("2", 13*60, 13*60, about("user alice"))}, []string{"1 A [2]", "2 A [1]"}},
		{"a day apart", []*alert.Alert{span("1", 0, 0, about("user alice")), span("2", day, day, about("user alice"))}, []string{"1 A [2]", "2 A [1]"}},
		{"more than a day apart", []*alert.Alert{span("1", 0, 0, about("user alice")), span("2", day+1, day+1, about("user alice"))}, []string{"1 A []", "2 B []"}},
		{
			"days, each with something",
			[]*alert.Alert{span("1", 0, 0, about("user alice")), span("2", day, day, about("user alice")), span("3", 2*day, 2*day, about("user alice"))},
			[]string{"1 A [2]", "2 A [1 3]", "3 A [2]"},
		},
		{
			"a long one bridges",
			[]*alert.Alert{span("1", 0, 3*day, about("user alice")), span("2", 1, 1, about("user alice")), span("3", 3*day+1, 3*day+1, about("user alice"))},
			[]string{"1 A [2 3]", "2 A [1]", "3 A [1]"},
		},
		{
			"the address of an alert about it",
			[]*alert.Alert{span("1", 0, 0, about("user alice", "ip 192.0.2.1")), span("2", 5, 5, about("user bob", "ip 192.0.2.1"), of("192.0.2.1"))},
			[]string{"1 A [2]", "2 B [1]"},
		},
		{
			"an address beside both",
			[]*alert.Alert{span("1", 0, 0, about("user alice", "ip 192.0.2.1")), span("2", 5, 5, about("user bob", "ip 192.0.2.1"), of("bob"))},
			[]string{"1 A []", "2 B []"},
		},
		{
			"an application is no link",
			[]*alert.Alert{span("1", 0, 0, about("user alice", "app=7")), span("2", 5, 5, about("app=7"), of("7"))},
			[]string{"1 A []", "2 B []"},
		},
		{
			"by its group, not by its first user",
			[]*alert.Alert{span("1", 0, 0, about("user=1", "user=2"), of("2")), span("2", 5, 5, about("user=2"), of("2"))},
			[]string{"1 A [2]", "2 A [1]"},
		},
		{
			"without group by the first user",
			[]*alert.Alert{span("1", 0, 0, about("ip 192.0.2.1", "user=1"), of("x")), span("2", 5, 5, about("user=1"), of("x"))},
			[]string{"1 A [2]", "2 A [1]"},
		},
		{"without entities", []*alert.Alert{span("1", 0, 0), span("2", 0, 0)}, []string{"1 A []", "2 B []"}},
		{"without time", []*alert.Alert{span("1", 0, 0, timeless, about("user alice")), span("2", 0, 0, timeless, about("user alice")), span("3", 0, 0, about("user alice"))}, []string{"1 A [2]", "2 A [1]", "3 B []"}},
		{"what it is related to already", []*alert.Alert{span("1", 0, 0, about("user alice"), func(a *alert.Alert) { a.Related = []string{"2"} }), span("2", 5, 5, about("user alice"))}, []string{"1 A [2]", "2 A [1]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, linked(link(t, tt.alerts...))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func linked(alerts []*alert.Alert) []string {
	letters := map[string]string{}
	var out []string
	for _, a := range alerts {
		if letters[a.Incident] == "" {
			letters[a.Incident] = string(rune('A' + len(letters)))
		}
		out = append(out, fmt.Sprint(a.ID, " ", letters[a.Incident], " ", a.Related))
	}
	return out
}

// TestLinkKeepsTheAlert: but for incident and relations it is what it was.
func TestLinkKeepsTheAlert(t *testing.T) {
	a := one(t, ruleWith("r", "", summary("{user}")), at(1, 0, func(s *detect.Signal) {
		s.Values, s.Entities = values("alice"), []detect.Entity{{Type: "user", ID: "1", Name: "alice"}}
	}))
	want := *a
	got := link(t, a)[0]
	want.Incident = got.Incident
	if diff := cmp.Diff(&want, got); diff != "" || len(got.Incident) != 16 {
		t.Errorf("incident %q; -want +got\n%s", got.Incident, diff)
	}
}

// TestLinkLimits: an alert names a bounded number of others, and only its first
// entities are compared.
func TestLinkLimits(t *testing.T) {
	var alerts []*alert.Alert
	for i := range 100 {
		alerts = append(alerts, span(fmt.Sprintf("%03d", i), i, i, about("user alice")))
	}
	incidents := map[string]bool{}
	for _, a := range link(t, alerts...) {
		incidents[a.Incident] = true
		if len(a.Related) != alert.MaxRelated {
			t.Errorf("%s is related to %d", a.ID, len(a.Related))
		}
	}
	if len(incidents) != 1 {
		t.Errorf("%d incidents", len(incidents))
	}
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("user=%d", i))
	}
	out := link(t, span("1", 0, 0, about(many...), of("39")), span("2", 0, 0, about("user=39"), of("39")), span("3", 0, 0, about("user=5"), of("5")), span("4", 0, 0, about("user=38"), of("38")))
	if diff := cmp.Diff([]string{"1 A [2 3]", "2 A [1]", "3 B [1]", "4 C []"}, linked(out)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestLinkOrder: in which order alerts are made does not matter, nobody is
// related to himself or to anybody twice, and relations go both ways.
func TestLinkOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var alerts []*alert.Alert
		for i := range rapid.IntRange(0, 15).Draw(t, "alerts") {
			from := rapid.IntRange(0, 4*day).Draw(t, "from")
			names := rapid.SliceOfN(rapid.SampledFrom([]string{"user alice", "user bob", "ip 192.0.2.1", "app=7", "device=8"}), 0, 3).Draw(t, "entities")
			a := span(fmt.Sprintf("%02d", i), from, from+rapid.IntRange(0, day).Draw(t, "long"), about(names...), of(rapid.SampledFrom([]string{"alice", "192.0.2.1", "x"}).Draw(t, "group")))
			alerts = append(alerts, a)
		}
		want := link(t, alerts...)
		if diff := cmp.Diff(want, link(t, rapid.Permutation(alerts).Draw(t, "shuffled")...)); diff != "" {
			t.Fatal(diff)
		}
		if len(want) != len(alerts) {
			t.Fatalf("%d alerts of %d", len(want), len(alerts))
		}
		related := map[string][]string{}
		for _, a := range want {
			related[a.ID] = a.Related
			if a.Incident == "" {
				t.Fatalf("%s is of no incident", a.ID)
			}
		}
		for id, others := range related {
			for i, o := range others {
				if o == id || slices.Contains(others[:i], o) || !slices.Contains(related[o], id) {
					t.Fatalf("%s is related to %v, %s to %v", id, others, o, related[o])
				}
			}
		}
	})
}

// TestLinkTimes: the incident stays what it is called while it grows.
func TestLinkTimes(t *testing.T) {
	first := link(t, span("1", 0, 1, about("user alice")))[0].Incident
	for _, later := range []time.Duration{time.Hour, 23 * time.Hour} {
		m := int(later / time.Minute)
		for _, a := range link(t, span("1", 0, 2, about("user alice")), span("2", m, m, about("user alice"))) {
			if a.Incident != first {
				t.Errorf("%s is of another incident once there is something %v later", a.ID, later)
			}
		}
	}
}
