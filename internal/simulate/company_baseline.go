package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits are the thresholds that the company declares. Attacks stay a tenth
// below them or go a tenth above.
var limits = struct {
	failed, failedPrivileged, lockouts, interrupts, prompts, widespread, addresses, churn, inactive int
	failures, successes                                                                             increase
}{
	failed: 20, failedPrivileged: 10, lockouts: 10, interrupts: 20, prompts: 10, widespread: 20, addresses: 10, churn: 50, inactive: 90,
	failures: increase{percent: 60, minimum: 100}, successes: increase{percent: 30, minimum: 500},
}

// increase is from which growth within a week on a number is too high, and from
// which size on anybody minds.
type increase struct{ percent, minimum int }

// Baseline returns the company's baseline.yaml: the truth about it, with which a
// scan of its logs is quiet but for attacks.
func (c *Company) Baseline() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# What is normal at the simulated company (entrawatch simulate, seed %d). docs/baseline.md lists every input.\n", c.opt.Seed)
	line("home_tenant_id: %s", Tenant)
	line("tenants:\n  - {id: %s, name: contoso, kind: workforce}\n  - {id: %s, name: customers, kind: b2c, overrides: {approved_domains: [contosocustomers.onmicrosoft.com], working_hours: [%s]}}", Tenant, CustomerTenant,
		`{members: ["adm.*"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri], from: "06:00", to: "20:00"}, `+
			`{members: ["*"], time_zone: UTC, days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "23:59"}`)
	line("\n# --- who\n")
	line(`privileged_accounts: ["adm.*@contoso.com", "adm.*@contosocustomers.onmicrosoft.com"]`)
	line("privileged_roles: [Global Administrator, Privileged Role Administrator, Application Administrator, User Administrator, User Access Administrator, Owner]")
	line("privileged_groups: [Tier 0]")
	var glass []string
	for _, p := range c.breakGlass {
		glass = append(glass, p.upn)
	}
	line("break_glass_accounts: [%s]\nstanding_access_exceptions: [%[1]s]", strings.Join(glass, ", "))
	line("conditional_access_exceptions: [%s, 30285563-2437-552a-b193-d5510a8b1a29]", strings.Join(glass, ", "))
	line(`approved_actors:
  user_lifecycle: ["app:%s", %[3]s, "adm.*@contoso.com", "adm.*@contosocustomers.onmicrosoft.com", "breakglass*@contoso.onmicrosoft.com"]
  consumer_lifecycle: ["app:CPIM Service"]
  guest_inviters: [%[4]s]
  role_assignment: ["adm.*@contoso.com"]
  conditional_access: ["adm.*@contoso.com"]
  app_management: [%[5]s]
  pim_settings: ["adm.*@contoso.com"]
  identity_providers: [%[2]s]
  custom_policies: [%[2]s]
  user_flows: [%[2]s]
  api_connectors: [%[2]s]`, hr, builder, c.members("Service Desk", c.desk()), c.members("Guest Inviters", c.inviters()), c.members("App Owners", c.owners()))
	line("\n# --- accounts\n")
	line(`naming_policy:
  user: '^[a-z]+\.[a-z]+[0-9]*@contoso\.com$'
  privileged: '^adm\.[a-z]+\.[a-z]+@contoso\.com$|^adm\.[a-z]+@contosocustomers\.onmicrosoft\.com$'
  guest: '#EXT#@contoso\.onmicrosoft\.com$'
  break_glass: '^breakglass[0-9]@contoso\.onmicrosoft\.com$'
required_attributes: {employeeId: '^[0-9]{5}$'}
approved_domains: [contoso.com, contoso.onmicrosoft.com]
blocked_domains: [blocked.example]
partner_organizations: [fabrikam.com, %s]
owned_domains: [contoso.com]`, FabrikamTenant)
	line("\n# --- where and when\n")
	var countries []string
	hours, zones := "", map[string]bool{} // a country may have several
	for _, p := range slices.Concat(places, abroad, hideouts[:1]) {
		country := fmt.Sprintf("%q", p.country)
		if !slices.Contains(countries, country) {
			countries = append(countries, country)
		}
		if at := country + zone(p.offset); !zones[at] {
			zones[at] = true
			hours += fmt.Sprintf("  - {countries: [%s], time_zone: %s, days: [mon, tue, wed, thu, fri], from: \"05:00\", to: \"23:00\"}\n", country, zone(p.offset))
		}
	}
	line("allowed_countries: [%s]", strings.Join(countries, ", "))
	line("egress_ips: [203.0.113.0/24]\ntrusted_ips_privileged: [203.0.113.0/24]")
	line("approved_devices: [\"name:PAW-*\"]\npaw_saw_devices: [\"name:PAW-*\"]")
	line("working_hours:\n  - {members: [\"adm.*@contoso.com\"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri], from: \"06:00\", to: \"20:00\"}\n"+
		"%s%s"+
		"  - {members: [\"*\"], time_zone: UTC, days: [mon, tue, wed, thu, fri], from: \"05:00\", to: \"23:00\"}", c.shiftHours(), hours)
	if len(c.changes) > 0 {
		line("planned_changes:")
	}
	for _, p := range slices.Concat(c.changes, c.releases) {
		line("  - {id: %s, actors: [%s], activities: [\"*\"], from: %s, to: %s}", p.id, p.who.upn, p.from.Format(time.RFC3339), p.to.Format(time.RFC3339))
	}
	line("\n# --- applications and protocols\n")
	line("single_factor_expected_apps: [%s]\nropc_allowed_apps: [%[1]s]", customerApp.name)
	line("hbi_mbi_apps: {high: [Payroll]}\nhigh_value_apps: [Payroll]\napp_access_allowlist: {Payroll: [%s]}\nlegacy_auth_disabled_since: 2025-01-01\nunused_protocols: [deviceCode]\n"+
		"allowed_credential_types: [AsymmetricX509Cert]\nelevation_policy: {max_duration: 8h, default_per_week: 5}", c.members("App Owners", c.owners()))
	line("\n# --- numbers\n")
	line(`thresholds:
  failed_signins: {count: %d, within: 1h}
  failed_signins_privileged: {count: %d, within: 1h}
  lockouts: {count: %d, within: 1h}
  interrupts: {count: %d, within: 1h}
  mfa_attempts: {count: %d, within: 10m}
  widespread_accounts: {count: %d, within: 1h}
  distinct_ips: {count: %d, within: 1h}
  account_churn: {count: %d, within: 1h}
  inactive_days: %d
  failure_increase_pct: {percent: %d, minimum: %d}
  success_increase_pct: {percent: %d, minimum: %d}`, limits.failed, limits.failedPrivileged, limits.lockouts, limits.interrupts, limits.prompts, limits.widespread, limits.addresses, limits.churn, limits.inactive,
		limits.failures.percent, limits.failures.minimum, limits.successes.percent, limits.successes.minimum)
	return b.String()
}

// members is how the baseline names the people of a group.
func (c *Company) members(group string, people []person) string {
	if !c.opt.NameMembers {
		return fmt.Sprintf("%q", "group:"+group)
	}
	var names []string
	for _, p := range people {
		names = append(names, p.upn)
	}
	return strings.Join(names, ", ")
}

// shiftHours are the hours of who works at weekends.
func (c *Company) shiftHours() string {
	var shift []person
	for _, p := range c.staff {
		if p.shift {
			shift = append(shift, p)
		}
	}
	if c.opt.NameMembers && len(shift) == 0 {
		return ""
	}
	return fmt.Sprintf("  - {members: [%s], time_zone: UTC, days: [mon, tue, wed, thu, fri, sat, sun], from: \"00:00\", to: \"23:59\"}\n", c.members("Weekend Shift", shift))
}

// builder keeps the policies of the customers' tenant.
const builder = "adm.builder@contosocustomers.onmicrosoft.com"

// keeperName is what the n-th other administrator of the customers' tenant is
// called.
func keeperName(n int) string {
	return "adm.keeper" + string(rune('a'+n/26%26)) + string(rune('a'+n%26)) + "@contosocustomers.onmicrosoft.com"
}

// zone returns a time zone of that many minutes ahead of UTC, without summer
// time, as the simulation has none.
func zone(offset int) string {
	switch {
	case offset == 330:
		return "Asia/Kolkata"
	case offset == 0:
		return "Etc/GMT"
	}
	return fmt.Sprintf("Etc/GMT%+d", -offset/60) // the sign is the other way round
}
