package ruletest_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
)

const counted = `title: Wrong passwords
name: many
correlation:
  type: event_count
  rules: [wrong]
  group-by: [user]
  timespan: 10m
  condition: {gte: 3}
level: low
custom:
  entrawatch:
    summary: "{count} wrong passwords from {ip} within {span}, {number of id} records."
---
title: Wrong password
id: 5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a11
name: wrong
logsource: {product: azure, service: signinlogs}
detection:
  selection: {status.errorCode: 50126}
  condition: selection
level: informational
`

// library loads rule files as the program does.
func library(t testing.TB, files map[string]string) []*detect.Rule {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	lib := &detect.Library{}
	if err := lib.Add(fsys, ".", "", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	return lib.Rules
}

// quiet is a case that stays silent, which every file must have.
const quiet = "  - {name: quiet, fires: false, base: signin}\n"

// TestEvents: cases of several events.
func TestEvents(t *testing.T) {
	wrong := func(more string) string {
		return "{base: signin, set: {status.errorCode: 50126}" + more + "}"
	}
	tests := []struct{ name, cases, want string }{ // want: "" or what every run says
		{"times", "fires: true, events: [" + wrong(", every: 1m, times: 3") + "], alerts: 1, count: 3, severity: low", ""},
		{"times of a base", "fires: true, base: signin, set: {status.errorCode: 50126}, every: 1m, times: 3", ""},
		{"times alone", "fires: true, events: [" + wrong(", times: 3") + "]", ""},
		{"too few", "fires: false, events: [" + wrong(", every: 1m, times: 2") + "]", ""},
		{"the window is open at its beginning", "fires: false, events: [" + wrong(", every: 5m, times: 3") + "]", ""},
		{"and closed at its end", "fires: true, events: [" + wrong(", every: 299s, times: 3") + "]", ""},
		{"after", "fires: true, events: [" + wrong("") + ", " + wrong(", after: 4m") + ", " + wrong(", after: 5m") + "]", ""},
		{"after adds up", "fires: false, events: [" + wrong("") + ", " + wrong(", after: 5m") + ", " + wrong(", after: 5m") + "]", ""},
		{"a time of its own", "fires: true, events: [" + wrong(", time: 2026-11-02T09:00:00Z, times: 2") + ", " + wrong(", time: 2026-11-02T09:09:00Z") + "]", ""},
		{"several alerts", "fires: true, events: [" + wrong(", times: 3") + ", " + wrong(", after: 3d, times: 3") + "], alerts: 2", ""},
		{"another number of alerts", "fires: true, events: [" + wrong(", times: 3") + "], alerts: 2", "1 alerts, expected 2; the first: 3 wrong passwords"},
		{"another count", "fires: true, events: [" + wrong(", times: 4") + "], count: 3", "counts 4 events, expected 3"},
		{"numbers", "fires: true, events: [{base: signin, set: {status.errorCode: 50126, ipAddress: '198.51.100.{n}'}, every: 1s, times: 5}], summary: '5 wrong passwords from 198.51.100.1, 198.51.100.2, 198.51.100.3 and 2 more within 4s, 5 records.', formats: [graph]", ""},
		{
			"numbers in digits", "fires: false, events: [{base: signin, set: {status.errorCode: 50126, userId: 'aaaaaaaa-0000-4000-8000-{n:12}'}, every: 1s, times: 5}], formats: [graph]", "",
		},
		{"ids of their own", "fires: true, events: [" + wrong(", times: 3") + "], summary: '3 wrong passwords from 203.0.113.24 within 0s, 3 records.', formats: [graph]", ""},
		{"one id is one event", "fires: false, events: [{base: signin, set: {status.errorCode: 50126, id: aaaaaaaa-0000-4000-8000-000000000001}, times: 3}], formats: [graph]", ""},
		{"by the rule that alerts", "fires: true, events: [" + wrong(", times: 3") + "], rule: many", ""},
	}
	rules := library(t, map[string]string{"r.yml": counted})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			results, err := ruletest.Run(rules, "r_test.yml", []byte("cases:\n  - {name: x, "+tt.cases+"}\n"+quiet+"  - {name: loud, fires: true, events: ["+wrong(", times: 3")+"]}\n"))
			if err != nil {
				t.Fatal(err)
			}
			ran := 0
			for _, r := range results {
				if r.Case != "x" {
					continue
				}
				ran++
				if tt.want == "" && r.Err != nil || tt.want != "" && (r.Err == nil || !strings.HasPrefix(r.Err.Error(), tt.want)) {
					t.Errorf("%s: got  %v\nwant %s", r.Format, r.Err, tt.want)
				}
			}
			if ran == 0 {
				t.Error("nothing ran")
			}
		})
	}
}

func TestEventErrors(t *testing.T) {
	tests := []struct{ name, event, want string }{
		{"base and events", "base: signin, events: [{base: signin}]", "has base and events; write one of them"},
		{"every", "events: [{base: signin, every: often, times: 2}]", `every: "often" is not a time span; write 90s, 10m, 24h or 14d`},
		{"after", "events: [{base: signin}, {base: signin, after: 1w}]", `after: "1w" is not a time span; write 90s, 10m, 24h or 14d`},
		{"too often", "events: [{base: signin, times: 1000000000}]", "times: 1000000000 is out of range; write 1 to 10000"},
		{"less than never", "events: [{base: signin, times: -1}]", "times: -1 is out of range; write 1 to 10000"},
		{"unknown base", "events: [{base: signin}, {base: sign-in}]", `there is no base record "sign-in"; there are `},
		{"a silent rule", "base: signin, rule: wrong", `no rule "wrong" alerts; there are many`},
		{"no rule", "base: signin, rule: mny", `no rule "mny" alerts; there are many`},
	}
	rules := library(t, map[string]string{"r.yml": counted})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := `r_test.yml:3: case "x": ` + tt.want
			if _, err := ruletest.Run(rules, "r_test.yml", []byte("cases:\n"+quiet+"  - {name: x, fires: false, "+tt.event+"}\n")); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	if _, err := ruletest.Run(rules, "r_test.yml", []byte("cases:\n  - {name: x, fires: false, events: [{base: signin, evry: 1m}]}\n")); err == nil || !strings.Contains(err.Error(), "line 2: field evry not found") {
		t.Errorf("an unknown key: %v", err)
	}
}

// TestAllOfCorrelations: what only correlations read is tested with them, and
// by itself if its file has tests.
func TestAllOfCorrelations(t *testing.T) {
	many, wrong, _ := strings.Cut(counted, "---\n")
	rules := library(t, map[string]string{"many.yml": many, "wrong.yml": wrong})
	const (
		manyTests  = "cases:\n" + quiet + "  - {name: loud, fires: true, base: signin, set: {status.errorCode: 50126}, times: 3}\n"
		wrongTests = "cases:\n" + quiet + "  - {name: loud, fires: true, base: signin, set: {status.errorCode: 50126}}\n"
	)
	for _, tests := range []map[string]string{{"many_test.yml": manyTests}, {"many_test.yml": manyTests, "wrong_test.yml": wrongTests}} {
		fsys := fstest.MapFS{}
		for name, text := range tests {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		results, err := ruletest.All(fsys, rules, "")
		if err != nil {
			t.Fatal(err)
		}
		tested := map[string]bool{}
		for _, r := range results {
			tested[r.Rule] = true
			if r.Err != nil {
				t.Errorf("%s: %s: %s: %v", r.Rule, r.Case, r.Format, r.Err)
			}
		}
		if len(tested) != len(tests) {
			t.Errorf("%d files of tests, tested are %v", len(tests), tested)
		}
	}
	if _, err := ruletest.All(fstest.MapFS{}, rules, ""); err == nil || err.Error() != "many.yml: rule many has no tests; write many_test.yml" {
		t.Errorf("without tests: %v", err)
	}
	if rules[0].Silent || !rules[1].Silent {
		t.Error("the test of a rule changes it")
	}
}
