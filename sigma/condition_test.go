package sigma

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// letters are searches named as their only keyword.
func letters(names ...string) []Search {
	var out []Search
	for _, n := range names {
		out = append(out, Search{Name: n, Node: &Item{Values: []Value{Text(n)}}})
	}
	return out
}

// outline writes an expression over letters.
func outline(n Node) string {
	var parts []string
	switch n := n.(type) {
	case And:
		for _, x := range n {
			parts = append(parts, outline(x))
		}
		return "(" + strings.Join(parts, " & ") + ")"
	case Or:
		for _, x := range n {
			parts = append(parts, outline(x))
		}
		return "(" + strings.Join(parts, " | ") + ")"
	case Not:
		return "!" + outline(n.X)
	}
	return n.(*Item).Values[0].Text
}

func TestCondition(t *testing.T) {
	searches := letters("a", "b", "c", "sel_1", "sel_2", "filter_x_1", "_hidden", "all", "not-a.name")
	for _, tt := range []struct{ condition, want string }{
		{"a", "a"},
		{"  ( ( a ) ) ", "a"},
		{"a and b", "(a & b)"},
		{"a or b and c", "(a | (b & c))"},
		{"a and b or c", "((a & b) | c)"},
		{"(a or b) and c", "((a | b) & c)"},
		{"(a or b)and(c)", "((a | b) & c)"},
		{"not a and b", "(!a & b)"},
		{"not (a and b)", "!(a & b)"},
		{"not not a", "!!a"},
		{"a AND Not b OR c", "((a & !b) | c)"},
		{"a or b or c", "(a | b | c)"},
		{"1 of sel_*", "(sel_1 | sel_2)"},
		{"any of sel*", "(sel_1 | sel_2)"},
		{"all of sel_*", "(sel_1 & sel_2)"},
		{"ALL OF sel_*", "(sel_1 & sel_2)"},
		{"1 of *_1", "(sel_1 | filter_x_1)"},
		{"1 of *_*_1", "filter_x_1"},
		{"1 of sel_1", "sel_1"},
		{"1 of them", "(a | b | c | sel_1 | sel_2 | filter_x_1 | all | not-a.name)"},
		{"1 of *", "(a | b | c | sel_1 | sel_2 | filter_x_1 | all | not-a.name)"},
		{"1 of *hidden or a", "fail"},
		{"1 of _hid*", "_hidden"},
		{"_hidden", "_hidden"},
		{"all", "all"},
		{"all and a", "(all & a)"},
		{"not-a.name", "not-a.name"},
		{"a and not 1 of filter_*", "(a & !filter_x_1)"},
		{"not all of sel_* or a", "(!(sel_1 & sel_2) | a)"},
	} {
		n, _, msg, _ := parseCondition(tt.condition, searches)
		got := "fail"
		if msg == "" {
			got = outline(n)
		}
		if got != tt.want {
			t.Errorf("%q is %s, want %s %s", tt.condition, got, tt.want, msg)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	searches := letters("selection", "filter")
	for _, tt := range []struct{ condition, msg, hint string }{
		{"", "empty", ""},
		{"selction", `names search "selction", which does not exist`, `"selection"`},
		{"Selection", `names search "Selection"`, `"selection"`},
		{"x", `names search "x"`, "one of selection, filter"},
		{"selection filter", `unexpected "filter"`, "and, or"},
		{"selection and", "ends too early", ""},
		{"and selection", `unexpected "and"`, ""},
		{"not", "ends too early", ""},
		{"(selection", "ends too early", "')'"},
		{"selection)", `unexpected ")"`, ""},
		{"()", `unexpected ")"`, ""},
		{"2 of sel*", `"2" of a pattern`, "1, any or all"},
		{"selection of them", `"selection" of a pattern`, ""},
		{"1 of", "ends too early", "pattern"},
		{"1 of (selection)", `unexpected "("`, "pattern"},
		{"1 of other*", `no search is selected by "other*"`, ""},
		{"selection | count() > 5", `unexpected "|"`, ""},
		{strings.Repeat("(", 200) + "selection" + strings.Repeat(")", 200), "nested too deeply", ""},
		{strings.Repeat("not ", 200) + "selection", "nested too deeply", ""},
	} {
		_, _, msg, hint := parseCondition(tt.condition, searches)
		if !strings.Contains(msg, tt.msg) || msg == "" || !strings.Contains(hint, tt.hint) {
			t.Errorf("%q: %q; %q, want %q; %q", tt.condition, msg, hint, tt.msg, tt.hint)
		}
	}
}

func TestConditionIsBounded(t *testing.T) {
	var large Or
	for range 10_000 {
		large = append(large, letters("x")[0].Node)
	}
	searches := []Search{{Name: "s", Node: large}}
	if _, _, msg, _ := parseCondition(strings.Repeat("s or ", 20)+"s", searches); !strings.Contains(msg, "too large") {
		t.Errorf("got %q", msg)
	}
}

func TestAggregation(t *testing.T) {
	for _, condition := range []string{
		"sel | count() > 5", "sel | count(a) by b >= 10", "sel | near other", "sel | Max(a) by b > 1",
	} {
		r := parseRule(t, "sel: {a: 1}\ntimeframe: 5m\ncondition: '"+condition+"'")
		_, want, _ := strings.Cut(condition, "| ")
		if r.Aggregation != want || r.Timeframe != "5m" {
			t.Errorf("%s: Aggregation %q, Timeframe %q", condition, r.Aggregation, r.Timeframe)
		}
		set, err := Compile([]*Rule{r, parseRule(t, "sel: {a: 1}\ncondition: sel")}, testOptions())
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || len(set.Rules()) != 1 {
			t.Errorf("%s: Compile says %v and keeps %d rules", condition, err, len(set.Rules()))
		}
	}
	if _, err := Parse("f", []byte("title: t\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: 's | foo'}\n")); err == nil {
		t.Error("an unknown aggregation is accepted")
	}
}

// TestExpr checks what conditions of a list and filters come to.
func TestExpr(t *testing.T) {
	r := parseRule(t, "x: [ax]\ny: [ay]\ncondition: [x, 'not y']")
	n, err := r.Expr()
	if err != nil || outline(n) != "(ax | !ay)" {
		t.Errorf("got %v, %v", n, err)
	}
	filtered := ApplyFilters([]*Rule{r}, []*Filter{{Any: true, Condition: "not z", Searches: letters("z")}})[0]
	n, err = filtered.Expr()
	if err != nil || outline(n) != "((ax | !ay) & !z)" {
		t.Errorf("with a filter: %v, %v", n, err)
	}
	if len(r.Filters) != 0 {
		t.Error("ApplyFilters changed its argument")
	}
	mapped := filtered.Map(func(it *Item) Node {
		if it.Values[0].Text == "ay" {
			return nil
		}
		return Not{it}
	})
	if n, err = mapped.Expr(); err != nil || outline(n) != "((!ax | !ay) & !!z)" {
		t.Errorf("mapped: %v, %v", n, err)
	}
	if n, _ = filtered.Expr(); outline(n) != "((ax | !ay) & !z)" {
		t.Error("Map changed its receiver")
	}
}

func TestWalk(t *testing.T) {
	n, _, _, _ := parseCondition("a and not (b or not c)", letters("a", "b", "c"))
	got := map[string]bool{}
	Walk(n, func(n Node, negated bool) {
		if it, ok := n.(*Item); ok {
			got[it.Values[0].Text] = negated
		}
	})
	if diff := cmp.Diff(map[string]bool{"a": false, "b": true, "c": false}, got); diff != "" {
		t.Error(diff)
	}
}
