package sigma

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options tell Compile and Eval about the records.
type Options struct {
	// Resolve returns what a field of the rules is in the records. With false no
	// record has the field: whatever asks for a value of it never matches.
	Resolve func(field string) (Ref, bool)
	// Expand returns the values of a placeholder, in which * and ? are wildcards
	// unless escaped. With false, or without Expand, the rule is an error; with
	// no values the placeholder matches nothing.
	Expand func(placeholder string) ([]string, bool)
}

// Ref is a field of the records.
type Ref struct {
	ID int // handed to Record.Value
	// Selectivity says how well a value of the field tells records apart: 0 if
	// unknown, more for fields whose values are rarer, less than 0 for fields
	// in which few values are common.
	Selectivity int
	// Price says what it takes to read the field, compared with an ordinary one:
	// less than 1 counts as 1. Dear fields are asked for late, and of every
	// record only where rules leave no choice.
	Price int
	// Common lists values that most records have; rules that compare with one of
	// them are found by something else if they can be.
	Common []string
	// Of is a field on whose values alone those of this one depend, in the same
	// way in all records; nil if there is none such. A Matcher need not read
	// them again for values that it knows.
	Of *Ref
}

func (o Options) resolve(field string) (Ref, bool) {
	if o.Resolve == nil {
		return Ref{}, false
	}
	return o.Resolve(field)
}

func (o Options) expand(placeholder string) ([]string, bool) {
	if o.Expand == nil {
		return nil, false
	}
	return o.Expand(placeholder)
}

// Eval reports whether the expression is true of the record. It reads the
// expression anew each time and takes the shortest way from the specification to
// the outcome: good for a single record, and what a Matcher is tested against.
func Eval(n Node, opt Options, rec Record) (bool, error) {
	switch n := n.(type) {
	case And:
		return evalAll(n, opt, rec, true)
	case Or:
		return evalAll(n, opt, rec, false)
	case Not:
		ok, err := Eval(n.X, opt, rec)
		return !ok && err == nil, err
	case *Item:
		if n == nil {
			return false, errors.New("the expression has a nil item")
		}
		t, err := newTest(n, "", opt.expand)
		if err != nil {
			return false, err
		}
		return evalTest(t, opt, rec) != t.negate, nil
	default:
		return false, fmt.Errorf("the expression has a node of type %T", n)
	}
}

// evalAll evaluates all nodes, so that faults show whatever the record is.
func evalAll(nodes []Node, opt Options, rec Record, and bool) (bool, error) {
	out := and
	for _, x := range nodes {
		ok, err := Eval(x, opt, rec)
		if err != nil {
			return false, err
		}
		if and {
			out = out && ok
		} else {
			out = out || ok
		}
	}
	return out, nil
}

// evalTest evaluates a test as if it were not negated.
func evalTest(t *test, opt Options, rec Record) bool {
	values := valuesOf(t.field, opt, rec)
	switch t.kind {
	case nullTest:
		for _, v := range values {
			if v.Kind == Null {
				return true
			}
		}
		return len(values) == 0
	case existsTest:
		return t.exists == (len(values) > 0)
	case regexTest:
		return linked(t, t.regex, func(re *regexp.Regexp) bool { return anySpelling(values, re.MatchString) })
	case cidrTest:
		return linked(t, t.nets, func(p netip.Prefix) bool {
			return anyValue(values, func(v FieldValue) bool {
				a, err := netip.ParseAddr(v.Text)
				return err == nil && p.Contains(a.WithZone("").Unmap())
			})
		})
	case compareTest:
		return linked(t, t.numbers, func(want number) bool {
			return anyValue(values, func(v FieldValue) bool {
				n, ok := parseNumber(v.Text)
				if t.timePart != "" {
					var part int
					part, ok = timePart(t.timePart, v.Text)
					n = intNumber(int64(part))
				}
				return ok && t.relation.holds(n, want)
			})
		})
	case refTest:
		groups := make([][]string, len(t.refs))
		for i, ref := range t.refs {
			groups[i] = []string{ref}
		}
		return linked(t, groups, func(ref string) bool {
			others := valuesOf(ref, opt, rec)
			return anySpelling(values, func(a string) bool {
				return anySpelling(others, func(b string) bool { return t.compareRef(a, b) })
			})
		})
	default:
		return linked(t, t.text, func(parts []Part) bool {
			return anySpelling(values, func(s string) bool {
				if !t.cased {
					s = slowFold(s)
				}
				return slowMatch(parts, s)
			})
		})
	}
}

// valuesOf returns the values of a field, or the texts for keywords.
func valuesOf(field string, opt Options, rec Record) []FieldValue {
	var out []FieldValue
	if field == "" {
		for i := 0; ; i++ {
			text, ok := rec.Text(i)
			if !ok {
				return out
			}
			out = append(out, FieldValue{String, text})
		}
	}
	if ref, ok := opt.resolve(field); ok {
		out = rec.Append(out, ref.ID)
	}
	return out
}

// linked reports whether one of the groups of operands holds, or with all each. A
// group holds if one of its operands does.
func linked[T any](t *test, groups [][]T, holds func(T) bool) bool {
	for _, group := range groups {
		ok := false
		for _, operand := range group {
			ok = ok || holds(operand)
		}
		if ok != t.all {
			return ok
		}
	}
	return t.all
}

func anyValue(values []FieldValue, f func(FieldValue) bool) bool {
	for _, v := range values {
		if v.Kind != Null && f(v) {
			return true
		}
	}
	return false
}

// anySpelling is anyValue over texts: numbers have up to two.
func anySpelling(values []FieldValue, f func(string) bool) bool {
	return anyValue(values, func(v FieldValue) bool {
		if f(v.Text) {
			return true
		}
		if v.Kind != Number {
			return false
		}
		canonical, ok := appendCanonical(nil, v.Text)
		return ok && f(string(canonical))
	})
}

// compareRef compares the texts of two fields.
func (t *test) compareRef(a, b string) bool {
	if !t.cased {
		a, b = slowFold(a), slowFold(b)
	}
	switch t.position {
	case "contains":
		return strings.Contains(a, b)
	case "startswith":
		return strings.HasPrefix(a, b)
	case "endswith":
		return strings.HasSuffix(a, b)
	default:
		return a == b
	}
}

// slowFold folds s by definition: the least rune of each case orbit, or its lower
// case if that is an ASCII letter.
func slowFold(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		least := r
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			least = min(least, x)
		}
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteByte(s[0])
		case least < utf8.RuneSelf:
			b.WriteRune(unicode.ToLower(least))
		default:
			b.WriteRune(least)
		}
		s = s[size:]
	}
	return b.String()
}

// slowMatch reports whether the whole of s matches the parts, by trying each
// length for each star. Positions are remembered so that it ends in time.
func slowMatch(parts []Part, s string) bool {
	reached := map[int]bool{0: true}
	for _, p := range parts {
		next := map[int]bool{}
		for pos := range reached {
			rest := s[pos:]
			_, size := utf8.DecodeRuneInString(rest)
			switch p.Kind {
			case AnyRun:
				for ; rest != ""; _, size = utf8.DecodeRuneInString(rest) {
					next[len(s)-len(rest)] = true
					rest = rest[size:]
				}
				next[len(s)] = true
			case AnyOne:
				if rest != "" {
					next[pos+size] = true
				}
			case anyDash:
				if rest != "" && strings.Contains(dashes, rest[:size]) {
					next[pos+size] = true
				}
			default:
				if strings.HasPrefix(rest, p.Text) {
					next[pos+len(p.Text)] = true
				}
			}
		}
		reached = next
	}
	return reached[len(s)]
}
