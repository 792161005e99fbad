package sigma

import "slices"

// truth is what is known of an expression without a record.
type truth uint8

const (
	unknown truth = iota
	never
	always
)

func (t truth) not() truth {
	switch t {
	case never:
		return always
	case always:
		return never
	default:
		return unknown
	}
}

// Satisfiable reports whether some record that lacks all fields for which has is
// false can make the expression true.
//
// missing are the absent fields that make it impossible; it is empty if ok.
// unguarded are absent fields below a negation that could still matter: exceptions
// that never except anything in such records. Both are sorted. What values the
// fields may have is not considered.
func Satisfiable(n Node, has func(field string) bool) (ok bool, missing, unguarded []string) {
	s := satisfier{has: has}
	if s.value(n) == never {
		s.blame(n, never)
		return false, s.sorted(), nil
	}
	s.positive(n)
	return true, nil, s.sorted()
}

type satisfier struct {
	has    func(string) bool
	fields []string
}

func (s *satisfier) sorted() []string {
	slices.Sort(s.fields)
	return slices.Compact(s.fields)
}

// value returns what is known of n.
func (s *satisfier) value(n Node) truth {
	switch n := n.(type) {
	case And:
		return s.fold(n, never, always)
	case Or:
		return s.fold(n, always, never)
	case Not:
		return s.value(n.X).not()
	case *Item:
		v := s.item(n)
		if n.Has("neq") {
			v = v.not()
		}
		return v
	default:
		return unknown
	}
}

// fold is decisive if one of the nodes is, and neutral if all are.
func (s *satisfier) fold(nodes []Node, decisive, neutral truth) truth {
	out := neutral
	for _, x := range nodes {
		switch s.value(x) {
		case decisive:
			return decisive
		case unknown:
			out = unknown
		}
	}
	return out
}

// absent returns the fields of an item that no record has and that decide it.
func (s *satisfier) absent(it *Item) []string {
	var out []string
	if it.Field != "" && !s.has(it.Field) {
		out = append(out, it.Field)
	}
	if it.Has("fieldref") {
		var others []string
		for _, v := range it.Values {
			if ref := plainText(v.Pattern()); !s.has(ref) {
				others = append(others, ref)
			}
		}
		// One of several fields to compare with is enough, unless all must match.
		if len(others) == len(it.Values) || it.Has("all") && len(others) > 0 {
			out = append(out, others...)
		}
	}
	return out
}

// item returns what is known of an item, neq left aside.
func (s *satisfier) item(it *Item) truth {
	switch {
	case len(s.absent(it)) == 0:
		return unknown
	case len(it.Values) == 1 && it.Values[0].Kind == Null:
		return always
	case it.Has("exists"):
		if t, err := newTest(it, "", nil); err == nil && !t.exists {
			return always
		}
		return never
	default:
		return never
	}
}

// blame collects the absent fields for which n has the value v.
func (s *satisfier) blame(n Node, v truth) {
	switch n := n.(type) {
	case And:
		s.blameAll(n, v)
	case Or:
		s.blameAll(n, v)
	case Not:
		s.blame(n.X, v.not())
	case *Item:
		s.fields = append(s.fields, s.absent(n)...)
	}
}

func (s *satisfier) blameAll(nodes []Node, v truth) {
	for _, x := range nodes {
		if s.value(x) == v {
			s.blame(x, v)
		}
	}
}

// positive looks for exceptions in n, which stands under no negation. Where n is
// impossible nothing matters any more.
func (s *satisfier) positive(n Node) {
	if s.value(n) == never {
		return
	}
	switch n := n.(type) {
	case And:
		for _, x := range n {
			s.positive(x)
		}
	case Or:
		for _, x := range n {
			s.positive(x)
		}
	case Not:
		s.negative(n.X)
	case *Item:
		if n.Has("neq") && s.item(n) == never {
			s.fields = append(s.fields, s.absent(n)...)
		}
	}
}

// negative looks at n, an exception: what is impossible in it excepts nothing.
func (s *satisfier) negative(n Node) {
	if s.value(n) == never {
		s.blame(n, never)
		return
	}
	switch n := n.(type) {
	case And:
		for _, x := range n {
			s.negative(x)
		}
	case Or:
		for _, x := range n {
			s.negative(x)
		}
	case Not:
		s.positive(n.X)
	}
}
