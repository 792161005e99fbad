package statetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

func fact(id string, revision int, last, stored time.Time) state.Alert {
	return state.Alert{
		ID: id, Tenant: "t", Rule: "rule", Revision: revision, Severity: "high", Status: "new",
		First: at(-10), Last: last, Stored: stored, Body: []byte(id + strconv.Itoa(revision)),
	}
}

func delivery(alert string, revision int, sink string, next time.Time) state.Delivery {
	return state.Delivery{Alert: alert, Revision: revision, Sink: sink, Next: next, Stored: at(0)}
}

func testAlerts(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s,
		state.Changes{Alerts: []state.Alert{fact("b", 1, at(5), at(0)), fact("a", 1, at(5), at(0)), fact("B", 1, time.Time{}, at(0))}},
		state.Changes{Alerts: []state.Alert{fact("a", 2, at(1), at(1)), fact("b", 3, at(9), at(2))}},
		// What comes late is history at once.
		state.Changes{Alerts: []state.Alert{fact("b", 2, at(99), at(3))}})
	refuse(t, s, state.Changes{Alerts: []state.Alert{fact("a", 2, at(7), at(7))}})
	refuse(t, s, state.Changes{Alerts: []state.Alert{fact("é%_", 1, at(7), at(7)), fact("a", 3, at(7), at(7)), fact("a", 1, at(7), at(7))}})
	for range 2 {
		same(t, collect(t, s.Alerts(t.Context(), state.AlertQuery{})),
			[]state.Alert{fact("B", 1, time.Time{}, at(0)), fact("a", 2, at(1), at(1)), fact("b", 3, at(9), at(2))})
		same(t, must[[]state.Alert](t)(s.History(t.Context(), "b")),
			[]state.Alert{fact("b", 1, at(5), at(0)), fact("b", 2, at(99), at(3)), fact("b", 3, at(9), at(2))})
		same(t, must[[]state.Alert](t)(s.History(t.Context(), "unknown")), nil)
		s = restart(t, s, open)
	}
}

func testAlertQueries(t *testing.T, open Open) {
	s := start(t, open)
	make := func(id, tenant, rule string, last, stored time.Time) state.Alert {
		a := fact(id, 2, last, stored)
		a.Tenant, a.Rule = tenant, rule
		return a
	}
	apply(t, s, state.Changes{Alerts: []state.Alert{
		make("1", "t", "r", at(1), at(11)),
		make("2", "t", "q", at(2), at(12)),
		make("3", "u", "r", at(3), at(13)),
		make("4", "u", "p", at(4), at(10)),
		make("5", "t", "p", time.Time{}, at(12)),
		fact("4", 1, at(99), at(99)), // not the newest: no question sees it
	}})
	for _, test := range []struct {
		name string
		q    state.AlertQuery
		want string
	}{
		{"all", state.AlertQuery{}, "51234"},
		{"ids", state.AlertQuery{IDs: []string{"4", "1", "9", "1"}}, "14"},
		{"since", state.AlertQuery{Since: at(3)}, "534"},
		{"since, a nanosecond later", state.AlertQuery{Since: at(3).Add(1)}, "54"},
		{"tenant", state.AlertQuery{Tenant: "u"}, "34"},
		{"rules", state.AlertQuery{Rules: []string{"q", "p", "x"}}, "524"},
		{"changed", state.AlertQuery{Changed: at(12)}, "523"},
		{"changed, a nanosecond later", state.AlertQuery{Changed: at(12).Add(1)}, "3"},
		{"everything at once", state.AlertQuery{IDs: []string{"1", "2", "3"}, Since: at(2), Tenant: "t", Rules: []string{"q", "r"}, Changed: at(12)}, "2"},
		{"none", state.AlertQuery{Tenant: "T"}, ""},
		{"no such id", state.AlertQuery{IDs: []string{""}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, a := range collect(t, s.Alerts(t.Context(), test.q)) {
				got += a.ID
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func testManyIDs(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, state.Changes{Alerts: []state.Alert{fact("70000", 1, at(0), at(0)), fact("80000", 1, at(1), at(1))}})
	var ids []string
	for i := range 70_001 { // more than a statement has parameters
		ids = append(ids, strconv.Itoa(i))
	}
	same(t, collect(t, s.Alerts(t.Context(), state.AlertQuery{IDs: ids, Rules: append(ids, "rule")})),
		[]state.Alert{fact("70000", 1, at(0), at(0))})
}

func testDeliveries(t *testing.T, open Open) {
	s := start(t, open)
	expect := func(sink string, now time.Time, n int, want ...state.Delivery) {
		t.Helper()
		for i, d := range want {
			want[i].Body = []byte(d.Alert + strconv.Itoa(d.Revision))
		}
		same(t, must[[]state.Delivery](t)(s.Pending(t.Context(), sink, now, n)), want)
	}
	apply(t, s, state.Changes{
		Alerts: []state.Alert{fact("a", 1, at(0), at(0)), fact("b", 1, at(0), at(0)), fact("b", 2, at(0), at(0))},
		Deliveries: []state.Delivery{
			delivery("b", 2, "hook", at(5)), delivery("a", 1, "hook", time.Time{}),
			delivery("b", 1, "hook", at(3)), delivery("a", 1, "file", at(1)),
		},
	})
	expect("hook", at(2), 10, delivery("a", 1, "hook", time.Time{}))
	expect("hook", at(3), 10, delivery("a", 1, "hook", time.Time{}), delivery("b", 1, "hook", at(3)))
	expect("hook", at(9), 2, delivery("b", 2, "hook", at(5)), delivery("a", 1, "hook", time.Time{}))
	expect("hook", at(9), 0)
	expect("hook", at(9), -1)
	expect("mail", at(9), 10)

	failed := delivery("b", 2, "hook", at(20))
	failed.Attempts, failed.Problem, failed.Stored = 3, "refused\x00", at(9)
	done := delivery("a", 1, "hook", at(0))
	done.Done = true
	apply(t, s, state.Changes{Deliveries: []state.Delivery{failed, done}})
	for range 2 {
		expect("hook", at(19), 10, delivery("b", 1, "hook", at(3)))
		expect("hook", at(20), 10, failed, delivery("b", 1, "hook", at(3))) // where it was
		expect("file", at(20), 10, delivery("a", 1, "file", at(1)))
		s = restart(t, s, open)
	}
	urgent := delivery("b", 1, "hook", at(3))
	urgent.Rank = -1
	apply(t, s, state.Changes{Deliveries: []state.Delivery{urgent}})
	expect("hook", at(20), 10, urgent, failed)
	refuse(t, s, state.Changes{Deliveries: []state.Delivery{delivery("a", 2, "hook", at(0))}})
	refuse(t, s, state.Changes{
		Alerts:     []state.Alert{fact("a", 2, at(0), at(0))},
		Deliveries: []state.Delivery{delivery("a", 2, "hook", at(0)), delivery("c", 1, "hook", at(0))},
	})
}

func testHistory(t *testing.T, open Open) {
	s := start(t, open)
	done := func(alert string, revision int, stored time.Time) state.Delivery {
		d := delivery(alert, revision, "a", at(0))
		d.Done, d.Stored = true, stored
		return d
	}
	apply(t, s, state.Changes{
		Alerts: []state.Alert{
			fact("a", 1, at(0), at(1)), fact("a", 2, at(0), at(2)), fact("a", 3, at(0), at(3)), fact("a", 4, at(0), at(4)),
			fact("b", 1, at(0), at(1)), // the newest stays, however old
		},
		Deliveries: []state.Delivery{done("a", 1, at(1)), done("a", 3, at(3)), done("b", 1, at(1)), delivery("a", 2, "b", at(0))},
	})
	apply(t, s, state.Changes{HistoryBefore: at(3)})
	revisions := func(id string) string {
		out := ""
		for _, a := range must[[]state.Alert](t)(s.History(t.Context(), id)) {
			out += strconv.Itoa(a.Revision)
		}
		return out
	}
	if got := revisions("a") + " " + revisions("b"); got != "234 1" { // 2 is still to be delivered
		t.Errorf("left are %s", got)
	}
	same(t, len(must[[]state.Delivery](t)(s.Pending(t.Context(), "b", at(0), 10))), 1)
	d := delivery("a", 2, "b", at(0))
	d.Done = true
	apply(t, s, state.Changes{Deliveries: []state.Delivery{d}}, state.Changes{HistoryBefore: at(3)})
	if got := revisions("a") + " " + revisions("b"); got != "34 1" {
		t.Errorf("left are %s", got)
	}
}

// testOrder: what is removed or expired goes before anything is added.
func testOrder(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, state.Changes{Files: []state.File{file("a")}, Segments: []state.Segment{segment("a", at(0), at(1), "old")}})
	apply(t, s, state.Changes{
		Files: []state.File{file("a")}, Removed: []string{"a"},
		Segments: []state.Segment{segment("a", at(0), at(1), "new")}, Expired: []state.Expiry{{Class: "a", Before: at(9)}},
		Alerts:        []state.Alert{fact("a", 1, at(0), at(0)), fact("a", 2, at(0), at(0))},
		Hours:         []state.Hour{{At: at(1), Source: "a"}},
		Quarantined:   []state.Quarantined{record("r", "0123456789")},
		HistoryBefore: at(5), QuarantineLimit: 10,
	})
	got := everything(t, s)
	if len(got.Files) != 1 || len(got.Hours) != 0 || len(got.History["a"]) != 1 || got.Total != 0 ||
		string(got.Segments["a"][0].Body) != "new" {
		t.Errorf("got %+v", got)
	}
}
