package simulate

import (
	"net/netip"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Rule tests rely on these names.
var promisedNames = []string{
	"access-review", "activity", "activity-elevate", "application", "audit-add-member-to-role", "audit-add-owner", "audit-add-user", "audit-app-credential",
	"audit-app-role-assignment", "audit-b2c-api-connector", "audit-b2c-identity-provider", "audit-b2c-policy", "audit-b2c-user-flow",
	"audit-conditional-access", "audit-consent", "audit-delegated-grant", "audit-delete-user", "audit-domain-federation", "audit-elevate-access", "audit-fraud",
	"audit-group-member", "audit-invite", "audit-pim-activation", "audit-pim-eligible", "audit-reset-password", "audit-security-info",
	"audit-update-application", "audit-update-user", "conditional-access-policy", "domain-services", "graph-activity", "group",
	"keyvault-secret-get", "m365-file", "m365-inbox-rule", "named-location", "provisioning", "redirect-domain", "registration-details", "review-instance", "risk-detection",
	"risky-user", "role-assignment", "role-definition", "role-eligibility", "role-holding", "role-in-azure", "service-principal", "signin", "signin-managed-identity",
	"signin-noninteractive", "signin-service-principal", "tenant-posture", "user",
}

func TestBaseNames(t *testing.T) {
	if diff := cmp.Diff(promisedNames, BaseNames()); diff != "" {
		t.Error(diff)
	}
	if _, ok := Base("nonsense"); ok {
		t.Error("Base knows nonsense")
	}
}

func TestBaseCoversKinds(t *testing.T) {
	seen := map[event.Kind]bool{}
	for _, name := range BaseNames() {
		seen[base(t, name).Kind] = true
	}
	for k := event.Signin; k < event.Generic; k++ {
		if !seen[k] {
			t.Errorf("no base record of kind %s", k)
		}
	}
}

func TestBaseIsACopy(t *testing.T) {
	want := base(t, "signin").Clone()
	r := base(t, "signin")
	set(t, r, "deviceDetail.isCompliant", false)
	set(t, r, "appliedConditionalAccessPolicies.0.enforcedGrantControls.0", "Block")
	set(t, r, "appliedConditionalAccessPolicies.4", "more")
	if diff := cmp.Diff(want, base(t, "signin")); diff != "" {
		t.Errorf("changing one copy changed the next:\n%s", diff)
	}
}

func TestBaseRecordsAreDistinct(t *testing.T) {
	from, to := time.Date(2026, 11, 2, 2, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 16, 0, 0, 0, time.UTC)
	ids := map[string]string{}
	for _, name := range BaseNames() {
		r := base(t, name)
		if at, ok := r.Time(); !r.Kind.Snapshot() && (!ok || at.Before(from) || at.After(to)) {
			t.Errorf("%s happened at %v", name, at)
		}
		if r.Tenant != Tenant {
			t.Errorf("%s is in tenant %s", name, r.Tenant)
		}
		for _, key := range []string{"id", "Id"} {
			id, ok := r.Get(key)
			if !ok || r.Kind == event.RiskyUser || r.Kind.Snapshot() { // whose ids are users' or roles'
				continue
			}
			if other := ids[id.(string)]; other != "" || id == "" {
				t.Errorf("%s and %s share the id %q", name, other, id)
			}
			ids[id.(string)] = name
		}
	}
}

// Nothing in the records may be anybody's: addresses come from the ranges for
// documentation, domains from those that Microsoft and the RFCs set aside.
func TestBaseRecordsAreInvented(t *testing.T) {
	var ranges []netip.Prefix
	for _, s := range []string{"203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "2001:db8::/32"} {
		ranges = append(ranges, netip.MustParsePrefix(s))
	}
	address := regexp.MustCompile(`"(?:ip|[a-zA-Z]*I[pP])[aA]ddr(?:ess)?": "([^"]+)"|"ClientIP": "([^":]+)`)
	mail := regexp.MustCompile(`[a-z.#A-Z_]+@([a-z.]+)`)
	domains := []string{"contoso.com", "contoso.onmicrosoft.com", "fabrikam.com", "fabrikam.example", "live.com", "odata.context", "odata.type"}
	for _, name := range BaseNames() {
		raw, err := baseFiles.ReadFile("base/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range address.FindAllStringSubmatch(string(raw), -1) {
			ip, err := netip.ParseAddr(m[1] + m[2])
			if err != nil || !slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(ip) }) {
				t.Errorf("%s: address %s", name, m[0])
			}
		}
		for _, m := range mail.FindAllStringSubmatch(string(raw), -1) {
			if !slices.Contains(domains, m[1]) {
				t.Errorf("%s: address %s", name, m[0])
			}
		}
	}
}
