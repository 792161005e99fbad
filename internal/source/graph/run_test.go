package graph

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		transport := serve(t, f)
		rnd := rand.New(rand.NewPCG(1, 1))
		now := time.Now()
		ids := map[string][]string{}
		for stream := range paths {
			ids[stream] = fill(f, rnd, stream, 100, now.Add(-3*24*time.Hour), now.Add(time.Hour), 24*time.Hour)
		}
		f.Most = 50
		st := newStore(t)
		c := settings()
		c.Poll = 30 * time.Minute
		st.run(t, 27*time.Hour, func() *Source { return newSource(t, c, transport) })
		for stream, want := range ids {
			if m := st.missing(stream, want); m != nil {
				t.Errorf("%s: %v are missing", stream, m)
			}
			if p, ok := st.last(stream); !ok || p != nil {
				t.Errorf("%s: reported %v, %v", stream, p, ok)
			}
		}
		if n := f.Overruns(); n > 0 {
			t.Errorf("the budget was exceeded %d times", n)
		}
		if !st.tenants[graphfake.Tenant] || len(st.tenants) != 1 {
			t.Errorf("tenants %v", st.tenants)
		}
	})
}

// Whatever goes wrong, and wherever the service dies: in the end everything is
// there that Graph holds.
func TestMoods(t *testing.T) {
	all := graphfake.Moods{Throttle: .1, Fail: .1, Truncate: .05, Garble: .05, Revoke: .05, Repeat: .2, Stale: .1, Lure: .02, Redirect: .02, Slow: .02, Delay: 3 * time.Minute, Skew: -7 * time.Minute, ByKey: true}
	moods := []struct {
		name string
		mood graphfake.Moods
	}{
		{"throttle", graphfake.Moods{Throttle: .6}},
		{"throttle for long", graphfake.Moods{Throttle: .3, Wait: 10 * time.Minute}},
		{"fail", graphfake.Moods{Fail: .5}},
		{"truncate", graphfake.Moods{Truncate: .4}},
		{"garble", graphfake.Moods{Garble: .4}},
		{"revoke", graphfake.Moods{Revoke: .3}},
		{"repeat", graphfake.Moods{Repeat: 1}},
		{"stale links", graphfake.Moods{Stale: .3}},
		{"lure", graphfake.Moods{Lure: .3}},
		{"redirect", graphfake.Moods{Redirect: .3}},
		{"slow", graphfake.Moods{Slow: .2, Delay: 3 * time.Minute}},
		{"clock ahead", graphfake.Moods{Skew: 40 * time.Minute}},
		{"clock behind", graphfake.Moods{Skew: -40 * time.Minute}},
		{"pages by key", graphfake.Moods{ByKey: true, Throttle: .3}},
		{"all", all},
		{"all again", all},
	}
	for i, m := range moods {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testMood(t, uint64(i), m.mood) })
		})
	}
}

func testMood(t *testing.T, seed uint64, mood graphfake.Moods) {
	f := newFake(seed)
	transport := serve(t, f)
	rnd := rand.New(rand.NewPCG(seed, 1))
	now := time.Now()
	ids := map[string][]string{}
	c := settings()
	c.Logs = []string{"sign-ins", "provisioning"}
	for _, stream := range c.Logs {
		ids[stream] = fill(f, rnd, stream, 70, now.Add(-3*time.Hour), now.Add(3*time.Hour), 2*time.Hour)
	}
	c.Poll = 20 * time.Minute
	f.Most = 10
	f.LinkLife = 5 * time.Minute
	f.Be(mood)
	st := newStore(t)
	st.crash, st.chance = rnd, .03
	open := func() *Source { return newSource(t, c, transport) }
	st.run(t, 4*time.Hour, open)
	f.Be(graphfake.Moods{Skew: mood.Skew})
	st.run(t, 3*time.Hour, open)
	for stream, want := range ids {
		if m := st.missing(stream, want); m != nil {
			t.Errorf("%s: %v are missing after %d requests and %d restarts", stream, m, len(f.Requests()), st.restarts)
		}
		if p, _ := st.last(stream); p != nil {
			t.Errorf("%s still reports %v", stream, p)
		}
	}
	if n := f.Overruns(); n > 0 {
		t.Errorf("the budget was exceeded %d times", n)
	}
	for stream, list := range st.reports {
		for _, p := range list {
			if p != nil {
				hints(t, fmt.Errorf("%s: %w", stream, p))
			}
		}
	}
}

// A restart from any cursor that was ever stored misses nothing.
func TestRestart(t *testing.T) {
	const stream = "sign-ins"
	var cursors []string
	synctest.Test(t, func(t *testing.T) {
		f, ids := restartFake()
		transport := serve(t, f)
		st := newStore(t)
		c := settings()
		c.Logs = []string{stream}
		seen := map[string]bool{}
		for range 60 {
			st.run(t, 3*time.Second, func() *Source { return newSource(t, c, transport) })
			if text := st.cursors[stream]; !seen[text] {
				seen[text] = true
				cursors = append(cursors, text)
			}
		}
		if m := st.missing(stream, ids[:230]); m != nil {
			t.Errorf("%v are missing", m)
		}
	})
	if len(cursors) < 15 {
		t.Fatalf("only %d cursors", len(cursors))
	}
	for i, text := range cursors {
		if i%6 != 0 && !strings.Contains(text, "next") {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			f, ids := restartFake()
			f.LinkLife = 10 * time.Minute
			time.Sleep(time.Duration(i%3) * 20 * time.Minute) // links may have expired
			st := newStore(t)
			st.cursors[stream] = text
			c := settings()
			c.Logs = []string{stream}
			c.Poll = 20 * time.Minute
			transport := serve(t, f)
			st.run(t, 4*time.Hour, func() *Source { return newSource(t, c, transport) })
			cur, err := readCursor(text)
			if err != nil {
				t.Fatal(err)
			}
			for k, id := range ids {
				at := restartBegin(time.Now()).Add(time.Duration(k) * time.Minute)
				unread := at.After(cur.Mark) && cur.Page == 0 || at.After(cur.To) && !cur.To.IsZero()
				if unread && st.seen[stream][id] == 0 {
					t.Fatalf("cursor %s: %s is missing", text, id)
				}
			}
		})
	}
}

func restartBegin(time.Time) time.Time {
	return time.Date(1999, 12, 31, 20, 0, 0, 0, time.UTC)
}

// restartFake holds a sign-in for each minute around the beginning of synctest's
// time.
func restartFake() (*graphfake.Fake, []string) {
	f := newFake(1)
	f.Most = 7
	var ids []string
	for k := range 300 {
		at := restartBegin(time.Now()).Add(time.Duration(k) * time.Minute)
		id := fmt.Sprintf("s%d", k)
		f.Add("auditLogs/signIns", graphfake.Record{At: at, Appears: at, JSON: fmt.Appendf(nil, `{"id":%q}`, id)})
		ids = append(ids, id)
	}
	return f, ids
}
