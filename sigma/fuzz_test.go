package sigma

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzParse takes files through everything that can be done with them.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		for _, part := range splitDocuments(data) {
			f.Add(part.data)
		}
	}
	f.Add([]byte("title: t\nlogsource: {product: x}\ndetection: {s: {a|re|i: 'a.*b', b|windash|contains: ' -x', c|cidr: ::/0}, condition: not 1 of s*}\n"))
	opt := testOptions()
	opt.Resolve = func(field string) (Ref, bool) { return Ref{ID: len(field) % 5 * 7}, len(field)%7 != 6 }
	opt.Expand = func(name string) ([]string, bool) { return []string{"k", name}, len(name)%5 != 4 }
	records := []Record{
		&testRecord{},
		&testRecord{texts: []string{"k"}, fields: map[int][]FieldValue{
			0: values("x", nil), 7: values("k", 5, true), 14: values("10.0.0.1"), 21: values("2026-11-02T08:15:04Z"), 28: values(num("5.0")),
		}},
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := Parse("f.yml", data)
		if err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
		_ = Link(docs)
		var rules []*Rule
		var filters []*Filter
		for _, d := range docs {
			switch d := d.(type) {
			case *Rule:
				rules = append(rules, d.Map(func(*Item) Node { return nil }))
			case *Filter:
				filters = append(filters, d)
			}
		}
		set, _ := Compile(ApplyFilters(rules, filters), opt)
		m := set.NewMatcher()
		for _, rec := range records {
			got := m.Match(rec)
			for i, r := range set.Rules() {
				n, err := r.Expr()
				if err != nil {
					t.Fatal(err)
				}
				Satisfiable(n, func(field string) bool { return len(field)%2 == 0 })
				if want, err := Eval(n, opt, rec); err != nil || want != slices.Contains(got, i) {
					t.Fatalf("Match says %v, Eval %v, %v", !want, want, err)
				}
			}
		}
	})
}

// FuzzCondition checks that any condition gives an expression or a message.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a", "a and not b", "1 of sel_*", "all of them or (a)", "not not (((a)))", "1 of", "a | count() > 5", "any OF *"} {
		f.Add(s)
	}
	searches := letters("a", "b", "sel_1", "sel_2", "_x")
	f.Fuzz(func(t *testing.T, condition string) {
		n, used, msg, _ := parseCondition(condition, searches)
		if msg != "" {
			return
		}
		if len(used) == 0 {
			t.Errorf("%q uses no search", condition)
		}
		// What an outline says can be read again.
		again := strings.NewReplacer("&", "and", "|", "or", "!", "not ").Replace(outline(n))
		m, _, msg, _ := parseCondition(again, searches)
		if msg != "" || outline(m) != outline(n) {
			t.Errorf("%q is %s; read again %v %s", condition, outline(n), m, msg)
		}
	})
}

// FuzzMatch compares the two evaluators on single items over one value.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{"", "contains", "startswith|cased", "windash|endswith", "re", "re|i", "base64offset|contains", "wide|contains", "cidr", "expand"} {
		f.Add(s, "k*?\\*", "another kK value")
		f.Add(s, "10.0.0.0/8", "10.1.2.3")
		f.Add(s, "(a|b)+é?", "xabÉ")
	}
	opt := testOptions()
	f.Fuzz(func(t *testing.T, modifiers, value, text string) {
		it := &Item{Field: "a", Values: []Value{Text(value), Text("\uac82" + value)}}
		if modifiers != "" {
			it.Modifiers = strings.Split(modifiers, "|")
		}
		if len(value) > 100 || len(text) > 200 {
			return // slowMatch is slow
		}
		set, err := Compile([]*Rule{ruleOf(it)}, opt)
		if err != nil {
			return
		}
		for _, v := range []FieldValue{{String, text}, {Number, text}} {
			rec := &testRecord{fields: map[int][]FieldValue{0: {v}, 7: {v, {String, value}}}}
			want, err := Eval(it, opt, rec)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(set.NewMatcher().Match(rec)) == 1; got != want {
				t.Errorf("%s with %q: Match says %v, Eval %v", show(it), v, got, want)
			}
		}
	})
}
