package baseline

import "regexp"

// upnOf returns the user principal name of an account, from the directory if the
// record has only the id, and without the prefix of deleted users.
func (v *View) upnOf(p Principal) string {
	if p.UPN == "" && !p.App {
		u, _ := v.dir.User(p.ID)
		p.UPN = u.UPN
	}
	return withoutIDPrefix(p.UPN)
}

func (v *View) naming(class string) *regexp.Regexp {
	list, _ := v.in["naming_policy"].val.([]namedPattern)
	for _, n := range list {
		if n.name == class {
			return n.re
		}
	}
	return nil
}

// class returns the class of an account.
func (v *View) class(p Principal) string {
	upn := v.upnOf(p)
	switch {
	case v.people["break_glass_accounts"].has(p):
		return classBreakGlass
	case isGuest(upn):
		return classGuest
	case v.people["privileged_accounts"].has(p):
		return classPrivileged
	case v.people["sync_service_accounts"].has(p):
		return classService
	}
	if re := v.naming(classService); re != nil && re.MatchString(upn) {
		return classService
	}
	return classUser
}

// namedWell tests the name against the pattern of its class. A class without a
// pattern has no answer, but privileged accounts then go by the one for users.
// An account that is nothing special yet may have the name of any class.
func (v *View) namedWell(p Principal) (ok, known bool) {
	upn := v.upnOf(p)
	if upn == "" || p.App || v.in["naming_policy"].val == nil {
		return false, false
	}
	class := v.class(p)
	re := v.naming(class)
	if re == nil && class == classPrivileged {
		re = v.naming(classUser)
	}
	if re != nil && re.MatchString(upn) {
		return true, true
	}
	if class == classUser {
		for _, other := range []string{classPrivileged, classService, classBreakGlass} {
			if o := v.naming(other); o != nil && o.MatchString(upn) {
				return true, true
			}
		}
	}
	return false, re != nil
}

func privilegedName(v *View, f Facts) (string, bool) {
	p := f.User()
	upn, re := v.upnOf(p), v.naming(classPrivileged)
	if upn == "" || p.App || re == nil || v.people["break_glass_accounts"].has(p) {
		return "", false
	}
	return yesNo(re.MatchString(upn))
}
