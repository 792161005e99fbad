package baseline

import "strings"

// What checks of snapshots ask, which are not about one record.

// InList reports whether a principal is in an input that lists principals.
func (v *View) InList(input string, p Principal) bool { return v.people[input].has(p) }

// Declared returns the entries of an input that each name one user, by user
// principal name or object id.
func (v *View) Declared(input string) []string {
	refs, _ := v.in[input].val.([]ref)
	var out []string
	for _, r := range refs {
		if (r.kind == refUser || r.kind == refID) && !strings.Contains(r.text, "*") {
			out = append(out, r.text)
		}
	}
	return out
}

// Owns reports whether a host is one of owned_domains or below one; known is
// false if that input is not set.
func (v *View) Owns(host string) (owned, known bool) {
	if v.names["owned_domains"] == nil {
		return false, false
	}
	return v.owned(host), true
}

// FitsResponsibilities reports whether role_responsibilities of p include a
// role, under any of its names; listed is false if they do not name p.
func (v *View) FitsResponsibilities(p Principal, role ...string) (fits, listed bool) {
	for _, d := range v.duties {
		if !d.who.has(p) {
			continue
		}
		listed = true
		for _, name := range role {
			fits = fits || d.roles.has(name)
		}
	}
	return fits, listed
}

// SameRole reports whether two names or ids mean one built-in role.
func SameRole(a, b string) bool {
	if strings.EqualFold(a, b) {
		return a != ""
	}
	x, ok := builtinRole(a)
	y, ok2 := builtinRole(b)
	return ok && ok2 && x.template == y.template
}
