package detect

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestFiltersMissNobody: a group that has enough events, or different values, in
// a window is said to have them, whichever matcher saw which and whether its
// filters have grown. How many others are said to have them as well shows that
// the answer says something.
func TestFiltersMissNobody(t *testing.T) {
	const groups, least, span = 8000, 12, int64(time.Hour)
	const many = enoughAdds / 4 * 5 // one matcher sees enough of them
	for _, typ := range []string{"event_count", "value_count"} {
		for _, events := range []int{10_000, many} {
			rng := rand.New(rand.NewPCG(1, uint64(events)))
			p := &Pattern{Type: typ, Span: time.Duration(span), least: least}
			note := &groupNote{mark: -1, counts: 3, values: typ == "value_count"}
			ts := &tenantSets{patterns: []*Pattern{3: p}}
			var parts [3]Filters // the last sees next to nothing
			seen := make([][]int64, groups)
			for i := range events {
				g, at := rng.IntN(groups), rng.Int64N(40*span)
				if i%4 == 0 { // these reach it now and then
					g %= events / 400
					at = int64(g)%32*span + at%(8*span)
				}
				seen[g] = append(seen[g], at)
				part := &parts[0]
				switch {
				case i%1000 == 0:
					part = &parts[2]
				case i%8 == 1:
					part = &parts[1]
				}
				part.see(note, ts, uint32(g)*2654435761, rng.Uint64(), at, true)
			}
			all := &parts[2]
			all.Merge(&parts[0])
			all.Merge(&parts[1])
			if grown := len(all.counted) == 1<<manyCounted; grown != (events == many) {
				t.Errorf("%s, %d events: grown is %v", typ, events, grown)
			}
			reached, wrong := 0, 0
			for g, times := range seen {
				for _, at := range times {
					most := 0
					for _, from := range times { // a window begins with an event
						n := 0
						for _, other := range times {
							if other >= from && other-from <= span {
								n++
							}
						}
						if at >= from && at-from <= span {
							most = max(most, n)
						}
					}
					switch got := all.mayReach(3, p, uint32(g)*2654435761, at); {
					case most >= least && !got:
						t.Fatalf("%s, %d events: group %d has %d in a window, but is said not to", typ, events, g, most)
					case most >= least:
						reached++
					case got:
						wrong++
					}
				}
			}
			if reached == 0 || wrong > events/10 {
				t.Errorf("%s, %d events: %d are in a window with enough, %d are said to be that are not", typ, events, reached, wrong)
			}
		}
	}
}
