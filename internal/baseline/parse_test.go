package baseline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyInput sets every input of the catalogue, in a way of its own.
const everyInput = `
home_tenant_id: AAAAAAAA-0000-4000-8000-000000000001
tenants:
  - {id: aaaaaaaa-0000-4000-8000-000000000001, name: acme, kind: workforce}
  - id: aaaaaaaa-0000-4000-8000-000000000002
    name: acme-shop
    overrides:
      allowed_countries: [FI]
      thresholds: {failed_signins: {count: 200, within: 5m}}
      hbi_mbi_apps: {high: [Shop]}
      approved_actors: {consumer_lifecycle: ["app:Shop import"]}
  - {id: aaaaaaaa-0000-4000-8000-000000000003, kind: b2c}
b2c_tenants: [aaaaaaaa-0000-4000-8000-000000000002]
b2c_local_account_apps: [Shop Identity]
privileged_accounts: ["adm-*@acme.example", bbbbbbbb-0000-4000-8000-000000000001]
privileged_roles: ["role:Global Administrator", Owner]
privileged_groups: [Admins]
break_glass_accounts: [glass@acme.onmicrosoft.com]
vip_accounts: ["@vips.txt"]
approved_actors:
  user_lifecycle: [hr@acme.example, "app:HR"]
  consumer_lifecycle: ["app:CPIM Service"]
  guest_inviters: [host@acme.example]
  role_assignment: ["app:MS-PIM"]
  conditional_access: [ca@acme.example]
  app_management: ["app:cccccccc-0000-4000-8000-000000000001"]
  pim_settings: [pim@acme.example]
  identity_providers: [idp@acme.example]
  custom_policies: [b2c@acme.example]
  user_flows: [b2c@acme.example]
  api_connectors: [b2c@acme.example]
  sync: ["Sync_*"]
approved_sources: ["app:HR", Entitlement Management]
sync_service_accounts: ["Sync_*@acme.onmicrosoft.com"]
sync_scope: {domains: [ad.acme.example], organizational_units: ["OU=Staff,DC=ad,DC=acme,DC=example"]}
synced_account_types: [user, service]
cloud_account_policy: {allowed_types: [break_glass, admin]}
role_responsibilities: {ann@acme.example: [User Administrator]}
task_role_map: {Reset Passwords: Helpdesk Administrator}
standing_access_exceptions: [glass@acme.onmicrosoft.com]
conditional_access_exceptions: [sync_service_accounts, approved_actors.sync, kiosk@acme.example]
naming_policy: {user: '^[a-z]+@acme\.example$', privileged: '^adm-[a-z]+@acme\.example$', service: '^svc-'}
required_attributes: {employeeId: '^[0-9]+$', department: '.'}
approved_domains: [acme.example, "*.acme.example"]
blocked_domains: [evil.example]
partner_organizations: [partner.example, dddddddd-0000-4000-8000-000000000001]
owned_domains: [acme.example]
deletion_policy: {min_disabled_before_delete: 30d, purge_requires_actor: [purge@acme.example]}
allowed_countries: [SE, se, NO]
egress_ips: [198.51.100.0/24, 2001:db8::1]
trusted_ips_privileged: [198.51.100.7]
approved_devices: [eeeeeeee-0000-4000-8000-000000000001, "name:ACME-*"]
paw_saw_devices: [name:PAW-1]
stationary_groups: [{members: ["plant-*@acme.example"], countries: [SE], ips: [198.51.100.0/24]}]
working_hours: [{members: ["*"], time_zone: Europe/Stockholm, days: [mon, fri], from: 8:00, to: "24:00"}]
holidays: [2026-12-25]
planned_changes: [{id: C1, actors: ["*"], activities: ["Add  User"], from: 2026-01-01T00:00:00Z, to: 2026-01-01T02:00:00+01:00}, {id: C2, actors: [ann@acme.example], activities: [Add user], targets: [Some Policy], from: 2026-01-02T00:00:00Z, to: 2026-01-03T00:00:00Z}]
hbi_mbi_apps: {high: [Payroll], medium: ["app:Expenses"]}
high_value_apps: [Payroll]
single_factor_expected_apps: [Kiosk]
ropc_allowed_apps: ["app:Load test"]
app_access_allowlist: {Payroll: [pay@acme.example]}
sensitive_apis: [Microsoft Graph]
high_privilege_permissions: ["*.ReadWrite.All"]
allowed_credential_types: [asymmetricx509cert]
legacy_client_apps: [POP3]
legacy_auth_disabled_since: 2026-03-01
unused_protocols: [Device code]
elevation_policy: {max_duration: 90m, hours: working_hours, approval_required_roles: [Global Administrator], default_per_week: 5}
pim_settings_baseline: {Global Administrator: {mfa_on_activation: true, approval: false, justification: true, max_duration: 1h}}
id_protection_policy: {block_user_risk: High, block_sign_in_risk: medium}
review_intervals: {privileged_accounts: 30d, approved_actors: 13w, hbi_mbi_apps: 90d, sync_scope: 90d}
thresholds:
  failed_signins: {count: 10, within: 10m, privileged: {count: 5}}
  lockouts: {count: 1, within: 90s}
  interrupts: {count: 10, within: 1h}
  mfa_attempts: {count: 5, within: 10m, privileged: {within: 20m}}
  widespread_accounts: {count: 10, within: 1h}
  distinct_ips: {count: 5, within: 1h}
  account_churn: {count: 50, within: 1h}
  failure_increase_pct: {percent: 12.5}
  success_increase_pct: {percent: 10, minimum: 0}
  short_lived_window: 36h
  correlation_window: 1h
  travel_speed: 900.5
  inactive_days: 30
alert_budget: {high_per_day: 5, medium_per_day: 20, low_per_day: 50}
expected_log_sources: [signin, Audit]
retention_days: 400
export_targets: [splunk]
`

func lists(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}
}

func parseEvery(t testing.TB) *Baseline {
	t.Helper()
	b, err := Parse("b.yaml", []byte(everyInput), lists(map[string]string{
		"vips.txt": "# the board\n\nceo@acme.example   # Eve\r\n\ncfo@acme.example\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseEveryInput(t *testing.T) {
	b := parseEvery(t)
	v := b.View("", nil)
	for _, in := range Inputs() {
		if in.Name == "thresholds.failed_signins_privileged" { // contradicts the privileged part above
			continue
		}
		if _, ok := b.set[in.Name]; !ok && !b.set.sets(newCatalogue().find(in.Name)) {
			t.Errorf("%s is not in the test file", in.Name)
		}
		if !v.Has(in.Name) {
			t.Errorf("Has(%s) = false", in.Name)
		}
		if in.Doc == "" || in.Shape == "" {
			t.Errorf("%s has no documentation", in.Name)
		}
	}
	want := []Tenant{
		{ID: "aaaaaaaa-0000-4000-8000-000000000001", Name: "acme", Kind: Workforce},
		{ID: "aaaaaaaa-0000-4000-8000-000000000002", Name: "acme-shop", Kind: B2C},
		{ID: "aaaaaaaa-0000-4000-8000-000000000003", Kind: B2C},
	}
	if diff := cmp.Diff(want, b.Tenants(), cmp.Comparer(func(a, b Tenant) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Kind == b.Kind
	})); diff != "" {
		t.Error(diff)
	}
}

func TestOverrides(t *testing.T) {
	b := parseEvery(t)
	expand := func(v *View, name string) string {
		list, ok := v.Expand(name)
		return fmt.Sprint(strings.Join(list, "|"), " ", ok)
	}
	for _, c := range []struct{ name, home, shop string }{
		{"allowed_countries", "SE|SE|NO true", "FI true"},
		{"thresholds.failed_signins", "10 true", "200 true"},
		{"thresholds.failed_signins.within", "10m true", "5m true"},
		{"thresholds.lockouts", "1 true", "1 true"},
		{"hbi_mbi_apps.medium", "Expenses true", " false"}, // one input: replaced as a whole
		{"hbi_mbi_apps", "Payroll|Expenses true", "Shop true"},
		{"approved_actors.consumer_lifecycle", "CPIM Service true", "Shop import true"},
		{"approved_actors.user_lifecycle", "hr@acme.example|HR true", "hr@acme.example|HR true"},
	} {
		if got := expand(b.View("", nil), c.name); got != c.home {
			t.Errorf("home: %s = %s, want %s", c.name, got, c.home)
		}
		if got := expand(b.View("AAAAAAAA-0000-4000-8000-000000000002", nil), c.name); got != c.shop {
			t.Errorf("shop: %s = %s, want %s", c.name, got, c.shop)
		}
	}
	for tenant, kind := range map[string]string{
		"": Workforce, "aaaaaaaa-0000-4000-8000-000000000002": B2C, "aaaaaaaa-0000-4000-8000-000000000003": B2C, "unknown": Workforce,
	} {
		if got := b.View(tenant, nil).Kind(); got != kind {
			t.Errorf("Kind of %q = %s, want %s", tenant, got, kind)
		}
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "{}", "~"} {
		v := mustView(t, text, nil)
		if v.Has("privileged_accounts") || v.Has("thresholds.inactive_days") || v.Has("elevation_policy") || v.Has("no such") {
			t.Errorf("%q sets something", text)
		}
		if !v.Has("legacy_client_apps") || !v.Has("planned_changes") || !v.Has("thresholds.short_lived_window") {
			t.Errorf("%q: built-in values are not set", text)
		}
	}
	if v := (&Baseline{}).View("", nil); !v.Has("high_privilege_permissions") || v.Kind() != Workforce {
		t.Error("the zero Baseline is not an empty file")
	}
}

// TestDefaults holds the built-in values to what their inputs accept.
func TestDefaults(t *testing.T) {
	for _, in := range Inputs() {
		if in.Default == "" {
			continue
		}
		text := in.Name + ": " + in.Default
		if group, part, ok := strings.Cut(in.Name, "."); ok {
			text = group + ": {" + part + ": " + in.Default + "}"
		}
		if _, err := Parse("default", []byte(text), nil); err != nil {
			t.Error(err)
		}
		if (&Baseline{}).View("", nil).in[in.Name].val == nil {
			t.Errorf("%s: default %s is not in effect", in.Name, in.Default)
		}
	}
}

func TestTemplate(t *testing.T) {
	b := mustParse(t, string(Template()))
	if diff := cmp.Diff([]string{"privileged_roles"}, sorted(b.set)); diff != "" {
		t.Errorf("the template sets other inputs:\n%s", diff)
	}
	if n := strings.Count(string(Template()), "\n"); n > 140 {
		t.Errorf("the template has %d lines: nobody reads that", n)
	}
	full := mustParse(t, uncommented())
	if len(full.set) < 50 {
		t.Errorf("without comment signs the template sets only %d inputs", len(full.set))
	}
}

// uncommented is the template with its examples in force.
func uncommented() string {
	var all strings.Builder
	for line := range strings.Lines(string(Template())) {
		if rest, ok := strings.CutPrefix(line, "#"); ok && rest[0] != '\n' && (rest[0] != ' ' || strings.HasPrefix(rest, "  ")) {
			line = rest
		}
		all.WriteString(line)
	}
	return all.String()
}

// TestSharedExample reads the contract's example where it is at hand.
func TestSharedExample(t *testing.T) {
	name := filepath.Join("..", "..", "..", "shared", "baseline.example.yaml")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("baseline.example.yaml", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := b.View("", nil)
	for _, in := range Inputs() {
		if !v.Has(in.Name) {
			t.Errorf("%s is not set by the example", in.Name)
		}
	}
	if b.View("9d1c8b8e-0a77-4d6c-8f0e-3a7cf2b4e001", nil).Kind() != B2C {
		t.Error("the second tenant is not b2c")
	}
}
