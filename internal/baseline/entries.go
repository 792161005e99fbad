package baseline

import (
	"net/netip"
	"slices"
	"strings"
)

// An Entry is one value of a list of the baseline, of which logs can tell
// whether it was ever needed.
type Entry struct {
	Tenant string // whose; "" for the home tenant
	Input  string
	Text   string

	person  *principalSet
	network *ipSet
	country string
	apps    *nameSet
	actor   bool // compared with who made changes of this kind only
}

// needful are the inputs whose entries should be met in logs now and then.
// Emergency accounts, exceptions for a rainy day and VIPs are not among them.
func needful(input string) bool {
	switch input {
	case "allowed_countries", "egress_ips", "trusted_ips_privileged", "privileged_accounts", "approved_sources", "sync_service_accounts", "ropc_allowed_apps":
		return true
	}
	return strings.HasPrefix(input, "approved_actors.")
}

// Entries returns what a tenant's baseline lists by itself, without what is
// built in.
func (b *Baseline) Entries(tenant string, dir *Directory) []Entry {
	v := b.View(tenant, dir)
	r := &resolver{dir: v.dir, in: v.in, seen: map[string]bool{}}
	var out []Entry
	v.cat.leaves(func(s *spec) {
		e := v.in[s.name]
		if e.builtin || !needful(s.name) {
			return
		}
		add := func(one Entry) {
			one.Tenant, one.Input = v.tenant, s.name
			out = append(out, one)
		}
		switch val := e.val.(type) {
		case []ref:
			for _, one := range val {
				set := r.set(s.name, []ref{one}, s.grants)
				set.seal()
				add(Entry{Text: one.String(), person: set, actor: strings.HasPrefix(s.name, "approved_")})
			}
		case []string:
			for _, c := range val {
				add(Entry{Text: c, country: c})
			}
		case []netip.Prefix:
			list, _ := texts(val)
			for i, p := range val {
				add(Entry{Text: list[i], network: newIPSet([]netip.Prefix{p})})
			}
		case appNames:
			for _, it := range val {
				set := newNameSet([]string{it.text})
				set.seal()
				add(Entry{Text: it.text, apps: set})
			}
		}
	})
	return out
}

// Meets reports whether an event needs the entry. Country and address count
// whatever came of the sign-in. For a change, asked are the inputs that say who
// may make it.
func (e *Entry) Meets(f Facts, asked []string) bool {
	switch {
	case e.person != nil && e.actor:
		return slices.Contains(asked, e.Input) && e.person.has(f.Actor())
	case e.person != nil:
		return e.person.has(f.User()) || e.person.has(f.Actor())
	case e.network != nil:
		in, _ := e.network.has(f.IP())
		return in
	case e.country != "":
		return strings.EqualFold(e.country, f.Country())
	case e.apps != nil:
		id, name := f.App()
		return e.apps.has(id) || e.apps.has(name)
	}
	return false
}
