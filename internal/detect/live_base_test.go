package detect_test

import (
	"bytes"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// TestBaseStandsForMembers: what a base stands for, and what follows, give the
// findings that all members give, wherever its floor lies and however often it
// moves.
func TestBaseStandsForMembers(t *testing.T) {
	open, found := 0, 0
	for _, typ := range types {
		for seed := range cases(6_000) {
			rng := rand.New(rand.NewPCG(11, uint64(seed)))
			c := makeTrial(&dice{rng: rng}, typ.name)
			if !c.p.Rests() {
				continue
			}
			var recs [][]byte
			for _, m := range c.members {
				one := m.Member
				if strings.HasPrefix(typ.name, "value_") && typ.name != "value_count" {
					one.Values = nil
					for _, v := range m.Values {
						one.Values = append(one.Values, detect.Tuple(&v))
					}
				}
				recs = append(recs, one.Record(m.d.Encode()))
			}
			slices.SortFunc(recs, bytes.Compare)
			var want, got []finding
			keep := func(out *[]finding) func(*detect.Found) error {
				return func(f *detect.Found) error {
					*out = append(*out, said(f))
					return nil
				}
			}
			if err := c.p.EvalFrom(nil, recs, keep(&want)); err != nil {
				t.Fatal(err)
			}
			var base *detect.Base
			var floors []int64
			for range 1 + rng.IntN(3) {
				if len(c.members) > 0 {
					floors = append(floors, c.members[rng.IntN(len(c.members))].At+rng.Int64N(3)-1)
				}
			}
			slices.Sort(floors)
			for _, floor := range floors {
				var err error
				if base, recs, err = c.p.Settle(base, recs, floor, keep(&got)); err != nil {
					t.Fatal(err)
				}
				if base == nil {
					continue
				}
				if base.Open != nil {
					open++
				}
				if base, err = base.Again(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // an evaluation leaves the base as it is
				from := len(got)
				if err := c.p.EvalFrom(base, recs, keep(&got)); err != nil {
					t.Fatal(err)
				}
				if !same(want, got) {
					t.Fatalf("%s, seed %d, floors %d:\nall %+v\nbase %+v\n%s", typ.name, seed, floors, want, got, c)
				}
				got = got[:from]
			}
			found += len(want)
		}
	}
	t.Logf("%d findings, %d open at a floor", found, open)
	if open < found/10 {
		t.Errorf("%d of %d findings were open at a floor; that tests little", open, found)
	}
}

var (
	_ iter.Seq[int]
	_ event.Key
)
