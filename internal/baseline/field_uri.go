package baseline

import (
	"encoding/json"
	"net/url"
	"strings"
)

func uriFields() []Field {
	return []Field{
		{
			Name:  "baseline.redirect_uri.unsafe",
			Doc:   `what is wrong with addresses added to AppAddress: "not https", "wildcard", "foreign domain" (outside owned_domains, if set) or "malformed", each with the address; localhost and custom schemes pass; absent if nothing`,
			Needs: nil, Compute: unsafeRedirect,
		},
		{
			Name: "baseline.redirect_uri.foreign_domain", Doc: "an address added to AppAddress is outside owned_domains; no answer if none was added",
			Needs: []string{"owned_domains"}, Compute: func(v *View, f Facts) (string, bool) {
				if v.names["owned_domains"] == nil {
					return "", false
				}
				return v.foreign(addedAddresses(f))
			},
		},
		{
			Name: "baseline.logout_url.unsafe", Doc: `the new sign-out URL (LogoutUrl, Web.LogoutUrl, WwwLogoutUrl) is "empty" or as for redirect_uri.unsafe; absent if nothing`,
			Compute: unsafeLogout,
		},
	}
}

// unsafeRedirect names reason and address of everything unsafe that was added.
func unsafeRedirect(v *View, f Facts) (string, bool) {
	var bad []string
	for _, a := range addedAddresses(f) {
		for _, reason := range v.addressFaults(a) {
			bad = append(bad, reason+" "+a)
		}
	}
	return strings.Join(bad, "; "), len(bad) > 0
}

func (v *View) foreign(added []string) (string, bool) {
	for _, a := range added {
		for _, reason := range v.addressFaults(a) {
			if reason == faultForeign {
				return "true", true
			}
		}
	}
	return yesNoIf(false, len(added) > 0)
}

const (
	faultMalformed = "malformed"
	faultHTTP      = "not https"
	faultWildcard  = "wildcard"
	faultForeign   = "foreign domain"
)

// addressFaults returns what is wrong with a redirect address.
func (v *View) addressFaults(address string) []string {
	var bad []string
	if strings.Contains(address, "*") {
		bad = append(bad, faultWildcard)
	}
	u, err := url.Parse(strings.ReplaceAll(strings.TrimSpace(address), "*", "wildcard"))
	if err != nil || u.Scheme == "" {
		return append(bad, faultMalformed)
	}
	host := strings.TrimSuffix(lower(u.Hostname()), ".")
	switch u.Scheme {
	case "https":
	case "http":
		if localhost(host) {
			return bad
		}
		bad = append(bad, faultHTTP)
	case "ftp", "ws", "wss", "file", "data", "javascript":
		return append(bad, faultHTTP)
	default:
		return bad // the scheme of a native client
	}
	switch {
	case host == "":
		bad = append(bad, faultMalformed)
	case !localhost(host) && v.names["owned_domains"] != nil && !v.owned(host):
		bad = append(bad, faultForeign)
	}
	return bad
}

func localhost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// owned reports whether the host is one of owned_domains or below one.
func (v *View) owned(host string) bool {
	return v.names["owned_domains"].hasDomain(host, true)
}

// addedAddresses returns the addresses of AppAddress that the old value lacks.
func addedAddresses(f Facts) []string {
	seen := map[string]bool{}
	for _, a := range addresses(f.PropertyOld) {
		seen[a] = true
	}
	var added []string
	for _, a := range addresses(f.Property) {
		if !seen[a] {
			seen[a] = true
			added = append(added, a)
		}
	}
	return added
}

// addresses reads AppAddress: an array of objects with the key Address, as one
// value or one per object. Of a value that was cut off, what is whole counts.
func addresses(get func(string, int) (string, bool)) []string {
	var out []string
	for i := 0; ; i++ {
		text, ok := get("AppAddress", i)
		if !ok {
			return out
		}
		text = strings.TrimSpace(text)
		dec := json.NewDecoder(strings.NewReader(text))
		switch {
		case strings.HasPrefix(text, "["):
			_, _ = dec.Token()
		case !strings.HasPrefix(text, "{"):
			if text != "" {
				out = append(out, text)
			}
			continue
		}
		for dec.More() {
			var o struct{ Address string }
			if dec.Decode(&o) != nil {
				break
			}
			if o.Address != "" {
				out = append(out, o.Address)
			}
		}
	}
}

func logoutProperties() []string { return []string{"LogoutUrl", "Web.LogoutUrl", "WwwLogoutUrl"} }

func unsafeLogout(v *View, f Facts) (string, bool) {
	for _, name := range logoutProperties() {
		now, isNew := f.Property(name, 0)
		old, isOld := f.PropertyOld(name, 0)
		now = strings.TrimSpace(now)
		switch {
		case !isNew && !isOld || now == strings.TrimSpace(old):
			continue
		case now == "":
			return "empty", true
		}
		if bad := v.addressFaults(now); len(bad) > 0 {
			return strings.Join(bad, ", ") + " " + now, true
		}
	}
	return "", false
}
