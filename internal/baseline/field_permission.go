package baseline

import "strings"

func permissionFields() []Field {
	return []Field{
		{
			Name:  "baseline.permission.high_privilege",
			Doc:   "a permission that was added (AppRole.Value; DelegatedPermissionGrant.Scope and ConsentAction.Permissions, new against old) is in high_privilege_permissions",
			Needs: []string{"high_privilege_permissions"}, Compute: func(v *View, f Facts) (string, bool) {
				set, added := v.names["high_privilege_permissions"], addedPermissions(f)
				if set == nil || len(added) == 0 {
					return "", false
				}
				for _, p := range added {
					if set.has(p) {
						return "true", true
					}
				}
				return "false", true
			},
		},
		{
			Name: "baseline.api.sensitive", Doc: "a target, or the ResourceId of ConsentAction.Permissions, is in sensitive_apis, by name or id",
			Needs: []string{"sensitive_apis"}, Compute: sensitiveAPI,
		},
	}
}

// addedPermissions returns the permissions that a record adds, in order of
// appearance.
func addedPermissions(f Facts) []string {
	var added []string
	for _, v := range values(f.Property, "AppRole.Value") {
		added = append(added, strings.Fields(v)...)
	}

	var before, now []grant
	for _, v := range values(f.PropertyOld, "DelegatedPermissionGrant.Scope") {
		before = append(before, grant{scopes: strings.Fields(v)})
	}
	for _, v := range values(f.Property, "DelegatedPermissionGrant.Scope") {
		now = append(now, grant{scopes: strings.Fields(v)})
	}
	for _, v := range values(f.Property, "ConsentAction.Permissions") {
		left, right, arrow := strings.Cut(v, "=>")
		if !arrow {
			left, right = "", v
		}
		before = append(before, consentGrants(left)...)
		now = append(now, consentGrants(right)...)
	}
	old := map[[2]string]bool{}
	for _, g := range before {
		for _, scope := range g.scopes {
			old[[2]string{g.to, lower(scope)}] = true
		}
	}
	for _, g := range now {
		for _, scope := range g.scopes {
			if !old[[2]string{g.to, lower(scope)}] {
				added = append(added, scope)
			}
		}
	}
	return added
}

// grant is delegated permissions on one resource.
type grant struct {
	to       string // whom: resource, ConsentType and principal, since a permission for one user may become one for all
	resource string
	scopes   []string
}

// consentGrants reads the free text of a consent: [[Id: …, PrincipalId: …,
// ResourceId: …, ConsentType: AllPrincipals, Scope: User.Read Mail.Read, …], […]].
func consentGrants(text string) []grant {
	var out []grant
	for part := range strings.SplitSeq(text, "]") {
		var g grant
		var kind, principal string
		for field := range strings.SplitSeq(part[strings.LastIndexByte(part, '[')+1:], ",") {
			name, value, _ := strings.Cut(field, ":")
			value = strings.TrimSpace(value)
			switch strings.TrimSpace(name) {
			case "PrincipalId":
				principal = value
			case "ResourceId":
				g.resource = value
			case "ConsentType":
				kind = value
			case "Scope":
				g.scopes = strings.Fields(value)
			}
		}
		if g.resource != "" || len(g.scopes) > 0 {
			g.to = lower(g.resource + " " + kind + " " + principal)
			out = append(out, g)
		}
	}
	return out
}

// values returns all values of a property; an array in JSON counts as its
// elements, and what is empty does not count.
func values(get func(string, int) (string, bool), name string) []string {
	var out []string
	for i := 0; ; i++ {
		v, ok := get(name, i)
		if !ok {
			return out
		}
		for _, e := range elements(v) {
			if strings.TrimSpace(e) != "" {
				out = append(out, e)
			}
		}
	}
}

func sensitiveAPI(v *View, f Facts) (string, bool) {
	set := v.names["sensitive_apis"]
	if set == nil {
		return "", false
	}
	known := false
	for _, text := range values(f.Property, "ConsentAction.Permissions") {
		for _, g := range consentGrants(text) {
			known = known || g.resource != ""
			if set.has(g.resource) {
				return "true", true
			}
		}
	}
	target, ok := v.targetApp(f, "sensitive_apis")
	if target == "true" {
		return target, true
	}
	return yesNoIf(false, known || ok)
}
