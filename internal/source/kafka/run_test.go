package kafka

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/entrawatch/entrawatch/internal/source"
)

func TestReads(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(3, "signins"))
	var lines []string
	for p := range int32(3) {
		values, l := numbered(int(p)*100, 40)
		produce(t, c, "signins", p, values...)
		lines = append(lines, l...)
	}
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "signins")), nil, in)
	until(t, "all messages", has(in, lines))
	values, l := numbered(1000, 5)
	produce(t, c, "signins", 1, values...)
	until(t, "more messages", has(in, l))
	until(t, "commits", func() bool {
		return committed(c, "signins", 0) == 40 && committed(c, "signins", 1) == 45 && committed(c, "signins", 2) == 40
	})
	until(t, "lag", func() bool { n, ok := in.lag("signins/1"); return ok && n == 0 })
	stop()
	for line, n := range in.lines() {
		if n != 1 {
			t.Errorf("%d times: %s", n, line)
		}
	}
	want := map[string]string{"signins/0": "40", "signins/1": "45", "signins/2": "40"}
	if got := in.stored(); !maps.Equal(got, want) {
		t.Errorf("cursors %v, want %v", got, want)
	}
	if in.problems() != "" {
		t.Error(in.problems())
	}
	if info := c.GroupInfo("entrawatch"); len(info.Members) != 0 {
		t.Error("the group was not left")
	}
}

// TestNames: a name and a line lead to the message.
func TestNames(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	big := []byte(`{"records":["` + strings.Repeat("x", 1<<20) + `"]}`)
	produce(t, c, "t", 0, []byte(`{"a":0}`), nil, []byte(`{"a":2}`), []byte(`{"cut off":"`), []byte(`{"a":4}`), big, []byte("  "), []byte("{\n\"a\":7}"), []byte(`garbage`), []byte(`{"a":9}`))
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), nil, in)
	until(t, "all", func() bool { return in.stored()["t/0"] == "10" })
	stop()
	want := map[string]string{
		"t/0@0": "{\"a\":0}\n\n{\"a\":2}\n", "t/0@3": "{\"cut off\":\"\n", "t/0@4": "{\"a\":4}\n",
		"t/0@5": string(big) + "\n", "t/0@7": "{\n\"a\":7}\n", "t/0@8": "garbage\n", "t/0@9": "{\"a\":9}\n",
	}
	got := map[string]string{}
	for i, n := range in.names {
		got[n] = in.texts[i]
	}
	for _, n := range slices.Sorted(maps.Keys(want)) {
		if got[n] != want[n] {
			t.Errorf("%s: %.80q, want %.80q", n, got[n], want[n])
		}
	}
	if len(got) != len(want) {
		t.Errorf("delivered %v", slices.Sorted(maps.Keys(got)))
	}
}

// TestOnlyEmpty: messages without text need no delivery to be passed.
func TestOnlyEmpty(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, "t", 0, nil, []byte{}, []byte("\n"))
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), nil, in)
	until(t, "a commit", func() bool { return committed(c, "t", 0) == 3 })
	stop()
	if len(in.names) > 0 {
		t.Errorf("delivered %v", in.names)
	}
}

// TestKilled ends Run at random points, with and without what was delivered
// having been stored, and looks at every commit on its way: nothing that is not
// stored is ever committed, and in the end everything was delivered.
func TestKilled(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(2, "t"))
	var mu sync.Mutex
	safe := map[int32]int64{} // up to where all of a partition is stored
	c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		for _, topic := range req.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range topic.Partitions {
				if p.Offset > safe[p.Partition] {
					t.Errorf("offset %d of partition %d is committed, and only what is before %d stored", p.Offset, p.Partition, safe[p.Partition])
				}
			}
		}
		return nil, nil, false
	})
	rng := rand.New(rand.NewPCG(1, 2))
	var lines []string
	all := newIntake() // what was stored, over all runs
	var state map[string]string
	for round := range 12 {
		for p := range int32(2) {
			values, l := numbered(round*100+int(p)*10_000, 20)
			produce(t, c, "t", p, values...)
			lines = append(lines, l...)
		}
		in := newIntake()
		end, pause := 1+rng.IntN(4), time.Duration(rng.IntN(30))*time.Millisecond
		stalls := rand.New(rand.NewPCG(1, rng.Uint64())) // of the goroutine that delivers
		given := 0
		stalled := map[string]bool{} // storing is in order within a stream
		in.hold = func(d *source.Delivery) bool {
			given++
			stalled[d.Stream] = stalled[d.Stream] || stalls.IntN(4) == 0
			if stalled[d.Stream] {
				return true
			}
			number, _ := strconv.Atoi(d.Stream[len("t/"):])
			next, _ := strconv.ParseInt(d.Cursor, 10, 64)
			mu.Lock()
			safe[int32(number)] = max(safe[int32(number)], next)
			mu.Unlock()
			return false
		}
		s := reader(t, plainText(c, "t"), func(s *Source) { s.stopWait = 10 * time.Millisecond })
		cursors := state
		if rng.IntN(3) == 0 { // the state is lost, the group is not
			cursors = nil
		}
		stop := start(t, s, cursors, in)
		until(t, "some deliveries", func() bool {
			in.mu.Lock()
			defer in.mu.Unlock()
			return given >= min(end, 2)
		})
		time.Sleep(pause)
		stop()
		held := map[string]bool{}
		for _, d := range in.held {
			held[d.Name] = true
		}
		for i, n := range in.names {
			if !held[n] {
				all.texts = append(all.texts, in.texts[i])
			}
		}
		if state == nil {
			state = map[string]string{}
		}
		maps.Copy(state, in.stored())
	}
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), state, in)
	mu.Lock()
	safe[0], safe[1] = 1000, 1000
	mu.Unlock()
	until(t, "the rest", func() bool { return committed(c, "t", 0) == 240 && committed(c, "t", 1) == 240 })
	stop()
	all.texts = append(all.texts, in.texts...)
	if !has(all, lines)() {
		t.Error("something was never stored")
	}
}

// TestOutOfOrder stores the second of two deliveries first.
func TestOutOfOrder(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	in := newIntake()
	in.hold = func(*source.Delivery) bool { return true }
	stop := start(t, reader(t, plainText(c, "t")), nil, in)
	held := func(n int) func() bool {
		return func() bool { in.mu.Lock(); defer in.mu.Unlock(); return len(in.held) == n }
	}
	produce(t, c, "t", 0, []byte(`{"a":0}`))
	until(t, "the first", held(1))
	produce(t, c, "t", 0, []byte(`{"a":1}`))
	until(t, "the second", held(2))
	in.store(in.held[1])
	time.Sleep(100 * time.Millisecond)
	if n := committed(c, "t", 0); n != -1 {
		t.Errorf("offset %d was committed before what comes before it was stored", n)
	}
	in.store(in.held[0])
	until(t, "the commit", func() bool { return committed(c, "t", 0) == 2 })
	stop()
	in.held[0].Stored() // late and twice does no harm
}

// TestRebalance: a second member comes and goes, and nothing is lost.
func TestRebalance(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(4, "t"))
	one, two := newIntake(), newIntake()
	stopOne := start(t, reader(t, plainText(c, "t")), nil, one)
	var lines []string
	write := func(from int) {
		for p := range int32(4) {
			values, l := numbered(from+int(p)*100, 10)
			produce(t, c, "t", p, values...)
			lines = append(lines, l...)
		}
	}
	write(0)
	until(t, "the first", has(one, lines))
	stopTwo := start(t, reader(t, plainText(c, "t")), one.stored(), two)
	until(t, "an even share", func() bool {
		info := c.GroupInfo("entrawatch")
		return info.State == "Stable" && len(info.Members) == 2 && info.Members[0].NumAssigned() == 2 && info.Members[1].NumAssigned() == 2
	})
	write(1000)
	both := func() map[string]int {
		got := one.lines()
		for l, n := range two.lines() {
			got[l] += n
		}
		return got
	}
	missing := func() (out []string) {
		got := both()
		for _, l := range lines {
			if got[l] == 0 {
				out = append(out, l)
			}
		}
		return out
	}
	until(t, "the second", func() bool { return len(missing()) == 0 })
	if len(two.lines()) == 0 {
		t.Error("the second member has read nothing")
	}
	stopOne()
	write(2000)
	until(t, "the third", func() bool { return len(missing()) == 0 })
	stopTwo()
	for l, n := range both() {
		if n != 1 { // everything was stored and committed before it changed hands
			t.Errorf("%d times: %s", n, l)
		}
	}
}

// TestRebalanceWaits: a partition goes to another member only when what was
// delivered of it is stored.
func TestRebalanceWaits(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(2, "t"))
	one, two := newIntake(), newIntake()
	one.hold = func(*source.Delivery) bool { return true }
	stop := start(t, reader(t, plainText(c, "t"), func(s *Source) { s.leaveWait = 10 * time.Second }), nil, one)
	for p := range int32(2) {
		produce(t, c, "t", p, fmt.Appendf(nil, `{"p":%d}`, p))
	}
	until(t, "both", func() bool { return len(one.lines()) == 2 })
	defer start(t, reader(t, plainText(c, "t")), nil, two)()
	time.Sleep(300 * time.Millisecond)
	if len(two.lines()) > 0 {
		t.Error("the second member reads what the first has not stored")
	}
	for _, d := range slices.Clone(one.held) {
		one.store(d)
	}
	until(t, "an even share", func() bool {
		info := c.GroupInfo("entrawatch")
		return info.State == "Stable" && len(info.Members) == 2 && info.Members[0].NumAssigned() == 1 && info.Members[1].NumAssigned() == 1
	})
	stop()
	if len(two.lines()) > 0 {
		t.Errorf("read twice: %v", two.lines())
	}
}

// TestBegin: a partition begins where the state or the group is, whichever is
// behind.
func TestBegin(t *testing.T) {
	for _, tc := range []struct {
		name   string
		group  int64 // -1 = nothing committed
		cursor string
		first  int
	}{
		{name: "neither", group: -1, first: 0},
		{name: "only the group", group: 4, first: 4},
		{name: "only the state", group: -1, cursor: "6", first: 6},
		{name: "the state is an old backup", group: 8, cursor: "2", first: 2},
		{name: "a commit was missed", group: 3, cursor: "7", first: 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "t"))
			values, lines := numbered(0, 10)
			produce(t, c, "t", 0, values...)
			if tc.group >= 0 {
				commit(t, c, "t", tc.group)
			}
			cursors := map[string]string{}
			if tc.cursor != "" {
				cursors["t/0"] = tc.cursor
			}
			in := newIntake()
			stop := start(t, reader(t, plainText(c, "t")), cursors, in)
			until(t, "the last", has(in, lines[9:]))
			stop()
			if got := in.lines(); len(got) != 10-tc.first || !has(in, lines[tc.first:])() {
				t.Errorf("read %d messages, want those from %d on", len(got), tc.first)
			}
		})
	}
}

// TestBeginLater: a partition that comes from another member begins where that
// one was, although the cursors with which this one began are older.
func TestBeginLater(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(2, "t"))
	one, two := newIntake(), newIntake()
	old := map[string]string{"t/0": "0", "t/1": "0"}
	stopOne := start(t, reader(t, plainText(c, "t")), old, one)
	stopTwo := start(t, reader(t, plainText(c, "t")), old, two)
	until(t, "an even share", func() bool {
		info := c.GroupInfo("entrawatch")
		return info != nil && info.State == "Stable" && len(info.Members) == 2 && info.Members[0].NumAssigned() == 1 && info.Members[1].NumAssigned() == 1
	})
	for p := range int32(2) {
		values, _ := numbered(int(p)*100, 10)
		produce(t, c, "t", p, values...)
	}
	until(t, "all", func() bool { return len(one.lines())+len(two.lines()) == 20 })
	stopOne()
	until(t, "both", func() bool {
		info := c.GroupInfo("entrawatch")
		return info.State == "Stable" && len(info.Members) == 1 && info.NumAssigned() == 2
	})
	values, lines := numbered(1000, 1)
	produce(t, c, "t", 0, values...)
	produce(t, c, "t", 1, values...)
	until(t, "more", func() bool { return two.lines()[lines[0]] == 2 })
	stopTwo()
	for l, n := range two.lines() {
		if n != 1 && l != lines[0] || one.lines()[l] > 0 {
			t.Errorf("read again: %s", l)
		}
	}
}
