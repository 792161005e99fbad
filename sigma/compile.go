package sigma

import (
	"errors"
	"slices"
)

// Set is a set of compiled rules. It does not change and may be used by any
// number of Matchers at once.
type Set struct {
	rules  []*Rule
	preds  []predicate
	fields []field
	ids    []int

	// Rules that say the same are evaluated as one: each formula has the indexes of
	// its rules.
	formulas [][]int
	repeated bool // some has several

	code   []instruction
	entry  []int32    // of a formula: its first instruction, or accepted
	always []uint64   // formulas without anchors, a bit each
	hot    []hotField // what is looked at in every record
	awake  [][]uint32 // formulas that a predicate is an anchor of

	memories int // of hot fields
}

// field is a slot as matchers use it.
type field struct {
	id                   int
	texts                bool
	exact                *exactTable
	anywhere, start, end *automaton
	exists, any, null    int64 // predicates to mark, -1 for none
	heeded               level // how far every record's values are looked at before anything is asked
}

// hotField is a field that every record is looked at for, with what of it that takes.
type hotField struct {
	field     uint32
	level     level
	id        int
	texts     bool
	exact     *exactTable
	presence  bool       // some predicate is about it
	dependent []hotField // fields that depend on this one alone
	memory    int        // index of what is remembered of its values
	plain     bool       // texts of no exact literal mean nothing
}

// instruction asks a predicate and says where to go on.
type instruction struct {
	pred    uint32
	yes, no int32
}

// Where a program may end.
const (
	accepted int32 = -1
	rejected int32 = -2
)

// Compile compiles rules. It returns a set of all that are sound and one error
// that joins a *RuleError for every other rule: its cause is an *Error, a
// *PlaceholderError or an *UnsupportedError.
func Compile(rules []*Rule, opt Options) (*Set, error) {
	s := &Set{}
	ps := &predicates{byID: map[int]*slot{}, keys: map[string]uint32{}}
	var errs []error
	var formulas []*formula
	known := map[string]int{}
	for _, r := range rules {
		f, err := compileRule(ps, r, opt)
		if err != nil {
			errs = append(errs, &RuleError{r, err})
			continue
		}
		key := string(f.appendKey(nil))
		i, again := known[key]
		if !again {
			i = len(formulas)
			known[key] = i
			formulas, s.formulas = append(formulas, f), append(s.formulas, nil)
		}
		s.formulas[i] = append(s.formulas[i], len(s.rules))
		s.repeated = s.repeated || again
		s.rules = append(s.rules, r)
	}
	s.always = make([]uint64, (len(formulas)+63)/64)
	anchors := choose(ps, formulas)
	s.awake = make([][]uint32, len(ps.list))
	levels := make([]level, len(ps.slots))
	for i, f := range formulas {
		s.entry = append(s.entry, s.emit(f, accepted, rejected))
		switch {
		case f.op == alwaysFalse:
		case len(anchors[i]) == 0:
			s.always[i/64] |= 1 << (i % 64)
		default:
			for _, p := range anchors[i] {
				s.awake[p] = append(s.awake[p], uint32(i))
				levels[ps.list[p].slot] |= ps.list[p].level
			}
		}
	}
	s.preds = ps.list
	s.freeze(ps.slots)
	s.heat(ps.slots, levels)
	return s, errors.Join(errs...)
}

// heat lists what is looked at in every record, given how far for each slot.
func (s *Set) heat(slots []*slot, levels []level) {
	dependent := map[*slot][]hotField{}
	for i, l := range levels {
		if of := slots[i].of; l != 0 && of != nil {
			dependent[of] = append(dependent[of], hotField{field: uint32(i), level: l})
		}
	}
	for i, l := range levels {
		sl := slots[i]
		if sl.of != nil || l == 0 && dependent[sl] == nil {
			continue
		}
		f := &s.fields[i]
		s.hot = append(s.hot, hotField{
			field: uint32(i), level: l | fetched, id: f.id, texts: f.texts, exact: f.exact, presence: max(f.exists, f.any, f.null) >= 0,
			dependent: dependent[sl], memory: s.memories, plain: l&scanned == 0 && dependent[sl] == nil,
		})
		if !f.texts {
			f.heeded = l | fetched
			s.memories++
		}
	}
}

// Rules returns the compiled rules; Match returns indexes into it.
func (s *Set) Rules() []*Rule { return s.rules }

// Fields returns, sorted, the ID of every field that some rule reads.
func (s *Set) Fields() []int { return s.ids }

// compileRule lowers a rule and its filters, each on its own so that errors name
// its file.
func compileRule(ps *predicates, r *Rule, opt Options) (*formula, error) {
	var kids []*formula
	var errs []error
	add := func(file string, n Node, err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		l := lowering{preds: ps, opt: opt, file: file}
		kids = append(kids, l.lower(n, false))
		errs = append(errs, l.errs...)
	}
	n, err := r.own()
	add(r.File, n, err)
	for _, f := range r.Filters {
		n, err := f.Expr()
		add(f.File, n, err)
	}
	return join(true, kids), errors.Join(errs...)
}

// emit appends the program of f and returns its first instruction. Programs are
// laid out from their end, so that every target is known.
func (s *Set) emit(f *formula, yes, no int32) int32 {
	switch f.op {
	case alwaysTrue:
		return yes
	case alwaysFalse:
		return no
	case holdsNot:
		yes, no = no, yes
		fallthrough
	case holds:
		s.code = append(s.code, instruction{f.pred, yes, no})
		return int32(len(s.code) - 1)
	}
	next := yes
	if f.op == oneOf {
		next = no
	}
	for _, k := range slices.Backward(f.kids) {
		if f.op == allOf {
			next = s.emit(k, next, no)
		} else {
			next = s.emit(k, yes, next)
		}
	}
	return next
}

// freeze builds what matchers look values up in.
func (s *Set) freeze(slots []*slot) {
	for _, sl := range slots {
		f := field{id: sl.id, texts: sl.texts, exists: sl.exists, any: sl.any, null: sl.null}
		if len(sl.exact) > 0 {
			f.exact = newExactTable(literals(sl.exact))
		}
		build := func(where end) *automaton {
			if len(sl.find[where]) == 0 {
				return nil
			}
			return newAutomaton(literals(sl.find[where]), where, rowBudget)
		}
		f.anywhere, f.start, f.end = build(anywhere), build(atStart), build(atEnd)
		s.fields = append(s.fields, f)
		if !sl.texts {
			s.ids = append(s.ids, sl.id)
		}
	}
	slices.Sort(s.ids)
}

// literals lists a map in order, so that equal rules make equal sets.
func literals(m map[string][]uint32) []literal {
	out := make([]literal, 0, len(m))
	for text, preds := range m {
		out = append(out, literal{text, preds})
	}
	slices.SortFunc(out, func(a, b literal) int {
		if a.text < b.text {
			return -1
		}
		return 1
	})
	return out
}
