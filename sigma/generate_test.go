package sigma

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// The generators draw from few fields and short texts over few characters, so
// that rules and records meet often. The characters are chosen for their traps:
// two letters with a third form outside ASCII (ſ, the Kelvin sign), letters of
// two bytes, characters that patterns and placeholders treat specially, and a
// byte that is not UTF-8.

var fieldNames = []string{"a", "b", "c", "d", "ofA", "ofB", "nowhere"}

// Fields whose values depend on those of others, by ID.
var dependent = map[int]int{4 * 7: 0 * 7, 5 * 7: 1 * 7}

// testOptions resolves all fields but "nowhere" and expands a few placeholders.
func testOptions() Options {
	return Options{
		Resolve: func(field string) (Ref, bool) {
			i := slices.Index(fieldNames, field)
			ref := Ref{ID: i * 7, Selectivity: i - 1, Price: i * i, Common: []string{"K", "5"}[:(i+1)%3]}
			if of, ok := dependent[ref.ID]; ok {
				ref.Selectivity, ref.Of = 1, &Ref{ID: of, Selectivity: of/7 - 1}
			}
			return ref, field != "nowhere" && i >= 0
		},
		Expand: func(name string) ([]string, bool) {
			values, ok := map[string][]string{
				"none": {}, "one": {"k"}, "two": {"Sk", "a*"}, "nets": {"10.0.0.0/8", "::1"}, "numbers": {"5", "7"},
			}[name]
			return values, ok
		},
	}
}

type testRecord struct {
	fields map[int][]FieldValue
	texts  []string
}

func (r *testRecord) Append(dst []FieldValue, field int) []FieldValue {
	return append(dst, r.fields[field]...)
}

func (r *testRecord) First(field int) (FieldValue, int) { return first(r.fields[field]) }

// first is what Record.First says of values.
func first(values []FieldValue) (v FieldValue, n int) {
	if len(values) > 0 {
		v = values[0]
	}
	return v, min(len(values), 2)
}

// derive makes something of each value, and of none.
func derive(values []FieldValue) []FieldValue {
	if len(values) == 0 {
		return []FieldValue{{Number, "5"}}
	}
	var out []FieldValue
	for _, v := range values {
		switch text := []rune(v.Text); {
		case len(text) > 3:
		case len(text) > 0:
			out = append(out, FieldValue{String, string(text[0])})
		default:
			out = append(out, FieldValue{Null, "null"})
		}
	}
	return out
}

func (r *testRecord) Text(i int) (string, bool) {
	if i < len(r.texts) {
		return r.texts[i], true
	}
	return "", false
}

func (r *testRecord) String() string { return fmt.Sprintf("%+v %q", r.fields, r.texts) }

func textGen() *rapid.Generator[string] {
	letters := []string{"a", "A", "k", "K", "\u212a", "s", "S", "ſ", "é", "É", "-", "–", "/", "1", "0", ".", "\\", "*", "?", "%", " ", "Я", "я", "世"}
	word := rapid.Custom(func(t *rapid.T) string {
		out := ""
		for range rapid.IntRange(0, 6).Draw(t, "length") {
			out += rapid.SampledFrom(letters).Draw(t, "letter")
		}
		return out
	})
	return rapid.OneOf(word, rapid.SampledFrom([]string{
		"", "k", "Sk", "true", "TRUE", "5", "5.0", "50", "007", "1e3", "-0.50", "10.1.2.3", "::1", "::ffff:10.0.0.1", "fe80::1%eth0",
		"2026-11-02T08:15:04Z", "2026-01-01", "\xff", "k\xffa", "azE=", "a long text with more than sixteen letters",
		"another long Text with MORE than sixteen letters",
	}), rapid.String())
}

func recordGen() *rapid.Generator[*testRecord] {
	value := rapid.Custom(func(t *rapid.T) FieldValue {
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			return FieldValue{Null, "null"}
		case 1:
			return FieldValue{Bool, rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")}
		case 2, 3:
			return FieldValue{Number, rapid.SampledFrom([]string{
				"0", "1", "5", "5.0", "-5", "50", "7", "7.25", "1e3", "1E3", "1000", "-0", "12345678901234567890", "1e400", "0.50",
			}).Draw(t, "number")}
		default:
			return FieldValue{String, textGen().Draw(t, "text")}
		}
	})
	return rapid.Custom(func(t *rapid.T) *testRecord {
		r := &testRecord{fields: map[int][]FieldValue{}}
		for i := range 4 {
			r.fields[i*7] = rapid.SliceOfN(value, 0, 3).Draw(t, "values")
		}
		for id, of := range dependent {
			r.fields[id] = derive(r.fields[of])
		}
		r.texts = rapid.SliceOfN(textGen(), 0, 3).Draw(t, "texts")
		return r
	})
}

// itemGen draws items of every kind, sound ones only.
func itemGen() *rapid.Generator[*Item] {
	texts := rapid.Custom(func(t *rapid.T) Value {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return Value{Number, rapid.SampledFrom([]string{"5", "5.0", "0x5", "1_000", "007", "-0.5", "50"}).Draw(t, "number")}
		case 1:
			return Value{Bool, rapid.SampledFrom([]string{"true", "False"}).Draw(t, "bool")}
		default:
			return Value{String, textGen().Draw(t, "text")}
		}
	})
	from := func(kind ValueKind, texts ...string) *rapid.Generator[Value] {
		return rapid.Map(rapid.SampledFrom(texts), func(s string) Value { return Value{kind, s} })
	}
	type form struct {
		modifiers [][]string
		values    *rapid.Generator[Value]
		only      int // how many values, 0 for any number
	}
	numbers := from(Number, "5", "7", "0", "-5", "7.2", "50", "1e3")
	forms := []form{
		{[][]string{
			{},
			{},
			{"contains"},
			{"startswith"},
			{"endswith"},
			{"cased"},
			{"contains", "cased"},
			{"endswith", "cased"},
			{"windash"},
			{"windash", "contains"},
			{"startswith", "windash", "cased"},
			{"wide"},
			{"utf16be", "contains"},
			{"utf16", "startswith"},
		}, texts, 0},
		{[][]string{{"base64"}, {"wide", "base64offset", "contains"}, {"windash", "base64"}}, from(String, "k", "kk", " -k", "Sk/a", "kkk"), 0},
		{
			[][]string{{"expand"}, {"contains", "expand"}, {"expand", "cased"}, {"endswith", "expand"}},
			from(String, "%none%", "%one%", "%two%", "a%two%%one%", `\%one%`, "k"), 0,
		},
		{
			[][]string{{"re"}, {"re", "i"}, {"re", "s", "m"}, {"re", "startswith"}, {"re", "i", "endswith"}, {"re", "expand"}},
			from(String, "k", "^k", "s+k?", "[a-k]{2}", "(a|sk).*", "k$", "é", ".", `\d`, "%two%$", "x*", "\uFFFD", "(?i)AS", "(sk){0,2}", "k?é", "(as|k)+", "sk|[0-9]"), 0,
		},
		{[][]string{{"cidr"}}, from(String, "10.0.0.0/8", "10.1.0.0/16", "::1", "::/0", "0.0.0.0/0", "10.1.2.3"), 0},
		{[][]string{{"cidr", "expand"}}, from(String, "%nets%", "%none%", "fe80::/10"), 0},
		{[][]string{{"gt"}, {"gte"}, {"lt"}, {"lte"}}, numbers, 0},
		{[][]string{{"gte", "expand"}}, from(String, "%numbers%", "6"), 0},
		{[][]string{{"hour"}, {"minute", "gt"}, {"day", "lt"}, {"month"}, {"week"}}, from(Number, "1", "2", "8", "11", "15"), 0},
		{[][]string{{"year", "gte"}}, from(Number, "2025", "2026", "2027"), 0},
		{
			[][]string{{"fieldref"}, {"fieldref", "contains"}, {"fieldref", "endswith"}, {"startswith", "fieldref", "cased"}},
			from(String, fieldNames...), 0,
		},
		{[][]string{{"exists"}}, from(Bool, "true", "false"), 1},
		{[][]string{{}}, from(Null, ""), 1},
	}
	return rapid.Custom(func(t *rapid.T) *Item {
		f := rapid.SampledFrom(forms).Draw(t, "form")
		it := &Item{
			Field:     rapid.SampledFrom(append(fieldNames, "")).Draw(t, "field"),
			Modifiers: slices.Clone(rapid.SampledFrom(f.modifiers).Draw(t, "modifiers")),
			Values:    rapid.SliceOfN(f.values, 1, max(f.only, 4)).Draw(t, "values"),
		}
		if f.only == 1 {
			it.Values = it.Values[:1]
		}
		if len(it.Values) > 1 && rapid.IntRange(0, 3).Draw(t, "all") == 0 {
			it.Modifiers = append(it.Modifiers, "all")
		}
		if rapid.IntRange(0, 5).Draw(t, "neq") == 0 {
			it.Modifiers = append(it.Modifiers, "neq")
		}
		if _, err := newTest(it, "", testOptions().Expand); err != nil {
			// For example a pattern with wildcards to encode, or null as a keyword.
			it = &Item{Field: "a", Values: []Value{{String, "k"}}}
		}
		return it
	})
}

func nodeGen(depth int) *rapid.Generator[Node] {
	return rapid.Custom(func(t *rapid.T) Node {
		kind := 9
		if depth > 0 {
			kind = rapid.IntRange(0, 9).Draw(t, "node")
		}
		switch kind {
		case 0, 1, 2:
			return And(rapid.SliceOfN(nodeGen(depth-1), 0, 3).Draw(t, "and"))
		case 3, 4, 5:
			return Or(rapid.SliceOfN(nodeGen(depth-1), 0, 3).Draw(t, "or"))
		case 6:
			return Not{nodeGen(depth-1).Draw(t, "not")}
		default:
			return itemGen().Draw(t, "item")
		}
	})
}

// ruleOf makes a rule of an expression.
func ruleOf(n Node) *Rule {
	return &Rule{Searches: []Search{{Name: "s", Node: n}}, Conditions: []string{"s"}}
}
