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
	out["azure-role-assignments"] = c.azureRoles()
	out["access-reviews"] = []Record{c.review("Quarterly review of Global Administrators", "Applied")}
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

// The scopes of Azure roles.
const (
	subscription    = "/subscriptions/69b10b8c-7425-5021-a618-397a29be3a81"
	managementGroup = "/providers/Microsoft.Management/managementGroups/contoso"
)

// azureRoles are who may do what in Azure: administrators keep the subscription
// and the group above it, applications deploy into it, and those who keep
// applications have the resource group of theirs.
func (c *Company) azureRoles() []Record {
	out := []Record{
		azureRole(managementGroup, "Owner", "User", c.admins[0].id),
		azureRole(subscription, "Owner", "User", c.admins[1].id),
		azureRole(subscription, "Contributor", "ServicePrincipal", derivedGUID("service principal", "Deployment")),
		azureRole(managementGroup, "Reader", "Group", derivedGUID("group", "App Owners")),
	}
	for i := range c.owners() {
		out = append(out, azureRole(subscription+"/resourceGroups/invoice-portal", "Contributor", "User", c.owners()[i].id))
	}
	return out
}

// review is an access review of a role whose last round, which should have ended
// three days before the logs begin, stands like that.
func (c *Company) review(name, status string) Record {
	id := derivedGUID("access review", name)
	return plant("access-review", id, values{
		"displayName": name, "descriptionForAdmins": name, "instances": []any{map[string]any{
			"id": derivedGUID("round", id), "status": status, "startDateTime": c.opt.Start.AddDate(0, 0, -17).Format(layoutSeconds),
			"endDateTime": c.opt.Start.AddDate(0, 0, -3).Format(layoutSeconds),
		}},
	})
}

// azureRole is an assignment as Azure Resource Manager lists it.
func azureRole(scope, role, sort, principal string) Record {
	roles := map[string]string{ // built in, the same everywhere
		"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c", "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
	}
	id := derivedGUID(scope+role, principal)
	return plant("role-in-azure", scope+"/providers/"+azureRoles+"/"+id, values{
		"name": id, "properties.scope": scope, "properties.principalId": principal, "properties.principalType": sort,
		"properties.roleDefinitionId": subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + roles[role],
	})
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
	}
	last := p.last
	if last.IsZero() { // at work in the days before
		last = c.opt.Start.Add(-time.Duration(mix(p.hash, 11)%(3*24*60)) * time.Minute)
	}
	for _, field := range []string{"lastSignInDateTime", "lastNonInteractiveSignInDateTime", "lastSuccessfulSignInDateTime"} {
		v["signInActivity."+field] = last.Format(layoutSeconds)
	}
	if strings.HasPrefix(p.upn, "breakglass") { // nobody's
		v["employeeId"], v["department"], v["jobTitle"], v["officeLocation"] = nil, nil, nil, nil
		v["signInActivity"] = nil
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
