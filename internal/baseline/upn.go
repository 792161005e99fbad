package baseline

import (
	"bytes"
	"strings"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

const extMark = "#ext#"

// withoutIDPrefix strips the 32 hexadecimal digits (the object id) that Entra
// puts before the user principal name of a deleted user.
func withoutIDPrefix[T string | []byte](upn T) T {
	const digits = 32
	if len(upn) <= digits {
		return upn
	}
	for i := range digits {
		if !hexDigit(upn[i]) {
			return upn
		}
	}
	switch rest := upn[digits:]; {
	case rest[0] == '@': // the digits are the name itself
		return upn
	case rest[0] != '_':
		return rest
	case len(rest) > 1:
		return rest[1:]
	}
	return upn
}

// prefixIs reports whether the 32 digits before a deleted user's name spell id.
func prefixIs(upn []byte, id string) bool {
	n := 0
	for i := range len(id) {
		c := id[i]
		if c == '-' {
			continue
		}
		if 'A' <= c && c <= 'F' {
			c += 'a' - 'A'
		}
		if n == len(upn) || upn[n] != c {
			return false
		}
		n++
	}
	return n == 32
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// guestMail turns the folded name user_domain.com#ext#@tenant, which a guest
// has in the directory, into user@domain.com, in place.
func guestMail(upn []byte) ([]byte, bool) {
	end := bytes.Index(upn, []byte(extMark))
	if end < 0 {
		return nil, false
	}
	at := bytes.LastIndexByte(upn[:end], '_')
	if at <= 0 || at == end-1 {
		return nil, false
	}
	upn[at] = '@'
	return upn[:end], true
}

func isGuest(upn string) bool {
	i := strings.IndexByte(upn, '#')
	return i >= 0 && strings.Contains(lower(upn[i:]), extMark)
}

// domainOf returns the folded domain of an account: for a guest the domain of
// the invited address, not the tenant's.
func domainOf(upn string) (string, bool) {
	b := ascii.AppendLower(nil, withoutIDPrefix(upn))
	if mail, ok := guestMail(b); ok {
		b = mail
	}
	i := bytes.LastIndexByte(b, '@')
	if i < 0 || i == len(b)-1 {
		return "", false
	}
	return strings.TrimSuffix(string(b[i+1:]), "."), true
}

// isGUID reports whether s has the form of an object, application or tenant id.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !hexDigit(s[i]) {
				return false
			}
		}
	}
	return true
}
