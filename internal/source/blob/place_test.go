package blob

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string][3]string{
		"tenantId=0000/y=2026/m=11/d=30/h=08/m=00/PT1H.json":                           {"tenantId=0000/", "y=2026/m=11/d=30/h=08/m=00/PT1H.json", "2026-11-30T08"},
		"y=2026/m=11/d=30/h=08/m=00/PT1H.json":                                         {"", "y=2026/m=11/d=30/h=08/m=00/PT1H.json", "2026-11-30T08"},
		"resourceId=/SUBSCRIPTIONS/A/PROVIDERS/B/y=2026/m=01/d=02/h=23/m=00/PT1H.json": {"resourceId=/SUBSCRIPTIONS/A/PROVIDERS/B/", "y=2026/m=01/d=02/h=23/m=00/PT1H.json", "2026-01-02T23"},
		"export/2026-11-30.json":                                                       {"", "export/2026-11-30.json", "2026-11-01T00"},
	} {
		folder, rest := split(name)
		got := [3]string{folder, rest, hourOf(rest, time.Date(2026, 11, 1, 0, 30, 0, 0, time.UTC).Unix())}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestWants(t *testing.T) {
	full := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	p := &place{Before: "2026-11-30T06", Full: full, Open: map[string]mark{"known": {Offset: 100, ETag: "1", Created: 7}}}
	for _, tc := range []struct {
		name string
		item item
		from int64
		ok   bool
	}{
		{"new", item{rest: "x", hour: "2026-11-30T06"}, 0, true},
		{"of an hour that is closed", item{rest: "x", hour: "2026-11-30T05", modified: full}, 0, false},
		{"changed since", item{rest: "x", hour: "2026-11-30T05", modified: full.Add(time.Second)}, 0, true},
		{"as it was", item{rest: "known", size: 100, etag: "1", created: 7}, 0, false},
		{"not read to its end", item{rest: "known", size: 200, etag: "1", created: 7}, 100, true},
		{"grown", item{rest: "known", size: 200, etag: "2", created: 7}, 100, true},
		{"smaller", item{rest: "known", size: 99, etag: "2", created: 7}, 0, true},
		{"made anew", item{rest: "known", size: 200, etag: "2", created: 8}, 0, true},
	} {
		if from, ok := p.wants(&tc.item); from.Offset != tc.from || ok != tc.ok {
			t.Errorf("%s: from %d, %v", tc.name, from.Offset, ok)
		}
	}
}

func TestReach(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 30, hour, 0, 0, 0, time.UTC) }
	name := func(hour string) string { return "y=2026/m=11/d=30/h=" + hour + "/m=00/PT1H.json" }
	start := func() *place {
		return &place{Before: "2026-11-30T04", Full: at(10), Open: map[string]mark{
			name("04"): {Offset: 1, Modified: at(5).Unix()}, name("05"): {Offset: 1, Modified: at(5).Unix(), Waiting: true},
			name("06"): {Offset: 1, Modified: at(13).Unix()}, name("07"): {Offset: 1, Modified: at(8).Unix()},
		}}
	}
	for _, tc := range []struct {
		name, hour, settled, before string
		full                        time.Time
		open                        string // hours
	}{
		{"a later hour", "2026-11-30T05", "2026-11-30T06", "2026-11-30T05", at(12), "05 06 07"},
		{"one that is not settled", "2026-11-30T07", "2026-11-30T06", "2026-11-30T06", at(12), "05 06 07"},
		{"the end", "9999", "2026-11-30T08", "2026-11-30T08", at(12), "05 06"}, // what waits, and what changed since
		{"a late change, before others", "2026-11-30T03", "2026-11-30T06", "2026-11-30T04", at(10), "04 05 06 07"},
	} {
		p := start()
		p.reach(tc.hour, tc.settled, at(12))
		var open []string
		for _, h := range []string{"04", "05", "06", "07"} {
			if _, ok := p.Open[name(h)]; ok {
				open = append(open, h)
			}
		}
		if got := strings.Join(open, " "); got != tc.open || p.Before != tc.before || !p.Full.Equal(tc.full) {
			t.Errorf("%s: before %s, full %s, open %s", tc.name, p.Before, p.Full, got)
		}
	}
}

func TestCursor(t *testing.T) {
	p := &place{Before: "2026-11-30T04", Full: time.Unix(1, 0).UTC(), Open: map[string]mark{"a": {Offset: 5, Line: 2, ETag: "x", Created: 3, Modified: 4, Tail: "t", Waiting: true}}}
	got, err := parsePlace(p.cursor())
	if err != nil || !cmp.Equal(p, got) {
		t.Errorf("%v, %s", err, cmp.Diff(p, got))
	}
}

func FuzzParsePlace(f *testing.F) {
	f.Add(`{"before":"2026-11-30T04","full":"2026-11-30T10:00:00Z","open":{"a":{"offset":1}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err != nil {
			return
		}
		if again, err := parsePlace(p.cursor()); err != nil || !cmp.Equal(p, again) {
			t.Errorf("%v, %s", err, cmp.Diff(p, again))
		}
	})
}

func TestLines(t *testing.T) {
	for text, want := range map[string]bool{
		"{\"a\":1}\n{\"b": true, "\n{\"a\":1}\r\n": true, "\ufeff{\"a\":1}\n": true, "{\"a\":1}": true, "{\"a\":": true, "": true, "\n": true,
		"{\n": false, "[\n{}]": false, "a,b\n": false, "[{}": false, "a": false,
	} {
		if got := lines([]byte(text), true); got != want {
			t.Errorf("lines(%q) = %v", text, got)
		}
	}
}
