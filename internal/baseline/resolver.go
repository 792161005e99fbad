package baseline

import (
	"slices"
	"strings"
)

// resolver turns references into sets with the help of a directory and notes
// what it could not resolve.
type resolver struct {
	dir        *Directory
	in         scope
	unresolved []string
	seen       map[string]bool
	sets       []*principalSet // all that were made
}

func (r *resolver) note(input string, what ref, why string) {
	text := input + ": " + what.String() + ": " + why
	if !r.seen[text] {
		r.seen[text] = true
		r.unresolved = append(r.unresolved, text)
	}
}

// set resolves the references of one input. If grants is true, being in the set
// allows something: then an ambiguous group name stands for nobody, because
// whoever may create groups could otherwise let himself in. If not, it stands
// for the members of all of them.
func (r *resolver) set(input string, refs []ref, grants bool) *principalSet {
	s := &principalSet{keys: make(map[string]keyKind, len(refs))}
	r.fill(s, input, refs, grants)
	r.sets = append(r.sets, s)
	return s
}

func (r *resolver) fill(s *principalSet, input string, refs []ref, grants bool) {
	for _, one := range refs {
		switch one.kind {
		case refUser, refName:
			r.name(s, one)
		case refID:
			s.add(one.text, byID|byAppID)
			r.addUser(s, one.text)
		case refApp:
			r.app(s, input, one)
		case refRole:
			ids, why := r.dir.roleMembers(one.text)
			r.addAll(s, input, one, ids, why)
		case refGroup:
			ids, why := r.dir.groupMembers(one.text, grants)
			r.addAll(s, input, one, ids, why)
		case refInput:
			r.fill(s, one.text, refsOf(r.in, one.text), grants)
		}
	}
}

func (r *resolver) name(s *principalSet, one ref) {
	text := one.text
	if text == "*" {
		s.all = true
		s.list = append(s.list, text)
		return
	}
	if strings.Contains(text, "*") {
		g := newGlob(text)
		s.list = append(s.list, text)
		s.users = append(s.users, g)
		if one.kind == refName {
			s.names = append(s.names, g)
		}
		for _, id := range r.dir.usersLike(&g) {
			s.keys[id] |= byID
		}
		return
	}
	kind := byUPN
	if one.kind == refName {
		kind |= byName
	}
	s.add(text, kind)
	if mail, ok := guestMail([]byte(lower(text))); ok {
		s.keys[string(mail)] |= byUPN
	}
	for _, id := range r.dir.usersNamed(text) {
		s.keys[id] |= byID
	}
}

func (r *resolver) app(s *principalSet, input string, one ref) {
	text := one.text
	switch {
	case strings.Contains(text, "*"):
		s.list = append(s.list, text)
		s.apps = append(s.apps, newGlob(text))
		return
	case isGUID(text):
		s.add(text, byAppID|byID)
	default:
		s.add(text, byAppName)
	}
	ids, appIDs := r.dir.app(text)
	if len(appIDs) > 1 {
		r.note(input, one, "several applications have that name, write app:APPID")
		return
	}
	for _, id := range ids {
		s.keys[id] |= byID
	}
	for _, id := range appIDs {
		s.add(id, byAppID)
	}
}

func (r *resolver) addAll(s *principalSet, input string, one ref, ids []string, why string) {
	if why != "" {
		r.note(input, one, why)
	}
	for _, id := range ids {
		s.add(id, byID)
		r.addUser(s, id)
		if appID := r.dir.appID(id); appID != "" {
			s.add(appID, byAppID)
		}
	}
}

// addUser lets a user who is known by id be found by name as well: some
// formats carry no ids.
func (r *resolver) addUser(s *principalSet, id string) {
	u, ok := r.dir.User(id)
	if !ok || u.UPN == "" {
		return
	}
	s.add(u.UPN, byUPN)
	if mail, ok := guestMail([]byte(lower(u.UPN))); ok {
		s.keys[string(mail)] |= byUPN
	}
}

// apps makes a set of app names and of the ids that the directory has for them.
// Where being listed allows something and several apps share a name, the name
// alone is compared.
func (r *resolver) apps(s *spec, list []item) *nameSet {
	set := newNameSet(nil)
	for _, it := range list {
		set.add(it.text)
		ids, appIDs := r.dir.app(it.text)
		if s.grants && len(appIDs) > 1 {
			r.note(s.name, ref{kind: refName, text: it.text}, "several applications have that name, write the application id")
			continue
		}
		for _, id := range slices.Concat(appIDs, ids) {
			set.add(id)
		}
	}
	return set
}

func (r *resolver) groups(list groupNames) *nameSet {
	set := newNameSet(nil)
	for _, it := range list {
		set.add(it.text)
		for _, id := range r.dir.groups[lower(it.text)] {
			set.add(id)
		}
	}
	return set
}

func (r *resolver) stationary(input string, g stationaryGroup) stationary {
	out := stationary{members: r.set(input, g.members, false)}
	if len(g.countries) > 0 {
		out.countries = newCountrySet(g.countries)
	}
	if len(g.ips) > 0 {
		out.ips = newIPSet(g.ips)
	}
	return out
}
