package baseline

import "strings"

// keyKind says as what a key of a principal set is known; several may apply.
type keyKind uint8

const (
	byID keyKind = 1 << iota
	byAppID
	byUPN
	byAppName
	byName // display name of anything but a person
)

// principalSet is a list of principals with groups and roles resolved.
type principalSet struct {
	all                bool // "*" stands alone in the list
	keys               map[string]keyKind
	users, apps, names []glob
	list               []string // for placeholders: names and ids, roles and groups replaced by members
}

func (s *principalSet) add(text string, kind keyKind) {
	k := lower(text)
	if k == "" {
		return
	}
	if s.keys[k] == 0 {
		s.list = append(s.list, text)
	}
	s.keys[k] |= kind
}

// has reports whether p is in the set: by object id, application id or user
// principal name, and by display name if it is not a person, since a person's
// display name is no identity.
func (s *principalSet) has(p Principal) bool {
	if s == nil {
		return false
	}
	if s.all {
		return !p.zero()
	}
	var buf [160]byte
	if p.ID != "" && s.keys[string(fold(buf[:0], p.ID))]&byID != 0 {
		return true
	}
	if p.AppID != "" && s.keys[string(fold(buf[:0], p.AppID))]&byAppID != 0 {
		return true
	}
	if p.Name != "" {
		name := fold(buf[:0], p.Name)
		k := s.keys[string(name)]
		if (p.App || p.UPN == "") && (k&byName != 0 || len(s.names) > 0 && anyGlob(s.names, name)) {
			return true
		}
		if p.App && (k&byAppName != 0 || len(s.apps) > 0 && anyGlob(s.apps, name)) {
			return true
		}
	}
	return p.UPN != "" && s.hasUPN(fold(buf[:0], p.UPN), p.ID)
}

// hasUPN tries the name as it is, without the id that deleted users carry in
// front, and as the mail address of a guest.
func (s *principalSet) hasUPN(upn []byte, id string) bool {
	if s.hasName(upn) {
		return true
	}
	if short := withoutIDPrefix(upn); len(short) != len(upn) && (id == "" || prefixIs(upn, id)) {
		upn = short
		if s.hasName(upn) {
			return true
		}
	}
	mail, ok := guestMail(upn)
	return ok && s.hasName(mail)
}

func (s *principalSet) hasName(upn []byte) bool {
	return s.keys[string(upn)]&byUPN != 0 || len(s.users) > 0 && anyGlob(s.users, upn)
}

// resolver turns references into sets with the help of a directory and notes
// what it could not resolve.
type resolver struct {
	dir        *Directory
	in         scope
	unresolved []string
	seen       map[string]bool
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
