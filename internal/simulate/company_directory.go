package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Directory returns the snapshots of the company's directory, one file each, as
// of the first day. Attacks on the posture of the directory are in it.
func (c *Company) Directory() map[string][]Record {
	out := map[string][]Record{}
	for _, p := range c.everybody() {
		out["users"] = append(out["users"], c.user(p))
		if !p.guest && !p.bare {
			out["registration-details"] = append(out["registration-details"], c.registered(p, true))
		}
	}
	group := func(name string, members ...*person) {
		list := []any{}
		for _, p := range members {
			list = append(list, map[string]any{
				"@odata.type": "#microsoft.graph.user", "id": p.id, "displayName": p.name, "userPrincipalName": p.directoryName(), "mail": p.upn,
			})
		}
		out["groups"] = append(out["groups"], plant("group", derivedGUID("group", name), values{
			"displayName": name, "description": name, "members": list, "mail": nil, "mailNickname": strings.ReplaceAll(lower(name), " ", "."),
		}))
	}
	var shift []*person
	for i := range c.staff {
		if c.staff[i].shift {
			shift = append(shift, &c.staff[i])
		}
	}
	group("Weekend Shift", shift...)
	group("Service Desk", refs(c.desk())...)
	group("Guest Inviters", refs(c.inviters())...)
	group("App Owners", refs(c.owners())...)
	for i := range c.admins {
		out["role-eligibilities"] = append(out["role-eligibilities"], c.holds("role-eligibility", &c.admins[i]))
	}
	for _, p := range c.victims {
		if p.admin {
			out["role-eligibilities"] = append(out["role-eligibilities"], c.holds("role-eligibility", p))
		}
	}
	for _, p := range c.keepers { // in their tenant nothing has to be activated
		r := c.holds("role-assignment", p)
		values{"principalOrganizationId": CustomerTenant}.apply(r)
		out["customers-role-assignments"] = append(out["customers-role-assignments"], r)
	}
	for i := range c.breakGlass {
		r := c.holds("role-assignment", &c.breakGlass[i])
		values{"assignmentType": "Assigned", "memberType": "Direct", "startDateTime": c.opt.Start.AddDate(-1, 0, 0).Format(layoutSeconds), "endDateTime": nil}.apply(r)
		out["role-assignments"] = append(out["role-assignments"], r)
	}
	for _, name := range []string{"role-definition", "application", "service-principal", "conditional-access-policy", "named-location"} {
		r, _ := Base(name)
		switch r.Kind {
		case event.Application: // in order, with a certificate only
			values{"passwordCredentials": []any{}, "owners": []any{}}.apply(r)
		case event.ServicePrincipal:
			values{"owners": []any{}}.apply(r)
		}
		out[plural(name)] = append(out[plural(name)], r)
	}
	for _, p := range []struct{ name, condition, level, control string }{
		{"CA07 Require MFA at risky sign-ins", "signInRiskLevels", "medium", "mfa"},
		{"CA08 Block risky users", "userRiskLevels", "high", "block"},
	} {
		out["conditional-access-policies"] = append(out["conditional-access-policies"], plant("conditional-access-policy", derivedGUID("policy", p.name), values{
			"displayName": p.name, "conditions." + p.condition: []any{p.level}, "grantControls.builtInControls": []any{p.control},
		}))
	}
	for name, records := range c.planted {
		out[name] = append(out[name], records...)
	}
	return out
}

func plural(name string) string {
	if strings.HasSuffix(name, "y") {
		return name[:len(name)-1] + "ies"
	}
	return name + "s"
}

func refs(people []person) []*person {
	var out []*person
	for i := range people {
		out = append(out, &people[i])
	}
	return out
}

// everybody lists the accounts of the workforce tenant.
func (c *Company) everybody() []*person {
	out := append(refs(c.staff), refs(c.admins)...)
	return append(append(out, refs(c.breakGlass)...), c.victims...)
}

// registered is what is known of a person's second factor.
func (c *Company) registered(p *person, mfa bool) Record {
	methods := []any{"mobilePhone", "microsoftAuthenticatorPush", "softwareOneTimePasscode"}
	if strings.HasPrefix(p.upn, "breakglass") {
		methods = []any{"fido2SecurityKey"}
	}
	return plant("registration-details", p.id, values{
		"methodsRegistered": methods,
		"userPrincipalName": p.upn, "userDisplayName": p.name, "isAdmin": p.admin, "lastUpdatedDateTime": c.opt.Start.Add(4 * time.Hour).Format(layoutSeconds), "isMfaRegistered": mfa, "isMfaCapable": mfa,
	})
}

func plant(base, id string, v values) Record {
	r, ok := Base(base)
	if !ok {
		panic("simulate: no base record " + base)
	}
	r = r.WithID(id)
	v.apply(r)
	return r
}

func (c *Company) user(p *person) Record {
	given, family, _ := strings.Cut(p.name, " ")
	v := values{
		"userPrincipalName": p.directoryName(), "displayName": p.name, "givenName": given, "surname": family, "mail": p.upn,
		"employeeId": fmt.Sprintf("%05d", mix(p.hash, 7)%100_000), "officeLocation": p.home.city, "usageLocation": p.home.country, "country": nil,
		"signInActivity": remove{},
	}
	if strings.HasPrefix(p.upn, "breakglass") { // nobody's
		v["employeeId"], v["department"], v["jobTitle"], v["officeLocation"] = nil, nil, nil, nil
	}
	if p.guest {
		v["userType"], v["externalUserState"], v["employeeId"] = "Guest", "Accepted", nil
	}
	return plant("user", p.id, v)
}

// holds is a Global Administrator's assignment, for good or for activation.
func (c *Company) holds(base string, p *person) Record {
	return plant(base, derivedGUID(base, p.id), values{
		"principalId": p.id, "principal.id": p.id, "principal.displayName": p.name, "principal.userPrincipalName": p.upn, "principal.mail": nil,
	})
}
