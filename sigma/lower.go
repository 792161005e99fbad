package sigma

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

// formula is an expression over predicates in which negation stands at the
// leaves only.
type formula struct {
	op   formulaOp
	pred uint32 // of a leaf
	kids []*formula
	cost int
}

type formulaOp uint8

const (
	alwaysTrue formulaOp = iota
	alwaysFalse
	holds    // the predicate does
	holdsNot // it does not
	allOf
	oneOf
)

func constant(b bool) *formula {
	if b {
		return &formula{op: alwaysTrue}
	}
	return &formula{op: alwaysFalse}
}

// appendKey appends a text that tells formulas apart.
func (f *formula) appendKey(dst []byte) []byte {
	dst = append(dst, byte(f.op))
	dst = binary.AppendUvarint(dst, uint64(f.pred))
	dst = binary.AppendUvarint(dst, uint64(len(f.kids)))
	for _, k := range f.kids {
		dst = k.appendKey(dst)
	}
	return dst
}

// lowering turns the expression of one rule into a formula.
type lowering struct {
	preds *predicates
	opt   Options
	file  string
	errs  []error
}

// lower returns the formula of n, or with negated that of its opposite.
func (l *lowering) lower(n Node, negated bool) *formula {
	switch n := n.(type) {
	case And:
		return l.lowerAll(n, true, negated)
	case Or:
		return l.lowerAll(n, false, negated)
	case Not:
		return l.lower(n.X, !negated)
	case *Item:
		if n == nil {
			break
		}
		t, err := newTest(n, l.file, l.opt.expand)
		if err != nil {
			l.errs = append(l.errs, err)
			return constant(false)
		}
		return l.test(t, negated != t.negate)
	}
	l.errs = append(l.errs, &Error{File: l.file, Msg: fmt.Sprintf("the expression has a node of type %T", n)})
	return constant(false)
}

func (l *lowering) lowerAll(nodes []Node, and, negated bool) *formula {
	kids := make([]*formula, len(nodes))
	for i, x := range nodes {
		kids[i] = l.lower(x, negated)
	}
	return join(and != negated, kids)
}

// join returns the conjunction or disjunction of formulas: flat, without
// constants and repetitions, what is cheap to ask first.
func join(and bool, kids []*formula) *formula {
	op, neutral, decisive := oneOf, alwaysFalse, alwaysTrue
	if and {
		op, neutral, decisive = allOf, alwaysTrue, alwaysFalse
	}
	var flat []*formula
	leaves := map[[2]uint32]bool{}
	var add func([]*formula) bool
	add = func(kids []*formula) bool {
		for _, k := range kids {
			switch {
			case k.op == decisive:
				return false
			case k.op == neutral:
			case k.op == op:
				if !add(k.kids) {
					return false
				}
			case k.op == holds || k.op == holdsNot:
				if leaves[[2]uint32{k.pred, uint32(holds + holdsNot - k.op)}] {
					return false // something and its opposite
				}
				if leaf := [2]uint32{k.pred, uint32(k.op)}; !leaves[leaf] {
					leaves[leaf] = true
					flat = append(flat, k)
				}
			default:
				flat = append(flat, k)
			}
		}
		return true
	}
	switch {
	case !add(kids):
		return &formula{op: decisive}
	case len(flat) == 0:
		return &formula{op: neutral}
	case len(flat) == 1:
		return flat[0]
	}
	slices.SortStableFunc(flat, func(a, b *formula) int { return cmp.Compare(a.cost, b.cost) })
	f := &formula{op: op, kids: flat}
	for _, k := range flat {
		f.cost += k.cost
	}
	return f
}

func (l *lowering) leaf(pred uint32, negated bool) *formula {
	f := &formula{op: holds, pred: pred, cost: l.preds.cost(pred)}
	if negated {
		f.op = holdsNot
	}
	return f
}

// test returns the formula of a test, its own negation aside.
func (l *lowering) test(t *test, negated bool) *formula {
	var s *slot
	if t.field == "" {
		s = l.preds.textSlot()
	} else {
		ref, ok := l.opt.resolve(t.field)
		if !ok {
			missing := t.kind == nullTest || t.kind == existsTest && !t.exists
			return constant(missing != negated)
		}
		s = l.preds.slotOf(ref)
	}
	switch t.kind {
	case nullTest:
		return l.leaf(l.preds.null(s), negated)
	case existsTest:
		return l.leaf(l.preds.exists(s), negated == t.exists)
	case regexTest:
		return groups(l, t, t.regex, negated, func(g []*regexp.Regexp) []uint32 { return one(l.preds.regex(s, g)) })
	case cidrTest:
		return groups(l, t, t.nets, negated, func(g []netip.Prefix) []uint32 { return one(l.preds.networks(s, g)) })
	case compareTest:
		return groups(l, t, t.numbers, negated, func(g []number) []uint32 { return one(l.preds.compares(s, t, g)) })
	case refTest:
		var refs [][]string
		for _, r := range t.refs {
			refs = append(refs, []string{r})
		}
		return groups(l, t, refs, negated, func(g []string) []uint32 {
			var out []uint32
			for _, name := range g {
				if ref, ok := l.opt.resolve(name); ok {
					out = append(out, l.preds.reference(s, l.preds.slotOf(ref), t))
				}
			}
			return out
		})
	default:
		return groups(l, t, t.text, negated, func(g [][]Part) []uint32 { return l.preds.text(s, g, t.cased) })
	}
}

func one(id uint32) []uint32 { return []uint32{id} }

// groups joins the predicates of the groups of operands of a test: with all each
// group must hold, else one of them, so that they are asked for as one.
func groups[T any](l *lowering, t *test, operands [][]T, negated bool, predicates func([]T) []uint32) *formula {
	if !t.all {
		operands = [][]T{slices.Concat(operands...)}
	}
	var kids []*formula
	for _, group := range operands {
		var leaves []*formula
		if len(group) > 0 {
			for _, p := range predicates(group) {
				leaves = append(leaves, l.leaf(p, negated))
			}
		}
		kids = append(kids, join(negated, leaves)) // by De Morgan
	}
	return join(!negated, kids)
}

// cost estimates what it takes to ask a predicate, in the order of nanoseconds.
func (ps *predicates) cost(id uint32) int {
	p := &ps.list[id]
	cost := map[predicateKind]int{marked: 1, compares: 10, networks: 20, patterns: 50, reference: 50, regexes: 200}[p.kind]
	if p.level&hashed != 0 {
		cost += 10
	}
	if p.level&scanned != 0 {
		cost += 40
	}
	if s := ps.slots[p.slot]; s.texts {
		cost += 1000
	} else {
		cost += 10 * s.price
	}
	return cost
}
