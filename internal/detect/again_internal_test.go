package detect

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestStaysMissNoJourney: whoever was far away within a span, both records are
// read again, also if two people are taken for one. How many others are shows
// that the answer says something.
func TestStaysMissNoJourney(t *testing.T) {
	const people, records, days = 600, 12, 80
	p := &Pattern{Type: "travel", Span: 24 * time.Hour, Minimum: 500}
	rng := rand.New(rand.NewPCG(3, 4))
	type record struct {
		at    int64
		place Place
	}
	c := &Correlator{sorter: NewMemory}
	been := make([][]record, people)
	for person := range been {
		home := Place{Lat: 140*rng.Float64() - 70, Lon: 340*rng.Float64() - 170, Known: true}
		for i := range records {
			r := record{rng.Int64N(days * int64(24*time.Hour)), home}
			r.place.Lat += rng.Float64()
			if i == 0 && person%3 > 0 { // most are away once
				r.place.Lat -= 6
			}
			been[person] = append(been[person], r)
			group := uint32(person / 2)
			if err := c.stay(7, p, group, r.at, appendCell(nil, boxOf(r.place)), []byte{byte(person >> 8), byte(person), byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.stay(8, p, uint32(person), 0, appendCell(nil, boxOf(Place{})), []byte("nowhere")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.siftStays(); err != nil {
		t.Fatal(err)
	}
	again := map[[2]int]bool{}
	for rec, err := range c.later.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		if len(rec) != 3 {
			t.Fatalf("%s is read again", rec)
		}
		again[[2]int{int(rec[0])<<8 | int(rec[1]), int(rec[2])}] = true
	}
	journeys := 0
	for person, all := range been {
		for i, a := range all {
			for j, b := range all {
				if b.at < a.at || b.at-a.at > int64(p.Span) || a.place.distance(b.place) < p.Minimum {
					continue
				}
				journeys++
				if !again[[2]int{person, i}] || !again[[2]int{person, j}] {
					t.Errorf("%d is not read again: from %v to %v within %v", person, a.place, b.place, time.Duration(b.at-a.at))
				}
			}
		}
	}
	t.Logf("%d journeys, %d of %d records are read again", journeys, len(again), people*records)
	if journeys < 20 || len(again) > people*records/2 {
		t.Errorf("%d journeys, %d of %d records are read again; that tests little", journeys, len(again), people*records)
	}
}
