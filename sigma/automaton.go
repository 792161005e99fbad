package sigma

import "unicode/utf8"

// automaton finds which of many literals a text begins with, ends with or
// contains, in one pass over its folded bytes (for containment that of Aho and
// Corasick). Each literal reports the predicates it belongs to.
//
// States are numbered breadth first. The first ones have full rows of
// transitions, which is all of them for ordinary rules; where lists are huge, the
// deep states have only their edges, so that memory stays proportional to the
// literals.
type automaton struct {
	class  [256]uint8 // of a byte; 0 = in no literal; an upper-case letter has that of the lower-case one
	skip   [256]bool  // an ASCII byte that leads from the root to the root
	stride uint32
	dense  []uint32 // full rows: next state by state + class
	base   uint32   // number of the first state without a row

	edges  []uint32 // of state base+i: labels and targets from edges[i] to edges[i+1]
	labels []uint8
	target []uint32
	fail   []uint32 // of state base+i: where to go on if no edge fits

	outs  []uint32 // predicates of the i-th state from outAt[i] to outAt[i+1]
	outAt []uint32
	dict  []uint32 // of the i-th state: index of the next shorter literal that ends here, 0 = none
	rows  uint32

	skipper *skipper // nil if it would not pay
}

const (
	dead   = ^uint32(0) // no literal can follow
	accept = 1 << 31    // set in a transition to a state that reports something

	rowBudget = 1 << 18 // entries in rows
)

// end is where the literals of an automaton must stand.
type end uint8

const (
	anywhere end = iota
	atStart
	atEnd
)

// literal is a folded text and the predicates that it decides or opens.
type literal struct {
	text  string
	preds []uint32
}

// trieNode is a state while the automaton is built.
type trieNode struct {
	labels []uint8
	kids   []int
	preds  []uint32
	fail   int
	dict   int
}

// newAutomaton builds the automaton for literals, none of which is empty. Rows are
// laid out for as many states as fit in the budget.
func newAutomaton(literals []literal, where end, budget int) *automaton {
	a := &automaton{}
	classes := 1
	for _, l := range literals {
		for i := 0; i < len(l.text); i++ {
			if b := l.text[i]; a.class[b] == 0 {
				a.class[b] = uint8(classes)
				classes++
			}
		}
	}
	for b := 'A'; b <= 'Z'; b++ {
		a.class[b] = a.class[b+'a'-'A']
	}
	a.stride = uint32(classes)
	nodes := a.trie(literals, where)
	order := breadthFirst(nodes)
	if where == anywhere {
		link(nodes, order)
	}
	a.number(nodes, order, where, budget)
	if where == anywhere {
		a.skipper = newSkipper(a, literals)
	}
	for b := range utf8.RuneSelf {
		a.skip[b] = where == anywhere && a.dense[a.class[b]] == 0
	}
	return a
}

func (a *automaton) trie(literals []literal, where end) []trieNode {
	nodes := []trieNode{{}}
	for _, l := range literals {
		at := 0
		for i := range len(l.text) {
			b := l.text[i]
			if where == atEnd {
				b = l.text[len(l.text)-1-i]
			}
			next := nodes[at].next(a.class[b])
			if next < 0 {
				next = len(nodes)
				nodes[at].labels = append(nodes[at].labels, a.class[b])
				nodes[at].kids = append(nodes[at].kids, next)
				nodes = append(nodes, trieNode{})
			}
			at = next
		}
		nodes[at].preds = append(nodes[at].preds, l.preds...)
	}
	return nodes
}

func (n *trieNode) next(class uint8) int {
	for i, l := range n.labels {
		if l == class {
			return n.kids[i]
		}
	}
	return -1
}

func breadthFirst(nodes []trieNode) []int {
	order := make([]int, 1, len(nodes))
	for i := 0; i < len(order); i++ {
		order = append(order, nodes[order[i]].kids...)
	}
	return order
}

// link sets the state to go on from when no edge fits, the one for the longest
// proper suffix of what was read, and the next shorter literal.
func link(nodes []trieNode, order []int) {
	for _, at := range order {
		for i, kid := range nodes[at].kids {
			class := nodes[at].labels[i]
			to := 0
			if at != 0 {
				for f := nodes[at].fail; ; f = nodes[f].fail {
					if n := nodes[f].next(class); n >= 0 {
						to = n
						break
					}
					if f == 0 {
						break
					}
				}
			}
			nodes[kid].fail = to
			nodes[kid].dict = to
			if len(nodes[to].preds) == 0 {
				nodes[kid].dict = nodes[to].dict
			}
		}
	}
}

// number lays the states out in the order given.
func (a *automaton) number(nodes []trieNode, order []int, where end, budget int) {
	a.rows = uint32(max(1, min(len(order), budget/int(a.stride))))
	a.base = a.rows * a.stride
	index := make([]uint32, len(nodes)) // in order
	for i, at := range order {
		index[at] = uint32(i)
	}
	state := func(at int) uint32 {
		if i := index[at]; i < a.rows {
			return i * a.stride
		} else {
			return a.base + i - a.rows
		}
	}
	enter := func(at int) uint32 {
		if len(nodes[at].preds) > 0 || nodes[at].dict != 0 {
			return state(at) | accept
		}
		return state(at)
	}
	a.dense = make([]uint32, a.base)
	a.edges = []uint32{0}
	a.outAt = []uint32{0}
	for i, at := range order {
		n := &nodes[at]
		a.outs = append(a.outs, n.preds...)
		a.outAt = append(a.outAt, uint32(len(a.outs)))
		a.dict = append(a.dict, index[n.dict])
		if uint32(i) >= a.rows {
			for j, kid := range n.kids {
				a.labels = append(a.labels, n.labels[j])
				a.target = append(a.target, enter(kid))
			}
			a.edges = append(a.edges, uint32(len(a.labels)))
			if where == anywhere {
				a.fail = append(a.fail, state(n.fail))
			} else {
				a.fail = append(a.fail, dead)
			}
			continue
		}
		row := a.dense[uint32(i)*a.stride:][:a.stride]
		for c := range row {
			switch {
			case where != anywhere:
				row[c] = dead
			case at != 0:
				row[c] = a.dense[state(n.fail)+uint32(c)] // is shallower, hence laid out
			}
		}
		for j, kid := range n.kids {
			row[n.labels[j]] = enter(kid)
		}
	}
}

// next returns the state behind s for a class, with accept set if it reports.
func (a *automaton) next(s uint32, class uint8) uint32 {
	if s < a.base {
		return a.dense[s+uint32(class)]
	}
	return a.nextSparse(s, class)
}

func (a *automaton) nextSparse(s uint32, class uint8) uint32 {
	for s >= a.base {
		if s == dead {
			return dead
		}
		i := s - a.base
		for e := a.edges[i]; e < a.edges[i+1]; e++ {
			if a.labels[e] == class {
				return a.target[e]
			}
		}
		s = a.fail[i]
	}
	return a.dense[s+uint32(class)]
}

// step returns the state behind s for a byte and reports what ends there.
func (a *automaton) step(m *Matcher, s uint32, c byte) uint32 {
	s = a.next(s, a.class[c])
	if s >= accept && s != dead {
		s &^= accept
		a.report(m, s)
	}
	return s
}

// report marks the predicates of state s and of the shorter literals that end
// where it does.
func (a *automaton) report(m *Matcher, s uint32) {
	i := s / a.stride
	if s >= a.base {
		i = a.rows + s - a.base
	}
	for {
		for _, p := range a.outs[a.outAt[i]:a.outAt[i+1]] {
			m.mark(p)
		}
		if i = a.dict[i]; i == 0 {
			return
		}
	}
}

// foldedRune returns the folded bytes of the rune at text[i] and its size in the
// text.
func foldedRune[T byteseq](text T, i int) (b [utf8.UTFMax]byte, n, size int) {
	r, size := runeAt(text, i)
	if r == utf8.RuneError && size == 1 {
		b[0] = text[i]
		return b, 1, 1
	}
	return b, utf8.EncodeRune(b[:], foldRune(r)), size
}

// stepRune is step for all bytes of the rune at text[i], which is not ASCII, and
// returns its size in the text as well.
func stepRune[T byteseq](m *Matcher, a *automaton, s uint32, text T, i int) (next uint32, size int) {
	b, n, size := foldedRune(text, i)
	for _, c := range b[:n] {
		s = a.step(m, s, c)
	}
	return s, size
}

// findAnywhere reports the literals that the text contains.
func findAnywhere[T byteseq](m *Matcher, a *automaton, text T) {
	if a.skipper != nil {
		findLeaping(m, a, text)
		return
	}
	s, dense := uint32(0), a.dense
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case s == 0 && a.skip[c]:
			i++
		case c >= utf8.RuneSelf:
			var size int
			s, size = stepRune(m, a, s, text, i)
			i += size
		default: // step, which is not inlined, by hand
			i++
			if s < a.base {
				s = dense[s+uint32(a.class[c])]
			} else {
				s = a.nextSparse(s, a.class[c])
			}
			if s >= accept {
				s &^= accept
				a.report(m, s)
			}
		}
	}
}

// rejects reports whether no literal begins with the byte, which ends most
// searches at the start or end of a text at once.
func (a *automaton) rejects(c byte) bool { return c < utf8.RuneSelf && a.dense[a.class[c]] == dead }

// findAtStart reports the literals that the text begins with.
func findAtStart[T byteseq](m *Matcher, a *automaton, text T) {
	if len(text) == 0 || a.rejects(text[0]) {
		return
	}
	s := uint32(0)
	for i := 0; i < len(text); {
		b, n, size := [utf8.UTFMax]byte{text[i]}, 1, 1
		if text[i] >= utf8.RuneSelf {
			b, n, size = foldedRune(text, i)
		}
		i += size
		for _, c := range b[:n] {
			if s = a.step(m, s, c); s == dead {
				return
			}
		}
	}
}

// findAtEnd reports the literals that the text ends with.
func findAtEnd[T byteseq](m *Matcher, a *automaton, text T) {
	if len(text) == 0 || a.rejects(text[len(text)-1]) {
		return
	}
	s := uint32(0)
	for i := len(text); i > 0; {
		b, n, size := [utf8.UTFMax]byte{text[i-1]}, 1, 1
		if text[i-1] >= utf8.RuneSelf {
			_, size = runeBefore(text, i)
			b, n, _ = foldedRune(text, i-size)
		}
		i -= size
		for n > 0 {
			n--
			if s = a.step(m, s, b[n]); s == dead {
				return
			}
		}
	}
}
