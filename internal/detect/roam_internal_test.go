package detect

import (
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestStays: visits in any order, some at the same moment, open a group as soon as
// two that may follow on each other are far apart. What was kept until then says
// when all of them were.
func TestStays(t *testing.T) {
	const user = 7
	places := []stay{{lat: 5933, lon: 1806}, {lat: 5934, lon: 1806}, {lat: 5985, lon: 1763}, {lat: 4071, lon: -7401}, {lat: -3387, lon: 15121}}
	p := &Pattern{Type: "travel", Minimum: 100, Span: 24 * time.Hour}
	opened, needless := 0, 0
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(12, seed))
		s := &sieve{seed: maphash.MakeSeed(), roams: newRoams()}
		s.left.slots = map[int64]*timeSlot{}
		var stays, visits []stay
		here := places[:1+rng.IntN(len(places))]
		step := []int64{int64(time.Second), int64(time.Minute), int64(7 * time.Hour)}[rng.IntN(3)]
		for apart := false; len(visits) < 12 && !apart; {
			v := here[rng.IntN(len(here))]
			v.from = rng.Int64N(10) * step
			v.to = v.from
			visits = append(visits, v)
			stays, apart = s.stays(user, stays, v, p)
			for _, v := range visits {
				if !slices.ContainsFunc(stays, func(x stay) bool {
					known := s.left.within(user, Range{x.from, x.to})
					return slices.ContainsFunc(known, func(r Range) bool { return r.From <= v.from && v.from <= r.To })
				}) {
					t.Fatalf("seed %d: %v is lost of %v: %v", seed, v, visits, stays)
				}
			}
			must := anyApart(visits, p)
			switch {
			case must && !apart:
				t.Fatalf("seed %d: not open after %v: %v", seed, visits, stays)
			case must:
				opened++
			case apart:
				needless++
			}
			if len(here) == 1 && len(stays) != 1 {
				t.Fatalf("seed %d: who was in one place has %v", seed, stays)
			}
		}
	}
	if opened < 5_000 || needless*50 > opened {
		t.Errorf("%d groups were opened, and %d that need not be", opened, needless)
	}
}

// anyApart looks at each pair of visits that nothing surely lies between.
func anyApart(visits []stay, p *Pattern) bool {
	for _, a := range visits {
		for _, b := range visits {
			between := func(x stay) bool { return a.from < x.from && x.from < b.from }
			if a.from <= b.from && !slices.ContainsFunc(visits, between) && b.from-a.from <= int64(p.Span) && a.far(b, p.Minimum) {
				return true
			}
		}
	}
	return false
}
