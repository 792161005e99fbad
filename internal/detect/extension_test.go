package detect

import (
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/sigma"
)

// readDocument reads one rule or correlation as a library does.
func readDocument(t testing.TB, text string) (*Rule, error) {
	t.Helper()
	docs, err := sigma.ParseOptions{ExtraCorrelationTypes: extensions, ExtraCorrelationKeys: extensionKeys}.Parse("r.yml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v\n%s", len(docs), err, text)
	}
	return NewRule(docs[0], true)
}

// TestExtensions: correlations of entrawatch's own types, and what each wants.
func TestExtensions(t *testing.T) {
	tests := []struct{ name, lines, want string }{
		{"first_seen", "type: first_seen\nrules: [a]\ngroup-by: [user]\ncondition: {field: appId}", ""},
		{"with learning", "type: first_seen\nrules: [a]\ncondition: {field: appId}\nlearning: 30d", ""},
		{"with learning of the baseline", "type: first_seen\nrules: [a]\ncondition: {field: appId}\nlearning: '%thresholds.learning%'", ""},
		{"first_seen of nothing", "type: first_seen\nrules: [a]", "r.yml:1: first_seen needs the field whose values are new; add 'condition: {field: …}'"},
		{"first_seen of a browser", "type: first_seen\nrules: [a]\ncondition: {field: userAgent}", "r.yml:1: first_seen of userAgent would alert on every update of a browser; take another field"},
		{"first_seen with a limit", "type: first_seen\nrules: [a]\ncondition: {field: appId, gte: 3}", "r.yml:1: first_seen takes no limit in its condition"},
		{"first_seen with a timespan", "type: first_seen\nrules: [a]\ntimespan: 1h\ncondition: {field: appId}", "r.yml:1: first_seen takes no timespan"},
		{"wrong learning", "type: first_seen\nrules: [a]\ncondition: {field: appId}\nlearning: two weeks", `r.yml:6: learning: "two weeks" is not a time span; write 90s, 10m, 24h or 14d`},
		{"period_change", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nminimum: 20\nzone: Europe/Stockholm", ""},
		{"period_change without a limit", "type: period_change\nrules: [a]", "r.yml:1: period_change needs a limit in per cent, such as 'condition: {gte: 10}'"},
		{"period_change of a field", "type: period_change\nrules: [a]\ncondition: {gte: 10, field: appId}", "r.yml:1: period_change takes no field in its condition"},
		{"period_change with a timespan", "type: period_change\nrules: [a]\ntimespan: 7d\ncondition: {gte: 10}", "r.yml:1: period_change takes no timespan"},
		{"wrong minimum", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nminimum: many", `r.yml:6: minimum: "many" is no number from 0 on`},
		{"negative minimum", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nminimum: -1", `r.yml:6: minimum: "-1" is no number from 0 on`},
		{"no number for a minimum", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nminimum: NaN", `r.yml:6: minimum: "NaN" is no number from 0 on`},
		{"wrong zone", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nzone: Stockholm", "r.yml:6: zone: unknown time zone Stockholm"},
		{"the zone of a machine", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nzone: Local", `r.yml:6: zone: "Local" is no time zone; write Europe/Stockholm`},
		{"an empty zone", "type: period_change\nrules: [a]\ncondition: {gte: 10}\nzone: ''", `r.yml:6: zone: "" is no time zone; write Europe/Stockholm`},
		{"travel", "type: travel\nrules: [a]\ngroup-by: [user]\ntimespan: 12h\ncondition: {gt: 900}\nminimum: 500", ""},
		{"travel without a limit", "type: travel\nrules: [a]", "r.yml:1: travel needs a limit in km/h, such as 'condition: {gt: 900}'"},
		{"travel of a field", "type: travel\nrules: [a]\ncondition: {gt: 900, field: appId}", "r.yml:1: travel takes no field in its condition"},
		{"travel with learning", "type: travel\nrules: [a]\ncondition: {gt: 900}\nlearning: 1d", "r.yml:1: travel takes no learning"},
		{"absent", "type: absent\nrules: [a, b]\ntimespan: 1h", ""},
		{"absent of one", "type: absent\nrules: [a]\ntimespan: 1h", "r.yml:1: absent needs two rules: what happens, and what ought to follow"},
		{"absent without a timespan", "type: absent\nrules: [a, b]", "r.yml:1: absent needs a timespan within which the other rules ought to follow"},
		{"absent with a limit", "type: absent\nrules: [a, b]\ntimespan: 1h\ncondition: {gte: 2}", "r.yml:1: absent takes no limit in its condition"},
		{"an option of another type", "type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {gte: 2}\nlearning: 1d", "r.yml:1: event_count takes no learning"},
		{"everything at once", "type: first_seen\nrules: [a]\ntimespan: 1h\nzone: UTC", "r.yml:1: first_seen takes no zone\nr.yml:1: first_seen needs the field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := readDocument(t, "title: A correlation\ncorrelation:\n  "+strings.ReplaceAll(tt.lines, "\n", "\n  ")+"\nlevel: low\n")
			switch {
			case tt.want == "" && (err != nil || r.Correlate == nil || r.Match != nil):
				t.Errorf("%+v, %v", r, err)
			case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestExtra: what custom.entrawatch may say of a rule and of a correlation.
func TestExtra(t *testing.T) {
	const correlation = "title: A correlation\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1h\n  condition: {gte: 2}\n"
	plain := rule("signinlogs", "selection: {ResultType: 0}")
	tests := []struct{ name, text, level, block, want string }{
		{"all conditions", plain, "low", "escalate: {high: [vip, privileged], medium: [break_glass, widespread]}", ""},
		{"of a correlation", correlation, "low", "escalate: {high: [widespread]}", ""},
		{"critical", plain, "high", "escalate: {critical: [vip]}", ""},
		{"the rule's level", plain, "high", "escalate: {high: [vip]}", `escalate: "high" is no level above the rule's, which is high`},
		{"a lower level", plain, "high", "escalate: {medium: [vip]}", `escalate: "medium" is no level above the rule's, which is high`},
		{"of a rule without level", plain, "", "escalate: {medium: [vip]}", `escalate: "medium" is no level above the rule's, which is medium`},
		{"above what records say", plain, "", "level-from: riskLevel\n    escalate: {medium: [vip]}", ""},
		{"no level", plain, "low", "escalate: {loud: [vip]}", `escalate: "loud" is no level; there are critical, high, medium, low, informational`},
		{"in capitals", plain, "low", "escalate: {High: [vip]}", `escalate: "High" is no level; there are critical, high, medium, low, informational`},
		{"no condition", plain, "low", "escalate: {high: [ceo]}", `escalate: there is no condition "ceo"; there are widespread, vip, privileged, break_glass`},
		{"not a list", plain, "low", "escalate: {high: vip}", "custom.entrawatch: cannot unmarshal !!str `vip` into []string; known keys are "},
		{"group-by of a correlation", correlation, "low", "alert: {group-by: [user]}", "alert.group-by: alerts of a correlation are grouped as the correlation is; leave it out"},
		{"period of a correlation", correlation, "low", "alert: {period: 3h}", ""},
		{"records", plain, "low", "view: records", ""},
		{"sign-ins", plain, "low", "view: sign-ins", ""},
		{"records of a correlation", correlation, "low", "view: records", ""},
		{"sign-ins of a correlation", correlation, "low", "view: sign-ins", "view: the rules that a correlation reads say what counts as one sign-in; put it there"},
		{"another view", plain, "low", "view: signins", `view: "signins" is none; there are records and sign-ins`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.TrimRight(tt.text, "\n") + "\n"
			if tt.level != "" {
				text += "level: " + tt.level + "\n"
			}
			line := strings.Count(text, "\n") + 3
			_, err := readDocument(t, text+"custom:\n  entrawatch:\n    "+tt.block+"\n")
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := "r.yml:" + itoa(line) + ": custom.entrawatch."
			if strings.HasPrefix(tt.want, "custom.") {
				want = strings.TrimSuffix(want, "custom.entrawatch.")
			}
			if err == nil || !strings.HasPrefix(err.Error(), want+tt.want) {
				t.Errorf("got  %v\nwant %s", err, want+tt.want)
			}
		})
	}
	// What correlations leave out.
	r, err := readDocument(t, correlation)
	if err != nil || r.Period() != 24*time.Hour || r.Severity() != "medium" || r.Slug != "r" {
		t.Errorf("%+v, %v", r, err)
	}
}
