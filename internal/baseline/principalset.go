package baseline

import "github.com/entrawatch/entrawatch/internal/ascii"

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
	sieve              sieve
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
	if p.Stranger || !s.sieve.mayHave(&p) {
		return false
	}
	var buf [160]byte
	if p.ID != "" && s.keys[string(ascii.AppendLower(buf[:0], p.ID))]&byID != 0 {
		return true
	}
	if p.AppID != "" && s.keys[string(ascii.AppendLower(buf[:0], p.AppID))]&byAppID != 0 {
		return true
	}
	if p.Name != "" {
		name := ascii.AppendLower(buf[:0], p.Name)
		k := s.keys[string(name)]
		if (p.App || p.UPN == "") && (k&byName != 0 || len(s.names) > 0 && anyGlob(s.names, name)) {
			return true
		}
		if p.App && (k&byAppName != 0 || len(s.apps) > 0 && anyGlob(s.apps, name)) {
			return true
		}
	}
	return p.UPN != "" && s.hasUPN(ascii.AppendLower(buf[:0], p.UPN), p.ID)
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
