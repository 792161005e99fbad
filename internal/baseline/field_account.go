package baseline

import "strings"

func accountFields() []Field {
	return []Field{
		{
			Name: "baseline.user.naming_policy", Doc: "the user principal name fits naming_policy for its class of account",
			Needs: []string{"naming_policy"}, Compute: func(v *View, f Facts) (string, bool) {
				ok, known := v.namedWell(f.User())
				return yesNoIf(ok, known)
			},
		},
		{
			Name: "baseline.user.naming_policy_privileged", Doc: "the user principal name fits naming_policy.privileged; no answer for emergency accounts and apps",
			Needs: []string{"naming_policy"}, Compute: privilegedName,
		},
		{
			Name: "baseline.user.account_type", Doc: "break_glass, guest, privileged, service or user, from the lists and the user principal name",
			Compute: func(v *View, f Facts) (string, bool) {
				p := f.User()
				if p.zero() || p.App {
					return "", false
				}
				return v.class(p), true
			},
		},
		accountAllowed("baseline.user.cloud_account_allowed", "cloud_account_policy.allowed_types"),
		accountAllowed("baseline.user.synced_account_allowed", "synced_account_types"),
		{
			Name: "baseline.target.naming_policy", Doc: "the user principal names of all targets fit naming_policy for their class of account",
			Needs: []string{"naming_policy"}, Compute: targetNaming,
		},
		{
			Name: "baseline.target.domain", Doc: "approved, blocked or unapproved: the domain of the targets (a guest's own) in blocked_domains, then approved_domains; the worst counts",
			Needs: []string{"approved_domains|blocked_domains"}, Compute: targetDomain,
		},
		{
			Name: "baseline.target.sync_scope", Doc: "the new OnPremisesDistinguishedName lies in organizational_units and OnPremisesDomainName in domains of sync_scope",
			Needs: []string{"sync_scope"}, Compute: syncScope,
		},
		{
			Name: "baseline.required_attributes.missing", Doc: "attributes of required_attributes that the new values lack or that break their pattern; absent if none",
			Needs: []string{"required_attributes"}, Compute: missingAttributes,
		},
		{
			Name: "baseline.invited.partner", Doc: "the domains of all invited accounts (the targets, or InvitedUserEmailAddress) are in partner_organizations",
			Needs: []string{"partner_organizations"}, Compute: invitedPartner,
		},
	}
}

func yesNoIf(b, known bool) (string, bool) {
	if !known {
		return "", false
	}
	return yesNo(b)
}

func accountAllowed(name, input string) Field {
	return Field{
		Name: name, Doc: "the class of the account is in " + input, Needs: []string{input},
		Compute: func(v *View, f Facts) (string, bool) {
			set, p := v.names[input], f.User()
			if set == nil || p.zero() || p.App {
				return "", false
			}
			return yesNo(set.has(v.class(p)))
		},
	}
}

func targetNaming(v *View, f Facts) (string, bool) {
	bad, seen := ofTargets(f, func(p Principal) (bool, bool) {
		ok, known := v.namedWell(p)
		return known && !ok, known
	})
	return yesNoIf(bad == "false", seen)
}

func targetDomain(v *View, f Facts) (string, bool) {
	approved, blocked := v.names["approved_domains"], v.names["blocked_domains"]
	worst := ""
	for i := 0; ; i++ {
		p, ok := f.Target(i)
		if !ok {
			break
		}
		domain, ok := domainOf(p.UPN)
		switch {
		case !ok:
		case blocked.hasDomain(domain, true):
			return "blocked", true
		case approved == nil:
		case !approved.hasDomain(domain, false):
			worst = "unapproved"
		case worst == "":
			worst = "approved"
		}
	}
	return worst, worst != ""
}

// hasDomain reports whether the set holds the folded domain, or, if below is
// true, one above it.
func (s *nameSet) hasDomain(domain string, below bool) bool {
	for !s.has(domain) {
		i := strings.IndexByte(domain, '.')
		if s == nil || !below || i < 0 {
			return false
		}
		domain = domain[i+1:]
	}
	return true
}

func syncScope(v *View, f Facts) (string, bool) {
	known := false
	units, _ := v.in["sync_scope.organizational_units"].val.(plainNames)
	for i := 0; len(units) > 0; i++ {
		dn, ok := f.Property("OnPremisesDistinguishedName", i)
		if !ok {
			break
		}
		if dn == "" {
			continue
		}
		known = true
		if !underAny(dn, units) {
			return "false", true
		}
	}
	for i := 0; v.names["sync_scope.domains"] != nil; i++ {
		domain, ok := f.Property("OnPremisesDomainName", i)
		if !ok {
			break
		}
		if domain == "" {
			continue
		}
		known = true
		if !v.names["sync_scope.domains"].has(domain) {
			return "false", true
		}
	}
	return yesNoIf(true, known)
}

// underAny reports whether a distinguished name lies in one of the units.
func underAny(dn string, units plainNames) bool {
	dn = strings.ReplaceAll(lower(dn), ", ", ",")
	for _, u := range units {
		unit := strings.ReplaceAll(lower(u.text), ", ", ",")
		if dn == unit || strings.HasSuffix(dn, ","+unit) {
			return true
		}
	}
	return false
}

func missingAttributes(v *View, f Facts) (string, bool) {
	list, _ := v.in["required_attributes"].val.([]namedPattern)
	var bad []string
	for _, a := range list {
		value, _ := f.Property(a.name, 0)
		switch {
		case strings.TrimSpace(value) == "":
			bad = append(bad, a.name+" missing")
		case !a.re.MatchString(value):
			bad = append(bad, a.name+" malformed")
		}
	}
	return strings.Join(bad, ", "), len(bad) > 0
}

func invitedPartner(v *View, f Facts) (string, bool) {
	partners := v.names["partner_organizations"]
	if partners == nil {
		return "", false
	}
	foreign, seen := ofTargets(f, func(p Principal) (bool, bool) {
		domain, ok := domainOf(p.UPN)
		return ok && !partners.has(domain), ok
	})
	if !seen {
		mail, _ := f.Property("InvitedUserEmailAddress", 0)
		domain, ok := domainOf(mail)
		return yesNoIf(partners.has(domain), ok)
	}
	return yesNoIf(foreign == "false", seen)
}
