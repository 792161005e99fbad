package sigma

import (
	"cmp"
	"math"
	"slices"
)

// A rule is worth evaluating only if one of its anchors holds: a set of
// predicates of which at least one must, for the rule to be true. Anchors are
// predicates that marks answer, so that a record finds its rules by looking at
// its values. A rule may have several such sets, one is chosen; without any, the
// rule is evaluated for every record.
type anchor struct {
	preds []uint32
	cost  float64
}

// maxAnchors bounds how many sets are considered for a rule.
const maxAnchors = 16

// anchoring chooses anchors.
type anchoring struct {
	preds *predicates
	used  map[uint32]int // by how many rules a predicate could serve
	keys  map[hotKey]bool
}

// hotKey is work that some anchor causes for every record.
type hotKey struct {
	slot  uint32
	level level
}

// choose returns the anchors of each formula; nil means that it has none.
func choose(ps *predicates, formulas []*formula) [][]uint32 {
	a := &anchoring{preds: ps, used: map[uint32]int{}, keys: map[hotKey]bool{}}
	for _, f := range formulas {
		seen := map[uint32]bool{}
		a.count(f, seen)
	}
	sets := make([][]anchor, len(formulas))
	order := make([]int, len(formulas))
	for i, f := range formulas {
		sets[i] = a.sets(f)
		order[i] = i
	}
	// Rules without a choice go first: the others then prefer fields that are
	// looked at anyway.
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(sets[i]), len(sets[j])) })
	out := make([][]uint32, len(formulas))
	for _, i := range order {
		best, bestCost := -1, math.Inf(1)
		for j, s := range sets[i] {
			cost := s.cost
			for _, k := range a.work(s.preds) {
				if !a.keys[k] {
					cost *= 4
				}
			}
			if cost < bestCost {
				best, bestCost = j, cost
			}
		}
		if best >= 0 {
			out[i] = sets[i][best].preds
			for _, k := range a.work(out[i]) {
				a.keys[k] = true
			}
		}
	}
	return out
}

// count counts, once for each rule, the predicates that could anchor it.
func (a *anchoring) count(f *formula, seen map[uint32]bool) {
	if p, ok := a.leaf(f); ok && !seen[p] {
		seen[p] = true
		a.used[p]++
	}
	for _, k := range f.kids {
		a.count(k, seen)
	}
}

// leaf returns the markable predicate that a leaf implies.
func (a *anchoring) leaf(f *formula) (uint32, bool) {
	if f.op != holds && f.op != holdsNot {
		return 0, false
	}
	p := &a.preds.list[f.pred]
	s := a.preds.slots[p.slot]
	switch {
	case f.op == holdsNot && p.kind == null:
		return a.preds.exists(s), true
	case f.op == holdsNot || p.kind == null:
		return 0, false
	case p.kind == marked || p.gated:
		return f.pred, true
	default:
		return a.preds.exists(s), true
	}
}

// sets returns the sets of predicates of which each is an anchor of f.
func (a *anchoring) sets(f *formula) []anchor {
	switch f.op {
	case holds, holdsNot:
		if p, ok := a.leaf(f); ok {
			return []anchor{{[]uint32{p}, a.cost(p)}}
		}
	case allOf:
		var out []anchor
		for _, k := range f.kids {
			out = append(out, a.sets(k)...)
		}
		slices.SortStableFunc(out, func(x, y anchor) int { return cmp.Compare(x.cost, y.cost) })
		return out[:min(len(out), maxAnchors)]
	case oneOf:
		var union anchor
		seen := map[uint32]bool{}
		for _, k := range f.kids {
			sets := a.sets(k)
			if len(sets) == 0 {
				return nil
			}
			best := slices.MinFunc(sets, func(x, y anchor) int { return cmp.Compare(x.cost, y.cost) })
			for _, p := range best.preds {
				if !seen[p] {
					seen[p] = true
					union.preds = append(union.preds, p)
				}
			}
			union.cost += best.cost
		}
		return []anchor{union}
	}
	return nil
}

// cost estimates how often a predicate holds, in no particular unit: what the
// caller says of the field counts most, then how exact the comparison is, how
// many rules ask for the same and how many values it has.
func (a *anchoring) cost(id uint32) float64 {
	p := &a.preds.list[id]
	s := a.preds.slots[p.slot]
	cost := 1.0
	switch {
	case s.texts:
		cost = 4096
	case p.level&scanned != 0:
		cost = 4
	case p.level&hashed == 0: // presence only
		cost = 1024
	}
	if p.gated {
		cost *= 1.5
	}
	selectivity := max(-16, min(16, s.selectivity))
	return cost * math.Exp2(-2*float64(selectivity)) * float64(max(1, a.used[id])) * (1 + math.Log2(float64(max(1, p.weight))))
}

// work returns what looking for the predicates takes.
func (a *anchoring) work(preds []uint32) []hotKey {
	var out []hotKey
	for _, id := range preds {
		p := &a.preds.list[id]
		for _, l := range []level{fetched, hashed, scanned} {
			if k := (hotKey{p.slot, l}); p.level&l != 0 && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}
