package ruletest_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
	"github.com/entrawatch/entrawatch/sigma"
)

const disabled = `title: Sign-in to a disabled account
id: 5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10
logsource: {product: azure, service: signinlogs}
detection:
  selection: {status.errorCode: 50057}
  condition: selection
level: medium
custom:
  entrawatch:
    alert: {group-by: [user]}
    summary: "{user} is disabled and tried to sign in."
`

func load(t testing.TB, text string) *detect.Rule {
	t.Helper()
	docs, err := sigma.Parse("signin/disabled.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := detect.NewRule(docs[0], true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	fires  = "  - {name: disabled, fires: true, base: signin, set: {status.errorCode: 50057}}\n"
	silent = "  - {name: enabled, fires: false, base: signin}\n"
)

func TestRunPasses(t *testing.T) {
	results, err := ruletest.Run([]*detect.Rule{load(t, disabled)}, "disabled_test.yml", []byte(`cases:
  - name: disabled
    fires: true
    base: signin
    set: {status.errorCode: 50057}
    severity: medium
    summary: alice.lindqvist@contoso.com is disabled and tried to sign in.
  - name: another sort of sign-in
    fires: true
    base: signin-noninteractive
    set: {status.errorCode: 50057}
    formats: [graph, portal-csv]
`+silent))
	if err != nil {
		t.Fatal(err)
	}
	formats := map[string]map[string]bool{}
	for _, r := range results {
		if r.Err != nil || r.Rule != "disabled" {
			t.Errorf("%s: %s: %s: %v", r.Rule, r.Case, r.Format, r.Err)
		}
		if formats[r.Case] == nil {
			formats[r.Case] = map[string]bool{}
		}
		name, _, _ := strings.Cut(r.Format, " ")
		formats[r.Case][name] = true
	}
	if len(formats["disabled"]) != 5 || len(formats["enabled"]) != 5 || len(formats["another sort of sign-in"]) != 2 {
		t.Errorf("ran over %v", formats)
	}
}

// TestRunFails: cases that do not turn out as written. Each fails in every
// format; the others pass.
func TestRunFails(t *testing.T) {
	tests := []struct{ name, cases, want string }{
		{"stays silent", fires + silent + "  - {name: x, fires: true, base: signin}\n", "the rule stays silent, it should fire"},
		{
			"fires", fires + silent + "  - {name: x, fires: false, base: signin, set: {status.errorCode: 50057}}\n",
			"the rule fires, it should stay silent: alice.lindqvist@contoso.com is disabled and tried to sign in.",
		},
		{
			"wrong severity", fires + silent + "  - {name: x, fires: true, base: signin, set: {status.errorCode: 50057}, severity: high}\n",
			"severity is medium (level of the rule), expected high",
		},
		{
			"wrong summary", fires + silent + "  - {name: x, fires: true, base: signin, set: {status.errorCode: 50057}, summary: Nobody.}\n",
			`summary is "alice.lindqvist@contoso.com is disabled and tried to sign in.", expected "Nobody."`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			results, err := ruletest.Run([]*detect.Rule{load(t, disabled)}, "disabled_test.yml", []byte("cases:\n"+tt.cases))
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, r := range results {
				switch {
				case r.Case != "x" && r.Err != nil:
					t.Errorf("%s: %s: %v", r.Case, r.Format, r.Err)
				case r.Case == "x" && (r.Err == nil || r.Err.Error() != tt.want):
					t.Errorf("%s: got  %v\nwant %s", r.Format, r.Err, tt.want)
				case r.Case == "x":
					failed++
				}
			}
			if failed == 0 {
				t.Error("nothing ran")
			}
		})
	}
}

// TestRunErrors: test files that cannot be run, or do not prove enough.
func TestRunErrors(t *testing.T) {
	tests := []struct{ name, rule, file, want string }{
		{"no case that fires", disabled, "cases:\n" + silent, "disabled_test.yml: no case that fires"},
		{"no case that stays silent", disabled, "cases:\n" + fires, "disabled_test.yml: no case that stays silent"},
		{"no cases", disabled, "cases: []\n", "disabled_test.yml: no case that fires"},
		{"nothing", disabled, "", "disabled_test.yml: EOF"},
		{
			"only one format", disabled, "cases:\n  - {name: a, fires: true, base: signin, set: {status.errorCode: 50057}, formats: [graph]}\n  - {name: b, fires: false, base: signin, formats: [graph]}\n",
			"disabled_test.yml: ran only over graph; the rule works on diagnostic, graph, log-analytics, o365, portal-csv",
		},
		{"unknown base", disabled, "cases:\n" + fires + "  - {name: b, fires: false, base: sign-in}\n", `disabled_test.yml:3: case "b": there is no base record "sign-in"; there are access-review, `},
		{"unknown format", disabled, "cases:\n" + fires + "  - {name: b, fires: false, base: signin, formats: [csv]}\n", `disabled_test.yml:3: case "b": there is no format "csv"`},
		{
			"a format without the record", disabled, "cases:\n" + fires + "  - {name: b, fires: false, base: signin-service-principal, formats: [o365]}\n",
			`disabled_test.yml:3: case "b": ran in no format: the rule works on diagnostic, graph, log-analytics, o365, portal-csv`,
		},
		{"neither", disabled, "cases:\n" + silent + "  - {name: b, base: signin}\n", `disabled_test.yml:3: case "b": says neither fires: true nor fires: false`},
		{"unknown key", disabled, "cases:\n" + fires + "  - name: b\n    fire: false\n", "line 4: field fire not found"},
		{"unknown key at the top", disabled, "case: []\n", "line 1: field case not found"},
		{"wrong type", disabled, "cases:\n  - {name: b, fires: maybe}\n", "line 2: cannot unmarshal"},
		{"not YAML", disabled, "cases: [\n", "disabled_test.yml: yaml: "},
		{"a path into nothing", disabled, "cases:\n  - {name: b, fires: false, base: signin, set: {id.x: 1}}\n", `disabled_test.yml:2: case "b": set id.x: `},
		{"a field that is not there", disabled, "cases:\n  - {name: b, fires: false, base: signin, delete: [nothing]}\n", `disabled_test.yml:2: case "b": delete nothing: no such field`},
		{"changes of a sign-in", disabled, "cases:\n  - {name: b, fires: false, base: signin, changes: {A: ['', x]}}\n", `disabled_test.yml:2: case "b": set change A: `},
		{"a baseline that is wrong", disabled, "baseline: {no_such_input: 1}\ncases:\n" + fires + silent, "no_such_input"},
		{"a directory of sign-ins", disabled, "directory:\n  - {base: signin}\ncases:\n" + fires + silent, "disabled_test.yml: directory: signin is no directory object"},
		{
			"a rule that cannot match", strings.Replace(disabled, "{status.errorCode: 50057}", "{message: Add user}", 1), "cases:\n" + fires + silent,
			"disabled_test.yml: rule disabled cannot match: searches sign-ins for the name of an activity, which only the audit log has",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ruletest.Run([]*detect.Rule{load(t, tt.rule)}, "disabled_test.yml", []byte(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestRunWithDirectory: groups and roles in a test's baseline are resolved from
// the snapshots of the file, a case's own baseline replaces the file's, and
// other tenants and times can be told.
func TestRunWithDirectory(t *testing.T) {
	r := load(t, strings.Replace(disabled, "selection: {status.errorCode: 50057}", "selection: {baseline.user.privileged: 'true', baseline.time.working_hours: 'false'}", 1))
	results, err := ruletest.Run([]*detect.Rule{r}, "disabled_test.yml", []byte(`baseline:
  privileged_accounts: ["group:Tier 0", "role:Global Administrator"]
  working_hours:
    - {members: ["*"], time_zone: UTC, days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00"}
directory:
  - {base: group, set: {displayName: Tier 0, members: [{id: e1e22fbc-7c97-5fc6-abfa-cff20f704e4b}]}}
  - {base: role-assignment, set: {principalId: 2a3c4b1e-7c97-4fc6-abfa-cff20f704e4b, roleDefinition.displayName: Global Administrator}}
cases:
  - {name: of the group, fires: true, base: signin, time: 2026-11-01T09:00:00Z}
  - {name: with the role, fires: true, base: signin, time: 2026-11-01T09:00:00Z, set: {userId: 2a3c4b1e-7c97-4fc6-abfa-cff20f704e4b, userPrincipalName: bo@contoso.com}}
  - {name: in working hours, fires: false, base: signin, time: 2026-11-02T09:00:00Z}
  - {name: nobody is privileged, fires: false, base: signin, time: 2026-11-01T09:00:00Z, baseline: {}}
  - {name: in another tenant, fires: true, base: signin, time: 2026-11-01T09:00:00Z, tenant: 9d1c8b8e-0a77-4d6c-8f0e-3a7cf2b4e001}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s: %s: %v", r.Case, r.Format, r.Err)
		}
	}
}

func TestAll(t *testing.T) {
	good, other := load(t, disabled), load(t, disabled)
	other.File, other.Slug = "rules/signin/untested.yml", "untested"
	good.File = "rules/signin/disabled.yml"
	fsys := fstest.MapFS{"signin/disabled_test.yml": &fstest.MapFile{Data: []byte("cases:\n" + fires + silent)}}
	results, err := ruletest.All(fsys, []*detect.Rule{good, other}, "rules")
	if err == nil || err.Error() != "rules/signin/untested.yml: rule untested has no tests; write untested_test.yml" {
		t.Errorf("got %v", err)
	}
	if len(results) == 0 {
		t.Error("the rule that has tests was not tested")
	}
	for _, r := range results {
		if r.Rule != "disabled" || r.Err != nil {
			t.Errorf("%s: %v", r.Rule, r.Err)
		}
	}
}

func TestTestFile(t *testing.T) {
	for in, want := range map[string]string{"a/b.yml": "a/b_test.yml", "b.yaml": "b_test.yaml", "b.c.yml": "b.c_test.yml", "b": "b_test"} {
		if got := ruletest.TestFile(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func FuzzRun(f *testing.F) {
	f.Add("cases:\n" + fires + silent)
	f.Add("baseline: {}\ndirectory: []\ncases: [{name: x, base: signin, fires: true, set: {a.b: [1]}, delete: [id]}]")
	f.Add("cases: [{name: x, fires: true, events: [{base: signin, every: 3s, times: 3, set: {ipAddress: '192.0.2.{n}'}}, {base: signin, after: 2m}]}]")
	r := load(f, disabled)
	often := regexp.MustCompile(`times:\s*[^\s,}]{2}`)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 || strings.Count(s, "base") > 3 || often.MatchString(s) {
			t.Skip() // each case is written in every format
		}
		_, _ = ruletest.Run([]*detect.Rule{r}, "x_test.yml", []byte(s))
	})
}
