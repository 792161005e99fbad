package statetest

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

func testEmpty(t *testing.T, open Open) {
	s := start(t, open)
	empty := contents{}
	same(t, everything(t, s), empty)
	apply(t, s, state.Changes{}, state.Changes{QuarantineLimit: 1, HistoryBefore: noon})
	same(t, everything(t, restart(t, s, open)), empty)
}

func testCursors(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s, state.Changes{Cursors: []state.Cursor{
		{Source: "graph", Stream: "signins", Text: "1", At: at(0)},
		{Source: "files", Stream: "b", Text: "2", At: at(1)},
		{Source: "files", Stream: "a", Text: "", At: at(2)},
	}})
	apply(t, s, state.Changes{Cursors: []state.Cursor{
		{Source: "files", Stream: "b", Text: "3", At: at(3)},
		{Source: "files", Stream: "b", Text: "4", At: at(4)}, // the last one counts
	}})
	for range 2 {
		same(t, must[[]state.Cursor](t)(s.Cursors(t.Context())), []state.Cursor{
			{Source: "files", Stream: "a", Text: "", At: at(2)},
			{Source: "files", Stream: "b", Text: "4", At: at(4)},
			{Source: "graph", Stream: "signins", Text: "1", At: at(0)},
		})
		s = restart(t, s, open)
	}
}

func file(path string) state.File {
	return state.File{
		Path: path, Tenant: "t", Kind: "signin", Day: "2026-11-02", First: at(1), Last: at(2), Rows: 3, Bytes: 1 << 40,
		Level: 5, Added: at(6),
	}
}

func testFiles(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s,
		state.Changes{Files: []state.File{file("b"), file("a"), file("Z"), file("c")}},
		state.Changes{Removed: []string{"b", "never there"}, Files: []state.File{file("d")}})
	refuse(t, s, state.Changes{Files: []state.File{file("a")}})
	refuse(t, s, state.Changes{Files: []state.File{file("e"), file("f"), file("e")}})
	apply(t, s, state.Changes{Removed: []string{"c"}, Files: []state.File{file("b"), file("c")}}) // gone, then new
	same(t, must[[]state.File](t)(s.Files(t.Context())),
		[]state.File{file("Z"), file("a"), file("b"), file("c"), file("d")})
}

func testManyFiles(t *testing.T, open Open) {
	s := start(t, open)
	n := 20_000
	if raceEnabled {
		n = 2000
	}
	var want []state.File
	for i := range n {
		want = append(want, file("tenant=t/kind=signin/day=2026-11-02/"+strconv.Itoa(n+i)))
	}
	shuffled := slices.Clone(want)
	rand.New(rand.NewPCG(1, 2)).Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	begun := time.Now()
	apply(t, s, state.Changes{Files: shuffled})
	written := time.Since(begun)
	expect := func(want []state.File) {
		t.Helper()
		if got := must[[]state.File](t)(s.Files(t.Context())); !slices.Equal(got, want) {
			t.Errorf("%d files came back, want %d as they were", len(got), len(want))
		}
	}
	expect(want)
	t.Logf("%d files: written in %v, read and compared in %v", n, written, time.Since(begun)-written)
	var half []string
	for _, f := range want[:n/2] {
		half = append(half, f.Path)
	}
	apply(t, s, state.Changes{Removed: half})
	expect(want[n/2:])
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("all that took %v", took)
	}
}

func segment(class string, first, last time.Time, body string) state.Segment {
	return state.Segment{Class: class, First: first, Last: last, Body: []byte(body)}
}

// bodies of the segments that a question gives, whose numbers must rise.
func bodies(t *testing.T, s state.Store, class string, since, until time.Time) string {
	t.Helper()
	var out []string
	var seq int64
	for _, x := range collect(t, s.Segments(t.Context(), class, since, until)) {
		if x.Seq <= seq || x.Class != class {
			t.Errorf("segment %d of class %q after %d", x.Seq, x.Class, seq)
		}
		seq = x.Seq
		out = append(out, string(x.Body))
	}
	return strings.Join(out, " ")
}

func testSegments(t *testing.T, open Open) {
	s := start(t, open)
	expect := func(class string, since time.Time, want string) {
		t.Helper()
		if got := bodies(t, s, class, since, time.Time{}); got != want {
			t.Errorf("class %q since %v: got %q, want %q", class, since, got, want)
		}
	}
	expectUntil := func(since, until time.Time, want string) {
		t.Helper()
		if got := bodies(t, s, "day", since, until); got != want {
			t.Errorf("since %v until %v: got %q, want %q", since, until, got, want)
		}
	}
	apply(t, s,
		state.Changes{Segments: []state.Segment{
			segment("day", at(50), at(60), "one"), segment("week", at(0), at(10), "two"), segment("day", at(10), at(20), "three"),
		}},
		state.Changes{Segments: []state.Segment{segment("day", time.Time{}, at(30), "four"), segment("day", time.Time{}, time.Time{}, "five")}})
	for range 2 {
		expect("day", time.Time{}, "one three four five")
		expect("day", at(20), "one three four") // what ends just then holds something of it
		expect("day", at(20).Add(1), "one four")
		expect("day", at(61), "")
		expectUntil(time.Time{}, at(50), "one three four five") // what begins just then holds something of it
		expectUntil(time.Time{}, at(50).Add(-1), "three four five")
		expectUntil(at(20).Add(1), at(49), "four")
		expectUntil(at(61), at(90), "")
		expect("week", at(10), "two")
		expect("month", time.Time{}, "")
		s = restart(t, s, open)
	}
	got := collect(t, s.Segments(t.Context(), "day", at(60), time.Time{}))
	got[0].Seq = 0
	same(t, got, []state.Segment{segment("day", at(50), at(60), "one")})

	apply(t, s, state.Changes{Expired: []state.Expiry{{Class: "day", Before: at(30)}, {Class: "nothing", Before: at(90)}}})
	expect("day", time.Time{}, "one four")
	expect("week", time.Time{}, "two")
	highest := collect(t, s.Segments(t.Context(), "day", time.Time{}, time.Time{}))[1].Seq
	apply(t, s, state.Changes{Expired: []state.Expiry{{Class: "day", Before: at(90)}, {Class: "week", Before: at(90)}}})
	s = restart(t, s, open)
	apply(t, s, state.Changes{Segments: []state.Segment{segment("day", at(0), at(1), "new")}})
	if seq := collect(t, s.Segments(t.Context(), "day", time.Time{}, time.Time{}))[0].Seq; seq <= highest {
		t.Errorf("segment %d was added after %d", seq, highest)
	}
}

func testBigSegment(t *testing.T, open Open) {
	s := start(t, open)
	body := make([]byte, 32<<20)
	if raceEnabled {
		body = body[:4<<20]
	}
	_, _ = rand.NewChaCha8([32]byte{}).Read(body) // never fails
	apply(t, s, state.Changes{Segments: []state.Segment{{Class: "day", Last: noon, Body: body}, {Class: "day", Last: noon}}})
	s = restart(t, s, open)
	got := collect(t, s.Segments(t.Context(), "day", noon, time.Time{}))
	if len(got) != 2 || !bytes.Equal(got[0].Body, body) || len(got[1].Body) != 0 {
		t.Errorf("%d segments came back, not as they were", len(got))
	}
}

func testTallies(t *testing.T, open Open) {
	s := start(t, open)
	tally := func(name, body string) state.Tally { return state.Tally{Name: []byte(name), Body: []byte(body)} }
	apply(t, s,
		state.Changes{Tallies: []state.Tally{tally("\xff", "1"), tally("a\x00", "2"), tally("a", "3"), tally("", "4"), tally("c", "5")}},
		state.Changes{Tallies: []state.Tally{tally("a", "6"), tally("c", ""), tally("never there", ""), tally("d", ""), tally("d", "7")}})
	for range 2 {
		same(t, collect(t, s.Tallies(t.Context())),
			[]state.Tally{tally("", "4"), tally("a", "6"), tally("a\x00", "2"), tally("d", "7"), tally("\xff", "1")})
		s = restart(t, s, open)
	}
}

func testHours(t *testing.T, open Open) {
	s := start(t, open)
	hour := func(at time.Time, stream, kind string, n int64, first, last time.Time) state.Hour {
		return state.Hour{
			At: at, Source: "graph", Stream: stream, Kind: kind,
			Events: n, Duplicates: 10 * n, Quarantined: 100 * n, Bytes: n << 40, First: first, Last: last,
		}
	}
	never := time.Time{}
	apply(t, s,
		state.Changes{Hours: []state.Hour{
			hour(at(60), "s", "signin", 1, at(5), at(6)), hour(at(0), "s", "signin", 1, never, never),
			hour(at(60), "s", "signin", 2, at(4), at(5)), hour(at(60), "a", "b", 1, never, never),
		}},
		state.Changes{Hours: []state.Hour{
			hour(at(60), "s", "signin", 4, at(6), at(9)), hour(at(0), "s", "signin", 0, at(1), at(2)),
			hour(at(60), "s", "audit", 1, at(1), at(1)), hour(at(60), "s", "signin", 8, never, never),
		}})
	want := []state.Hour{
		hour(at(0), "s", "signin", 1, at(1), at(2)),
		hour(at(60), "a", "b", 1, never, never),
		hour(at(60), "s", "audit", 1, at(1), at(1)),
		hour(at(60), "s", "signin", 15, at(4), at(9)),
	}
	for range 2 {
		same(t, collect(t, s.Hours(t.Context(), never)), want)
		same(t, collect(t, s.Hours(t.Context(), at(60))), want[1:])
		same(t, collect(t, s.Hours(t.Context(), at(61))), nil)
		s = restart(t, s, open)
	}
	apply(t, s, state.Changes{HistoryBefore: at(60)})
	same(t, collect(t, s.Hours(t.Context(), never)), want[1:])
}

func record(reason, raw string) state.Quarantined {
	return state.Quarantined{At: noon, Source: "files", Name: "x.json", Line: 12, Index: -1, Reason: reason, Raw: []byte(raw)}
}

func testQuarantine(t *testing.T, open Open) {
	s := start(t, open)
	one := record("r", "0123456789") // of 22 bytes
	expect := func(n int, total int64, want string) {
		t.Helper()
		newest, got, err := s.Quarantined(t.Context(), n)
		if err != nil || got != total {
			t.Errorf("%d records in all, want %d; %v", got, total, err)
		}
		reasons := ""
		for i, x := range newest {
			if i > 0 && x.Seq >= newest[i-1].Seq {
				t.Errorf("record %d comes after %d", x.Seq, newest[i-1].Seq)
			}
			reasons += x.Reason
			x.Seq = 0
			same(t, x, record(x.Reason, string(one.Raw)))
		}
		if reasons != want {
			t.Errorf("got %q, want %q", reasons, want)
		}
	}
	add := func(limit int64, reasons ...string) {
		t.Helper()
		c := state.Changes{QuarantineLimit: limit}
		for _, r := range reasons {
			c.Quarantined = append(c.Quarantined, record(r, string(one.Raw)))
		}
		apply(t, s, c)
	}
	add(0, "a", "b", "c", "d")
	expect(2, 4, "dc")
	expect(10, 4, "dcba")
	expect(0, 4, "")
	expect(-1, 4, "")
	add(4*22, "e")
	expect(10, 4, "edcb")
	s = restart(t, s, open)
	add(3*22 - 1)
	expect(10, 2, "ed")
	add(2*22, "f", "g", "h")
	expect(10, 2, "hg")
	newest, _, _ := s.Quarantined(t.Context(), 1)
	add(21) // less than one record
	expect(10, 0, "")
	s = restart(t, s, open)
	add(22, "i")
	expect(10, 1, "i")
	if again, _, _ := s.Quarantined(t.Context(), 1); again[0].Seq <= newest[0].Seq {
		t.Errorf("record %d was added after %d", again[0].Seq, newest[0].Seq)
	}
	if got := one.Size(); got != 22 {
		t.Errorf("the size is %d", got)
	}
}

func testAudit(t *testing.T, open Open) {
	s := start(t, open)
	entry := func(minutes int, object string) state.AuditEntry {
		return state.AuditEntry{At: at(minutes), Actor: "alice", Action: "lake erase", Object: object, Result: "3 events"}
	}
	apply(t, s, state.Changes{Audit: []state.AuditEntry{entry(5, "one"), entry(1, "two")}}, state.Changes{Audit: []state.AuditEntry{entry(3, "three")}})
	apply(t, s, state.Changes{HistoryBefore: forever}) // it stays for ever
	for range 2 {
		var got []state.AuditEntry
		for _, x := range must[[]state.AuditEntry](t)(s.Audit(t.Context(), 2)) {
			x.Seq = 0
			got = append(got, x)
		}
		same(t, got, []state.AuditEntry{entry(3, "three"), entry(1, "two")}) // in the order in which they were added
		same(t, len(must[[]state.AuditEntry](t)(s.Audit(t.Context(), 9))), 3)
		same(t, len(must[[]state.AuditEntry](t)(s.Audit(t.Context(), -1))), 0)
		s = restart(t, s, open)
	}
}

func testValues(t *testing.T, open Open) {
	s := start(t, open)
	apply(t, s,
		state.Changes{Values: []state.Value{{Name: "a", Text: "1"}, {Name: "b", Text: "2"}, {Name: "B", Text: "3"}, {Name: "c"}}},
		state.Changes{Values: []state.Value{{Name: "a", Text: "4"}, {Name: "b"}, {Name: "", Text: "5"}}})
	for range 2 {
		same(t, everything(t, s).Values, map[string]string{"a": "4", "B": "3", "": "5"})
		s = restart(t, s, open)
	}
}
