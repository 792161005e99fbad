package baseline

import (
	"errors"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	const id1, id2 = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
	hours := func(rest string) string {
		return "working_hours:\n  - {time_zone: UTC, days: [mon], from: \"08:00\", to: \"16:00\", " + rest + "}"
	}
	for name, c := range map[string]struct{ in, want string }{
		"unknown input":        {"retention_days: 3\nprivilegd_accounts: []", "b.yaml:2: privilegd_accounts: unknown input; did you mean privileged_accounts?"},
		"unlike anything":      {"colour: red", "b.yaml:1: colour: unknown input"},
		"input in capitals":    {"VIP_Accounts: []", "b.yaml:1: VIP_Accounts: unknown input; write vip_accounts"},
		"part outside":         {"user_lifecycle: []", "b.yaml:1: user_lifecycle: unknown input; write approved_actors: {user_lifecycle: …}"},
		"dotted":               {"approved_actors.sync: []", "b.yaml:1: approved_actors.sync: unknown input; write approved_actors: {sync: …}"},
		"unknown part":         {"thresholds:\n  failed_signin: 3", "b.yaml:2: thresholds.failed_signin: unknown key; did you mean failed_signins?"},
		"unknown key, few":     {"sync_scope: {x: []}", "b.yaml:1: sync_scope.x: unknown key; known: domains, organizational_units"},
		"twice":                {"retention_days: 3\n\nretention_days: 4", "b.yaml:3: retention_days: given twice, first in line 1"},
		"not a mapping":        {"- a", "b.yaml:1: want keys with values, got a list"},
		"two documents":        {"retention_days: 3\n---\nretention_days: 3", "b.yaml:2: the file holds more than one document; keep one"},
		"text for a list":      {"allowed_countries: SE", `b.yaml:1: allowed_countries: want a list, got "SE"; write [SE]`},
		"nothing for a list":   {"allowed_countries:", "b.yaml:1: allowed_countries: want a list, got nothing; write [] if there is none"},
		"list for text":        {"home_tenant_id: [a]", "b.yaml:1: home_tenant_id: want text, got a list"},
		"nothing in a list":    {"allowed_countries: [~]", "b.yaml:1: allowed_countries[0]: want text, got nothing"},
		"empty text":           {`allowed_countries: [" "]`, "b.yaml:1: allowed_countries[0]: is empty"},
		"empty mapping":        {"thresholds: {}", "b.yaml:1: thresholds: is empty; remove it or fill it"},
		"anchor":               {"vip_accounts: &a [x@y.example]\nbreak_glass_accounts: *a", "b.yaml:2: break_glass_accounts: want a list, got a reference (YAML anchors are not supported); write [] if there is none"},
		"tenant id":            {"home_tenant_id: contoso", `b.yaml:1: home_tenant_id: "contoso" is not a tenant id; write it like 4bbb79f7-5724-4c9e-95f3-de075f6ec090`},
		"country":              {"allowed_countries:\n  - Sweden", `b.yaml:2: allowed_countries[0]: "Sweden" is not a country code; use the two letters of ISO 3166, like SE`},
		"no such country":      {"allowed_countries: [SE, ZZ]", `b.yaml:1: allowed_countries[1]: "ZZ" is not a country code; use the two letters of ISO 3166, like SE`},
		"UK":                   {"allowed_countries: [UK]", `b.yaml:1: allowed_countries[0]: "UK" is not a country code; the code of the United Kingdom is GB`},
		"NO as false":          {"allowed_countries: [false]", `b.yaml:1: allowed_countries[0]: "false" is not a country code; quote "NO"`},
		"CIDR":                 {"egress_ips: [203.0.113.0/33]", `b.yaml:1: egress_ips[0]: "203.0.113.0/33" is not an address or CIDR block; write it like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32`},
		"host bits":            {"egress_ips: [203.0.113.5/24]", `b.yaml:1: egress_ips[0]: "203.0.113.5/24" has bits set outside its mask; write 203.0.113.0/24 for the network or 203.0.113.5 for the address`},
		"time zone":            {"working_hours: [{members: [\"*\"], time_zone: Europe/Stokholm, days: [mon], from: \"08:00\", to: \"16:00\"}]", `b.yaml:1: working_hours[0].time_zone: "Europe/Stokholm" is not a known time zone; use a name like Europe/Stockholm or UTC`},
		"zone of the machine":  {"working_hours: [{members: [\"*\"], time_zone: Local, days: [mon], from: \"08:00\", to: \"16:00\"}]", `b.yaml:1: working_hours[0].time_zone: "Local" is not a known time zone; use a name like Europe/Stockholm or UTC`},
		"day of the week":      {"working_hours: [{members: [\"*\"], time_zone: UTC, days: [monday], from: \"08:00\", to: \"16:00\"}]", `b.yaml:1: working_hours[0].days[0]: "monday" is not known; known: sun, mon, tue, wed, thu, fri, sat`},
		"clock":                {"working_hours: [{members: [\"*\"], time_zone: UTC, days: [mon], from: \"8\", to: \"24:01\"}]", `b.yaml:1: working_hours[0].from: "8" is not a time of day; write it from "00:00" to "23:59"` + "\n" + `b.yaml:1: working_hours[0].to: "24:01" is not a time of day; write it from "00:00" to "24:00"`},
		"from equals to":       {"working_hours: [{members: [\"*\"], time_zone: UTC, days: [mon], from: \"08:00\", to: \"08:00\"}]", `b.yaml:1: working_hours[0]: from and to are the same; write from: "00:00" and to: "24:00" for the whole day`},
		"no days":              {"working_hours: [{members: [\"*\"], time_zone: UTC, days: [], from: \"08:00\", to: \"09:00\"}]", "b.yaml:1: working_hours[0].days: names no day"},
		"nobody's hours":       {hours(""), `b.yaml:2: working_hours[0]: needs members or countries; write members: ["*"] for everybody`},
		"two sorts of hours":   {hours("members: [a@b.example], countries: [SE]"), "b.yaml:2: working_hours[0]: has both members and countries; make two entries of it"},
		"all and one":          {hours("members: [a@b.example, \"*\"]"), `b.yaml:2: working_hours[0]: "*" already stands for all members; write "*" alone or leave it out`},
		"missing keys":         {"working_hours: [{members: [\"*\"], days: [mon], from: \"08:00\"}]", "b.yaml:1: working_hours[0]: time_zone is missing\nb.yaml:1: working_hours[0]: to is missing"},
		"span":                 {"thresholds: {correlation_window: 1 hour}", `b.yaml:1: thresholds.correlation_window: "1 hour" is not a span of time; write a number and s, m, h, d or w, like 90s, 10m, 24h, 14d`},
		"span without unit":    {"thresholds: {correlation_window: 60}", `b.yaml:1: thresholds.correlation_window: "60" is not a span of time; write a number and s, m, h, d or w, like 90s, 10m, 24h, 14d`},
		"no span":              {"thresholds: {correlation_window: 0h}", "b.yaml:1: thresholds.correlation_window: 0h is not more than zero"},
		"endless":              {"thresholds: {correlation_window: 999999999999d}", "b.yaml:1: thresholds.correlation_window: 999999999999d is longer than 20 years"},
		"count":                {"thresholds: {lockouts: {count: many, within: 1h}}", `b.yaml:1: thresholds.lockouts.count: want a whole number, got "many"`},
		"count zero":           {"thresholds: {lockouts: {count: 0, within: 1h}}", "b.yaml:1: thresholds.lockouts.count: 0 is less than 1"},
		"count without span":   {"thresholds: {lockouts: {count: 1}}", "b.yaml:1: thresholds.lockouts: within is missing"},
		"privileged part":      {"thresholds: {lockouts: {count: 1, within: 1h, privileged: {cuont: 1}}}", "b.yaml:1: thresholds.lockouts.privileged.cuont: unknown key; did you mean count?"},
		"percentage":           {"thresholds: {failure_increase_pct: {percent: 10%}}", `b.yaml:1: thresholds.failure_increase_pct.percent: want a number, got "10%"`},
		"negative":             {"thresholds: {travel_speed: -1}", "b.yaml:1: thresholds.travel_speed: -1 is not more than zero"},
		"regexp":               {"naming_policy: {user: '^(a'}", "b.yaml:1: naming_policy.user: is not a regular expression: missing closing ): `^(a`; RE2 syntax, without look-around and back-references"},
		"empty pattern":        {"naming_policy: {user: ''}", "b.yaml:1: naming_policy.user: is empty"},
		"class of account":     {"naming_policy: {usr: 'a'}", `b.yaml:1: naming_policy.usr: "usr" is not known; did you mean user?`},
		"account type":         {"synced_account_types: [robot]", `b.yaml:1: synced_account_types[0]: "robot" is not known; known: user, privileged, guest, service, break_glass`},
		"principal":            {"privileged_accounts: [alice]", `b.yaml:1: privileged_accounts[0]: "alice" is not a user, app, role or group; write user@domain, an object id, app:NAME, role:NAME, group:NAME or @file`},
		"principal prefix":     {`privileged_accounts: ["grp:Admins"]`, `b.yaml:1: privileged_accounts[0]: "grp:Admins" is not a user, app, role or group; write user@domain, an object id, app:NAME, role:NAME, group:NAME or @file`},
		"nameless group":       {`privileged_accounts: ["group: "]`, `b.yaml:1: privileged_accounts[0]: "group:" names nothing`},
		"group pattern":        {`privileged_accounts: ["group:T*"]`, `b.yaml:1: privileged_accounts[0]: "group:T*": * works for user principal names and apps only; name each one`},
		"exception input":      {"conditional_access_exceptions: [sync_service_acounts]", `b.yaml:1: conditional_access_exceptions[0]: "sync_service_acounts" is neither a principal nor an input that lists principals; did you mean sync_service_accounts?`},
		"exception of itself":  {"conditional_access_exceptions: [conditional_access_exceptions]", "b.yaml:1: conditional_access_exceptions[0]: refers to itself"},
		"device":               {"approved_devices: [PAW-1]", `b.yaml:1: approved_devices[0]: "PAW-1" is not a device id; write the device id, or name:PAW-1`},
		"nameless device":      {`approved_devices: ["name:"]`, "b.yaml:1: approved_devices[0]: names no device; write name:PAW-*"},
		"domain":               {"owned_domains: [contoso]", `b.yaml:1: owned_domains[0]: "contoso" is not a domain; write it like contoso.com or *.contoso.com`},
		"domain in both":       {"approved_domains: [a.example, B.example]\nblocked_domains: [b.example]", `b.yaml:1: approved_domains[1]: "b.example" stands in blocked_domains too, line 2; keep one of the two`},
		"app in both":          {"hbi_mbi_apps: {high: [X], medium: [x]}", `b.yaml:1: hbi_mbi_apps.medium[0]: "x" stands in hbi_mbi_apps.high too, line 1; keep one of the two`},
		"nameless app":         {`ropc_allowed_apps: ["app:"]`, `b.yaml:1: ropc_allowed_apps[0]: "app:" names nothing`},
		"credential type":      {"allowed_credential_types: [Pasword]", `b.yaml:1: allowed_credential_types[0]: "Pasword" is not known; did you mean Password?`},
		"protocol":             {"unused_protocols: [deviceCod]", `b.yaml:1: unused_protocols[0]: "deviceCod" is not known; did you mean deviceCode?`},
		"holiday":              {"holidays: [24 December]", `b.yaml:1: holidays[0]: "24 December" is not a date; write it like 2026-12-24`},
		"impossible holiday":   {"holidays: [2026-02-30]", `b.yaml:1: holidays[0]: "2026-02-30" is not a date; write it like 2026-12-24`},
		"date":                 {"legacy_auth_disabled_since: March", `b.yaml:1: legacy_auth_disabled_since: "March" is not a time; write it like 2026-03-01`},
		"change without zone":  {"planned_changes: [{id: C, actors: [a@b.example], activities: [x], from: 2026-11-10 18:00, to: 2026-11-10T22:00:00Z}]", `b.yaml:1: planned_changes[0].from: "2026-11-10 18:00" is not a time; write it like 2026-11-10T18:00:00Z or 2026-11-10T19:00:00+01:00`},
		"change backwards":     {"planned_changes: [{id: C, actors: [a@b.example], activities: [x], from: 2026-11-10T22:00:00Z, to: 2026-11-10T22:00:00Z}]", "b.yaml:1: planned_changes[0]: ends before it begins"},
		"change twice":         {"planned_changes:\n  - {id: C, actors: [a@b.example], activities: [x], from: 2026-11-10T21:00:00Z, to: 2026-11-10T22:00:00Z}\n  - {id: c, actors: [a@b.example], activities: [x], from: 2026-11-10T21:00:00Z, to: 2026-11-10T22:00:00Z}", "b.yaml:3: planned_changes[1]: c is planned twice, first in line 2"},
		"stationary nowhere":   {"stationary_groups: [{members: [a@b.example]}]", "b.yaml:1: stationary_groups[0]: needs countries or ips"},
		"elevation hours":      {"elevation_policy: {hours: office}", `b.yaml:1: elevation_policy.hours: "office" is not a schedule; write working_hours, or a list of the same shape`},
		"hours not set":        {"elevation_policy:\n  hours: working_hours", "b.yaml:2: elevation_policy.hours: refers to working_hours, which is not set; set it, or write a list of the same shape here"},
		"privileged twice":     {"thresholds:\n  failed_signins: {count: 9, within: 1h, privileged: {count: 2}}\n  failed_signins_privileged: {count: 3, within: 1h}", "b.yaml:3: thresholds.failed_signins_privileged: thresholds.failed_signins.privileged in line 2 says the same; keep one of the two"},
		"true or false":        {"pim_settings_baseline: {Owner: {approval: sure}}", `b.yaml:1: pim_settings_baseline.Owner.approval: want true or false, got "sure"`},
		"risk level":           {"id_protection_policy: {block_user_risk: severe}", `b.yaml:1: id_protection_policy.block_user_risk: "severe" is not known; known: low, medium, high`},
		"log source":           {"expected_log_sources: [sign-in]", `b.yaml:1: expected_log_sources[0]: "sign-in" is not known; did you mean signin?`},
		"tenant twice":         {"tenants:\n  - {id: " + id1 + "}\n  - {id: " + strings.ToUpper(id1) + "}", "b.yaml:3: tenants[1].id: " + id1 + " is listed twice, first in line 2"},
		"tenant name twice":    {"tenants:\n  - {id: " + id1 + ", name: a}\n  - {id: " + id2 + ", name: A}", "b.yaml:3: tenants[1].name: A is listed twice, first in line 2"},
		"tenant kind":          {"tenants: [{id: " + id1 + ", kind: B2B}]", `b.yaml:1: tenants[0].kind: "B2B" is not known; did you mean b2c?`},
		"tenant of two kinds":  {"tenants: [{id: " + id1 + ", kind: workforce}]\nb2c_tenants: [" + id1 + "]", "b.yaml:2: b2c_tenants[0]: " + id1 + " is listed as workforce in line 1"},
		"override unknown":     {"tenants: [{id: " + id1 + ", overrides: {vip: []}}]", "b.yaml:1: tenants[0].overrides.vip: unknown input"},
		"override of tenants":  {"tenants: [{id: " + id1 + ", overrides: {tenants: []}}]", "b.yaml:1: tenants[0].overrides.tenants: holds for the whole file, a tenant cannot override it"},
		"error in an override": {"tenants: [{id: " + id1 + ", overrides: {allowed_countries: [XX]}}]", `b.yaml:1: tenants[0].overrides.allowed_countries[0]: "XX" is not a country code; use the two letters of ISO 3166, like SE`},
		"all at once, by line": {"hbi_mbi_apps:\n  low: [a]\negress_ips: [x]\nretention_days: 0", "b.yaml:2: hbi_mbi_apps.low: unknown key; known: high, medium\n" + `b.yaml:3: egress_ips[0]: "x" is not an address or CIDR block; write it like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32` + "\nb.yaml:4: retention_days: 0 is less than 1"},
		"syntax":               {"a: b\n c: d", "b.yaml:2: mapping values are not allowed in this context"},
		"unquoted wildcard":    {"retention_days: 3\nvip_accounts: [*@contoso.com]", "b.yaml:2: did not find expected alphabetic or numeric character; quote values that begin with * or &"},
		"unquoted pattern":     {"retention_days: 3\nvip_accounts: [*adm]", "b.yaml:2: *adm is not quoted; write \"*adm\""},
		"unquoted file":        {"vip_accounts: [@vips.txt]", "b.yaml:1: found character that cannot start any token; quote values that begin with @, %, ` or a tab"},
		"no file":              {`vip_accounts: ["@none.txt"]`, "b.yaml:1: vip_accounts[0]: cannot read the file none.txt: file does not exist"},
		"nameless file":        {`vip_accounts: ["@"]`, "b.yaml:1: vip_accounts[0]: names no file; write @ and the name of a file with one entry a line"},
		"error in a file":      {`vip_accounts: ["@bad.txt"]` + "\nretention_days: 0", "b.yaml:2: retention_days: 0 is less than 1\n" + `bad.txt:2: vip_accounts[0]: "bob" is not a user, app, role or group; write user@domain, an object id, app:NAME, role:NAME, group:NAME or @file` + "\nbad.txt:3: vip_accounts[0]: a file cannot refer to another file; write the entries here"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Parse("b.yaml", []byte(c.in), lists(map[string]string{"bad.txt": "a@b.example\nbob\n@bad.txt\n"}))
			if err == nil {
				t.Fatal("no error")
			}
			if b != nil {
				t.Error("a baseline besides the error")
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			var one *Error
			if !errors.As(err, &one) || one.File == "" || one.Msg == "" {
				t.Errorf("%#v is not an *Error", one)
			}
		})
	}
}

func TestNoFiles(t *testing.T) {
	_, err := Parse("b.yaml", []byte(`vip_accounts: ["@vips.txt"]`), nil)
	const want = "b.yaml:1: vip_accounts[0]: cannot read the file vips.txt: no files can be read here; write the entries here"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(everyInput)
	f.Add(string(Template()))
	f.Add("a: &a [*a]\nb: {<<: *a}")
	f.Add("tenants: [{id: x, overrides: {tenants: [{overrides: {}}]}}]")
	f.Add(`vip_accounts: ["@a"]`)
	f.Add("thresholds: {failed_signins: {privileged: {privileged: 1}}}")
	f.Add("working_hours: [{members: [], days: [], from: 99:99, to: :}]")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := Parse("f", []byte(text), func(string) ([]byte, error) { return []byte(text), nil })
		if (b == nil) == (err == nil) {
			t.Fatalf("baseline %v and error %v", b, err)
		}
		if b == nil {
			return
		}
		d := NewDirectory()
		d.AddGroup(text, text)
		v := b.View("", d)
		for _, in := range Inputs() {
			v.Has(in.Name)
			v.Expand(in.Name)
		}
		for _, field := range Fields() {
			field.Compute(v, facts{user: user(text), country: text, ip: text, client: text, activity: text})
		}
	})
}
