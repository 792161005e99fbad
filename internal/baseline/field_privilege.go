package baseline

func privilegeFields() []Field {
	return []Field{
		{
			Name:  "baseline.role.privileged",
			Doc:   "a role given or taken (Role.DisplayName, .TemplateId, .WellKnownObjectName, .ObjectID, or a target of type role) is in privileged_roles",
			Needs: []string{"privileged_roles"}, Compute: func(v *View, f Facts) (string, bool) { return v.roleIn(f, "privileged_roles") },
		},
		{
			Name: "baseline.role.approval_required", Doc: "the role, found as for baseline.role.privileged, is in elevation_policy.approval_required_roles",
			Needs: []string{"elevation_policy.approval_required_roles"}, Compute: func(v *View, f Facts) (string, bool) {
				return v.roleIn(f, "elevation_policy.approval_required_roles")
			},
		},
		{
			Name: "baseline.role.fits_responsibilities", Doc: "role_responsibilities of the targets include the role; no answer for people it does not name",
			Needs: []string{"role_responsibilities"}, Compute: roleFits,
		},
		{
			Name: "baseline.group.privileged", Doc: "a group changed (Group.DisplayName, Group.ObjectID, or a target of type group) is in privileged_groups",
			Needs: []string{"privileged_groups"}, Compute: func(v *View, f Facts) (string, bool) {
				return changedObject(f, v.names["privileged_groups"], "group", groupProperties())
			},
		},
	}
}

func roleProperties() []string {
	return []string{"Role.DisplayName", "Role.TemplateId", "Role.WellKnownObjectName", "Role.ObjectID"}
}

func groupProperties() []string { return []string{"Group.DisplayName", "Group.ObjectID"} }

func (v *View) roleIn(f Facts, input string) (string, bool) {
	return changedObject(f, v.names[input], "role", roleProperties())
}

// changedObject looks for a role or group in a set: among old and new values of
// the properties that name it, and among the targets. A target without a type
// can only say yes.
func changedObject(f Facts, set *nameSet, kind string, properties []string) (string, bool) {
	if set == nil {
		return "", false
	}
	known := false
	for _, name := range properties {
		for _, get := range [...]func(string, int) (string, bool){f.Property, f.PropertyOld} {
			for i := 0; ; i++ {
				value, ok := get(name, i)
				if !ok {
					break
				}
				if set.has(value) {
					return "true", true
				}
				known = known || value != ""
			}
		}
	}
	target, ok := ofTargets(f, func(p Principal) (bool, bool) {
		return typeIs(p, kind) && (set.has(p.Name) || set.has(p.ID)), typeIs(p, kind) && p.Type != ""
	})
	if target == "true" {
		return target, true
	}
	return yesNoIf(false, known || ok)
}

func roleFits(v *View, f Facts) (string, bool) {
	var fits, listed bool
	for _, d := range v.duties {
		if !anyTarget(f, d.who.has) {
			continue
		}
		is, known := changedObject(f, d.roles, "role", roleProperties())
		listed = listed || known
		fits = fits || is == "true"
	}
	return yesNoIf(fits, listed)
}
