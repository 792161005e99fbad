package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func itoa(n int) string { return strconv.Itoa(n) }

// plainRule is a rule by its name, and by an id that has it as its end.
func plainRule(name string, more ...string) string {
	text := strings.Replace(rule("signinlogs", "selection: {ResultType: 50126}", more...), "5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10", idOf(name), 1)
	return "name: " + name + "\n" + text
}

func idOf(name string) string { return fmt.Sprintf("5f0cdd6c-4f7d-4bb5-9a0e-%012x", name) }

// counting is a correlation that counts events of others.
func counting(name, reads string, more ...string) string {
	return "title: Many\nname: " + name + "\ncorrelation:\n  type: event_count\n  rules: [" + reads + "]\n  timespan: 1h\n  condition: {gte: 10}\n" + strings.Join(more, "\n") + "\n"
}

// summaryOf writes rules with what they read; silent ones in brackets.
func summaryOf(rules []*Rule) []string {
	var out []string
	for _, r := range rules {
		s := r.Slug
		for i, in := range r.Inputs {
			if i == 0 {
				s += " <"
			}
			s += " " + in.Slug
		}
		if r.Silent {
			s = "(" + s + ")"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func TestLibraryConnects(t *testing.T) {
	type files map[string]string
	tests := []struct {
		name          string
		builtin, mine files
		want          []string
	}{
		{"by name", nil, files{"a": plainRule("a"), "c": counting("c", "a")}, []string{"(a)", "c < a"}},
		{"by id", nil, files{"a": plainRule("a"), "c": counting("c", idOf("a"))}, []string{"(a)", "c < a"}},
		{"by id in capitals", nil, files{"a": plainRule("a"), "c": counting("c", strings.ToUpper(idOf("a")))}, []string{"(a)", "c < a"}},
		{"in its order", nil, files{"a": plainRule("a"), "b": plainRule("b"), "c": counting("c", "b, a")}, []string{"(a)", "(b)", "c < b a"}},
		{"of one file", nil, files{"c": counting("c", "a") + "---\n" + plainRule("a")}, []string{"(a)", "c < a"}},
		{"generate", nil, files{"a": plainRule("a"), "c": counting("c", "a", "generate: true")}, []string{"a", "c < a"}},
		{"generate of one", nil, files{"a": plainRule("a"), "b": plainRule("b"), "c": counting("c", "a", "generate: true"), "d": counting("d", "a, b")}, []string{"(b)", "a", "c < a", "d < a b"}},
		{"correlations of correlations", nil, files{"a": plainRule("a"), "c": counting("c", "a"), "d": counting("d", "c")}, []string{"(a)", "(c < a)", "d < c"}},
		{"a user's reads a built-in rule", files{"a": plainRule("a")}, files{"c": counting("c", "a")}, []string{"a", "c < a"}},
		{"a user's reads what a built-in one reads", files{"a": plainRule("a"), "b": counting("b", "a")}, files{"c": counting("c", "a")}, []string{"(a)", "b < a", "c < a"}},
		{"a user's reads both sorts", files{"a": plainRule("a")}, files{"b": plainRule("b"), "c": counting("c", "a, b")}, []string{"(b)", "a", "c < a b"}},
		{
			"what cannot be loaded", nil,
			files{
				"a": plainRule("a"), "bad": plainRule("bad", "custom: {entrawatch: {guid: [U30]}}"), "c": counting("c", "a, bad"), "d": counting("d", "c"),
				"e": counting("e", "b"), "b": plainRule("b"),
			},
			[]string{"(b)", "a", "e < b"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lib := &Library{}
			for i, from := range []files{tt.builtin, tt.mine} {
				fsys := fstest.MapFS{}
				for name, text := range from {
					fsys[name+".yml"] = file(text)
				}
				if err := lib.Add(fsys, ".", "", i == 0); err != nil && !strings.Contains(err.Error(), "bad.yml") {
					t.Fatal(err)
				}
			}
			if err := lib.Finish(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summaryOf(lib.Rules)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestLibraryReferences(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"missing", counting("c", "nobody"), `c.yml:1: there is no rule "nobody"`},
		{"a circle", counting("c", "d") + "---\n" + counting("d", "c"), "in a circle"},
		{"itself", counting("c", "c"), "in a circle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lib := &Library{}
			if err := lib.Add(fstest.MapFS{"c.yml": file(tt.text)}, ".", "", false); err != nil {
				t.Fatal(err)
			}
			if err := lib.Finish(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestLevelFromBelow: a correlation may take its severity from the records
// below it, whatever the rules that it reads say.
func TestLevelFromBelow(t *testing.T) {
	lib := &Library{}
	if err := lib.Add(fstest.MapFS{
		"a.yml": file(strings.Replace(plainRule("a"), "signinlogs", "riskdetection", 1)), "c.yml": file(counting("c", "a", "custom: {entrawatch: {level-from: riskLevel}}")),
	}, ".", "", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Rules: lib.Rules})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range e.Rules() {
		if got := e.levelFrom(i); got != "riskLevel" || e.signals[i].level == nil {
			t.Errorf("signals of %s take their level from %q", r.Slug, got)
		}
	}
}

// TestAliases: two correlations may call different fields of the rules below by
// one name.
func TestAliases(t *testing.T) {
	lib := &Library{}
	alias := func(name, field string) string {
		return counting(name, "mid", "") + "  group-by: [who]\n  aliases: {who: {a: " + field + "}}\n"
	}
	fsys := fstest.MapFS{"a.yml": file(plainRule("a")), "mid.yml": file(counting("mid", "a")), "c.yml": file(alias("c", "appId")), "d.yml": file(alias("d", "ipAddress"))}
	if err := lib.Add(fsys, ".", "", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	e, err := New(Config{Rules: lib.Rules})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for i, r := range e.Rules() {
		for mid, up := range e.inputsOf(i) {
			if e.rules[mid].Slug == "mid" {
				got[r.Slug] = e.signals[0].slots[e.sources[mid][0][up.slot]].fields
			}
		}
	}
	if diff := cmp.Diff(map[string][]string{"c": {"appId"}, "d": {"ipAddress"}}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestInactiveCorrelations: a correlation works if one of its rules does, or,
// where it wants all, if every one does; and only with its numbers.
func TestInactiveCorrelations(t *testing.T) {
	const abroad = "selection: {baseline.country.allowed: 'false'}"
	named := func(name, service, detection string) string {
		return "name: " + name + "\n" + strings.Replace(rule(service, detection), "id: 5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10\n", "", 1)
	}
	base := named("failed", "signinlogs", "selection: {ResultType: 50126}") + "---\n" + named("abroad", "signinlogs", abroad) + "---\n" + named("added", "auditlogs", "selection: {operationName: Add user}")
	of := func(lines string) string { return "title: C\nname: c\ncorrelation: {" + lines + "}\n" }
	const (
		unset = "inactive: baseline input allowed_countries is not set"
		data  = "no data: no audit events in the input"
	)
	tests := []struct{ name, correlation, baseline, want string }{
		{"works", of("type: event_count, rules: [failed], timespan: 1h, condition: {gte: 2}"), "", ""},
		{"one works", of("type: event_count, rules: [abroad, failed], timespan: 1h, condition: {gte: 2}"), "", ""},
		{"none works", of("type: event_count, rules: [abroad], timespan: 1h, condition: {gte: 2}"), "", unset},
		{"with its input", of("type: event_count, rules: [abroad], timespan: 1h, condition: {gte: 2}"), "allowed_countries: [SE]", ""},
		{"all are wanted", of("type: temporal, rules: [failed, abroad], timespan: 1h"), "", unset},
		{"some are wanted", of("type: temporal, rules: [failed, abroad], timespan: 1h, condition: {gte: 1}"), "", ""},
		{"what ought to follow", of("type: absent, rules: [failed, abroad], timespan: 1h"), "", unset},
		{"no data", of("type: event_count, rules: [added], timespan: 1h, condition: {gte: 2}"), "", data},
		{"no data of one", of("type: event_count, rules: [added, failed], timespan: 1h, condition: {gte: 2}"), "", ""},
		{"no data of what ought to follow", of("type: absent, rules: [failed, added], timespan: 1h"), "", data},
		{"a number", of("type: event_count, rules: [failed], timespan: 1h, condition: {gte: '%thresholds.inactive_days%'}"), "", "inactive: baseline input thresholds.inactive_days is not set"},
		{"a number that is set", of("type: event_count, rules: [failed], timespan: '%thresholds.lockouts.within%', condition: {gte: '%thresholds.lockouts.count%'}"), "thresholds: {lockouts: {count: 3, within: 1h}}", ""},
		{"a list for a number", of("type: event_count, rules: [failed], timespan: 1h, condition: {gte: '%allowed_countries%'}"), "allowed_countries: [SE]", "cannot match: SE of the baseline is no number"},
		{"its own need", of("type: event_count, rules: [failed], timespan: 1h, condition: {gte: 2}") + "custom: {entrawatch: {needs: [vip_accounts]}}\n", "", "inactive: baseline input vip_accounts is not set"},
		{"of a correlation that does not work", of("type: event_count, rules: [d], timespan: 1h, condition: {gte: 2}") + "---\n" + counting("d", "abroad"), "", unset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lib := &Library{}
			if err := lib.Add(fstest.MapFS{"c.yml": file(tt.correlation + "---\n" + base)}, ".", "", false); err != nil {
				t.Fatal(err)
			}
			if err := lib.Finish(); err != nil {
				t.Fatal(err)
			}
			e, err := New(Config{Rules: lib.Rules, Baseline: declare(t, tt.baseline)})
			if err != nil {
				t.Fatal(err)
			}
			active, inactive := e.Activity(map[event.Kind]map[event.Format]bool{event.Signin: {event.Diagnostic: true}}, nil)
			got := ""
			for _, in := range inactive {
				if in.Rule == "c" {
					got = in.Reason
				}
			}
			if got != tt.want || slices.Contains(active, "c") != (tt.want == "") {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			for _, r := range e.Rules() {
				if r.Silent && slices.Contains(active, r.Slug) {
					t.Errorf("%s alerts", r.Slug)
				}
			}
		})
	}
}
