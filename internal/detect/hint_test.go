package detect

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

// TestAnswersDependOnWhatIsSaid matches records in many orders with one matcher,
// which remembers values, and each with a matcher of its own.
func TestAnswersDependOnWhatIsSaid(t *testing.T) {
	var rules []string
	ask := func(name string) {
		for _, answer := range []string{"true", "false", "null"} {
			rules = append(rules, rule("signinlogs", "selection: {"+name+": "+answer+"}"))
		}
	}
	for name := range byUser {
		ask(name)
	}
	for name := range baselineOf {
		ask(name)
	}
	slices.Sort(rules)
	engine := engineOf(t, `
home_tenant_id: cdde9459-3fcf-5c03-8f51-18565ab1ad3e
partner_organizations: [fabrikam.com, 11111111-2222-4333-8444-555555555555]
privileged_accounts: ["adm_*@contoso.com"]
break_glass_accounts: [glass@contoso.com]
vip_accounts: ["*"]
approved_actors: {user_lifecycle: ["*.hr@contoso.com"]}
conditional_access_exceptions: [bo@contoso.com]
standing_access_exceptions: [bo@contoso.com]
stationary_groups: [{members: ["plant*@contoso.com"], countries: [SE]}, {members: ["plant1@contoso.com"], ips: [192.0.2.0/24]}]
allowed_countries: [SE]
legacy_client_apps: [POP3]
unused_protocols: [deviceCode]
`, rules...)
	shared := newPipe(t, engine)
	values := map[string][]any{
		"userPrincipalName":        {"ann@contoso.com", "adm_bo@contoso.com", "glass@contoso.com", "ann.hr@contoso.com", "bo@contoso.com", "plant1@contoso.com", "plant2@contoso.com", nil},
		"location.countryOrRegion": {"SE", "DE", nil},
		"ipAddress":                {"192.0.2.7", "203.0.113.7", nil},
		"clientAppUsed":            {"Browser", "pop3", nil},
		"authenticationProtocol":   {"none", "devicecode", nil},
		"homeTenantId":             {"cdde9459-3fcf-5c03-8f51-18565ab1ad3e", "22222222-2222-4333-8444-555555555555", nil},
		"resourceTenantId":         {"cdde9459-3fcf-5c03-8f51-18565ab1ad3e", "11111111-2222-4333-8444-555555555555", nil},
	}
	fired := map[int]bool{}
	for i := range 400 {
		var pairs []any
		n := i
		for _, field := range []string{"userPrincipalName", "location.countryOrRegion", "ipAddress", "clientAppUsed", "authenticationProtocol", "homeTenantId", "resourceTenantId"} {
			pairs = append(pairs, field, values[field][n%len(values[field])])
			n = n/len(values[field]) + i%5
		}
		ev := shared.read(t, base(t, "signin", set(pairs...)), event.Graph)
		got, want := shared.Match(ev), engine.NewMatcher().Match(ev)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: -alone +in a row\n%s", fmt.Sprint(pairs...), diff)
		}
		for _, r := range got {
			fired[r] = true
		}
	}
	// All but "vip: false", and "null" where there is always an answer.
	if len(fired) < 2*(len(byUser)+len(baselineOf)) {
		t.Errorf("of %d rules %d match anything", len(rules), len(fired))
	}
}
