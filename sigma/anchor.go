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
	work  []hotKey // what looking for them takes
	odds  float64  // how often one of them holds, a guess
}

// maxAnchors bounds how many sets are considered for a rule.
const maxAnchors = 16

// hotKey is work that some anchor causes for every record.
type hotKey struct {
	slot  uint32
	level level
}

// anchoring makes the sets that are to choose from.
type anchoring struct {
	preds *predicates
	used  map[uint32]int // by how many rules a predicate could serve
}

// choose returns the anchors of each formula; nil means that it has none.
func choose(ps *predicates, formulas []*formula) [][]uint32 {
	a := &anchoring{preds: ps, used: map[uint32]int{}}
	for _, f := range formulas {
		a.count(f, map[uint32]bool{})
	}
	c := &choice{price: a.price, at: make([]int, len(formulas)), users: map[hotKey]int{}}
	for i, f := range formulas {
		c.sets = append(c.sets, a.sets(f))
		c.effort = append(c.effort, a.effort(f))
		c.at[i] = -1
	}
	c.settle()
	out := make([][]uint32, len(formulas))
	for i, j := range c.at {
		if j >= 0 {
			out[i] = c.sets[i][j].preds
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
	case f.op == holdsNot && int64(f.pred) == s.null:
		return a.preds.exists(s), true
	case f.op == holdsNot && int64(f.pred) == s.exists:
		return a.preds.null(s), true
	case f.op == holdsNot:
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
			return []anchor{{[]uint32{p}, a.work(p), a.odds(p)}}
		}
	case allOf:
		var out []anchor
		for _, k := range f.kids {
			out = append(out, a.sets(k)...)
		}
		slices.SortStableFunc(out, a.compare)
		return out[:min(len(out), maxAnchors)]
	case oneOf:
		var union anchor
		for _, k := range f.kids {
			sets := a.sets(k)
			if len(sets) == 0 {
				return nil
			}
			best := slices.MinFunc(sets, a.compare)
			for _, p := range best.preds {
				if !slices.Contains(union.preds, p) {
					union.preds = append(union.preds, p)
				}
			}
			for _, k := range best.work {
				if !slices.Contains(union.work, k) {
					union.work = append(union.work, k)
				}
			}
			union.odds = min(1, union.odds+best.odds)
		}
		return []anchor{union}
	}
	return nil
}

// compare orders sets by what each would cost a rule that were alone.
func (a *anchoring) compare(x, y anchor) int {
	const effort = 8
	cost := func(s anchor) float64 {
		sum := s.odds * effort
		for _, k := range s.work {
			sum += a.price(k)
		}
		return sum
	}
	return cmp.Compare(cost(x), cost(y))
}

// odds guesses how often a predicate holds: by what the caller says of the field
// and the values, by how exact the comparison is, how many values it has and how
// many rules ask for the same, since what many rules ask for is common.
func (a *anchoring) odds(id uint32) float64 {
	p := &a.preds.list[id]
	s := a.preds.slots[p.slot]
	odds := 1.0 / 64
	switch {
	case int64(id) == s.null:
		return 1.0 / 2
	case p.common, int64(id) == s.exists, int64(id) == s.any:
		return 1
	case s.texts:
		odds = 1.0 / 4
	case p.level&scanned != 0:
		odds = 1.0 / 32
	}
	selectivity := max(-16, min(16, s.selectivity))
	odds *= math.Exp2(-2*float64(selectivity)) * float64(max(1, a.used[id])) * (1 + math.Log2(float64(max(1, p.weight))))
	return min(1, odds)
}

// work returns what looking for a predicate takes.
func (a *anchoring) work(id uint32) []hotKey {
	p := &a.preds.list[id]
	var out []hotKey
	if of := a.preds.slots[p.slot].of; of != nil {
		out = append(out, hotKey{of.index, fetched})
	}
	for _, l := range []level{fetched, hashed, scanned} {
		if p.level&l != 0 {
			out = append(out, hotKey{p.slot, l})
		}
	}
	return out
}

// price is what work costs a record. The unit is an ordinary field.
func (a *anchoring) price(k hotKey) float64 {
	s := a.preds.slots[k.slot]
	switch {
	case s.texts:
		return 100
	case s.of != nil: // remembered
		return 0.125
	case k.level == fetched:
		return float64(s.price)
	case k.level == hashed:
		return 0.5
	default:
		return 2
	}
}

// effort is what it takes to evaluate a rule. It ends at the first answer that
// decides, so that about half of its fields are asked for.
func (a *anchoring) effort(f *formula) float64 {
	fields := map[uint32]bool{}
	var add func(*formula)
	add = func(f *formula) {
		if f.op == holds || f.op == holdsNot {
			fields[a.preds.list[f.pred].slot] = true
		}
		for _, k := range f.kids {
			add(k)
		}
	}
	add(f)
	sum := 1.0
	for i, s := range a.preds.slots {
		if fields[uint32(i)] {
			sum += max(float64(s.price), a.price(hotKey{s.index, fetched})) / 2
		}
	}
	return sum
}
