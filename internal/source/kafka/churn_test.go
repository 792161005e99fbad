package kafka

import (
	"bytes"
	"context"
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

// storage is what all members of a group store into.
type storage struct {
	mu     sync.Mutex
	stored map[string]map[int64]bool // offsets, by stream
}

func (s *storage) store(d *source.Delivery) {
	s.note(d)
	d.Stored()
}

func (s *storage) note(d *source.Delivery) {
	_, first, _ := strings.Cut(d.Name, "@")
	from, _ := strconv.ParseInt(first, 10, 64)
	to, _ := strconv.ParseInt(d.Cursor, 10, 64)
	s.mu.Lock()
	if s.stored[d.Stream] == nil {
		s.stored[d.Stream] = map[int64]bool{}
	}
	for o := from; o < to; o++ {
		s.stored[d.Stream][o] = true
	}
	s.mu.Unlock()
}

// missing returns the first offset before to that is not stored, -1 if all are.
func (s *storage) missing(stream string, to int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range to {
		if !s.stored[stream][o] {
			return o
		}
	}
	return -1
}

// TestChurn lets members come and go while messages come, each storing now and
// then and in any order, and often too late for its partitions. No offset is
// ever committed before all that is in front of it is stored.
func TestChurn(t *testing.T) {
	const partitions = 3
	c := cluster(t, kfake.SeedTopics(partitions, "t"))
	all := &storage{stored: map[string]map[int64]bool{}}
	c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		for _, topic := range req.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range topic.Partitions {
				if o := all.missing(streamOf("t", p.Partition), p.Offset); o >= 0 {
					t.Errorf("partition %d: %d is committed, and %d not stored", p.Partition, p.Offset, o)
				}
			}
		}
		return nil, nil, false
	})
	rng := rand.New(rand.NewPCG(3, 4))
	type member struct {
		in   *intake
		stop func()
	}
	join := func() *member {
		in := newIntake()
		in.hold = func(*source.Delivery) bool { return true }
		in.slow = func(ctx context.Context) error {
			select {
			case <-time.After(time.Millisecond):
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		s := reader(t, plainText(c, "t"), func(s *Source) {
			s.leaveWait, s.stopWait = 30*time.Millisecond, 10*time.Millisecond
		})
		return &member{in, start(t, s, nil, in)}
	}
	var members []*member
	total := make([]int64, partitions)
	for range 40 {
		switch n := rng.IntN(10); {
		case n < 2 && len(members) < 3 || len(members) == 0:
			members = append(members, join())
		case n < 3 && len(members) > 1:
			i := rng.IntN(len(members))
			members[i].stop()
			members = append(members[:i], members[i+1:]...)
		case n < 6:
			p := rng.IntN(partitions)
			values, _ := numbered(int(total[p]), 1+rng.IntN(4))
			produce(t, c, "t", int32(p), values...)
			total[p] += int64(len(values))
		}
		for _, m := range members {
			m.in.mu.Lock()
			held := m.in.held
			rng.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
			n := rng.IntN(len(held) + 1)
			m.in.held = held[n:]
			now := append([]*source.Delivery(nil), held[:n]...)
			m.in.mu.Unlock()
			for _, d := range now {
				all.store(d)
			}
		}
		time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
	}
	for _, m := range members {
		m.stop()
	}
	last := newIntake()
	last.hold = func(d *source.Delivery) bool { all.note(d); return false }
	stop := start(t, reader(t, plainText(c, "t")), nil, last)
	defer func() {
		if t.Failed() {
			t.Logf("group %+v; last read %v; problems %s", c.GroupInfo("entrawatch"), last.names, last.problems())
		}
	}()
	for p := range int32(partitions) {
		until(t, "all of partition "+strconv.Itoa(int(p)), func() bool { return max(0, committed(c, "t", p)) == total[p] })
	}
	stop()
}

// TestBackPressure: while the intake takes nothing, no more is read than a
// bounded stretch, and the member stays in the group.
func TestBackPressure(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	var mu sync.Mutex
	fetched := map[int64]bool{}
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		for _, topic := range req.(*kmsg.FetchRequest).Topics {
			for _, p := range topic.Partitions {
				fetched[p.FetchOffset] = true
			}
		}
		return nil, nil, false
	})
	const n = 40
	for i := range n {
		produce(t, c, "t", 0, append(fmt.Appendf(nil, `{"id":%d,"x":"`, i), append(bytes.Repeat([]byte("x"), 512<<10), `"}`...)...))
	}
	in := newIntake()
	gate := make(chan struct{})
	in.slow = func(ctx context.Context) error {
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	stop := start(t, reader(t, plainText(c, "t")), nil, in)
	until(t, "a fetch", func() bool { mu.Lock(); defer mu.Unlock(); return len(fetched) > 0 })
	time.Sleep(400 * time.Millisecond)
	mu.Lock()
	ahead := slices.Max(slices.Collect(maps.Keys(fetched)))
	mu.Unlock()
	if ahead > 3*fetchBytes/(512<<10) {
		t.Errorf("read ahead to message %d", ahead)
	}
	if info := c.GroupInfo("entrawatch"); len(info.Members) != 1 {
		t.Error("the member has lost the group")
	}
	close(gate)
	until(t, "all", func() bool { return committed(c, "t", 0) == n })
	stop()
}
