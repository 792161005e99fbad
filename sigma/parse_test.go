package sigma

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
)

func parseFile(t *testing.T, name string) ([]Document, []*Error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := Parse(name, data)
	return docs, faults(t, err)
}

// faults takes a joined error apart.
func faults(t *testing.T, err error) []*Error {
	t.Helper()
	var out []*Error
	if err == nil {
		return nil
	}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
		out = append(out, e)
	}
	return out
}

func TestParse(t *testing.T) {
	docs, errs := parseFile(t, "rules.yml")
	if len(errs) > 0 || len(docs) != 2 {
		t.Fatal(len(docs), errs)
	}
	str := func(s string) Value { return Value{String, s} }
	shared := func(line int) *Item {
		return &Item{Field: "Floor", Modifiers: []string{"gte"}, Values: []Value{{Number, "3"}}, Line: line}
	}
	want := &Rule{
		Meta: Meta{
			File: "rules.yml", Line: 2,
			Name: "many_things", ID: "0f3d2c1b-5a49-4b67-8d21-9c0e1f2a3b4c", Title: "Many things at once",
			Status:      "experimental",
			Description: "A rule that uses every key of a rule.\n--- is no marker when it is indented.\n",
			Author:      "Somebody", Date: "2026-01-02", Modified: "2026-03-04", License: "CC0-1.0", Level: "high", Taxonomy: "own",
			References: []string{"https://example.org/a"}, Tags: []string{"attack.t1078", "attack.initial-access"},
			FalsePositives: []string{"Cleaning staff"}, Fields: []string{"Person", "Door"}, Scope: []string{"door"},
			Related: []Related{{"7a1e6f52-93c4-4d0b-8e57-2b6c9d0f1a3e", "similar"}},
			Notes:   []string{`rules.yml:36: no condition uses search "_shared"`},
		},
		LogSource: LogSource{Product: "door", Service: "lock", Definition: "logs of the lock", Extra: map[string]string{"vendor": "Acme"}},
		Searches: []Search{
			{"selection", 25, And{
				&Item{Field: "Action", Modifiers: []string{"contains", "all"}, Values: []Value{str("open"), str("night")}, Line: 26},
				&Item{Field: "Door", Values: []Value{{Number, "1"}, str("2"), str("null_door")}, Line: 29},
			}},
			{"list", 30, Or{
				&Item{Field: "Badge", Values: []Value{str("")}, Line: 31},
				&Item{Field: "Badge", Values: []Value{{}}, Line: 32},
			}},
			{"keywords", 33, &Item{Values: []Value{str("crowbar"), str("drill*")}, Line: 34}},
			{"_shared", 36, shared(37)},
			{"filter_guard", 38, And{
				&Item{Field: "Person", Modifiers: []string{"startswith"}, Values: []Value{str("guard-")}, Line: 40},
				shared(37),
			}},
		},
		Conditions: []string{"(selection or keywords) and 1 of list and not 1 of filter_*"},
	}
	got := docs[0].(*Rule)
	opts := cmp.Options{cmpopts.IgnoreFields(Meta{}, "Extra"), cmpopts.IgnoreUnexported(Meta{})}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Error(diff)
	}
	var custom struct{ Owner []any }
	if err := got.Extra["custom"].Decode(&custom); err != nil || fmt.Sprint(custom.Owner) != "[facility 7]" {
		t.Errorf("custom is %v, %v", custom, err)
	}
	if file, line := docs[1].Pos(); file != "rules.yml" || line != 49 {
		t.Errorf("the second rule is at %s:%d", file, line)
	}
}

// TestParseErrors compares the errors of testdata/errors.yml with its comments.
func TestParseErrors(t *testing.T) {
	docs, errs := parseFile(t, "errors.yml")
	if len(docs) != 1 || docs[0].Metadata().Title != "A sound rule among the others" {
		t.Errorf("%d documents are sound", len(docs))
	}
	data, err := os.ReadFile("testdata/errors.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]string{}
	for i, line := range strings.Split(string(data), "\n") {
		if m := regexp.MustCompile(`# ERROR (.*)`).FindStringSubmatch(line); m != nil {
			want[i+1] = m[1]
		}
	}
	for _, e := range errs {
		if text, ok := want[e.Line]; !ok || !strings.Contains(e.Error(), text) {
			t.Errorf("unexpected: %v", e)
		}
		delete(want, e.Line)
	}
	for line, text := range want {
		t.Errorf("missing: line %d: %s", line, text)
	}
}

func TestCollection(t *testing.T) {
	docs, errs := parseFile(t, "collection.yml")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	type row struct {
		Title, Product, Level, Author, Expr string
		Line, Notes                         int
	}
	var got []row
	for _, d := range docs {
		r := d.(*Rule)
		n, err := r.Expr()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row{r.Title, r.LogSource.Product, r.Level, r.Author, show(n), r.Line, len(r.Notes)})
	}
	both := func(n int) string {
		return fmt.Sprintf(`(Kind|: [{"string" "door"}] and Number|: [{"number" "%d"}])`, n)
	}
	want := []row{
		{"Common title", "one", "low", "", both(1), 10, 2}, // the action, and level replaced
		{"Common title", "two", "low", "", both(2), 15, 1},
		{"Common title", "three", "medium", "Somebody", both(3), 24, 1},
		{"Alone", "four", "", "", `a|: [{"number" "1"}]`, 30, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := Link(docs); err != nil {
		t.Errorf("rules of one collection may share an id: %v", err)
	}
	if _, err := Parse("f", []byte("action: repeat\ntitle: x\n")); err == nil {
		t.Error("repeat without a rule is accepted")
	}
}

func TestNotes(t *testing.T) {
	const head = "title: t\nlogsource: {product: x}\n"
	const detection = "detection: {s: {a: 1}, condition: s}\n"
	for _, tt := range []struct{ doc, note string }{
		{head + detection + "id: 123\n", `f:4: id "123" is not a UUID`},
		{head + detection + "date: 2022/04/21\n", `f:4: date "2022/04/21" is not written as YYYY-MM-DD`},
		{head + detection + "tags: [T1078]\n", `f:4: tag "T1078" is not written as namespace.name`},
		{head + detection + "references: x\n", "f:4: references should be a list"},
		{head + detection + "author: [a, b]\n", "f:4: author is a text: separate names by commas"},
		{head + detection + "tag: [a]\n", `f:4: key "tag" has no meaning in Sigma; did you mean "tags"?`},
		{head + detection + "related: {id: x, type: parent}\n", `f:4: unknown relation "parent"; one of derived, obsolete, merged, renamed, similar`},
		{head + "detection:\n  s: {a: 1}\n  t: {a: 2}\n  condition: s\n", `f:5: no condition uses search "t"`},
		{head + "detection:\n  s:\n    country: NO\n  condition: s\n", "f:5: NO without quotes is a text here but a boolean in YAML 1.1; quote it"},
		{head + "detection:\n  s: {'a|all': x}\n  condition: s\n", `f:4: field "a": modifier all has no effect on a single value`},
		{head + "detection:\n  s: {a: 1}\n  timeframe: 5m\n  condition: s\n", "f:5: timeframe has no effect without an aggregation; write a correlation"},
		{"title: t\nlogsource: {product: x, servce: y}\n" + detection, `f:2: logsource key "servce" has no meaning in Sigma; did you mean "service"?`},
	} {
		docs, err := Parse("f", []byte(tt.doc))
		if err != nil {
			t.Errorf("%s\n%v", tt.doc, err)
			continue
		}
		if notes := docs[0].Metadata().Notes; len(notes) != 1 || notes[0] != tt.note {
			t.Errorf("notes %q, want %q", notes, tt.note)
		}
	}
}

// TestLayouts checks that documents are found however a file is laid out.
func TestLayouts(t *testing.T) {
	const doc = "title: t\nlogsource: {product: x}\ndetection:\n  s: {a: 1}\n  condition: s\n"
	for _, tt := range []struct {
		name, data string
		docs, line int // of the last
	}{
		{"empty", "", 0, 0},
		{"comment", "# nothing\n", 0, 0},
		{"only markers", "---\n---\n# x\n---\n", 0, 0},
		{"plain", doc, 1, 1},
		{"marker first", "---\n" + doc, 1, 2},
		{"comment, marker", "# c\n---\n" + doc, 1, 3},
		{"directive", "%YAML 1.2\n---\n" + doc, 1, 3},
		{"byte order mark", "\uFEFF" + doc, 1, 1},
		{"carriage returns", strings.ReplaceAll(doc+"---\n"+doc, "\n", "\r\n"), 2, 7},
		{"two", doc + "---\n" + doc, 2, 7},
		{"end mark", doc + "...\n---\n" + doc + "...\n", 2, 8},
		{"empty between", doc + "---\n---\n" + doc, 2, 8},
		{"content behind the marker", doc + "--- {title: t, logsource: {product: x}, detection: {s: {a: 1}, condition: s}}\n", 2, 6},
		{"no newline at the end", strings.TrimSuffix(doc, "\n"), 1, 1},
		{"dashes in a text", doc + "description: |\n    ---\n    x\n" + "---- : x\n", 1, 1},
	} {
		docs, err := Parse("f", []byte(tt.data))
		if err != nil || len(docs) != tt.docs {
			t.Errorf("%s: %d documents, %v", tt.name, len(docs), err)
			continue
		}
		if tt.docs > 0 {
			if _, line := docs[tt.docs-1].Pos(); line != tt.line {
				t.Errorf("%s: the last document is in line %d, want %d", tt.name, line, tt.line)
			}
		}
	}
}

func TestHostileFiles(t *testing.T) {
	lol := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		lol += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", "))
	}
	for _, tt := range []struct{ name, data, msg string }{
		{"aliases that explode", lol, "too large"},
		{"deep nesting", strings.Repeat("[", 500) + strings.Repeat("]", 500), "nested too deeply"},
		{"not UTF-8", "title: a\nb: \xff\n", "f:2: the file is not UTF-8"},
		{"control character", "title: \x01\n", "not YAML"},
		{"unknown alias", "title: *x\n", "not YAML"},
	} {
		_, err := Parse("f", []byte(tt.data))
		if err == nil || !strings.Contains(err.Error(), tt.msg) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.msg)
		}
	}
}

// TestValueOf checks that the tag decides about the kind and nothing about the
// text.
func TestValueOf(t *testing.T) {
	for in, want := range map[string]Value{
		`x`: {String, "x"}, `'5'`: {String, "5"}, `5`: {Number, "5"}, `5.50`: {Number, "5.50"}, `0x1F`: {Number, "0x1F"},
		`1e3`: {Number, "1e3"}, `true`: {Bool, "true"}, `False`: {Bool, "False"}, `"true"`: {String, "true"},
		`NO`: {String, "NO"}, `y`: {String, "y"}, `on`: {String, "on"}, `~`: {}, `null`: {}, ``: {}, `''`: {String, ""},
		`.nan`: {String, ".nan"}, `12:30`: {String, "12:30"}, `2026-01-02`: {String, "2026-01-02"}, `!!str 5`: {String, "5"},
		`0o17`: {Number, "0o17"}, `1_000`: {Number, "1_000"}, `=`: {String, "="}, `!custom x`: {String, "x"},
	} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte("k: "+in), &n); err != nil {
			t.Fatal(err)
		}
		if got := valueOf(n.Content[0].Content[1]); got != want {
			t.Errorf("%s is %v, want %v", in, got, want)
		}
	}
}
