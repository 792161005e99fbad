package sigma

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCorrelations(t *testing.T) {
	docs, errs := parseFile(t, "correlations.yml")
	if len(errs) > 0 || len(docs) != 7 {
		t.Fatal(len(docs), errs)
	}
	if err := Link(docs); err != nil {
		t.Error(err)
	}
	type want = Correlation
	for i, w := range map[int]want{
		0: {
			Type: "temporal_ordered", Rules: []string{"many_codes", "door_opened"}, GroupBy: []string{"place"},
			Timespan: Timespan{Text: "10m", Duration: 10 * time.Minute},
			Aliases:  []Alias{{"place", []AliasField{{"code_failed", "Door"}, {"door_opened", "DoorNumber"}}}},
		},
		1: {
			Type: "event_count", Rules: []string{"code_failed"}, GroupBy: []string{"Door"},
			Timespan:  Timespan{Text: "90s", Duration: 90 * time.Second},
			Condition: CorrelationCondition{Terms: []Term{{"gte", Limit{"10", 10, ""}}, {"lt", Limit{"1000", 1000, ""}}}},
			Generate:  true,
		},
		4: {
			Type: "value_count", Rules: []string{"6fa459ea-ee8a-3ca4-894e-db77e160355e"}, GroupBy: []string{"Door"},
			Timespan: Timespan{Text: "%thresholds.period%", Placeholder: "thresholds.period"},
			Condition: CorrelationCondition{
				Fields: []string{"Person", "Badge"},
				Terms:  []Term{{"gt", Limit{"%thresholds.badges%", 0, "thresholds.badges"}}, {"neq", Limit{"7", 7, ""}}},
			},
		},
		5: {
			Type: "value_percentile", Rules: []string{"door_opened"}, GroupBy: []string{"Door"},
			Timespan: Timespan{Text: "7d", Duration: 7 * 24 * time.Hour},
			Condition: CorrelationCondition{
				Fields: []string{"Seconds"}, Terms: []Term{{"gt", Limit{"1.5", 1.5, ""}}}, Percentile: &Limit{"95", 95, ""},
			},
		},
	} {
		got := *docs[i].(*Correlation)
		if len(got.Notes) > 0 {
			t.Error(got.Notes)
		}
		got.Meta = Meta{}
		if diff := cmp.Diff(w, got, cmp.AllowUnexported(Meta{})); diff != "" {
			t.Errorf("document %d:\n%s", i, diff)
		}
	}
	if m := docs[0].Metadata(); m.Level != "critical" || m.Name != "break_in" || m.FalsePositives[0] != "Forgetful people" {
		t.Errorf("metadata of the correlation is %+v", m)
	}
}

func TestCorrelationErrors(t *testing.T) {
	parts := func(typ, rest string) string {
		return "type: " + typ + "\nrules: [a, b]\ngroup-by: [u]\n" + rest
	}
	for _, tt := range []struct{ body, msg string }{
		{"rules: [a]", "has no type"},
		{parts("event_cuont", "timespan: 5m\ncondition: {gt: 1}"), `did you mean "event_count"?`},
		{parts("event_count", "condition: {gt: 1}"), "no timespan"},
		{parts("event_count", "timespan: 5m"), "no condition"},
		{"type: event_count\ntimespan: 5m\ncondition: {gt: 1}", "names no rules"},
		{"type: event_count\nrules: [a, a]\ntimespan: 5m\ncondition: {gt: 1}", "listed twice"},
		{parts("event_count", "timespan: 5\ncondition: {gt: 1}"), `"5" is no timespan`},
		{parts("event_count", "timespan: 5M\ncondition: {gt: 1}"), `"5M" is no timespan`},
		{parts("event_count", "timespan: 0s\ncondition: {gt: 1}"), "out of range"},
		{parts("event_count", "timespan: 999999999999d\ncondition: {gt: 1}"), "out of range"},
		{parts("event_count", "timespan: 5m\ncondition: {}"), "no limit"},
		{parts("event_count", "timespan: 5m\ncondition: a and b"), "the condition is"},
		{parts("event_count", "timespan: 5m\ncondition: {gt: '1'}"), `gt is "1"`},
		{parts("event_count", "timespan: 5m\ncondition: {gt: '% x%'}"), "gt is"},
		{parts("event_count", "timespan: 5m\ncondition: {greater: 1}"), `unknown key "greater" in the condition`},
		{parts("event_count", "timespan: 5m\ncondition: {gt: 1.5}"), "whole numbers"},
		{parts("event_count", "timespan: 5m\ncondition: {gt: 200, lte: 100}"), "no number can meet"},
		{parts("event_count", "timespan: 5m\ncondition: {gt: 1, lt: 2}"), "no number can meet"},
		{parts("event_count", "timespan: 5m\ncondition: {lt: 0}"), "no number can meet"},
		{parts("event_count", "timespan: 5m\ncondition: {eq: 5, neq: 5}"), "no number can meet"},
		{parts("temporal", "timespan: 5m\ncondition: {gte: 3}"), "no number can meet"},
		{parts("value_avg", "timespan: 5m\ncondition: {field: x, gt: 1, lt: 1}"), "no number can meet"},
		{parts("value_count", "timespan: 5m\ncondition: {gt: 1}"), "needs a field"},
		{parts("event_count", "timespan: 5m\ncondition: {gt: 1, field: x}"), "takes no field"},
		{parts("value_sum", "timespan: 5m\ncondition: {gt: 1, field: [x, y]}"), "takes one field"},
		{parts("value_sum", "timespan: 5m\ncondition: {gt: 1, field: x, percentile: 5}"), "takes no percentile"},
		{parts("value_percentile", "timespan: 5m\ncondition: {gt: 1, field: x, percentile: 101}"), "percentile 101 does not exist"},
		{parts("temporal", "timespan: 5m\naliases: [x]"), "aliases is a list"},
		{parts("temporal", "timespan: 5m\naliases: {u: x}"), `alias "u" is "x"`},
		{parts("temporal", "timespan: 5m\naliases: {u: {a: ''}}"), "names no field"},
		{parts("temporal", "timespan: 5m\ngenerate: maybe"), "generate is"},
		{parts("temporal", "timespan: 5m\ntime-span: 5m"), `unknown key "time-span" in the correlation; did you mean "timespan"?`},
		{parts("first_seen", ""), "unknown correlation type"},
	} {
		doc := "title: t\ncorrelation:\n" + indent(tt.body)
		docs, err := Parse("f", []byte(doc))
		if len(docs) > 0 || err == nil || !strings.Contains(err.Error(), tt.msg) {
			t.Errorf("%s\ngives %v, want %q", tt.body, err, tt.msg)
		}
	}
	if _, err := Parse("f", []byte("title: t\ncorrelation: x\n")); err == nil {
		t.Error("a text is accepted for a correlation")
	}
}

func TestCorrelationExtensions(t *testing.T) {
	const doc = "title: t\ncorrelation:\n  type: first_seen\n  rules: [a]\n  learning: 14d\n  condition: {field: x, speed: 900}\n"
	opts := ParseOptions{ExtraCorrelationTypes: []string{"first_seen"}, ExtraCorrelationKeys: []string{"learning", "speed"}}
	docs, err := opts.Parse("f", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := docs[0].(*Correlation)
	if c.Options["learning"].Value != "14d" || c.Condition.Options["speed"].Value != "900" || c.Condition.Fields[0] != "x" {
		t.Errorf("got %+v", c)
	}
	if _, err := Parse("f", []byte(doc)); err == nil {
		t.Error("extensions are accepted without being asked for")
	}
}

func TestLink(t *testing.T) {
	rule := func(name, id string) string {
		return "title: " + name + "\nname: " + name + "\nid: " + id + "\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n---\n"
	}
	correlation := func(name, rules, more string) string {
		return "title: " + name + "\nname: " + name + "\ncorrelation:\n  type: temporal\n  rules: " + rules +
			"\n  group-by: [u]\n  timespan: 5m\n" + more + "---\n"
	}
	filter := func(rules, product string) string {
		return "title: f\nlogsource: {product: " + product + "}\nfilter: {rules: " + rules + ", s: {a: 2}, condition: not s}\n---\n"
	}
	const id = "0f3d2c1b-5a49-4b67-8d21-9c0e1f2a3b4c"
	for _, tt := range []struct {
		name, data string
		want       []string
	}{
		{"all is well", rule("one", id) + correlation("c", "[one, d]", "") + correlation("d", "["+strings.ToUpper(id)+"]", "") + filter("[one]", "x"), nil},
		{"unknown rule", rule("first", "''") + correlation("c", "[frist]", ""), []string{`there is no rule "frist"; did you mean "first"?`}},
		{"a circle", correlation("c", "[d]", "") + correlation("d", "[e]", "") + correlation("e", "[d]", ""), []string{"circle; c -> d -> e -> d"}},
		{"itself", correlation("c", "[c]", ""), []string{"circle; c -> c"}},
		{"a name twice", rule("one", "''") + rule("one", "''"), []string{`name "one" is taken; by f:1`}},
		{"an id twice", rule("one", id) + rule("two", strings.ToUpper(id)), []string{"is taken; by f:1"}},
		{"an alias for a stranger", rule("one", "''") + rule("two", "''") +
			correlation("c", "[one]", "  aliases: {u: {two: x}}\n"), []string{`alias "u" is for rule "two"`}},
		{"an alias for a rule further below", rule("one", "''") + correlation("d", "[one]", "") +
			correlation("c", "[d]", "  aliases: {u: {one: x}}\n"), nil},
		{"filter of nothing", filter("[gone]", "x"), []string{`there is no rule "gone"`}},
		{"filter of a correlation", rule("one", "''") + correlation("c", "[one]", "") + filter("[c]", "x"), []string{"is a correlation"}},
		{"filter of another log source", rule("one", "''") + filter("[one]", "y"), []string{"another log source"}},
	} {
		docs, err := Parse("f", []byte(tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		got := faults(t, Link(docs))
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, got, tt.want)
			continue
		}
		for i, w := range tt.want {
			if !strings.Contains(got[i].Error(), w) {
				t.Errorf("%s: %v, want %q", tt.name, got[i], w)
			}
		}
	}
}

func TestApplyFilters(t *testing.T) {
	const data = `
title: one
name: one
logsource: {product: x, service: y}
detection: {s: {a: 1}, condition: s}
---
title: two
id: 0f3d2c1b-5a49-4b67-8d21-9c0e1f2a3b4c
logsource: {product: x, service: z}
detection: {s: {a: 1}, condition: s}
---
title: by name and id
logsource: {product: X}
filter: {rules: [one, 0F3D2C1B-5A49-4B67-8D21-9C0E1F2A3B4C], s: {b: 2}, condition: not s}
---
title: any of a service
logsource: {product: x, service: z}
filter: {rules: any, s: {c: 3}, t: {c: 4}, condition: not 1 of them}
---
title: other log source
logsource: {product: q}
filter: {rules: [one], s: {b: 2}, condition: not s}
`
	docs, err := Parse("f", []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var rules []*Rule
	var filters []*Filter
	for _, d := range docs {
		switch d := d.(type) {
		case *Rule:
			rules = append(rules, d)
		case *Filter:
			filters = append(filters, d)
			if len(d.Notes) > 0 {
				t.Error(d.Notes)
			}
		}
	}
	filtered := ApplyFilters(ApplyFilters(rules, filters), filters) // twice is as good as once
	for i, want := range []string{
		`(a|: [{"number" "1"}] and not b|: [{"number" "2"}])`,
		`(a|: [{"number" "1"}] and not b|: [{"number" "2"}] and not (c|: [{"number" "3"}] or c|: [{"number" "4"}]))`,
	} {
		n, err := filtered[i].Expr()
		if err != nil || show(n) != want {
			t.Errorf("rule %d is %s, %v\nwant %s", i, show(n), err, want)
		}
		if len(rules[i].Filters) > 0 {
			t.Error("ApplyFilters changed its argument")
		}
	}
}

func TestFilterErrors(t *testing.T) {
	const head = "title: t\nlogsource: {product: x}\n"
	for _, tt := range []struct{ doc, msg string }{
		{"title: t\nfilter: {rules: any, s: {a: 1}, condition: not s}\n", "no logsource"},
		{head + "filter: x\n", "filter is"},
		{head + "filter: {s: {a: 1}, condition: not s}\n", "names no rules"},
		{head + "filter: {rules: [], s: {a: 1}, condition: not s}\n", "names no rules"},
		{head + "filter: {rules: any, s: {a: 1}}\n", "no condition"},
		{head + "filter: {rules: any, s: {a: 1}, condition: [not s]}\n", "must be a text"},
		{head + "filter: {rules: any, s: {a: 1}, condition: not t}\n", `names search "t"`},
		{head + "filter: {rules: any, s: {a|x: 1}, condition: not s}\n", "unknown modifier"},
	} {
		docs, err := Parse("f", []byte(tt.doc))
		if len(docs) > 0 || err == nil || !strings.Contains(err.Error(), tt.msg) {
			t.Errorf("%s\ngives %v, want %q", tt.doc, err, tt.msg)
		}
	}
	docs, err := Parse("f", []byte(head+"filter: {rules: any, s: {a: 1}, condition: s}\n"))
	if err != nil || len(docs[0].Metadata().Notes) != 1 {
		t.Errorf("a filter without 'not' should be noted: %v", err)
	}
}
