package detect

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/sigma"
)

func TestNewRule(t *testing.T) {
	r := parse(t, "dir/some-rule", rule("signinlogs", "selection: {ResultType: 0}", `
custom:
  entrawatch:
    guide: [U30, C04]
    alert: {group-by: [user, ipAddress], period: 14d}
    summary: "{user} did it"
    level-from: riskLevel
    needs: [privileged_accounts]
  somebody-else: {anything: goes}`))
	want := Extra{Guide: []string{"U30", "C04"}, Summary: "{user} did it", LevelFrom: "riskLevel", Needs: []string{"privileged_accounts"}}
	want.Alert.GroupBy, want.Alert.Period = []string{"user", "ipAddress"}, "14d"
	if diff := cmp.Diff(want, r.Extra); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if r.Period() != 14*24*time.Hour || r.Severity() != "medium" || r.Slug != "some-rule" {
		t.Errorf("period %v, severity %s, slug %s", r.Period(), r.Severity(), r.Slug)
	}
	for _, none := range []string{"", "custom: {}", "custom: {somebody-else: {}}", "custom: text"} {
		r := parse(t, "r", rule("signinlogs", "selection: {ResultType: 0}", none))
		if diff := cmp.Diff(Extra{}, r.Extra); diff != "" || r.Period() != DefaultPeriod {
			t.Errorf("%q: period %v; -want +got\n%s", none, r.Period(), diff)
		}
	}
}

func TestNewRuleErrors(t *testing.T) {
	const known = "; known keys are guide, alert, summary, level-from, needs, escalate, view"
	tests := []struct{ name, block, want string }{
		{"unknown key", "{guid: [U30]}", "r.yml:8: custom.entrawatch: field guid not found" + known},
		{"unknown key below", "{alert: {groupby: [user]}}", "r.yml:8: custom.entrawatch: field groupby not found" + known},
		{"two unknown keys", "{guid: [U30], summry: x}", "r.yml:8: custom.entrawatch: field guid not found; field summry not found" + known},
		{"wrong type", "{guide: {U30: true}}", "r.yml:8: custom.entrawatch: cannot unmarshal !!map into []string" + known},
		{"a text", "yes please", "r.yml:8: custom.entrawatch: "},
		{"period without unit", "{alert: {period: 10}}", `r.yml:8: custom.entrawatch.alert.period: "10" is not a time span; write 90s, 10m, 24h or 14d`},
		{"period of two units", "{alert: {period: 1h30m}}", `r.yml:8: custom.entrawatch.alert.period: "1h30m" is not a time span; write 90s, 10m, 24h or 14d`},
		{"no period", "{alert: {period: 0h}}", `r.yml:8: custom.entrawatch.alert.period: "0h" is out of range`},
		{"negative period", "{alert: {period: -1h}}", `"-1h" is not a time span`},
		{"period beyond all numbers", "{alert: {period: 99999999999999999999d}}", "is out of range"},
		{"period of centuries", "{alert: {period: 100001d}}", "is out of range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, err := sigma.Parse("r.yml", []byte(rule("signinlogs", "selection: {ResultType: 0}", "custom:\n  entrawatch: "+tt.block)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = NewRule(docs[0], true); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"1s": time.Second, "90s": 90 * time.Second, "10m": 10 * time.Minute, "24h": 24 * time.Hour, "14d": 14 * 24 * time.Hour, "604800s": 7 * 24 * time.Hour, "100000d": 100_000 * 24 * time.Hour} {
		if got, err := ParseSpan(text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "s", "1", "1w", "1.5h", " 1h", "1h ", "1H", "0s", "-1s", "100001d", "8640000001s", "9223372036854775808s"} {
		if got, err := ParseSpan(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"", "90s", "10m", "24h", "14d", "0d", "99999999999999999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseSpan(s); (err == nil) != (d > 0) || d%time.Second != 0 {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	})
}

func TestSlugs(t *testing.T) {
	type doc struct {
		file, name, title string
		builtin           bool
	}
	tests := []struct {
		name string
		docs []doc
		want []string
		err  string
	}{
		{"file", []doc{{"rules/signin/a.yml", "", "T", true}, {`C:\rules\b.yaml`, "", "T", false}}, []string{"a", "b"}, ""},
		{"name of a foreign rule", []doc{{"a.yml", "my_rule", "T", false}}, []string{"my_rule"}, ""},
		{"name of a built-in rule", []doc{{"a.yml", "my-rule", "T", true}}, []string{"my-rule"}, ""},
		{"several in one file", []doc{{"a.yml", "", "First of them", false}, {"a.yml", "", "Second: of them!", false}}, []string{"a", "a-second-of-them"}, ""},
		{
			"several with one title",
			[]doc{{"a.yml", "", "T", false}, {"a.yml", "", "T", false}, {"a.yml", "", "T", false}},
			nil,
			`a.yml:1: the name "a-t" is taken by a.yml:1; give one of them another name`,
		},
		{
			"two folders",
			[]doc{{"x/a.yml", "", "T", false}, {"y/a.yml", "", "T", false}},
			nil,
			`y/a.yml:1: the name "a" is taken by x/a.yml:1; give one of them another name`,
		},
		{
			"a foreign rule named like a built-in one",
			[]doc{{"rules/a.yml", "", "T", true}, {"mine.yml", "a", "T", false}},
			nil,
			`mine.yml:1: the name "a" is taken by rules/a.yml:1; give one of them another name`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rules []*Rule
			for _, d := range tt.docs {
				r, err := NewRule(&sigma.Rule{Meta: sigma.Meta{File: d.file, Line: 1, Name: d.name, Title: d.title}}, d.builtin)
				if err != nil {
					t.Fatal(err)
				}
				rules = append(rules, r)
			}
			err := UniqueSlugs(rules)
			if fmt.Sprint(err) != tt.err && (err != nil || tt.err != "") {
				t.Fatalf("got  %v\nwant %s", err, tt.err)
			}
			if tt.err != "" {
				return
			}
			var got []string
			for _, r := range rules {
				got = append(got, r.Slug)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestLibraryReportsEverything(t *testing.T) {
	good := rule("signinlogs", "selection: {ResultType: 0}")
	lib := &Library{}
	err := lib.Add(fstest.MapFS{
		"good.yml":            file(good),
		"other/good2.yaml":    file(good),
		"other/good_test.yml": file("cases: []"), // a test, not a rule
		"readme.md":           file("# not a rule"),
		"bad-yaml.yml":        file("title: [\n"),
		"bad-condition.yml":   file(rule("signinlogs", "selection: {ResultType: 0}\ncondition: selectoin")),
		"bad-custom.yml":      file(rule("signinlogs", "selection: {ResultType: 0}", "custom: {entrawatch: {guid: [U30]}}")),
	}, ".", "mine", false)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"mine/bad-yaml.yml:", "mine/bad-condition.yml:", "mine/bad-custom.yml:7: custom.entrawatch: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing says %s in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "good") {
		t.Errorf("sound files are reported: %v", err)
	}
	var got []string
	for _, r := range lib.Rules {
		got = append(got, r.Slug)
	}
	if diff := cmp.Diff([]string{"good", "good2"}, got); diff != "" {
		t.Errorf("rules kept: -want +got\n%s", diff)
	}
	if err := lib.Finish(); err != nil && strings.Contains(err.Error(), "good_test") {
		t.Errorf("tests are taken for rules: %v", err)
	}
}

func TestLibraryWithoutFolder(t *testing.T) {
	if err := (&Library{}).Add(fstest.MapFS{}, "no-such-folder", "mine", false); err == nil || !strings.Contains(err.Error(), "no-such-folder") {
		t.Errorf("got %v", err)
	}
}

const filterText = `title: Service accounts
logsource: {product: azure, service: signinlogs}
filter:
  rules: [quiet]
  service: {userPrincipalName|startswith: svc_}
  condition: not service
`

const correlationText = `title: Many failures
name: many
correlation:
  type: event_count
  rules: [quiet]
  group-by: [userPrincipalName]
  timespan: 1h
  condition: {gte: 10}
`

// TestLibraryFilters: a filter silences the rules that it names, and only them,
// also where a correlation reads them.
func TestLibraryFilters(t *testing.T) {
	named := func(name string) *fstest.MapFile {
		return file("name: " + name + "\n" + strings.Replace(rule("signinlogs", "selection: {ResultType: 50126}"), "id: 5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10\n", "", 1))
	}
	lib := &Library{}
	if err := lib.Add(fstest.MapFS{
		"1.yml": named("quiet"), "2.yml": named("loud"), "filter.yml": file(filterText), "correlation.yml": file(correlationText),
	}, ".", "mine", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	if len(lib.Rules) != 3 || len(lib.Filters) != 1 {
		t.Fatalf("%d rules, %d filters", len(lib.Rules), len(lib.Filters))
	}
	if many := lib.Rules[2]; many.Name != "many" || len(many.Inputs) != 1 || many.Inputs[0] != lib.Rules[0] || !lib.Rules[0].Silent || lib.Rules[1].Silent {
		t.Fatalf("the correlation is %+v", many)
	}
	e, err := New(Config{Rules: lib.Rules})
	if err != nil {
		t.Fatal(err)
	}
	p := newPipe(t, e)
	for _, tt := range []struct {
		user        string
		quiet, loud bool
	}{{"alice@contoso.com", true, true}, {"svc_backup@contoso.com", false, true}} {
		rec := base(t, "signin", set("status.errorCode", 50126, "userPrincipalName", tt.user))
		if quiet, loud := p.fires(t, 0, rec), p.fires(t, 1, rec); quiet != tt.quiet || loud != tt.loud {
			t.Errorf("%s: quiet fires %t, loud fires %t", tt.user, quiet, loud)
		}
	}
}

func TestLibraryDanglingReference(t *testing.T) {
	lib := &Library{}
	if err := lib.Add(fstest.MapFS{"filter.yml": file(filterText)}, ".", "mine", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err == nil || !strings.Contains(err.Error(), "quiet") {
		t.Errorf("got %v", err)
	}
}
