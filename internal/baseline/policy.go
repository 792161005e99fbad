package baseline

import (
	"net/netip"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"
)

// PIMSettings is how activation of one role is meant to be protected. Nil and
// zero mean that the baseline does not say.
type PIMSettings struct {
	MFA, Approval, Justification *bool

	MaxDuration time.Duration
}

func (p *parser) pimSettings(n *yaml.Node, path string) any {
	all := map[string]PIMSettings{}
	if !p.each(n, path, func(role string, _, n *yaml.Node, path string) {
		var s PIMSettings
		flag := func(to **bool) func(*yaml.Node, string) {
			return func(n *yaml.Node, path string) {
				if b, ok := p.boolean(n, path); ok {
					*to = &b
				}
			}
		}
		p.object(n, path,
			key{"mfa_on_activation", false, flag(&s.MFA)},
			key{"approval", false, flag(&s.Approval)},
			key{"justification", false, flag(&s.Justification)},
			key{"max_duration", false, func(n *yaml.Node, path string) { s.MaxDuration, _ = p.span(n, path) }})
		all[lower(role)] = s
	}) {
		return nil
	}
	return all
}

// PIMSettings returns the settings declared for a role.
func (v *View) PIMSettings(role string) (PIMSettings, bool) {
	all, _ := v.in["pim_settings_baseline"].val.(map[string]PIMSettings)
	s, ok := all[lower(role)]
	return s, ok
}

// namedPattern is a regular expression for one class of account or attribute.
type namedPattern struct {
	name string
	re   *regexp.Regexp
}

// The classes of account that naming_policy, synced_account_types and
// cloud_account_policy speak of. "admin" is another word for privileged.
const (
	classUser       = "user"
	classPrivileged = "privileged"
	classGuest      = "guest"
	classService    = "service"
	classBreakGlass = "break_glass"
)

func accountClasses() []string {
	return []string{classUser, classPrivileged, classGuest, classService, classBreakGlass}
}

// namingPolicy reads a pattern per class of account; user principal names
// compare without regard to case.
func (p *parser) namingPolicy(n *yaml.Node, path string) any {
	return p.patterns(n, path, "(?i)", func(class string, kn *yaml.Node, path string) string {
		class, _ = p.word(item{class, p.at(kn, path)}, accountClasses())
		return class
	})
}

func (p *parser) attributePatterns(n *yaml.Node, path string) any {
	return p.patterns(n, path, "", func(name string, _ *yaml.Node, _ string) string { return name })
}

func (p *parser) patterns(n *yaml.Node, path, flags string, name func(string, *yaml.Node, string) string) any {
	list := []namedPattern{}
	if !p.each(n, path, func(k string, kn, vn *yaml.Node, path string) {
		class := name(k, kn, path)
		if re, ok := p.pattern(vn, path, flags); ok && class != "" {
			list = append(list, namedPattern{class, re})
		}
	}) {
		return nil
	}
	return list
}

// accountTypes reads a list of classes of account.
func (p *parser) accountTypes(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := plainNames{}
	for _, it := range items {
		if lower(it.text) == "admin" {
			it.text = classPrivileged
		}
		if w, ok := p.word(it, accountClasses()); ok {
			list = append(list, item{w, it.at})
		}
	}
	return list
}

// stationaryGroup is people who sign in from one place only, as written.
type stationaryGroup struct {
	members   []ref
	countries []string
	ips       []netip.Prefix
}

func (p *parser) stationaryGroups(n *yaml.Node, path string) any {
	list := []stationaryGroup{}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		var g stationaryGroup
		if !p.object(n, path,
			key{"members", true, func(n *yaml.Node, path string) { g.members = p.principals(n, path, bareNothing) }},
			key{"countries", false, func(n *yaml.Node, path string) { g.countries, _ = p.countries(n, path).([]string) }},
			key{"ips", false, func(n *yaml.Node, path string) { g.ips, _ = p.networks(n, path).([]netip.Prefix) }}) {
			return
		}
		if len(g.countries) == 0 && len(g.ips) == 0 {
			p.failNode(n, path, "", "needs countries or ips")
			return
		}
		list = append(list, g)
	}) {
		return nil
	}
	return list
}
