package statetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/state"
)

// testModel applies random changes to a store and to a model, which must agree
// on everything, also on what is an error.
func testModel(t *testing.T, place func(t testing.TB) Open) {
	rapid.Check(t, func(rt *rapid.T) {
		open := place(t)
		s, err := open()
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Close() }() // what it keeps was compared
		m := &Model{}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.IntRange(0, 9).Draw(rt, "restart") == 0 {
				compare(t, rt, s, m)
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				again, err := open()
				if err != nil {
					rt.Fatal(err)
				}
				s = again
			}
			c := changes(rt, m)
			want, got := m.Apply(t.Context(), c), s.Apply(t.Context(), c)
			if (want == nil) != (got == nil) {
				rt.Fatalf("%+v: the model says %v, the store %v", c, want, got)
			}
			question(t, rt, s, m)
		}
		compare(t, rt, s, m)
	})
}

func agree(rt *rapid.T, what string, got, want any, err error) {
	if diff := cmp.Diff(want, got, options); diff != "" || err != nil {
		rt.Fatalf("%s: %v; -want +got:\n%s", what, err, diff)
	}
}

// compare asks both for everything.
func compare(t *testing.T, rt *rapid.T, s, m state.Store) {
	want, _ := ask(t.Context(), m)
	got, err := ask(t.Context(), s)
	agree(rt, "everything", got, want, err)
}

// question asks both the same of each sort of question.
func question(t *testing.T, rt *rapid.T, s, m state.Store) {
	q := state.AlertQuery{Since: moment(rt), Changed: moment(rt)}
	if rapid.Bool().Draw(rt, "by id") {
		q.IDs = rapid.SliceOfN(name, 1, 3).Draw(rt, "ids")
	}
	if rapid.Bool().Draw(rt, "by rule") {
		q.Rules = rapid.SliceOfN(name, 1, 3).Draw(rt, "rules")
	}
	if rapid.Bool().Draw(rt, "by tenant") {
		q.Tenant = name.Draw(rt, "tenant")
	}
	wantAlerts, _ := gather(m.Alerts(t.Context(), q))
	gotAlerts, err := gather(s.Alerts(t.Context(), q))
	agree(rt, "alerts", gotAlerts, wantAlerts, err)
	since, text, n := moment(rt), name.Draw(rt, "name"), rapid.IntRange(-1, 3).Draw(rt, "n")
	until := moment(rt)
	wantHours, _ := gather(m.Hours(t.Context(), since))
	gotHours, err := gather(s.Hours(t.Context(), since))
	agree(rt, "hours", gotHours, wantHours, err)
	wantSegments, _ := gather(m.Segments(t.Context(), text, since, until))
	gotSegments, err := gather(s.Segments(t.Context(), text, since, until))
	agree(rt, "segments", len(gotSegments), len(wantSegments), err)
	wantPending, _ := m.Pending(t.Context(), text, since, n)
	gotPending, err := s.Pending(t.Context(), text, since, n)
	agree(rt, "pending", gotPending, wantPending, err)
	wantAudit, _ := m.Audit(t.Context(), n)
	gotAudit, err := s.Audit(t.Context(), n)
	agree(rt, "audit", len(gotAudit), len(wantAudit), err)
	wantNewest, _, _ := m.Quarantined(t.Context(), n)
	gotNewest, _, err := s.Quarantined(t.Context(), n)
	agree(rt, "quarantined", len(gotNewest), len(wantNewest), err)
}

var (
	name = rapid.SampledFrom(names[:len(names)-1]) // the long one makes reports unreadable
	body = rapid.SliceOfN(rapid.Byte(), 0, 5)
	few  = rapid.IntRange(0, 3)
	// times are few, so that they meet.
	times = rapid.SampledFrom([]time.Time{
		{}, {}, noon, noon.Add(1), at(1), at(2), at(3), at(4), noon.AddDate(-2030, 0, 0), noon.AddDate(7980, 0, 0),
	})
)

func moment(rt *rapid.T) time.Time { return times.Draw(rt, "time") }

// some gives up to two of what draw makes.
func some[T any](rt *rapid.T, what string, draw func() T) []T {
	var out []T
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(rt, what) {
		out = append(out, draw())
	}
	return out
}

func changes(rt *rapid.T, m *Model) *state.Changes {
	text := func() string { return name.Draw(rt, "text") }
	count := func() int64 { return int64(few.Draw(rt, "count")) }
	c := &state.Changes{
		Cursors: some(rt, "cursors", func() state.Cursor {
			return state.Cursor{Source: text(), Stream: text(), Text: text(), At: moment(rt)}
		}),
		Files: some(rt, "files", func() state.File {
			return state.File{
				Path: text(), Tenant: text(), Kind: text(), Day: text(), First: moment(rt), Last: moment(rt),
				Rows: count(), Bytes: count(), Level: int(count()), Added: moment(rt),
			}
		}),
		Removed: some(rt, "removed", text),
		Segments: some(rt, "segments", func() state.Segment {
			return state.Segment{Class: text(), First: moment(rt), Last: moment(rt), Body: body.Draw(rt, "body")}
		}),
		Expired: some(rt, "expired", func() state.Expiry { return state.Expiry{Class: text(), Before: moment(rt)} }),
		Tallies: some(rt, "tallies", func() state.Tally {
			return state.Tally{Name: []byte(text()), Body: body.Draw(rt, "body")}
		}),
		Alerts: some(rt, "alerts", func() state.Alert {
			return state.Alert{
				ID: text(), Tenant: text(), Rule: text(), Revision: rapid.IntRange(-1, 6).Draw(rt, "revision"), Severity: text(),
				Status: text(), First: moment(rt), Last: moment(rt), Stored: moment(rt), Body: body.Draw(rt, "body"),
			}
		}),
		Hours: some(rt, "hours", func() state.Hour {
			return state.Hour{
				At: moment(rt), Source: text(), Stream: text(), Kind: text(), Events: count(), Duplicates: count(),
				Quarantined: count(), Bytes: count(), First: moment(rt), Last: moment(rt),
			}
		}),
		Quarantined: some(rt, "quarantined", func() state.Quarantined {
			return state.Quarantined{
				At: moment(rt), Source: text(), Name: text(), Line: int(count()), Index: int(count()) - 1, Reason: text(),
				Raw: body.Draw(rt, "raw"),
			}
		}),
		Audit: some(rt, "audit", func() state.AuditEntry {
			return state.AuditEntry{At: moment(rt), Actor: text(), Action: text(), Object: text(), Result: text()}
		}),
		Values: some(rt, "values", func() state.Value { return state.Value{Name: text(), Text: text()} }),
	}
	facts := append(append([]state.Alert(nil), m.alerts...), c.Alerts...)
	c.Deliveries = some(rt, "deliveries", func() state.Delivery {
		d := state.Delivery{
			Alert: text(), Revision: int(count()), Sink: text(), Rank: rapid.IntRange(0, 2).Draw(rt, "rank"), Attempts: int(count()), Next: moment(rt),
			Done: rapid.Bool().Draw(rt, "done"), Problem: text(), Stored: moment(rt),
		}
		if len(facts) > 0 && few.Draw(rt, "unknown") > 0 {
			a := rapid.SampledFrom(facts).Draw(rt, "fact")
			d.Alert, d.Revision = a.ID, a.Revision
		}
		return d
	})
	if few.Draw(rt, "limit") == 0 {
		c.QuarantineLimit = int64(rapid.IntRange(1, 60).Draw(rt, "bytes"))
	}
	if few.Draw(rt, "forget") == 0 {
		c.HistoryBefore = moment(rt)
	}
	return c
}
