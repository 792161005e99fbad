package graph

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestWindows holds windows to what they promise, over polls at any time, clocks
// that jump and outages of days: a record that appears no later than a log is
// read back for is within a window that was opened after it appeared.
func TestWindows(t *testing.T) {
	type window struct{ from, to, read time.Time }
	for _, l := range logs {
		for seed := range uint64(6) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			some := func(most time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(most))) }
			begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			now := begin.Add(7 * day)
			c := cursor{Mark: begin}
			var windows []window
			for range 300 {
				switch rnd.IntN(40) {
				case 0:
					now = now.Add(some(4 * day)) // an outage
				case 1, 2, 3:
					now = now.Add(some(2 * time.Hour))
				default:
					now = now.Add(some(5 * time.Minute))
				}
				c.open(&l, now, 0)
				if d := c.To.Sub(c.From); d > 2*l.span+l.late+wideEvery {
					t.Fatalf("%s, %d: a window of %v", l.name, seed, d)
				}
				windows = append(windows, window{c.From, c.To, now})
				again, err := readCursor(c.text())
				if err != nil {
					t.Fatal(err)
				}
				c = again.turn("", now.Add(some(time.Second)))
			}
			end := now
			// What was read last may be followed by wide windows that are still to come.
			for range 8 {
				now = now.Add(wideEvery)
				c.open(&l, now, 0)
				windows = append(windows, window{c.From, c.To, now})
				c = c.turn("", now)
			}
			if c.Mark.Before(end) {
				continue // an outage just before the end
			}
			for range 500 {
				at := begin.Add(some(end.Sub(begin)))
				appears := at.Add(some(l.late))
				if appears.After(end) {
					continue
				}
				found := false
				for _, w := range windows {
					found = found || !w.read.Before(appears) && !at.Before(w.from.Add(time.Second)) && !at.After(w.to)
				}
				if !found {
					t.Fatalf("%s, %d: what happened at %v and appeared at %v was never read", l.name, seed, at, appears)
				}
			}
		}
	}
}

func TestReadCursor(t *testing.T) {
	for _, bad := range []string{
		"", "{}", "x", `{"mark":"yesterday"}`, `{"mark":"2026-11-01T00:00:00Z","next":"https://example.com"}`,
		`{"mark":"2026-11-01T00:00:00Z","from":"2026-11-02T00:00:00Z","to":"2026-11-01T00:00:00Z"}`,
	} {
		if c, err := readCursor(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, c)
		}
	}
}

func FuzzReadCursor(f *testing.F) {
	f.Add(`{"mark":"2026-11-01T00:00:00Z","late":"2026-11-01T00:00:00Z","from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z","next":"https://example.com/x","page":3}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := readCursor(text)
		if err != nil {
			return
		}
		if again, err := readCursor(c.text()); err != nil || again.text() != c.text() {
			t.Errorf("%s becomes %s, %v", text, c.text(), err)
		}
	})
}
