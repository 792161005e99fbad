package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// testKind is the sort of comparison that an item asks for.
type testKind uint8

const (
	textTest    testKind = iota // patterns
	nullTest                    // missing or null
	existsTest                  // present
	regexTest                   // regular expressions
	cidrTest                    // networks
	compareTest                 // numbers, or parts of times
	refTest                     // other fields
)

// test is what an item means, whoever evaluates it. Every value of the item is a
// group of operands, one of which must hold; of the groups one must hold, or with
// all each. A group has several operands where modifiers and placeholders make
// several of one value, and none where a placeholder has no values: it then never
// holds.
type test struct {
	kind   testKind
	field  string
	negate bool // neq: the outcome is turned round
	all    bool
	cased  bool
	exists bool // existsTest

	text     [][][]Part         // folded unless cased
	regex    [][]*regexp.Regexp // regexTest
	nets     [][]netip.Prefix   // cidrTest
	numbers  [][]number         // compareTest
	relation relation           // compareTest
	timePart string             // compareTest: "" for the number itself
	refs     []string           // refTest
	position string             // refTest: "", contains, startswith, endswith
}

// itemReader reads the values of an item.
type itemReader struct {
	item   *Item
	file   string
	set    modifierSet
	expand func(placeholder string) ([]string, bool)
	err    error
}

// newTest checks an item and returns what it means. Without expand placeholders
// are left out: that is good for a check only.
func newTest(it *Item, file string, expand func(string) ([]string, bool)) (*test, error) {
	r := &itemReader{item: it, file: file, expand: expand}
	set, msg, hint := checkModifiers(it)
	if msg != "" {
		r.fail(msg, hint)
		return nil, r.err
	}
	r.set = set
	t := &test{field: it.Field, negate: set.neq, all: set.all && len(it.Values) > 1, cased: set.cased}
	r.read(t)
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}

// fail records the first error.
func (r *itemReader) fail(msg, hint string) {
	if r.err != nil {
		return
	}
	if r.item.Field != "" {
		msg = fmt.Sprintf("field %q: %s", r.item.Field, msg)
	}
	r.err = &Error{File: r.file, Line: r.item.Line, Msg: msg, Hint: hint}
}

// read fills t from the values.
func (r *itemReader) read(t *test) {
	it := r.item
	special := ""
	for _, c := range []modifierClass{existing, netting, comparing, timing, referring} {
		if r.set.class[c] != "" {
			special = r.set.class[c]
		}
	}
	switch {
	case len(it.Values) == 0:
		r.fail("no value", "write null for a missing field, '' for an empty one")
	case it.Field == "" && special != "":
		r.fail(fmt.Sprintf("modifier %q needs a field", special), "keywords are compared as text")
	case len(it.Values) == 1 && it.Values[0].Kind == Null:
		r.readNull(t)
	case r.set.class[existing] != "":
		r.readExists(t)
	case r.set.class[regexing] != "":
		t.kind = regexTest
		for _, v := range it.Values {
			t.regex = append(t.regex, r.regexes(v))
		}
	case r.set.class[netting] != "":
		t.kind = cidrTest
		for _, v := range it.Values {
			t.nets = append(t.nets, r.networks(v))
		}
	case r.set.class[comparing] != "" || r.set.class[timing] != "":
		r.readCompare(t)
	case r.set.class[referring] != "":
		r.readRefs(t)
	default:
		t.kind = textTest
		for _, v := range it.Values {
			t.text = append(t.text, r.patterns(v))
		}
	}
}

func (r *itemReader) readNull(t *test) {
	t.kind = nullTest
	switch others := len(r.item.Modifiers); {
	case r.item.Field == "":
		r.fail("null is no keyword", "write the word in quotes")
	case r.set.neq && others == 1, others == 0:
	default:
		r.fail("null takes no modifier but neq", "")
	}
}

func (r *itemReader) readExists(t *test) {
	t.kind = existsTest
	v := r.item.Values[0]
	if len(r.item.Values) > 1 {
		r.fail("exists takes one value", "write true or false")
	}
	switch text := strings.ToLower(v.Text); {
	case v.Kind == Bool:
		t.exists = text == "true"
	case v.Kind == String && (text == "yes" || text == "on"): // booleans of YAML 1.1
		t.exists = true
	case v.Kind == String && (text == "no" || text == "off"):
	default:
		r.fail(fmt.Sprintf("exists takes true or false, not %q", v.Text), "write it without quotes")
	}
}

func (r *itemReader) readCompare(t *test) {
	t.kind = compareTest
	t.relation = map[string]relation{"lt": less, "lte": lessOrEqual, "gt": greater, "gte": greaterOrEqual}[r.set.class[comparing]]
	t.timePart = r.set.class[timing]
	for _, v := range r.item.Values {
		if v.Kind != Number && !(r.set.expand && v.Kind == String) {
			r.fail(fmt.Sprintf("%s %q is no number", v.Kind, v.Text), "write a number without quotes")
			return
		}
		var group []number
		for _, text := range r.texts(v) {
			canonical, ok := ruleNumber(text)
			n, ok2 := parseNumber(canonical)
			if !ok || !ok2 {
				r.fail(fmt.Sprintf("%q is no number", text), "")
				return
			}
			if limits, timed := timeRange[t.timePart]; timed && (!n.isInt || n.i < int64(limits[0]) || n.i > int64(limits[1])) {
				r.fail(fmt.Sprintf("%s %s does not exist", t.timePart, text), fmt.Sprintf("from %d to %d", limits[0], limits[1]))
			}
			group = append(group, n)
		}
		t.numbers = append(t.numbers, group)
	}
}

func (r *itemReader) readRefs(t *test) {
	t.kind = refTest
	t.position = r.set.class[position]
	for _, v := range r.item.Values {
		parts := parsePattern(v.Text)
		if v.Kind != String || v.Text == "" || hasWildcard(parts) {
			r.fail(fmt.Sprintf("fieldref takes the name of a field, not %q", v.Text), "")
			return
		}
		t.refs = append(t.refs, plainText(parts))
	}
}

// regexes returns the expressions of a value.
func (r *itemReader) regexes(v Value) []*regexp.Regexp {
	if v.Kind == Null || v.Kind == Bool || v.Text == "" {
		r.fail(fmt.Sprintf("%s %q is no regular expression", v.Kind, v.Text), "")
		return nil
	}
	exprs := []string{v.Text}
	if r.set.expand {
		// In a regular expression a backslash belongs to the expression.
		exprs = nil
		for _, parts := range r.substitute(splitPlaceholders(v.Text)) {
			var b strings.Builder
			for _, p := range parts {
				if p.raw {
					b.WriteString(p.text)
				} else {
					b.WriteString("(?:" + patternRegex(parsePattern(p.text)) + ")")
				}
			}
			exprs = append(exprs, b.String())
		}
	}
	var group []*regexp.Regexp
	for _, expr := range exprs {
		re, hint, err := compileRegex(expr, r.set.flags, r.set.class[position])
		if err != nil {
			r.fail(err.Error(), hint)
			return nil
		}
		group = append(group, re)
	}
	return group
}

func (r *itemReader) networks(v Value) []netip.Prefix {
	if v.Kind != String {
		r.fail(fmt.Sprintf("%s %q is not a network", v.Kind, v.Text), "write it like 10.0.0.0/8 or 2001:db8::/32")
		return nil
	}
	var group []netip.Prefix
	for _, text := range r.texts(v) {
		p, hint, err := parseNetwork(text)
		if err != nil {
			r.fail(err.Error(), hint)
			return nil
		}
		group = append(group, p)
	}
	return group
}
