package baseline

import "testing"

func TestAccountFields(t *testing.T) {
	v := mustView(t, `
break_glass_accounts: [glass@acme.example]
privileged_accounts: ["adm-*@acme.example", boss@acme.example]
sync_service_accounts: ["Sync_*@acme.example"]
naming_policy:
  user: '^[a-z]+\.[a-z]+@acme\.example$'
  privileged: '^adm-[a-z]+@acme\.example$'
  service: '^svc-[a-z]+@'
  guest: '#EXT#@acme\.example$'
cloud_account_policy: {allowed_types: [break_glass, admin, service]}
synced_account_types: [user]
required_attributes: {employeeId: '^E[0-9]+$', Department: '.+'}
approved_domains: [acme.example, "*.acme.example"]
blocked_domains: [evil.example]
partner_organizations: [partner.example]
sync_scope: {domains: [ad.acme.example], organizational_units: ["OU=Staff,DC=acme,DC=example"]}
`, nil)
	const hex = "0123456789abcdef0123456789abcdef"
	on := func(upns ...string) facts {
		var f facts
		for _, u := range upns {
			f.targets = append(f.targets, user(u))
		}
		return f
	}
	of := func(upn string) facts { return facts{user: user(upn)} }
	attrs := func(pairs map[string][]string) facts { return facts{now: pairs} }
	const naming, kind, domain = "baseline.target.naming_policy", "baseline.user.account_type", "baseline.target.domain"
	const missing, scope = "baseline.required_attributes.missing", "baseline.target.sync_scope"
	runFieldCases(t, v, []fieldCase{
		{"user", naming, on("Ann.Lee@acme.example"), "true"},
		{"deleted user", naming, on(hex + "ann.lee@acme.example"), "true"},
		{"broken", naming, on("annlee@acme.example"), "false"},
		{"one of two broken", naming, on("ann.lee@acme.example", "x"), "false"},
		{"privileged", naming, on("adm-ann@acme.example"), "true"},
		{"privileged with a user's name", naming, on("boss@acme.example"), "false"},
		{"service", naming, on("svc-mail@acme.example"), "true"},
		{"guest", naming, on("bob_partner.example#EXT#@acme.example"), "true"},
		{"guest elsewhere", naming, on("bob_partner.example#EXT#@evil.example"), "false"},
		{"emergency account", naming, on("glass@acme.example"), absent},
		{"no user", naming, facts{targets: []Principal{appNamed("x")}}, absent},
		{"subject", "baseline.user.naming_policy", of("ann.lee@acme.example"), "true"},
		{"subject broken", "baseline.user.naming_policy", of("ann@acme.example"), "false"},
		{"good", "baseline.user.naming_policy_privileged", of("ADM-ann@acme.example"), "true"},
		{"bad", "baseline.user.naming_policy_privileged", of("ann.lee@acme.example"), "false"},
		{"emergency account", "baseline.user.naming_policy_privileged", of("glass@acme.example"), absent},
		{"app", "baseline.user.naming_policy_privileged", facts{user: appNamed("x")}, absent},

		{"emergency", kind, of("glass@acme.example"), "break_glass"},
		{"privileged", kind, of("boss@acme.example"), "privileged"},
		{"guest", kind, of("bob_partner.example#ext#@acme.example"), "guest"},
		{"sync", kind, of("Sync_1@acme.example"), "service"},
		{"service by name", kind, of("svc-mail@acme.example"), "service"},
		{"user", kind, of("ann.lee@acme.example"), "user"},
		{"app", kind, facts{user: appNamed("x")}, absent},
		{"admin", "baseline.user.cloud_account_allowed", of("boss@acme.example"), "true"},
		{"user", "baseline.user.cloud_account_allowed", of("ann.lee@acme.example"), "false"},
		{"user", "baseline.user.synced_account_allowed", of("ann.lee@acme.example"), "true"},
		{"admin", "baseline.user.synced_account_allowed", of("boss@acme.example"), "false"},

		{"approved", domain, on("a@ACME.example"), "approved"},
		{"below", domain, on("a@lab.acme.example"), "approved"},
		{"alike", domain, on("a@xacme.example"), "unapproved"},
		{"other", domain, on("a@other.example"), "unapproved"},
		{"blocked", domain, on("a@evil.example"), "blocked"},
		{"below blocked", domain, on("a@mail.evil.example"), "blocked"},
		{"guest's own domain", domain, on("bob_evil.example#EXT#@acme.example"), "blocked"},
		{"guest of elsewhere", domain, on("bob_other.example#EXT#@acme.example"), "unapproved"},
		{"deleted", domain, on(hex + "a@acme.example"), "approved"},
		{"worst of two", domain, on("a@acme.example", "a@other.example"), "unapproved"},
		{"no domain", domain, on("a"), absent},

		{"partner", "baseline.invited.partner", on("bob_partner.example#EXT#@acme.example"), "true"},
		{"by mail", "baseline.invited.partner", on("bob@Partner.example"), "true"},
		{"other", "baseline.invited.partner", on("bob_other.example#EXT#@acme.example"), "false"},
		{"from the property", "baseline.invited.partner", attrs(map[string][]string{"InvitedUserEmailAddress": {"bob@partner.example"}}), "true"},
		{"nobody", "baseline.invited.partner", facts{}, absent},

		{"all there", missing, attrs(map[string][]string{"EmployeeId": {"E17"}, "Department": {"R&D"}}), absent},
		{"one empty", missing, attrs(map[string][]string{"EmployeeId": {"E17"}, "Department": {" "}}), "Department missing"},
		{"one malformed", missing, attrs(map[string][]string{"EmployeeId": {"17"}, "Department": {"x"}}), "employeeId malformed"},
		{"both", missing, attrs(map[string][]string{"EmployeeId": {"e17"}}), "employeeId malformed, Department missing"},

		{"in scope", scope, attrs(map[string][]string{"OnPremisesDistinguishedName": {"CN=Ann, OU=Staff, DC=acme, DC=example"}}), "true"},
		{"unit of that name elsewhere", scope, attrs(map[string][]string{"OnPremisesDistinguishedName": {"CN=Ann,OU=Staff,DC=lab,DC=example"}}), "false"},
		{"alike", scope, attrs(map[string][]string{"OnPremisesDistinguishedName": {"CN=Ann,XOU=Staff,DC=acme,DC=example"}}), "false"},
		{"domain", scope, attrs(map[string][]string{"OnPremisesDomainName": {"AD.acme.example"}}), "true"},
		{"other domain", scope, attrs(map[string][]string{"OnPremisesDomainName": {"lab.example"}}), "false"},
		{"not synchronised", scope, facts{}, absent},
	})

	blockedOnly := mustView(t, "blocked_domains: [evil.example]", nil)
	runFieldCases(t, blockedOnly, []fieldCase{
		{"blocked, nothing approved", domain, on("a@evil.example"), "blocked"},
		{"not blocked, nothing approved", domain, on("a@acme.example"), absent},
	})
	onlyUser := mustView(t, "privileged_accounts: ['*@adm.example']\nnaming_policy: {user: '^[a-z]+@'}", testDirectory())
	runFieldCases(t, onlyUser, []fieldCase{
		{"privileged goes by user", naming, on("ann@adm.example"), "true"},
		{"guest without a pattern", naming, on("bob_x.example#EXT#@adm.example"), absent},
		{"name from the directory", "baseline.user.naming_policy", facts{user: Principal{ID: idAnn}}, "true"},
	})
}
