package baseline

import (
	"testing"
	"time"
)

var noonUTC = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestAppFields(t *testing.T) {
	v := mustView(t, `
hbi_mbi_apps: {high: [Payroll, `+appBot+`], medium: [Expenses]}
high_value_apps: [Payroll]
single_factor_expected_apps: ["Kiosk*"]
ropc_allowed_apps: ["app:Load test"]
app_access_allowlist: {Payroll: [pay@acme.example, "group:Inner"], Expenses: ["*"]}
`, testDirectory())
	const impact, access = "baseline.app.impact", "baseline.app.access_allowed"
	runFieldCases(t, v, []fieldCase{
		{"name", impact, facts{appName: "PAYROLL"}, "high"},
		{"id", impact, facts{app: appBot}, "high"},
		{"resource", impact, facts{appName: "Browser", resName: "Expenses"}, "medium"},
		{"highest", impact, facts{appName: "Expenses", resName: "Payroll"}, "high"},
		{"other", impact, facts{appName: "Payroll 2"}, "none"},
		{"unknown", impact, facts{}, absent},
		{"app", "baseline.app.high_value", facts{appName: "payroll"}, "true"},
		{"resource", "baseline.app.high_value", facts{appName: "x", resName: "payroll"}, "true"},
		{"other", "baseline.app.high_value", facts{appName: "x"}, "false"},
		{"pattern", "baseline.app.single_factor_expected", facts{appName: "Kiosk 3"}, "true"},
		{"resource does not count", "baseline.app.single_factor_expected", facts{appName: "x", resName: "Kiosk 3"}, "false"},
		{"in", "baseline.app.ropc_allowed", facts{appName: "load TEST"}, "true"},
		{"out", "baseline.app.ropc_allowed", facts{appName: "load"}, "false"},
		{"unknown", "baseline.app.ropc_allowed", facts{}, absent},
		{"built in", "baseline.app.b2c_local_account", facts{appName: "CPIM PowerShell Client"}, "true"},
		{"listed", access, facts{user: user("pay@acme.example"), appName: "Payroll"}, "true"},
		{"by group", access, facts{user: Principal{ID: idAnn}, resName: "Payroll"}, "true"},
		{"not listed", access, facts{user: user("x@acme.example"), appName: "Payroll"}, "false"},
		{"everybody", access, facts{user: user("x@acme.example"), appName: "Expenses"}, "true"},
		{"one of two refuses", access, facts{user: user("x@acme.example"), appName: "Expenses", resName: "Payroll"}, "false"},
		{"free app", access, facts{user: user("x@acme.example"), appName: "Mail"}, absent},
	})
	if list, _ := v.Expand("%Important_AppIds%"); len(list) != 4 || list[2] != idBot {
		t.Errorf("Important_AppIds = %v, want names and ids", list)
	}
}

func TestPlaceFields(t *testing.T) {
	v := parseEvery(t).View("", nil)
	const id = "EEEEEEEE-0000-4000-8000-000000000001"
	const violated = "baseline.signin.violated_controls"
	runFieldCases(t, v, []fieldCase{
		{"in", "baseline.country.allowed", facts{country: "NO"}, "true"},
		{"out", "baseline.country.allowed", facts{country: "FR"}, "false"},
		{"unknown", "baseline.country.allowed", facts{}, absent},
		{"in", "baseline.ip.egress", facts{ip: "198.51.100.200"}, "true"},
		{"out", "baseline.ip.egress", facts{ip: "198.51.101.0"}, "false"},
		{"no address", "baseline.ip.egress", facts{ip: "x"}, absent},
		{"in", "baseline.ip.trusted", facts{ip: "198.51.100.7"}, "true"},
		{"next door", "baseline.ip.trusted", facts{ip: "198.51.100.8"}, "false"},
		{"id", "baseline.device.approved", facts{deviceID: id}, "true"},
		{"name", "baseline.device.approved", facts{deviceID: "other", deviceName: "acme-17"}, "true"},
		{"other", "baseline.device.approved", facts{deviceID: "other", deviceName: "home"}, "false"},
		{"none", "baseline.device.approved", facts{}, absent},
		{"with user", "baseline.user.approved_device", facts{user: user("a@b.example"), deviceID: id}, "true"},
		{"without user", "baseline.user.approved_device", facts{deviceID: id}, absent},
		{"exact name", "baseline.device.paw", facts{deviceName: "PAW-1"}, "true"},
		{"longer name", "baseline.device.paw", facts{deviceName: "PAW-11"}, "false"},
		{"nothing", violated, facts{country: "SE", ip: "198.51.100.7", deviceID: id}, absent},
		{"all", violated, facts{country: "FR", ip: "192.0.2.1", deviceID: "x"}, "country, ip, device"},
		{"no device", violated, facts{country: "SE", ip: "198.51.100.7"}, "no device"},
	})
	runFieldCases(t, mustView(t, "allowed_countries: [SE]", nil), []fieldCase{
		{"only what is set", violated, facts{country: "FR", ip: "192.0.2.1"}, "country"},
		{"nothing known", violated, facts{}, absent},
	})
}

func TestProtocolFields(t *testing.T) {
	v := mustView(t, "unused_protocols: [Device code, ropc]\nlegacy_auth_disabled_since: 2026-03-01", nil)
	own := mustView(t, "legacy_client_apps: [POP3]", nil)
	const legacy = "baseline.legacy_client"
	runFieldCases(t, v, []fieldCase{
		{"in", legacy, facts{client: "imap4"}, "true"},
		{"others", legacy, facts{client: "Other clients"}, "true"},
		{"a sort of others", legacy, facts{client: "Other clients; IMAP"}, "true"},
		{"modern", legacy, facts{client: "Mobile Apps and Desktop clients"}, "false"},
		{"browser", legacy, facts{client: "Browser"}, "false"},
		{"unknown is not legacy", legacy, facts{client: "Unknown"}, "false"},
		{"none", legacy, facts{}, absent},
		{"name of a legacy client", legacy + ".name", facts{client: "Other clients; IMAP"}, "Other clients; IMAP"},
		{"no name of a modern one", legacy + ".name", facts{client: "Browser"}, absent},
		{"before", "baseline.legacy_auth.retired", facts{time: time.Date(2026, 2, 28, 23, 59, 59, 0, time.UTC)}, "false"},
		{"on the day", "baseline.legacy_auth.retired", facts{time: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, "true"},
		{"log spelling", "baseline.protocol.unused", facts{protocol: "deviceCode"}, "true"},
		{"CSV spelling", "baseline.protocol.unused", facts{protocol: "ROPC"}, "true"},
		{"used", "baseline.protocol.unused", facts{protocol: "none"}, "false"},
		{"none", "baseline.protocol.unused", facts{}, absent},
	})
	runFieldCases(t, own, []fieldCase{
		{"list replaces", legacy, facts{client: "IMAP4"}, "false"},
		{"in list", legacy, facts{client: "POP3"}, "true"},
		{"not set", "baseline.legacy_auth.retired", facts{time: noonUTC}, absent},
	})
}

func TestTenantFields(t *testing.T) {
	b := parseEvery(t)
	home, shop := b.View("", nil), b.View("aaaaaaaa-0000-4000-8000-000000000003", nil)
	const own, other, partner = "AAAAAAAA-0000-4000-8000-000000000002", "ffffffff-0000-4000-8000-000000000001", "DDDDDDDD-0000-4000-8000-000000000001"
	const foreign = "baseline.resource_tenant.foreign"
	runFieldCases(t, home, []fieldCase{
		{"workforce", "baseline.tenant.b2c", facts{}, "false"},
		{"one of ours", "baseline.home_tenant", facts{home: own}, "true"},
		{"guest", "baseline.home_tenant", facts{home: other}, "false"},
		{"unknown", "baseline.home_tenant", facts{}, absent},
		{"ours", foreign, facts{resTenant: own}, "false"},
		{"other", foreign, facts{resTenant: other}, "true"},
		{"partner too", foreign, facts{resTenant: partner}, "true"},
		{"unknown", foreign, facts{}, absent},
		{"partner", "baseline.resource_tenant.partner", facts{resTenant: partner}, "true"},
		{"other", "baseline.resource_tenant.partner", facts{resTenant: other}, "false"},
	})
	runFieldCases(t, shop, []fieldCase{{"b2c", "baseline.tenant.b2c", facts{}, "true"}})
	runFieldCases(t, mustView(t, "", nil), []fieldCase{
		{"not set", foreign, facts{resTenant: other}, absent},
		{"no partners", "baseline.resource_tenant.partner", facts{resTenant: other}, "false"},
	})
}
