package health_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/health"
)

// TestJudge: each thing that is not well makes its colour, says what to do, and
// wakes somebody only when it should.
func TestJudge(t *testing.T) {
	now := at(2, 12, 0)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	stream := func(s health.Stream) func(*health.Health) {
		return func(h *health.Health) { h.Sources[0].Streams = append(h.Sources[0].Streams, s) }
	}
	logged := func(l health.Log) func(*health.Health) {
		l.Kind = "signin"
		return func(h *health.Health) { h.Sources[0].Logs = append(h.Sources[0].Logs, l) }
	}
	for _, test := range []struct {
		name   string
		change func(*health.Health)
		state  health.State
		alerts string
		says   string
	}{
		{"all is well", func(*health.Health) {}, health.Green, "", ""},
		{"a problem for a minute", stream(health.Stream{Problem: "timeout", Since: before(time.Minute)}), health.Yellow, "", "timeout"},
		{"a problem for 15 minutes", stream(health.Stream{Name: "signIns", Problem: "timeout", Since: before(15 * time.Minute)}), health.Red, health.SourceFailing, "signIns: timeout"},
		{"a problem that needs a person", stream(health.Stream{Problem: "the secret has expired", Hint: "make another", Final: true, Since: now}), health.Red, health.SourceFailing, "expired"},
		{"silence", logged(health.Log{Silent: before(2 * time.Hour)}), health.Yellow, health.SourceSilent, "signin: nothing has come since 2026-11-04 10:00 UTC"},
		{"less than a tenth", logged(health.Log{Hour: 9, WeekBefore: 100}), health.Yellow, "", "9 events in the last full hour, 100 in that of last week"},
		{"a tenth", logged(health.Log{Hour: 10, WeekBefore: 100}), health.Green, "", ""},
		{"few in any week", logged(health.Log{Hour: 0, WeekBefore: 99}), health.Green, "", ""},
		{"no week before", logged(health.Log{Hour: 0, WeekBefore: -1}), health.Green, "", ""},
		{"old events", logged(health.Log{LastEvent: before(30 * time.Hour), LastArrival: before(time.Minute)}), health.Yellow, "", "the newest event is 30h0m old"},
		{"old events, not of late", logged(health.Log{LastEvent: before(30 * time.Hour), LastArrival: before(time.Hour)}), health.Green, "", ""},
		{"empty columns", logged(health.Log{Empty: []health.Column{{Field: "ip", Format: "graph"}, {Field: "ip", Format: "portal"}}}), health.Yellow, "", "had values before and is empty now: ip"},
		{"quarantine", func(h *health.Health) { h.Sources[0].Undecodable = 3 }, health.Yellow, "", "3 in this hour"},
		{"quarantine, long ago", func(h *health.Health) { h.Sources[0].Quarantined = 3 }, health.Green, "", ""},
		{
			"blind rules", func(h *health.Health) {
				h.Rules.Blind = []health.Blind{{Rule: "a", Kind: "signin", Why: "ip is empty"}, {Rule: "b", Kind: "signin", Why: "ip is empty"}, {Rule: "c", Kind: "audit", Why: "silent"}}
			},
			health.Yellow, health.RuleBlind + " " + health.RuleBlind, "2 rules can find nothing: ip is empty",
		},
		{"99 too late", func(h *health.Health) { h.Rules.Late = 99 }, health.Green, "", ""},
		{"100 too late", func(h *health.Health) { h.Rules.Late = 100 }, health.Yellow, health.EventsLate, "later than lateness allows"},
		{"an outlet for a minute", func(h *health.Health) {
			h.Outlets = []health.Outlet{{Name: "soc", Problem: "refused", Since: before(time.Minute)}}
		}, health.Yellow, "", "refused"},
		{"an outlet for 15 minutes", func(h *health.Health) {
			h.Outlets = []health.Outlet{{Name: "soc", Problem: "refused", Since: before(15 * time.Minute)}}
		}, health.Red, health.OutletFailing, "refused"},
		{"the store", func(h *health.Health) { h.Store.Problem = "read-only file system" }, health.Red, "", "read-only file system"},
		{"a damaged state", func(h *health.Health) { h.Store.Problem, h.Store.Damaged = "damaged", true }, health.Red, "", "restore a backup"},
		{"no room", func(h *health.Health) { h.Store.Problem, h.Store.Full = "full", true }, health.Red, "", "make room"},
		{"files damaged", func(h *health.Health) { h.Store.DamagedFiles = map[string]string{"a": "missing", "b": "short"} }, health.Red, health.LakeDamaged, "2 files of the lake cannot be read: a: missing"},
		{"disk, a tenth", func(h *health.Health) { h.Disk.Free = 10e9 }, health.Green, "", ""},
		{"disk, less", func(h *health.Health) { h.Disk.Free = 9e9 }, health.Yellow, health.DiskFull, "nearly full"},
		{"disk, next to nothing", func(h *health.Health) { h.Disk.Free = 1e9 }, health.Red, health.DiskFull, "for the last"},
		{"disk, little but large", func(h *health.Health) { h.Disk.Size, h.Disk.Free = 10e12, 100e9 }, health.Green, "", ""},
		{"disk, not known", func(h *health.Health) { h.Disk = health.Disk{} }, health.Green, "", ""},
		{"not running", func(h *health.Health) { h.Started = time.Time{} }, health.Red, "", "does not run"},
		{"all sources", func(h *health.Health) {
			h.Sources = []health.Source{{Name: "a", Streams: []health.Stream{{Problem: "x", Final: true}}}, {Name: "b", Streams: []health.Stream{{Problem: "x", Final: true}}}}
		}, health.Red, health.SourceFailing + " " + health.SourceFailing, "all sources fail"},
	} {
		h := &health.Health{
			Time: now, Started: before(time.Hour), Lateness: (24 * time.Hour).Seconds(),
			Sources: []health.Source{{Name: "entra"}, {Name: "other"}}, Disk: health.Disk{Folder: "data", Size: 100e9, Free: 50e9},
		}
		test.change(h)
		h.Judge()
		var alerts, says []string
		for _, r := range h.Reasons {
			says = append(says, r.What, r.Hint)
			if r.Alert != "" {
				alerts = append(alerts, r.Alert)
			}
			if r.Hint == "" && !strings.Contains(r.What, "timeout") && r.What != "signIns: timeout" && !strings.HasSuffix(r.What, "x") {
				t.Errorf("%s: %q does not say what to do", test.name, r.What)
			}
		}
		if !slices.IsSortedFunc(h.Reasons, func(x, y health.Reason) int { return strings.Compare(string(x.State), string(y.State)) }) {
			t.Errorf("%s: the worst does not come first", test.name)
		}
		if h.State != test.state || strings.Join(alerts, " ") != test.alerts || !strings.Contains(strings.Join(says, "\n"), test.says) {
			t.Errorf("%s: %s, alerts %v, because\n%s", test.name, h.State, alerts, strings.Join(says, "\n"))
		}
	}
}
