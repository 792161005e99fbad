package statetest

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// whole is a change of everything, under a name.
func whole(name string) state.Changes {
	a := fact(name, 1, at(0), at(0))
	a.Tenant, a.Rule, a.Severity, a.Status = name, name, name, name
	d := delivery(name, 1, name, at(0))
	d.Problem = name
	return state.Changes{
		Cursors:     []state.Cursor{{Source: name, Stream: name, Text: name, At: at(0)}},
		Files:       []state.File{{Path: name, Tenant: name, Kind: name, Day: name}},
		Segments:    []state.Segment{segment(name, at(0), at(1), name)},
		Tallies:     []state.Tally{{Name: []byte(name), Body: []byte("x" + name)}},
		Alerts:      []state.Alert{a},
		Deliveries:  []state.Delivery{d},
		Hours:       []state.Hour{{At: at(0), Source: name, Stream: name, Kind: name, Events: 1}},
		Quarantined: []state.Quarantined{{At: at(0), Source: name, Name: name, Reason: name, Raw: []byte(name)}},
		Values:      []state.Value{{Name: name, Text: "x" + name}},
		Audit:       []state.AuditEntry{{At: at(0), Actor: name, Action: name, Object: name, Result: name}},
	}
}

func testAllOrNothing(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, whole("a"))
	clash := whole("b")
	clash.Removed = []string{"a"}
	clash.Expired = []state.Expiry{{Class: "a", Before: forever}}
	clash.Tallies = append(clash.Tallies, state.Tally{Name: []byte("a")})
	clash.Hours = append(clash.Hours, state.Hour{At: at(0), Source: "a", Stream: "a", Kind: "a", Events: 1})
	clash.Values = append(clash.Values, state.Value{Name: "a"})
	clash.QuarantineLimit = 1
	clash.HistoryBefore = forever
	for _, spoil := range []func(*state.Changes){
		func(c *state.Changes) { c.Files = append(c.Files, c.Files[0]) },
		func(c *state.Changes) { c.Alerts = append(c.Alerts, fact("a", 1, at(0), at(0))) },
		func(c *state.Changes) { c.Deliveries = append(c.Deliveries, delivery("a", 7, "a", at(0))) },
	} {
		c := clash
		spoil(&c)
		refuse(t, s, c)
	}
	before := everything(t, s)
	s = restart(t, s, open)
	same(t, everything(t, s), before)
	apply(t, s, clash) // it can be applied after all
}

func testCanceled(t *testing.T, open Open) {
	s := start(t, open)
	before := everything(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := whole("a")
	if err := s.Apply(ctx, &c); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: %v", err)
	}
	if _, err := s.Files(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("files: %v", err)
	}
	if _, err := gather(s.Tallies(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("tallies: %v", err)
	}
	same(t, everything(t, s), before)

	// In the middle as well, whatever it was doing: all or nothing.
	big := whole("b")
	for range 2000 {
		big.Quarantined = append(big.Quarantined, record("r", strings.Repeat("x", 1000)))
	}
	full := int64(len(big.Quarantined))
	for i := range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*i)*time.Millisecond)
		err := s.Apply(ctx, &big)
		cancel()
		_, total, _ := s.Quarantined(t.Context(), 0)
		if err == nil && total != full || err != nil && total != 0 {
			t.Fatalf("after %v there are %d records", err, total)
		}
		if err == nil {
			return
		}
	}
	apply(t, s, big)
}

func testHostileTexts(t *testing.T, open Open) {
	s := start(t, open)
	m := &Model{}
	for _, name := range names {
		apply(t, s, whole(name))
		apply(t, m, whole(name))
	}
	s = restart(t, s, open)
	same(t, everything(t, s), everything(t, m))
	for _, name := range names {
		q := state.AlertQuery{IDs: []string{name}, Rules: []string{name}, Tenant: name}
		same(t, collect(t, s.Alerts(t.Context(), q)), collect(t, m.Alerts(t.Context(), q)))
	}
	apply(t, s, state.Changes{Removed: names})
	same(t, must[[]state.File](t)(s.Files(t.Context())), nil)
}

func testTimes(t *testing.T, open Open) {
	s := start(t, open)
	for i, when := range []time.Time{
		{},
		time.Time{}.Add(1),
		noon.Add(123_456_789),
		time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("west", -12*3600)),
		time.Date(-1, 1, 1, 0, 0, 0, 1, time.UTC),
		time.Unix(math.MaxInt32*1000, 1),
	} {
		name := "a"
		c := state.Changes{
			Cursors:     []state.Cursor{{At: when}},
			Removed:     []string{name},
			Expired:     []state.Expiry{{Class: name, Before: forever.AddDate(99999, 0, 0)}},
			Files:       []state.File{{Path: name, First: when, Last: when, Added: when}},
			Segments:    []state.Segment{segment(name, when, when, "")},
			Alerts:      []state.Alert{{ID: name, Revision: i, First: when, Last: when, Stored: when}},
			Deliveries:  []state.Delivery{{Alert: name, Revision: i, Sink: name, Next: when, Stored: when}},
			Hours:       []state.Hour{{At: when, First: when, Last: when}},
			Quarantined: []state.Quarantined{{At: when}},
		}
		apply(t, s, c)
		all := func(what string, got ...time.Time) {
			t.Helper()
			for _, g := range got {
				if !g.Equal(when) || g.IsZero() != when.IsZero() || g.Location() != time.UTC {
					t.Errorf("%s: got %v, want %v", what, g, when)
				}
			}
		}
		cursors := must[[]state.Cursor](t)(s.Cursors(t.Context()))
		files := must[[]state.File](t)(s.Files(t.Context()))
		segments := collect(t, s.Segments(t.Context(), name, when, time.Time{}))
		alerts := collect(t, s.Alerts(t.Context(), state.AlertQuery{Since: when, Changed: when}))
		pending := must[[]state.Delivery](t)(s.Pending(t.Context(), name, when, 100))
		hours := collect(t, s.Hours(t.Context(), when))
		newest, _, err := s.Quarantined(t.Context(), 1)
		if err != nil || len(cursors)*len(files)*len(segments)*len(alerts)*len(pending)*len(hours)*len(newest) == 0 {
			t.Fatalf("%v: something is missing; %v", when, err)
		}
		all("cursor", cursors[0].At)
		all("file", files[0].First, files[0].Last, files[0].Added)
		all("segment", segments[0].First, segments[0].Last)
		all("alert", alerts[0].First, alerts[0].Last, alerts[0].Stored)
		all("delivery", pending[len(pending)-1].Next, pending[len(pending)-1].Stored)
		all("hour", hours[0].At, hours[0].First, hours[0].Last)
		all("quarantine", newest[0].At)
		apply(t, s, state.Changes{Deliveries: []state.Delivery{{Alert: name, Revision: i, Sink: name, Done: true}}})
	}
}

// testReadWhileWriting: readers see all of a change or nothing of it.
func testReadWhileWriting(t *testing.T, open Open) {
	s := start(t, open)
	writes := 60
	if raceEnabled {
		writes = 15
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := 0
				for x, err := range s.Segments(t.Context(), "a", time.Time{}, time.Time{}) {
					if err != nil {
						t.Error(err)
						return
					}
					if len(x.Body) != 10_000 {
						t.Errorf("a body of %d bytes", len(x.Body))
					}
					n++
				}
				if n%3 != 0 {
					t.Errorf("saw %d segments", n)
				}
				if _, err := s.Value(t.Context(), "mark"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	body := strings.Repeat("x", 10_000)
	for range writes {
		apply(t, s, state.Changes{Segments: []state.Segment{
			segment("a", at(0), at(0), body), segment("a", at(0), at(0), body), segment("a", at(0), at(0), body),
		}, Values: []state.Value{{Name: "mark", Text: "x"}}})
	}
	cancel()
	wg.Wait()
	same(t, len(collect(t, s.Segments(t.Context(), "a", at(0), time.Time{}))), 3*writes)
}

// testWriteWhileReading: what is being read stays as it was when that began, and
// who reads may read and write.
func testWriteWhileReading(t *testing.T, open Open) {
	s := start(t, open)
	body := strings.Repeat("x", 100_000)
	for range 20 {
		apply(t, s, state.Changes{Segments: []state.Segment{segment("a", at(0), at(1), body)}})
	}
	n := 0
	for x, err := range s.Segments(t.Context(), "a", at(0), time.Time{}) {
		if err != nil || len(x.Body) != len(body) {
			t.Fatalf("segment %d: %d bytes, %v", n, len(x.Body), err)
		}
		if n == 0 {
			apply(t, s, state.Changes{
				Expired:  []state.Expiry{{Class: "a", Before: forever}},
				Segments: []state.Segment{segment("a", at(0), at(1), "new")},
			})
			for _, err := range s.Segments(t.Context(), "a", at(0), time.Time{}) {
				if err != nil {
					t.Error(err)
				}
			}
		}
		n++
	}
	if n != 20 {
		t.Errorf("read %d segments of 20", n)
	}
	if got := bodies(t, s, "a", at(0), time.Time{}); got != "new" {
		t.Errorf("left are %d bytes", len(got))
	}
}

// testStopReading: who stops early holds nothing back.
func testStopReading(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, whole("a"), whole("b"))
	for range 100 {
		for _, err := range s.Tallies(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			break
		}
		for _, err := range s.Alerts(t.Context(), state.AlertQuery{}) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	}
	apply(t, s, whole("B"))
}

func testInUse(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, whole("a"))
	if second, err := open(); !errors.Is(err, state.ErrInUse) {
		t.Errorf("opened twice: %v", err)
		if err == nil {
			_ = second.Close()
		}
	}
	apply(t, s, whole("b")) // it is still whose it was
	restart(t, s, open)
}

func testClosed(t *testing.T, open Open) {
	s := start(t, open)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c := whole("a")
	if err := s.Apply(t.Context(), &c); err == nil {
		t.Error("a closed store accepts changes")
	}
	if _, err := s.Files(t.Context()); err == nil {
		t.Error("a closed store lists files")
	}
	if _, err := gather(s.Tallies(t.Context())); err == nil {
		t.Error("a closed store gives tallies")
	}
	same(t, everything(t, start(t, open)), contents{})
}

func testCheck(t *testing.T, open Open) {
	s := start(t, open)
	for _, name := range names {
		apply(t, s, whole(name))
	}
	before := everything(t, s)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	same(t, everything(t, s), before)
}
