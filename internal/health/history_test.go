package health_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/state"
)

// monday is the beginning of the week at hand.
var monday = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func at(day, hour, minute int) time.Time {
	return monday.Add(time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// weeks is a log in which each hour since so many days before monday, up to
// until, brings what of says.
func weeks(days int, until time.Time, of func(time.Time) int64) *health.History {
	h := health.NewHistory()
	for t := monday.Add(-time.Duration(days) * 24 * time.Hour); t.Before(until); t = t.Add(time.Hour) {
		h.Add(&state.Hour{At: t, Source: "s", Stream: "x", Kind: "signin", Events: of(t), First: t, Last: t.Add(59 * time.Minute)})
	}
	return h
}

var log = health.Name{Source: "s", Kind: "signin"}

func always(n int64) func(time.Time) int64 { return func(time.Time) int64 { return n } }

// office is busy on weekdays from 8 to 18.
func office(t time.Time) int64 {
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday || t.Hour() < 8 || t.Hour() >= 18 {
		return 0
	}
	return 200
}

func daily(t time.Time) int64 {
	if t.Hour() == 9 {
		return 50_000
	}
	return 0
}

// rare brings something on Wednesdays.
func rare(t time.Time) int64 {
	if t.Weekday() == time.Wednesday && t.Hour() == 12 {
		return 1
	}
	return 0
}

func TestSilent(t *testing.T) {
	for _, test := range []struct {
		name     string
		days     int
		of       func(time.Time) int64
		last     time.Time
		now      time.Time
		watching time.Time
		want     bool
	}{
		{"busy, 59 minutes", 28, always(1000), at(2, 10, 30), at(2, 11, 29), time.Time{}, false},
		{"busy, an hour", 28, always(1000), at(2, 10, 30), at(2, 11, 30), time.Time{}, true},
		{"two an hour, four hours", 28, always(2), at(2, 10, 30), at(2, 14, 30), time.Time{}, false},
		{"two an hour, five hours", 28, always(2), at(2, 10, 30), at(2, 15, 30), time.Time{}, true},
		{"watching since late", 28, always(1000), at(2, 3, 0), at(2, 11, 30), at(2, 11, 0), false},
		{"office at night", 28, office, at(1, 17, 59), at(2, 7, 59), time.Time{}, false},
		{"office over the weekend", 28, office, at(4, 17, 59), at(7, 8, 1), time.Time{}, false},
		{"office on Monday morning", 28, office, at(4, 17, 59), at(7, 10, 0), time.Time{}, true},
		{"once a day, late", 28, daily, at(1, 9, 10), at(2, 10, 10), time.Time{}, false},
		{"once a day, missing", 28, daily, at(1, 9, 10), at(2, 23, 0), time.Time{}, true},
		{"rare", 28, rare, at(2, 12, 10), at(9, 14, 0), time.Time{}, false},
		{"rare, three weeks", 28, rare, at(2, 12, 10), at(23, 14, 0), time.Time{}, true},
		{"first days, two hours", 3, always(1000), at(0, 10, 0), at(0, 12, 0), time.Time{}, false},
		{"first days, four hours", 3, always(1000), at(0, 10, 0), at(0, 14, 0), time.Time{}, true},
		{"first day of all", 0, always(1000), at(0, 10, 0), at(0, 20, 0), time.Time{}, false},
		{"never seen", -10, always(1000), at(0, 10, 0), at(0, 20, 0), time.Time{}, false},
	} {
		h := weeks(test.days, test.last, test.of)
		if got := h.Silent(log, test.last, test.watching, test.now); got != test.want {
			t.Errorf("%s: silent is %v", test.name, got)
		}
	}
}

func TestGaps(t *testing.T) {
	hole := func(t time.Time) int64 {
		if !t.Before(at(2, 9, 0)) && t.Before(at(2, 12, 0)) {
			return 0
		}
		return office(t)
	}
	h := weeks(28, at(3, 12, 0), hole)
	want := []health.Gap{{From: at(2, 9, 0), To: at(2, 12, 0)}}
	if diff := cmp.Diff(want, h.Gaps(log, at(3, 12, 30))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// What was missing came afterwards.
	h.Add(&state.Hour{At: at(2, 12, 0), Source: "s", Stream: "x", Kind: "signin", Events: 600, First: at(2, 9, 1)})
	if got := h.Gaps(log, at(3, 12, 30)); len(got) > 0 {
		t.Errorf("got %v, though it came late", got)
	}
}

func TestVolume(t *testing.T) {
	h := weeks(28, at(2, 10, 0), office)
	h.Add(&state.Hour{At: at(2, 10, 0), Source: "s", Stream: "a", Kind: "signin", Events: 3})
	h.Add(&state.Hour{At: at(2, 10, 0), Source: "s", Stream: "b", Kind: "signin", Events: 4})
	if last, before := h.Volume(log, at(2, 11, 5)); last != 7 || before != 200 {
		t.Errorf("got %d and %d, want 7 and 200", last, before)
	}
	if got := h.UsualPause(log, at(2, 10, 5)); got != 18*time.Second {
		t.Errorf("the usual pause is %s", got)
	}
	young := weeks(1, at(2, 10, 0), office)
	if _, before := young.Volume(log, at(2, 11, 5)); before != -1 {
		t.Errorf("the week before had %d events, although nobody watched", before)
	}
	h.Forget(at(60, 0, 0))
	if last, before := h.Volume(log, at(2, 11, 5)); last != 0 || before != -1 {
		t.Errorf("remembers %d and %d after two months", last, before)
	}
}
