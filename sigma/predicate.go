package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// predicate is an elementary question about a record. Equal ones in different
// rules are one, answered at most once for each record.
type predicate struct {
	kind  predicateKind
	slot  uint32
	level level // what of its slot must be resolved before marks can be trusted
	gated bool  // cannot hold unless marked

	cased    bool
	parts    [][]Part         // patterns: one must match
	regex    []*regexp.Regexp // regexes: one must match
	ranges   []addrRange      // networks: one must hold the address
	numbers  []number         // numbers: one must compare
	relation relation
	timePart string
	other    uint32 // reference: the slot to compare with
	position string

	weight int  // number of literals, for the choice of anchors
	common bool // one of them is a value that most records have
}

type predicateKind uint8

const (
	marked    predicateKind = iota // holds if marked
	patterns                       // patterns that marks do not decide
	regexes                        //
	networks                       //
	compares                       //
	reference                      //
)

// level says how far the values of a slot have been looked at.
type level uint8

const (
	fetched level = 1 << iota // values are known; presence is marked
	hashed                    // literals that equal a value are marked
	scanned                   // literals that values begin with, end with or contain are marked
)

// slot is a field of the records, or all texts, while a set is compiled.
type slot struct {
	id          int
	texts       bool
	selectivity int
	price       int
	common      map[string]bool // folded values that most records have
	of          *slot           // what its values depend on
	index       uint32
	exact       map[string][]uint32 // literal -> predicates
	find        [3]map[string][]uint32

	exists, any, null int64 // predicates that presence marks, -1 if nobody asks
}

// predicates interns predicates and collects what their slots must look for.
type predicates struct {
	list  []predicate
	slots []*slot
	byID  map[int]*slot
	texts *slot
	keys  map[string]uint32
}

func (ps *predicates) slotOf(ref Ref) *slot {
	s := ps.byID[ref.ID]
	if s == nil {
		s = ps.newSlot(slot{id: ref.ID, selectivity: ref.Selectivity, price: max(1, ref.Price), common: map[string]bool{}})
		for _, v := range ref.Common {
			s.common[fold(v)] = true
		}
		if ref.Of != nil && ref.Of.ID != ref.ID {
			of := *ref.Of
			of.Of = nil
			if s.of = ps.slotOf(of); s.of.of != nil {
				s.of = s.of.of
			}
		}
		ps.byID[ref.ID] = s
	}
	return s
}

func (ps *predicates) textSlot() *slot {
	if ps.texts == nil {
		ps.texts = ps.newSlot(slot{texts: true})
	}
	return ps.texts
}

func (ps *predicates) newSlot(s slot) *slot {
	s.index = uint32(len(ps.slots))
	s.exact = map[string][]uint32{}
	for i := range s.find {
		s.find[i] = map[string][]uint32{}
	}
	s.exists, s.any, s.null = -1, -1, -1
	ps.slots = append(ps.slots, &s)
	return &s
}

// intern returns the number of the predicate with that key, made by p if it is
// new.
func (ps *predicates) intern(key string, p predicate) (id uint32, fresh bool) {
	if id, ok := ps.keys[key]; ok {
		return id, false
	}
	id = uint32(len(ps.list))
	ps.keys[key] = id
	ps.list = append(ps.list, p)
	return id, true
}

// exists returns the predicate "the field has a value".
func (ps *predicates) exists(s *slot) uint32 {
	if s.exists < 0 {
		id, _ := ps.intern(fmt.Sprintf("exists %d", s.index), predicate{slot: s.index, level: fetched})
		s.exists = int64(id)
	}
	return uint32(s.exists)
}

// any returns the predicate "the field has a value that is not null".
func (ps *predicates) any(s *slot) uint32 {
	if s.any < 0 {
		id, _ := ps.intern(fmt.Sprintf("any %d", s.index), predicate{slot: s.index, level: fetched})
		s.any = int64(id)
	}
	return uint32(s.any)
}

// null returns the predicate "the field is missing or null".
func (ps *predicates) null(s *slot) uint32 {
	if s.null < 0 {
		id, _ := ps.intern(fmt.Sprintf("null %d", s.index), predicate{slot: s.index, level: fetched})
		s.null = int64(id)
	}
	return uint32(s.null)
}

// text returns predicates of which one must hold for one of the patterns to match
// a value of the slot.
func (ps *predicates) text(s *slot, pats [][]Part, cased bool) []uint32 {
	var decided [4][]string // by end, then exact
	var gated, open [][]Part
	any := false
	for _, parts := range pats {
		text, where, ok := simple(parts)
		switch {
		case len(parts) == 1 && parts[0].Kind == AnyRun:
			any = true
		case ok && !cased:
			decided[where] = append(decided[where], text)
		case len(parts) == 0 || gate(parts, cased) != nil:
			gated = append(gated, parts)
		default:
			open = append(open, parts)
		}
	}
	var out []uint32
	if any {
		out = append(out, ps.any(s))
	}
	if n := len(slices.Concat(decided[:]...)); n > 0 {
		out = append(out, ps.decided(s, decided, n))
	}
	if len(gated) > 0 {
		key := partsKey("gated", s, gated, cased)
		id, fresh := ps.intern(key, predicate{kind: patterns, slot: s.index, gated: true, cased: cased, parts: gated, weight: len(gated)})
		if fresh {
			for _, parts := range gated {
				if len(parts) == 0 { // the empty text, cased
					ps.look(s, id, "", exactly)
					continue
				}
				g := gate(parts, cased)
				ps.look(s, id, g.text, g.where)
			}
		}
		out = append(out, id)
	}
	if len(open) > 0 {
		id, _ := ps.intern(partsKey("open", s, open, cased), predicate{kind: patterns, slot: s.index, level: fetched, cased: cased, parts: open})
		out = append(out, id)
	}
	return out
}

// exactly follows the ends: the literal is the whole text.
const exactly end = 3

// decided returns the predicate that holds if one of the literals is found.
func (ps *predicates) decided(s *slot, decided [4][]string, n int) uint32 {
	var key strings.Builder
	fmt.Fprintf(&key, "marked %d", s.index)
	for where := range decided {
		slices.Sort(decided[where])
		decided[where] = slices.Compact(decided[where])
		for _, text := range decided[where] {
			fmt.Fprintf(&key, " %d:%d:%s", where, len(text), text)
		}
	}
	id, fresh := ps.intern(key.String(), predicate{slot: s.index, weight: n})
	if fresh {
		for where, texts := range decided {
			for _, text := range texts {
				ps.look(s, id, text, end(where))
			}
		}
	}
	return id
}

// look has the slot mark the predicate where it finds the folded literal.
func (ps *predicates) look(s *slot, id uint32, text string, where end) {
	p := &ps.list[id]
	m := s.exact
	if where == exactly {
		p.level |= fetched | hashed
	} else {
		p.level |= fetched | scanned
		m = s.find[where]
	}
	p.common = p.common || where == exactly && s.common[text]
	if !slices.Contains(m[text], id) {
		m[text] = append(m[text], id)
	}
}

// simple returns the literal that decides whether the folded parts match.
func simple(parts []Part) (text string, where end, ok bool) {
	switch {
	case len(parts) == 0:
		return "", exactly, true
	case len(parts) == 1 && parts[0].Kind == Plain:
		return parts[0].Text, exactly, true
	case len(parts) == 2 && parts[0].Kind == Plain && parts[1].Kind == AnyRun:
		return parts[0].Text, atStart, true
	case len(parts) == 2 && parts[0].Kind == AnyRun && parts[1].Kind == Plain:
		text, where = parts[1].Text, atEnd
	case len(parts) == 3 && parts[0].Kind == AnyRun && parts[1].Kind == Plain && parts[2].Kind == AnyRun:
		text, where = parts[1].Text, anywhere
	default:
		return "", 0, false
	}
	// A star takes whole characters; a literal that begins inside one, which an
	// encoding can make, is not found by its bytes alone.
	return text, where, utf8.RuneStart(text[0])
}

type gateLiteral struct {
	text  string // folded
	where end
}

// gate returns a literal that every match of the parts has, nil if there is none.
func gate(parts []Part, cased bool) *gateLiteral {
	var best *gateLiteral
	for i, p := range parts {
		if p.Kind != Plain || cased && !utf8.ValidString(p.Text) {
			continue
		}
		g := &gateLiteral{fold(p.Text), anywhere}
		switch {
		case len(parts) == 1:
			g.where = exactly
		case i == 0:
			g.where = atStart
		case i == len(parts)-1:
			g.where = atEnd
		}
		if best == nil || len(g.text) > len(best.text) {
			best = g
		}
	}
	return best
}

func partsKey(kind string, s *slot, pats [][]Part, cased bool) string {
	var key strings.Builder
	fmt.Fprintf(&key, "%s %d %t", kind, s.index, cased)
	for _, parts := range pats {
		key.WriteString("\n")
		for _, p := range parts {
			fmt.Fprintf(&key, " %d:%d:%s", p.Kind, len(p.Text), p.Text)
		}
	}
	return key.String()
}

func (ps *predicates) regex(s *slot, res []*regexp.Regexp) uint32 {
	var key strings.Builder
	fmt.Fprintf(&key, "regex %d", s.index)
	var lits []string
	gated := true
	for _, re := range res {
		fmt.Fprintf(&key, " %d:%s", len(re.String()), re)
		l := requiredLiterals(re)
		gated = gated && shortest(l) > 0
		lits = append(lits, l...)
	}
	p := predicate{kind: regexes, slot: s.index, level: fetched, regex: res, gated: gated, weight: len(lits)}
	id, fresh := ps.intern(key.String(), p)
	if fresh && gated {
		for _, text := range lits {
			ps.look(s, id, text, anywhere)
		}
	}
	return id
}

func (ps *predicates) networks(s *slot, nets []netip.Prefix) uint32 {
	ranges := mergeNetworks(nets)
	id, _ := ps.intern(fmt.Sprintf("networks %d %v", s.index, ranges),
		predicate{kind: networks, slot: s.index, level: fetched, ranges: ranges})
	return id
}

func (ps *predicates) compares(s *slot, t *test, numbers []number) uint32 {
	id, _ := ps.intern(fmt.Sprintf("compares %d %d %s %v", s.index, t.relation, t.timePart, numbers),
		predicate{kind: compares, slot: s.index, level: fetched, numbers: numbers, relation: t.relation, timePart: t.timePart})
	return id
}

func (ps *predicates) reference(s, other *slot, t *test) uint32 {
	id, _ := ps.intern(fmt.Sprintf("reference %d %d %s %t", s.index, other.index, t.position, t.cased),
		predicate{kind: reference, slot: s.index, level: fetched, other: other.index, position: t.position, cased: t.cased})
	return id
}
