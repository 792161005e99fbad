package detect

import (
	"math/rand/v2"
	"testing"
)

// TestBoxesMissNobody: whoever was in two places so far apart is said to have
// been, however the places came together. How many others are said to have
// been as well shows that the answer says something.
func TestBoxesMissNobody(t *testing.T) {
	const groups, minimum = 3000, 500
	rng := rand.New(rand.NewPCG(1, 2))
	var parts [3]boxes
	been := make([][]Place, groups)
	for range 3 * groups {
		g := rng.IntN(groups)
		p := Place{Lat: 180*rng.Float64() - 90, Lon: 360*rng.Float64() - 180, Known: true}
		if g%4 > 0 { // these stay near their home
			p.Lat, p.Lon = float64(g%120-60)+rng.Float64(), float64(g%300-150)+rng.Float64()
		}
		been[g] = append(been[g], p)
		parts[rng.IntN(len(parts))].visit(uint32(g)*2654435761, boxOf(p))
	}
	all := &parts[0]
	all.settle()
	for i := range parts[1:] {
		all.merge(&parts[i+1])
	}
	check := func(when string) {
		wrong := 0
		for g, places := range been {
			h := uint32(g) * 2654435761
			far := false
			for i := range places {
				for j := range i {
					far = far || places[i].distance(places[j]) >= minimum
				}
			}
			switch got := all.apart(h, minimum); {
			case far && !got:
				t.Fatalf("%s: group %d was at %v, but is said not to have travelled", when, g, places)
			case !far && got:
				wrong++
			}
			if !all.apart(h, 0) {
				t.Fatalf("%s: without a minimum every place is far", when)
			}
		}
		if wrong > groups/20 {
			t.Errorf("%s: %d of %d groups are said to have travelled that did not", when, wrong, groups)
		}
	}
	check("open")
	all.seal()
	check("sealed")
	if all.apart(12345, minimum) {
		t.Error("a group that was nowhere is said to have travelled")
	}
}

// TestBoxesThatAreFull: of groups that found no room anything is possible.
func TestBoxesThatAreFull(t *testing.T) {
	var b boxes
	n := maxBoxes/4*3 + 10
	for g := range n {
		b.visit(uint32(g), boxOf(Place{Lat: 1, Lon: 1, Known: true}))
	}
	b.settle()
	b.seal()
	if !b.full || !b.apart(uint32(n-1), 500) {
		t.Error("a group without a box cannot have travelled, it says")
	}
	if b.apart(5, 500) {
		t.Error("a group in one place has travelled, it says")
	}
}
