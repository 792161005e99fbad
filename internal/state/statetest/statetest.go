// Package statetest holds every store of the state to one contract: what package
// state says of them, sentence by sentence, then random changes against a model
// that is as naive as can be, then processes that are killed while they write.
//
// A store's own tests call [Run], and [Crash] with [Helper] in TestMain. It does
// not test what only one store can do, such as backups.
package statetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entrawatch/entrawatch/internal/state"
)

// An Open opens the state of one place. Opened again after Close, the place has
// what was kept.
type Open func() (state.Store, error)

// Run tests a store. Each call of place gives a place where nothing is yet; what
// it needs goes with the test.
func Run(t *testing.T, place func(t testing.TB) Open) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"Empty", testEmpty},
		{"Cursors", testCursors},
		{"Files", testFiles},
		{"ManyFiles", testManyFiles},
		{"Segments", testSegments},
		{"BigSegment", testBigSegment},
		{"Tallies", testTallies},
		{"Alerts", testAlerts},
		{"AlertQueries", testAlertQueries},
		{"ManyIDs", testManyIDs},
		{"Deliveries", testDeliveries},
		{"Hours", testHours},
		{"Quarantine", testQuarantine},
		{"Values", testValues},
		{"Audit", testAudit},
		{"History", testHistory},
		{"Order", testOrder},
		{"AllOrNothing", testAllOrNothing},
		{"Canceled", testCanceled},
		{"HostileTexts", testHostileTexts},
		{"Times", testTimes},
		{"ReadWhileWriting", testReadWhileWriting},
		{"WriteWhileReading", testWriteWhileReading},
		{"StopReading", testStopReading},
		{"InUse", testInUse},
		{"Closed", testClosed},
		{"Check", testCheck},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, place(t)) })
	}
	t.Run("Model", func(t *testing.T) { testModel(t, place) })
}

// start opens a place and closes it when the test is over.
func start(t *testing.T, open Open) state.Store {
	t.Helper()
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// restart closes a store and opens its place again.
func restart(t *testing.T, s state.Store, open Open) state.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return start(t, open)
}

func apply(t *testing.T, s state.Store, changes ...state.Changes) {
	t.Helper()
	for i := range changes {
		if err := s.Apply(t.Context(), &changes[i]); err != nil {
			t.Fatalf("changes %d: %v", i, err)
		}
	}
}

// refuse applies what must fail and change nothing.
func refuse(t *testing.T, s state.Store, c state.Changes) {
	t.Helper()
	before := everything(t, s)
	if err := s.Apply(t.Context(), &c); err == nil {
		t.Errorf("accepted %+v", c)
	}
	same(t, everything(t, s), before)
}

// collect reads a sequence to its end.
func collect[T any](t *testing.T, in iter.Seq2[T, error]) []T {
	t.Helper()
	out, err := gather(in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gather[T any](in iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for x, err := range in {
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// must gives the result of a call that may not fail.
func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, options); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// options compare bytes as a whole, which is quick, and take nothing for empty.
var options = cmp.Options{
	cmp.FilterValues(func(x, y []byte) bool { return len(x)+len(y) > 0 }, cmp.Comparer(bytes.Equal)), cmpopts.EquateEmpty(),
}

// noon is a time in the middle of the tests; at is some minutes later.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// forever is later than all times of the tests.
var forever = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)

// contents is all that a store says when asked for everything.
type contents struct {
	Cursors     []state.Cursor
	Files       []state.File
	Segments    map[string][]state.Segment
	Tallies     []state.Tally
	Alerts      []state.Alert
	History     map[string][]state.Alert
	Pending     map[string][]state.Delivery
	Hours       []state.Hour
	Quarantined []state.Quarantined
	Total       int64
	Audit       []state.AuditEntry
	Values      map[string]string
}

// The names that tests use; everything asks for them.
var (
	names = []string{"", "a", "b", "B", "\x00", "a\x00b", "\xff\xfe'\"\\", "é%_", long()}
	words = []string{"mark", "other"}
)

// long is a text that no index takes and that does not compress.
func long() string {
	b := make([]byte, 10_000)
	x := rand.NewChaCha8([32]byte{1})
	_, _ = x.Read(b) // never fails
	return string(b)
}

func everything(t *testing.T, s state.Store) contents {
	t.Helper()
	return must[contents](t)(ask(t.Context(), s))
}

func ask(ctx context.Context, s state.Store) (contents, error) {
	c := contents{
		Segments: map[string][]state.Segment{}, History: map[string][]state.Alert{},
		Pending: map[string][]state.Delivery{}, Values: map[string]string{},
	}
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	var err error
	c.Cursors, err = s.Cursors(ctx)
	keep(err)
	c.Files, err = s.Files(ctx)
	keep(err)
	c.Tallies, err = gather(s.Tallies(ctx))
	keep(err)
	c.Alerts, err = gather(s.Alerts(ctx, state.AlertQuery{}))
	keep(err)
	c.Hours, err = gather(s.Hours(ctx, time.Time{}))
	keep(err)
	c.Quarantined, c.Total, err = s.Quarantined(ctx, 1000)
	keep(err)
	keep(rising(c.Quarantined, func(x *state.Quarantined) *int64 { return &x.Seq }, -1))
	c.Audit, err = s.Audit(ctx, 1000)
	keep(err)
	keep(rising(c.Audit, func(x *state.AuditEntry) *int64 { return &x.Seq }, -1))
	for _, name := range names {
		segments, err := gather(s.Segments(ctx, name, time.Time{}, time.Time{}))
		keep(err)
		keep(rising(segments, func(x *state.Segment) *int64 { return &x.Seq }, 1))
		pending, err := s.Pending(ctx, name, forever, 1000)
		keep(err)
		history, err := s.History(ctx, name)
		keep(err)
		if len(segments) > 0 {
			c.Segments[name] = segments
		}
		if len(pending) > 0 {
			c.Pending[name] = pending
		}
		if len(history) > 0 {
			c.History[name] = history
		}
	}
	for _, name := range append(words, names...) {
		text, err := s.Value(ctx, name)
		keep(err)
		if text != "" {
			c.Values[name] = text
		}
	}
	return c, errors.Join(errs...)
}

// rising checks that the numbers that a store gave rise, or fall where step is
// negative, and takes them away: stores may count differently.
func rising[T any](list []T, seq func(*T) *int64, step int64) error {
	for i := range list {
		if *seq(&list[i]) <= 0 || i > 0 && (*seq(&list[i])-*seq(&list[i-1]))*step <= 0 {
			return errors.New("the numbers of the store are out of order")
		}
	}
	for i := range list {
		*seq(&list[i]) = 0
	}
	return nil
}
