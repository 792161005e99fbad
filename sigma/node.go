package sigma

// Node is an expression: And, Or, Not or *Item. Nodes are shared between rules
// and must not be changed after they were built.
type Node interface{ node() }

// And is true if all its nodes are. An empty And is true.
type And []Node

// Or is true if one of its nodes is. An empty Or is false.
type Or []Node

// Not is true if X is not.
type Not struct{ X Node }

// Item is one line of a search: a field, its modifiers and the values that it
// is compared with. Several values mean "one of them", with the modifier all
// "all of them".
type Item struct {
	Field     string   // "" means keywords: the values are looked for in the texts of the record
	Modifiers []string // as written, in their order, without the pipe
	Values    []Value
	Line      int // in the file of the rule, 0 if unknown
}

func (And) node()   {}
func (Or) node()    {}
func (Not) node()   {}
func (*Item) node() {}

// Has reports whether the item has the modifier.
func (it *Item) Has(modifier string) bool {
	for _, m := range it.Modifiers {
		if m == modifier {
			return true
		}
	}
	return false
}

// Walk calls f for n and every node below it, parents first. negated tells
// whether the node stands under an odd number of Nots. The modifier neq, a
// negation inside an item, is not counted.
func Walk(n Node, f func(n Node, negated bool)) { walk(n, false, f) }

func walk(n Node, negated bool, f func(Node, bool)) {
	f(n, negated)
	switch n := n.(type) {
	case And:
		for _, x := range n {
			walk(x, negated, f)
		}
	case Or:
		for _, x := range n {
			walk(x, negated, f)
		}
	case Not:
		walk(n.X, !negated, f)
	}
}

// mapItems returns n with each item replaced by f's result, where nil keeps it.
func mapItems(n Node, f func(*Item) Node) Node {
	switch n := n.(type) {
	case And:
		return And(mapAll(n, f))
	case Or:
		return Or(mapAll(n, f))
	case Not:
		return Not{mapItems(n.X, f)}
	case *Item:
		if r := f(n); r != nil {
			return r
		}
	}
	return n
}

func mapAll(nodes []Node, f func(*Item) Node) []Node {
	out := make([]Node, len(nodes))
	for i, x := range nodes {
		out[i] = mapItems(x, f)
	}
	return out
}
