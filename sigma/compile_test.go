package sigma

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCompileErrors(t *testing.T) {
	sound := parseRule(t, "s: {a: 1}\ncondition: s")
	placeholder := parseRule(t, "s:\n  a|expand: '%missing%'\n  b|contains|expand: ['%lost%']\ncondition: s")
	broken := &Rule{Meta: Meta{File: "f", Line: 3}, Conditions: []string{"gone"}}
	invalid := ruleOf(&Item{Field: "a", Modifiers: []string{"contian"}, Values: []Value{Text("x")}})
	empty := ruleOf(nil)
	none := &Rule{}
	set, err := Compile([]*Rule{placeholder, sound, broken, invalid, empty, none}, testOptions())
	if len(set.Rules()) != 1 || set.Rules()[0] != sound {
		t.Errorf("%d rules are compiled", len(set.Rules()))
	}
	if got := set.NewMatcher().Match(&testRecord{fields: map[int][]FieldValue{0: values(1)}}); !slices.Equal(got, []int{0}) {
		t.Errorf("Match gives %v", got)
	}
	byRule := map[*Rule]error{}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		var re *RuleError
		if !errors.As(err, &re) {
			t.Fatalf("%T", err)
		}
		byRule[re.Rule] = re
	}
	var pe *PlaceholderError
	if !errors.As(byRule[placeholder], &pe) || pe.Name != "missing" || pe.Field != "a" || pe.Line != 5 {
		t.Errorf("got %+v", pe)
	}
	for r, want := range map[*Rule]string{
		placeholder: `placeholder %lost% of field "b" has no values`, broken: "f:3: the condition names search",
		invalid: `did you mean "contains"?`, empty: "a node of type <nil>", none: "no condition",
	} {
		if err := byRule[r]; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	withFilter := ApplyFilters([]*Rule{sound}, []*Filter{{
		Meta: Meta{File: "filter.yml"}, Any: true, Condition: "f",
		Searches: []Search{{"f", 1, &Item{Field: "a", Modifiers: []string{"expand"}, Values: []Value{Text("%gone%")}, Line: 7}}},
	}})
	if _, err := Compile(withFilter, testOptions()); !errors.As(err, &pe) || pe.File != "filter.yml" || pe.Line != 7 {
		t.Errorf("a fault in a filter gives %v", err)
	}
	if _, err := Eval(And{nil}, testOptions(), &testRecord{}); err == nil {
		t.Error("Eval takes a nil node")
	}
	if _, err := Eval(&Item{Field: "a", Modifiers: []string{"expand"}, Values: []Value{Text("%x%")}}, Options{}, &testRecord{}); err == nil {
		t.Error("Eval expands without Expand")
	}
}

func TestFields(t *testing.T) {
	r := parseRule(t, "s: {c: 1, nowhere: 2}\nt: {a|fieldref: b}\nk: [word]\ncondition: 1 of them")
	set, err := Compile([]*Rule{r}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 7, 14}, set.Fields()); diff != "" {
		t.Error(diff)
	}
	if set, err = Compile(nil, Options{}); err != nil || len(set.Fields()) != 0 || len(set.NewMatcher().Match(&testRecord{})) != 0 {
		t.Error("a set without rules does something")
	}
}

// awake counts the rules that a Matcher evaluated for its last record.
func awake(m *Matcher) int {
	n := 0
	for i := range len(m.set.rules) {
		if m.cand[i/64]&(1<<(i%64)) != 0 {
			n++
		}
	}
	return n
}

// TestAnchors checks which records wake which rules: that is what speed rests on.
func TestAnchors(t *testing.T) {
	for _, tt := range []struct {
		detection     string
		sleeps, wakes string // values of field a
	}{
		{"s: {a: x, b|gt: 1}\ncondition: s", "y", "x"},
		{"s: {a: [x, y]}\ncondition: s", "z", "Y"},
		{"s: {a|contains: x}\ncondition: s", "y", "axb"},
		{"s: {a|startswith: x}\ncondition: s", "ax", "xa"},
		{"s: {a|endswith: x}\ncondition: s", "xa", "ax"},
		{"s: {a: 'pre*mid*end?'}\ncondition: s", "mid-end", "prefix"},
		{"s: {a|re: '^ab+(cde|fgh)x?$'}\ncondition: s", "abc", "fgh"},
		{"s: {a|cased: Abc}\ncondition: s", "abd", "aBC"},
		{"s: {a|cidr: 10.0.0.0/8}\ncondition: s", "", "x"},
		{"s: {a|gt: 5}\ncondition: s", "", "x"},
		{"s: {a: x}\nf: {a: y}\ncondition: s and not f", "y", "x"},
		{"s: {a: x}\nt: {b: y}\ncondition: s or t", "z", "x"},
		{"s: {a: x}\nf: {a: y}\ncondition: not (f or not s)", "y", "x"},
		{"s: {a|neq: null}\ncondition: s", "", "x"},
		{"s: {a: x}\ncondition: not s", "never", "x"},
		{"s: {a: null}\ncondition: s", "x", ""},
		{"s: {a|exists: false}\ncondition: s", "x", ""},
		{"s: {a: null, b: null}\ncondition: s", "x", ""},
		{"s: {a: null, b|gt: 5}\ncondition: s", "x", ""},
	} {
		set, err := Compile([]*Rule{parseRule(t, tt.detection)}, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		m := set.NewMatcher()
		record := func(text string) *testRecord {
			if text == "" {
				return &testRecord{}
			}
			return &testRecord{fields: map[int][]FieldValue{0: values(text)}}
		}
		if m.Match(record(tt.sleeps)); tt.sleeps != "never" && awake(m) != 0 {
			t.Errorf("%s is evaluated for %q", tt.detection, tt.sleeps)
		}
		if m.Match(record(tt.wakes)); awake(m) != 1 {
			t.Errorf("%s is not evaluated for %q", tt.detection, tt.wakes)
		}
	}
}

func TestOrdinaryRecordWakesNoRule(t *testing.T) {
	set, err := Compile(benchRules(800), benchOptions())
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	if m.Match(ordinaryRecord()); awake(m) != 0 {
		t.Errorf("%d of 800 rules are evaluated", awake(m))
	}
}

// TestMatchDoesNotAllocate takes records through every kind of predicate.
func TestMatchDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector the pools of package regexp forget at random")
	}
	var rules []*Rule
	for _, d := range []string{
		"s: {a: [x, 5]}", "s: {a|contains: [müller, x]}", "s: {a|startswith: é}", "s: {a|endswith: 世}", "s: {a: '*m?l*r'}",
		"s: {a|cased: 'M*'}", "s: {a|re: 'm.l+er$'}", "s: {a|re|i: '[a-z]{3}'}", "s: {a|cidr: 10.0.0.0/8}", "s: {a|gt: 4.5}",
		"s: {a|hour: 8}", "s: {a|fieldref: b}", "s: {a|exists: true}", "s: {a: null}", "s: [word]", "s: {a|neq: x}", "s: {a: '???'}",
	} {
		rules = append(rules, parseRule(t, d+"\ncondition: s"), parseRule(t, d+"\ncondition: not s"))
	}
	set, err := Compile(rules, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	for _, vs := range [][]any{
		{},
		{nil},
		{"Müller", "MÜLLER é 世", "10.1.2.3", "::ffff:10.0.0.1", "nothing:at:all", "2026-11-02T08:15:04Z"},
		{5, num("5.0"), num("5e0"), num("-0.10")},
		{true, ""},
		{"1.2.3", "1e", "\xff\xfe", strings.Repeat("Straße", 100)},
	} {
		rec := &testRecord{fields: map[int][]FieldValue{0: values(vs...), 7: values("müller", num("5.00"))}, texts: []string{"a Word", "é"}}
		if n := testing.AllocsPerRun(20, func() { m.Match(rec) }); n > 0 {
			t.Errorf("Match of %q allocates %v times", vs, n)
		}
	}
}

// TestStampsWrap lets the number of the record overflow, so that the stamps of
// the first record are those of the last.
func TestStampsWrap(t *testing.T) {
	set, err := Compile([]*Rule{
		parseRule(t, "s: {a: x}\nt: {b|gt: 1}\ncondition: s and t"), parseRule(t, "s: {a: x}\ncondition: not s"),
		parseRule(t, "t: {b|gt: 1}\ncondition: not t"),
	}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	m.Match(&testRecord{fields: map[int][]FieldValue{0: values("x"), 7: values(2)}})
	m.gen = math.MaxUint32 >> 1
	got := m.Match(&testRecord{fields: map[int][]FieldValue{7: values(0)}})
	if m.gen != 1 || !slices.Equal(got, []int{1, 2}) {
		t.Errorf("Match gives %v as number %d", got, m.gen)
	}
}

// TestSetIsShared runs Matchers of one set at once, for the race detector.
func TestSetIsShared(t *testing.T) {
	set, err := Compile(benchRules(50), benchOptions())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			m := set.NewMatcher()
			rec := ordinaryRecord()
			rec[3].Text = "add THING 20"
			rec[0].Text, rec[1].Text = "AuditLogs", "success"
			for range 50 {
				if got := m.Match(rec); len(got) != 1 || got[0] != 20 {
					t.Errorf("Match gives %v", got)
				}
			}
		})
	}
	wg.Wait()
}

// TestAutomaton compares what automata report with a search for each literal, in
// all positions and with few or no full rows.
func TestAutomaton(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tail := rapid.SampledFrom([]string{"", "k", "kaskasks", "éaskäask"}).Draw(t, "tail") // long ones let the search leap
		nested := rapid.StringOfN(rapid.RuneFrom([]rune("akKſ5")), 0, 6, -1)
		set := map[string][]uint32{}
		var texts []string
		for i, s := range rapid.SliceOfN(rapid.OneOf(nested, textGen()), 1, 30).Draw(t, "literals") {
			if s = fold(s + tail); s == "" {
				s = "k"
			}
			set[s] = append(set[s], uint32(i))
			texts = append(texts, s)
		}
		piece := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("akKſé5世")), 0, 20, -1), rapid.SampledFrom(texts),
			rapid.Map(rapid.SampledFrom(texts), strings.ToUpper), textGen())
		text := strings.Join(rapid.SliceOfN(piece, 0, 5).Draw(t, "pieces"), "")
		where := end(rapid.IntRange(0, 2).Draw(t, "where"))
		a := newAutomaton(literals(set), where, rapid.SampledFrom([]int{0, 40, 200, rowBudget}).Draw(t, "budget"))
		m := &Matcher{set: &Set{awake: make([][]uint32, len(texts))}, gen: 1, marks: make([]uint32, len(texts))}
		find := []func(*Matcher, *automaton, string){findAnywhere[string], findAtStart[string], findAtEnd[string]}[where]
		has := []func(string, string) bool{strings.Contains, strings.HasPrefix, strings.HasSuffix}[where]
		find(m, a, text)
		for i, l := range texts {
			if got, want := m.marks[i] == 1, has(fold(text), l); got != want {
				t.Fatalf("%q in %q (%d): %v, want %v", l, text, where, got, want)
			}
		}
	})
}

// TestAutomatonShorterLiterals needs a literal that ends in a state on the way to
// another, which itself reports nothing.
func TestAutomatonShorterLiterals(t *testing.T) {
	a := newAutomaton([]literal{{"xabc", []uint32{0}}, {"abcd", []uint32{1}}, {"c", []uint32{2}}}, anywhere, rowBudget)
	m := &Matcher{set: &Set{awake: make([][]uint32, 3)}, gen: 1, marks: make([]uint32, 3)}
	if findAnywhere(m, a, "xABC"); !slices.Equal(m.marks, []uint32{1, 0, 1}) {
		t.Errorf("marks are %v", m.marks)
	}
}

// TestEqualHashes looks up texts whose hashes are those of others.
func TestEqualHashes(t *testing.T) {
	for _, text := range []string{"x", "é"} {
		table := newExactTable([]literal{{"y", []uint32{0}}})
		for i := range table.slots {
			h, _ := hashFolded(fold(text), true)
			table.slots[i].tag = uint32(h >> 32)
			if uint64(i) == h&table.mask {
				table.slots[i].entry = 1
			}
		}
		m := &Matcher{set: &Set{awake: make([][]uint32, 1)}, gen: 1, marks: make([]uint32, 1)}
		if findExact(m, table, text); m.marks[0] != 0 {
			t.Errorf("%q is taken for y", text)
		}
	}
}

// TestContradictions checks rules that contain something and its opposite.
func TestContradictions(t *testing.T) {
	for condition, want := range map[string]bool{"s and not s": false, "not s and s": false, "s or not s": true, "not s or s": true} {
		r := parseRule(t, "s: {a: x}\ncondition: "+condition)
		for _, text := range []string{"x", "y"} {
			if got := matches(t, r, &testRecord{fields: map[int][]FieldValue{0: values(text)}}); got != want {
				t.Errorf("%s with %q is %v", condition, text, got)
			}
		}
	}
}

// TestLongLists compiles lists of the size that placeholders bring.
func TestLongLists(t *testing.T) {
	var users, parts []string
	for i := range 20_000 {
		users = append(users, fmt.Sprintf("user%d@example.org", i))
		parts = append(parts, fmt.Sprintf("part-%d-of-many", i*7919))
	}
	opt := testOptions()
	opt.Expand = func(name string) ([]string, bool) {
		return map[string][]string{"users": users, "parts": parts}[name], true
	}
	set, err := Compile([]*Rule{
		parseRule(t, "s: {a|expand: '%users%'}\ncondition: s"),
		parseRule(t, "s: {a|contains|expand: '%parts%'}\ncondition: s"),
		parseRule(t, "s: {a|expand: '%users%', b: x}\ncondition: s"),
	}, opt)
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	for text, want := range map[string][]int{
		"USER19999@example.org": {0}, "user20000@example.org": nil, "x PART-7919-of-many": {1}, "part-7920-of-many": nil,
		"part-158372081-OF-MANY!": {1},
	} {
		if got := m.Match(&testRecord{fields: map[int][]FieldValue{0: values(text)}}); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	many := func(string) ([]string, bool) { return users, true }
	it := &Item{Field: "a", Modifiers: []string{"expand"}, Values: []Value{Text("%x%%y%")}}
	if _, err := newTest(it, "", many); err == nil || !strings.Contains(err.Error(), "makes more than") {
		t.Errorf("a product of long lists: %v", err)
	}
}

// TestAnchorsAreChosenTogether checks which fields are looked at in every record.
func TestAnchorsAreChosenTogether(t *testing.T) {
	opt := Options{Resolve: func(field string) (Ref, bool) {
		ref, ok := map[string]Ref{
			"common": {ID: 1, Common: []string{"X"}},
			"dear":   {ID: 2, Price: 50}, "rare": {ID: 3, Selectivity: 4},
			"a": {ID: 4}, "b": {ID: 5}, "c": {ID: 6},
		}[field]
		return ref, ok
	}}
	for _, tt := range []struct {
		name       string
		detections []string
		want       []int
	}{
		{"the rarer field", []string{"a: x, rare: y"}, []int{3}},
		{"not what most records have", []string{"common: x, a: y"}, []int{4}},
		{"another value of that field", []string{"common: z, dear: y"}, []int{1}},
		{"the cheaper field", []string{"dear: x, a: y"}, []int{4}},
		{"the only field", []string{"dear: x"}, []int{2}},
		{"a field that is looked at anyway", []string{"dear: x", "a: x, dear: y"}, []int{2}},
		{"one field for all", []string{"a: x, b: x", "b: y, c: y", "c: z, b: z"}, []int{5}},
	} {
		var rules []*Rule
		for _, d := range tt.detections {
			rules = append(rules, parseRule(t, "s: {"+d+"}\ncondition: s"))
		}
		set, err := Compile(rules, opt)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, h := range set.hot {
			got = append(got, set.fields[h.field].id)
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
