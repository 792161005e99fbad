package baseline

import (
	"testing"
	"time"
)

// TestHotFieldsDoNotAllocate covers what is asked of every sign-in.
func TestHotFieldsDoNotAllocate(t *testing.T) {
	dir := testDirectory()
	v := mustView(t, `
privileged_accounts: ["adm-*@acme.example", "*-admin@acme.example", "group:Inner", "role:Global Administrator"]
break_glass_accounts: [glass@acme.example]
vip_accounts: [ceo@acme.example]
home_tenant_id: aaaaaaaa-0000-4000-8000-000000000001
allowed_countries: [SE]
egress_ips: [198.51.100.0/24, "2001:db8::/32"]
trusted_ips_privileged: [198.51.100.0/28]
approved_devices: [aaaaaaaa-0000-4000-8000-000000000001, "name:PAW-*"]
paw_saw_devices: ["name:PAW-*"]
hbi_mbi_apps: {high: [Payroll], medium: [Expenses]}
unused_protocols: [deviceCode]
legacy_auth_disabled_since: 2026-01-01
stationary_groups: [{members: ["plant-*@acme.example"], countries: [SE]}]
working_hours:
  - {members: ["*"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00"}
  - {members: ["group:Inner"], time_zone: Europe/Stockholm, days: [mon], from: "22:00", to: "06:00"}
`, dir)
	f := &facts{
		user:    Principal{ID: "AAAAAAAA-0000-4000-8000-0000000000FF", UPN: "Some.Body_Partner.example#EXT#@Acme.example", Name: "Some Body", Type: "user"},
		country: "SE", ip: "198.51.100.77", deviceID: "BBBBBBBB-0000-4000-8000-000000000001", deviceName: "LAPTOP-7",
		time: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), app: "cccccccc-0000-4000-8000-000000000001", appName: "Mail",
		resource: "dddddddd-0000-4000-8000-000000000001", resName: "Exchange", home: "AAAAAAAA-0000-4000-8000-000000000001",
		resTenant: "AAAAAAAA-0000-4000-8000-000000000001", client: "Other clients; IMAP", protocol: "oAuth2",
	}
	var in Facts = f
	for _, name := range []string{
		"baseline.user.privileged", "baseline.user.break_glass", "baseline.user.vip", "baseline.user.stationary_violation",
		"baseline.country.allowed", "baseline.ip.egress", "baseline.ip.trusted", "baseline.device.approved", "baseline.device.paw",
		"baseline.time.working_hours", "baseline.app.impact", "baseline.app.single_factor_expected", "baseline.app.ropc_allowed",
		"baseline.app.b2c_local_account", "baseline.legacy_client", "baseline.legacy_auth.retired", "baseline.protocol.unused",
		"baseline.tenant.b2c", "baseline.home_tenant", "baseline.resource_tenant.foreign", "baseline.resource_tenant.partner",
	} {
		answer := fieldNamed(t, name).For(v)
		if n := testing.AllocsPerRun(20, func() { answer(in) }); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkUserPrivileged(b *testing.B) {
	v := mustView(b, `privileged_accounts: ["adm-*@acme.example", "group:Inner", ceo@acme.example]`, testDirectory())
	answer := fieldNamed(b, "baseline.user.privileged").For(v)
	var in Facts = &facts{user: Principal{ID: "aaaaaaaa-0000-4000-8000-0000000000ff", UPN: "some.body@acme.example", Name: "Some Body"}}
	b.ReportAllocs()
	for b.Loop() {
		answer(in)
	}
}

func TestPolicies(t *testing.T) {
	v := parseEvery(t).View("", nil)
	s, ok := v.PIMSettings("global administrator")
	if !ok || s.MFA == nil || !*s.MFA || s.Approval == nil || *s.Approval || s.MaxDuration != time.Hour {
		t.Errorf("PIMSettings = %+v %v", s, ok)
	}
	if _, ok := v.PIMSettings("Global Reader"); ok {
		t.Error("settings for a role that is not listed")
	}
	if got := v.TaskRoles()["reset passwords"]; got != "Helpdesk Administrator" {
		t.Errorf("TaskRoles = %v", v.TaskRoles())
	}
	if d, ok := v.Span("elevation_policy.max_duration"); !ok || d != 90*time.Minute {
		t.Errorf("Span = %v %v", d, ok)
	}
	if n, ok := v.Count("alert_budget.high_per_day"); !ok || n != 5 {
		t.Errorf("Count = %v %v", n, ok)
	}
	if _, ok := v.Count("elevation_policy.max_duration"); ok {
		t.Error("a span is a count")
	}
	if v.Tenant() != "aaaaaaaa-0000-4000-8000-000000000001" {
		t.Errorf("Tenant = %q", v.Tenant())
	}
	if th, ok := v.Threshold("success_increase_pct"); !ok || th.Percent != 10 || th.Minimum != 0 {
		t.Errorf("Threshold = %+v %v", th, ok)
	}
}

func TestHasParts(t *testing.T) {
	v := mustView(t, "elevation_policy: {max_duration: 1h}\nthresholds: {lockouts: {count: 1, within: 1h}}", nil)
	for name, want := range map[string]bool{
		"elevation_policy": true, "elevation_policy.max_duration": true, "elevation_policy.hours": false, "Elevation_Policy": true,
		"thresholds.lockouts": true, "thresholds.lockouts_privileged": true, "thresholds.lockouts.within": true,
		"thresholds.lockouts.percent": false, "thresholds.inactive_days": false, "thresholds": true,
		"approved_actors": false, "approved_actors.sync": false, "home_tenant_id": false, "b2c_tenants": false,
	} {
		if v.Has(name) != want {
			t.Errorf("Has(%s) = %v", name, !want)
		}
	}
}
