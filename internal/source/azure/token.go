package azure

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// Claims are what a token says of who carries it. They are read to explain what
// is missing; whether a token is valid only its receiver can tell.
type Claims struct {
	Tenant string   `json:"tid"`
	Client string   `json:"appid"`
	Roles  []string `json:"roles"` // the application permissions
}

// ReadClaims reads the claims of a token; ok is false where it has none to read.
func ReadClaims(token string) (c Claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, false
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(data, &c) != nil {
		return Claims{}, false
	}
	return c, true
}

// Has reports whether one of some permissions is among the roles.
func (c Claims) Has(permissions ...string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool {
		return slices.ContainsFunc(c.Roles, func(r string) bool { return strings.EqualFold(r, p) })
	})
}
