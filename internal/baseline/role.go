package baseline

import "strings"

// role is a built-in Entra role: its name, template id, which is the same in
// every tenant, and the WellKnownObjectName that audit records may show instead.
type role struct{ name, template, wellKnown string }

// builtinRoles lists roles that records name in more than one way.
func builtinRoles() []role {
	return []role{
		{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10", "TenantAdmins"},
		{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10", "Company Administrator"}, // its name in old records
		{"Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814", ""},
		{"Privileged Authentication Administrator", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13", ""},
		{"Authentication Administrator", "c4e39bd9-1100-46d3-8c65-fb160da0071f", ""},
		{"User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1", "UserAccountAdmins"},
		{"Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8", ""},
		{"Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d", ""},
		{"Conditional Access Administrator", "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", ""},
		{"Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", ""},
		{"Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7", ""},
		{"Hybrid Identity Administrator", "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", ""},
		{"Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de", ""},
		{"SharePoint Administrator", "f28a1f50-f6e7-4571-818b-6a12f2af6b6c", ""},
		{"Teams Administrator", "69091246-20e8-4a56-aa4d-066075b2a7a8", ""},
		{"Service Support Administrator", "f023fd81-a637-4b56-95fd-791ac0226033", ""},
		{"Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", ""},
		{"Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451", ""},
	}
}

// builtinRole finds a built-in role by any of its names or its template id.
func builtinRole(text string) (role, bool) {
	for _, r := range builtinRoles() {
		if strings.EqualFold(text, r.name) || strings.EqualFold(text, r.template) ||
			r.wellKnown != "" && strings.EqualFold(text, r.wellKnown) {
			return r, true
		}
	}
	return role{}, false
}

// roleSet returns the set of a list of roles under every name and id by which a
// record may show them.
func (d *Directory) roleSet(roles []string) *nameSet {
	s := newNameSet(roles)
	for _, name := range roles {
		for _, id := range d.roleIDsOf(name) {
			if !strings.HasPrefix(id, "name:") {
				s.exact[id] = struct{}{}
			}
		}
		if found, ok := builtinRole(name); ok {
			for _, r := range builtinRoles() {
				if r.template == found.template {
					s.exact[lower(r.name)] = struct{}{}
					s.exact[lower(r.wellKnown)] = struct{}{}
				}
			}
		}
		for known, ids := range d.roles {
			for _, id := range ids {
				if strings.EqualFold(id, name) {
					s.exact[known] = struct{}{}
				}
			}
		}
	}
	return s
}
