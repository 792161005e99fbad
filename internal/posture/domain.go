package posture

import (
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A Resolution is what name servers say of a host.
type Resolution string

// What name servers may say.
const (
	Exists  Resolution = "exists"
	Gone    Resolution = "gone"    // there is no such name
	Unknown Resolution = "unknown" // they did not answer, or not that
)

// Hosts lists the hosts of redirect URIs that somebody could own: no addresses,
// no localhost, no names of one word, no wildcards.
func (s *Snapshot) Hosts() []string {
	hosts := map[string]bool{}
	for _, a := range s.apps {
		for _, uri := range a.uris {
			if h := hostOf(uri); h != "" {
				hosts[h] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	h := strings.TrimSuffix(lower(u.Hostname()), ".")
	if _, err := netip.ParseAddr(h); err == nil || !strings.Contains(h, ".") || strings.Contains(h, "*") || len(h) > 253 ||
		strings.HasSuffix(h, ".localhost") || strings.HasSuffix(h, ".local") {
		return ""
	}
	return h
}

// domains makes a record for each application and host of its redirect URIs.
func (j *Join) domains() []map[string]any {
	var out []map[string]any
	for _, id := range slices.Sorted(maps.Keys(j.Snapshot.apps)) {
		a := j.Snapshot.apps[id]
		byHost := map[string][]string{}
		for _, uri := range a.uris {
			if h := hostOf(uri); h != "" {
				byHost[h] = append(byHost[h], uri)
			}
		}
		for _, h := range slices.Sorted(maps.Keys(byHost)) {
			rec := map[string]any{
				"id": id + "|" + h, "applicationId": id, "appId": a.appID, "displayName": a.name, "host": h, "redirectUris": byHost[h],
			}
			if r := j.Hosts[h]; r != "" {
				rec["resolution"] = string(r)
			}
			if owned, known := j.View.Owns(h); known {
				rec["owned"] = owned
			}
			out = append(out, rec)
		}
	}
	return out
}
