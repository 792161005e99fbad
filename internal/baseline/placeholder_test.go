package baseline

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpand(t *testing.T) {
	b := parseEvery(t)
	v := b.View("", nil)
	for name, want := range map[string]string{
		"%privileged_accounts%":                                 "adm-*@acme.example|bbbbbbbb-0000-4000-8000-000000000001",
		"Privileged_Accounts":                                   "adm-*@acme.example|bbbbbbbb-0000-4000-8000-000000000001",
		"vip_accounts":                                          "ceo@acme.example|cfo@acme.example",
		"egress_ips":                                            "198.51.100.0/24|2001:db8::1",
		"approved_devices":                                      "eeeeeeee-0000-4000-8000-000000000001|ACME-*",
		"holidays":                                              "2026-12-25",
		"unused_protocols":                                      "Device code",
		"legacy_auth_disabled_since":                            "2026-03-01T00:00:00Z",
		"retention_days":                                        "400",
		"home_tenant_id":                                        "aaaaaaaa-0000-4000-8000-000000000001|aaaaaaaa-0000-4000-8000-000000000002|aaaaaaaa-0000-4000-8000-000000000003",
		"b2c_tenants":                                           "aaaaaaaa-0000-4000-8000-000000000002|aaaaaaaa-0000-4000-8000-000000000003",
		"conditional_access_exceptions":                         "Sync_*@acme.onmicrosoft.com|Sync_*|kiosk@acme.example",
		"elevation_policy.max_duration":                         "90m",
		"elevation_policy.default_per_week":                     "5",
		"deletion_policy.min_disabled_before_delete":            "30d",
		"id_protection_policy.block_user_risk":                  "high",
		"review_intervals.approved_actors":                      "91d",
		"sync_scope.domains":                                    "ad.acme.example",
		"cloud_account_policy.allowed_types":                    "break_glass|privileged",
		"expected_log_sources":                                  "signin|audit",
		"%thresholds.failed_signins%":                           "10",
		"%thresholds.failed_signins.count%":                     "10",
		"%thresholds.failed_signins.within%":                    "10m",
		"%thresholds.failed_signins.privileged%":                "5",
		"%thresholds.failed_signins.privileged.within%":         "10m",
		"%thresholds.failed_signins_privileged%":                "5",
		"%thresholds.mfa_attempts_privileged%":                  "5",
		"%thresholds.mfa_attempts_privileged.within%":           "20m",
		"%thresholds.lockouts_privileged%":                      "1",
		"%thresholds.lockouts.within%":                          "90s",
		"%thresholds.failure_increase_pct%":                     "12.5",
		"%thresholds.failure_increase_pct.minimum%":             "0",
		"%thresholds.short_lived_window%":                       "36h",
		"%thresholds.travel_speed%":                             "900.5",
		"%thresholds.inactive_days%":                            "30",
		"%LegitCountries%":                                      "SE|SE|NO",
		"%KNOWN_LOCATION%":                                      "SE|SE|NO",
		"%Known_Location%":                                      "SE|SE|NO",
		"%HomeTenantID%":                                        "aaaaaaaa-0000-4000-8000-000000000001|aaaaaaaa-0000-4000-8000-000000000002|aaaaaaaa-0000-4000-8000-000000000003",
		"%ApprovedUserUpn%":                                     "hr@acme.example|HR",
		"%Approved_Inviters%":                                   "host@acme.example",
		"%Important_AppIds%":                                    "Payroll|Expenses",
		"UnLegitCountries":                                      absent,
		"UnApprovedIp":                                          absent,
		"UnApprovedDevice":                                      absent,
		"ClosingTime":                                           absent,
		"working_hours":                                         absent,
		"naming_policy":                                         absent,
		"thresholds":                                            absent,
		"thresholds.failed_signins.percent":                     absent,
		"thresholds.failed_signin":                              absent,
		"no such":                                               absent,
		"approved_actors":                                       absent,
		"thresholds.failure_increase_pct.within":                absent,
		"thresholds.short_lived_window.count":                   absent,
		"elevation_policy.hours":                                absent,
		"thresholds.failed_signins.privileged.privileged.count": absent,
	} {
		list, ok := v.Expand(name)
		got := strings.Join(list, "|")
		if !ok {
			got = absent
		}
		if got != want {
			t.Errorf("Expand(%s) = %s, want %s", name, got, want)
		}
	}
}

// TestExpandAgreesWithNeeds: what can be expanded names an input that is set, and what
// cannot gives a reason or names an input that is not.
func TestExpandAgreesWithNeeds(t *testing.T) {
	for _, v := range []*View{parseEvery(t).View("", nil), (&Baseline{}).View("", nil)} {
		names := append(sorted(aliases()), sorted(newCatalogue().byName)...)
		for _, name := range append(names, "thresholds.lockouts.within", "thresholds.lockouts_privileged", "x") {
			inputs, reason := PlaceholderNeeds(name)
			if (len(inputs) > 0) == (reason != "") {
				t.Errorf("%s: inputs %v and reason %q", name, inputs, reason)
			}
			set := len(inputs) > 0
			for _, in := range inputs {
				set = set && v.Has(in)
			}
			if _, ok := v.Expand(name); ok != (set && reason == "") {
				t.Errorf("%s: expands %v, but needs %v, set %v, reason %q", name, ok, inputs, set, reason)
			}
		}
	}
}

func TestPlaceholderNeeds(t *testing.T) {
	type answer struct {
		Inputs []string
		Reason string
	}
	for name, want := range map[string]answer{
		"%KNOWN_LOCATION%":                {[]string{"allowed_countries"}, ""},
		"%thresholds.lockouts.within%":    {[]string{"thresholds.lockouts"}, ""},
		"%thresholds.lockouts_privileged": {[]string{"thresholds.lockouts"}, ""},
		"%thresholds.lockouts.often%":     {nil, "a threshold has no often"},
		"%UnApprovedIp%":                  {nil, "it stands for everything that is not listed, which no list can hold; use the field baseline.ip.trusted"},
		"%ClosingTime%":                   {nil, "the time outside working hours is not a list of values; use the field baseline.time.working_hours"},
		"%naming_policy%":                 {nil, "the value of naming_policy is not a list of values"},
		"%allowed_countrys%":              {nil, "no baseline input has that name; did you mean allowed_countries?"},
		"%thresholds.lockot%":             {nil, "no baseline input has that name; did you mean thresholds.lockouts?"},
		"%Zzzzzzzzzzzzz%":                 {nil, "no baseline input has that name"},
	} {
		var got answer
		got.Inputs, got.Reason = PlaceholderNeeds(name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestThresholdDefaults(t *testing.T) {
	for text, want := range map[string]string{
		"": "2", // built in
		"thresholds: {failed_signins: {count: 9, within: 1h}}":                                                             "2",
		"thresholds: {failed_signins: {count: 9, within: 1h, privileged: {count: 7}}}":                                     "7",
		"thresholds: {failed_signins: {count: 9, within: 1h}, failed_signins_privileged: {count: 8, within: 1h}}":          "8",
		"thresholds: {failed_signins_privileged: {count: 8, within: 1h}}\nholidays: []":                                    "8",
		"thresholds: {failed_signins: {count: 9, within: 1h, privileged: {within: 2h}}, lockouts: {count: 1, within: 1h}}": "9",
	} {
		if got, _ := mustView(t, text, nil).Expand("thresholds.failed_signins_privileged"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// TestSigmaHQPlaceholders holds the aliases to the public rules, where at hand.
func TestSigmaHQPlaceholders(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "sigmahq")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("%s is not here", root)
	}
	placeholder := regexp.MustCompile(`\|expand: '?(%[A-Za-z_]+%)`)
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range placeholder.FindAllStringSubmatch(string(data), -1) {
			seen++
			if _, reason := PlaceholderNeeds(m[1]); strings.HasPrefix(reason, "no baseline input") {
				t.Errorf("%s: %s is not known", path, m[1])
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d placeholders, error %v", seen, err)
	}
}
