package detect_test

import (
	"bytes"
	"cmp"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A follower holds what a Live says, as whoever makes alerts does.
type follower struct {
	live     *detect.Live
	groups   map[string][][]byte
	told     int   // groups that changed
	added    []hit // so far
	recalled int
	left     int // how often groups were left for later
}

// follow returns a follower without events. With sift it keeps only what
// matters.
func follow(e *detect.Engine, sift bool) *follower {
	f := &follower{groups: map[string][][]byte{}}
	if !sift {
		f.live = e.NewLive(nil)
		f.live.LeaveMore()
		return f
	}
	f.live = e.NewLive(func(ranges []detect.Range, each func(event.Key, []byte) error) error {
		for _, x := range f.added {
			if slices.ContainsFunc(ranges, func(r detect.Range) bool { return r.From <= x.at && x.at <= r.To }) {
				f.recalled++
				if err := each(x.key, x.full); err != nil {
					return err
				}
			}
		}
		return nil
	})
	f.live.LeaveMore()
	return f
}

func (f *follower) evaluate(t testing.TB, until detect.Watermark) {
	t.Helper()
	if err := f.live.Evaluate(until); err != nil {
		t.Fatal(err)
	}
	err := f.live.Changed(func(group string, signals iter.Seq2[detect.Signal, error]) error {
		f.told++
		delete(f.groups, group)
		for s, err := range signals {
			if err != nil {
				return err
			}
			f.groups[group] = append(f.groups[group], s.Append(nil))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// glance evaluates what is urgent.
func (f *follower) glance(t testing.TB, until detect.Watermark) {
	t.Helper()
	left, err := f.live.EvaluateUrgent(until)
	if err != nil {
		t.Fatal(err)
	}
	if left {
		f.left++
	}
}

// signals are all that there are, in the order of their encoding.
func (f *follower) signals() [][]byte {
	var out [][]byte
	for _, g := range f.groups {
		out = append(out, g...)
	}
	slices.SortFunc(out, bytes.Compare)
	return out
}

// takeAll adds hits in some order, and evaluates now and then with the
// watermark of what was added so far, less some lateness.
func (f *follower) takeAll(t testing.TB, h *hits, rng *rand.Rand, until int64) {
	t.Helper()
	newest := until - 25*60e9
	for _, x := range h.list {
		f.added = append(f.added, x)
		if _, err := f.live.Add(x.key, x.full); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(3) == 0 {
			newest = min(newest+rng.Int64N(3*60e9), until)
			mark := func(string, event.Kind) (int64, bool) { return newest, true }
			if rng.IntN(2) == 0 {
				f.evaluate(t, mark)
				continue
			}
			f.glance(t, mark)
		}
	}
	f.evaluate(t, func(string, event.Kind) (int64, bool) { return until, true })
}

// TestLiveAgainstCorrelator: events that arrive one by one, in any order, make
// the signals that all of them together make.
func TestLiveAgainstCorrelator(t *testing.T) {
	const worlds, each = 200, 20
	found, told, recalled, left := 0, 0, 0, 0
	for seed := range cases(worlds) {
		rng := rand.New(rand.NewPCG(17, uint64(seed)))
		w := makeWorld(&dice{rng: rng})
		text := w.text()
		e := load(t, text, detect.Config{Generic: true})
		for range each {
			w.makeRecords(&dice{rng: rng})
			h := w.hits(e)
			until := int64(1_793_600_000+60*20) * 1e9
			want, c := correlated(t, e, h, func(string, event.Kind) (int64, bool) { return until, true }, false)
			rng.Shuffle(len(h.list), func(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] })
			f := follow(e, rng.IntN(3) > 0)
			f.takeAll(t, h, rng, until)
			recalled += f.recalled
			left += f.left
			if got := f.signals(); !slices.EqualFunc(want, got, bytes.Equal) {
				t.Fatalf("seed %d: all at once give %d signals, one by one %d or others\n%s%s", seed, len(want), len(got), text, w.show())
			}
			for rule, n := range f.live.LeftOut() {
				if c.LeftOut[rule] < n {
					t.Fatalf("seed %d: rule %d: %d left out, with all at once %d", seed, rule, n, c.LeftOut[rule])
				}
			}
			found += len(want)
			told += f.told
		}
	}
	t.Logf("%d signals, %d changes of groups, %d hits recalled, groups left for later %d times", found, told, recalled, left)
	if recalled < cases(worlds)/5 || left < cases(worlds)/5 {
		t.Errorf("%d hits were recalled, groups left for later %d times; that tests little", recalled, left)
	}
}

// TestLiveLogonsAgainstCorrelator: records of a sign-in come in any order, and
// what stood for it before need not do so any more.
func TestLiveLogonsAgainstCorrelator(t *testing.T) {
	base, err := baseline.Parse("b.yaml", []byte("thresholds:\n  failed_signins: {count: 3, within: 5m}\n  widespread_accounts: {count: 2, within: 10m}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := load(t, visitRules+"---"+sprayRules, detect.Config{Baseline: base})
	wide := 0
	for seed := range cases(2_000) {
		rng := rand.New(rand.NewPCG(5, uint64(seed)))
		d := &dice{rng: rng}
		var visits []visit
		spread := 2 + d.roll(30)
		for n := range d.roll(20) {
			visits = append(visits, visit{
				n: byte(n), user: pick(d, "u1", "u1", "u2", "u3"), app: pick(d, "a", "a", "b"), correlation: pick(d, "x", "x", "x", ""),
				code: pick(d, "0", "50126", "50126", "50074", "50140", "50074"), minute: d.roll(spread),
			})
		}
		h := visitHits(e, visits)
		want, c := correlated(t, e, h, func(string, event.Kind) (int64, bool) { return 0, false }, false)
		rng.Shuffle(len(h.list), func(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] })
		f := follow(e, rng.IntN(3) > 0)
		f.takeAll(t, h, rng, (1_793_600_000+60*100)*1e9)
		got := f.signals()
		if !slices.EqualFunc(want, got, bytes.Equal) {
			t.Fatalf("seed %d: all at once give %d signals, one by one %d or others\n%+v", seed, len(want), len(got), visits)
		}
		for _, b := range got {
			s, err := detect.DecodeSignal(b)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := c.Widespread(&s), f.live.Widespread(&s); a != b {
				t.Fatalf("seed %d: widespread %q, one by one %q", seed, a, b)
			} else if a != "" {
				wide++
			}
		}
	}
	if wide == 0 && !testing.Short() { // of few cases none may be
		t.Errorf("%d findings were widespread; that tests little", wide)
	}
}

// TestLiveMonday: the built-in rules find what they find in all at once, and next
// to no sign-in is kept for it.
func TestLiveMonday(t *testing.T) {
	e, h := monday(t, 1500)
	until := time.Date(2026, 10, 6, 0, 0, 0, 0, time.UTC).UnixNano()
	want, _ := correlated(t, e, h, func(string, event.Kind) (int64, bool) { return until, true }, false)
	travels := 0
	for _, b := range want {
		s, err := detect.DecodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		if r := e.Rules()[s.Rule]; r.Correlate != nil && r.Correlate.Type == "travel" {
			travels++
		}
	}
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(3, seed))
		slices.SortFunc(h.list, func(a, b hit) int { return cmp.Compare(a.at, b.at) })
		if seed > 0 {
			rng.Shuffle(len(h.list), func(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] })
		}
		f := follow(e, true)
		for i, x := range h.list {
			f.added = append(f.added, x)
			if _, err := f.live.Add(x.key, x.full); err != nil {
				t.Fatal(err)
			}
			if i%50 == 0 {
				f.evaluate(t, func(string, event.Kind) (int64, bool) { return x.at - int64(time.Hour), true })
			}
		}
		f.evaluate(t, func(string, event.Kind) (int64, bool) { return until, true })
		if got := f.signals(); !slices.EqualFunc(want, got, bytes.Equal) {
			t.Errorf("order %d: all at once give %d signals, one by one %d or others", seed, len(want), len(got))
		}
		t.Logf("order %d: %d events, %d recalled, %s", seed, len(h.list), f.recalled, f.live.Size())
	}
	t.Logf("%d journeys", travels)
	if travels == 0 {
		t.Error("nobody travels; that tests little")
	}
}
