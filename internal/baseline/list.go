package baseline

import (
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

// The sorts of plain lists; they differ in how a view makes sets of them.
type (
	plainNames    []item // compared as they are
	appNames      []item // names or application ids
	roleNames     []item // names or ids
	groupNames    []item // names or ids
	domainNames   []item // in lower case
	protocolNames []item // compared without blanks and punctuation
)

func (p *parser) names(n *yaml.Node, path string) any {
	if items := p.texts(n, path); items != nil {
		return plainNames(items)
	}
	return nil
}

// withoutPrefix reads a list whose entries may carry a prefix, as principals do.
func (p *parser) withoutPrefix(n *yaml.Node, path, prefix string) []item {
	items := p.texts(n, path)
	for i := range items {
		items[i].text, _ = cutPrefixFold(items[i].text, prefix)
		if items[i].text == "" {
			p.fail(items[i].at, "", "%q names nothing", prefix)
		}
	}
	return items
}

func (p *parser) apps(n *yaml.Node, path string) any {
	if items := p.withoutPrefix(n, path, "app:"); items != nil {
		return appNames(items)
	}
	return nil
}

func (p *parser) roles(n *yaml.Node, path string) any {
	if items := p.withoutPrefix(n, path, "role:"); items != nil {
		return roleNames(items)
	}
	return nil
}

func (p *parser) groups(n *yaml.Node, path string) any {
	if items := p.withoutPrefix(n, path, "group:"); items != nil {
		return groupNames(items)
	}
	return nil
}

// words reads a list of which every entry is one of a few.
func words(known ...string) parseFunc {
	return func(p *parser, n *yaml.Node, path string) any {
		items := p.texts(n, path)
		if items == nil {
			return nil
		}
		list := plainNames{}
		for _, it := range items {
			if w, ok := p.word(it, known); ok {
				list = append(list, item{w, it.at})
			}
		}
		return list
	}
}

// protocols reads values of authenticationProtocol. New ones appear, so only
// what looks like a slip of the pen is refused.
func (p *parser) protocols(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	known := []string{"oAuth2", "ropc", "wsFederation", "saml20", "deviceCode", "authenticationTransfer", "nativeAuth"}
	for _, it := range items {
		near := nearest(squeeze(it.text), known)
		if near != "" && squeeze(near) != squeeze(it.text) {
			p.fail(it.at, "did you mean "+near+"?", "%q is not known", it.text)
		}
	}
	return protocolNames(items)
}

// squeeze leaves only letters and digits, in lower case: "Device code" and
// deviceCode are one.
func squeeze(s string) string { return string(squeezeTo(nil, s)) }

func squeezeTo(dst []byte, s string) []byte {
	from := len(dst)
	dst = ascii.AppendLower(dst, s)
	kept := dst[:from]
	for _, c := range dst[from:] {
		if c != ' ' && c != '-' && c != '_' && c != '.' {
			kept = append(kept, c)
		}
	}
	return kept
}

func (p *parser) domains(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := domainNames{}
	for _, it := range items {
		if d, ok := p.domain(it); ok {
			list = append(list, item{d, it.at})
		}
	}
	return list
}

// domain checks a domain name, of which the first label may be *.
func (p *parser) domain(it item) (string, bool) {
	d := strings.TrimSuffix(lower(it.text), ".")
	rest := strings.TrimPrefix(d, "*.")
	if strings.ContainsAny(rest, "*@:/\\ \t\"'") || !strings.Contains(rest, ".") ||
		strings.HasPrefix(rest, ".") || strings.HasSuffix(rest, ".") || strings.Contains(rest, "..") {
		p.fail(it.at, "write it like contoso.com or *.contoso.com", "%q is not a domain", it.text)
		return "", false
	}
	return d, true
}

// partners reads domains and tenant ids.
func (p *parser) partners(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := domainNames{}
	for _, it := range items {
		if isGUID(it.text) {
			list = append(list, item{lower(it.text), it.at})
		} else if d, ok := p.domain(it); ok {
			list = append(list, item{d, it.at})
		}
	}
	return list
}

func (p *parser) countries(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := []string{}
	for _, it := range items {
		if c, ok := p.country(it); ok {
			list = append(list, c)
		}
	}
	return list
}

func (p *parser) networks(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := []netip.Prefix{}
	for _, it := range items {
		if pre, ok := p.prefix(it); ok {
			list = append(list, pre)
		}
	}
	return list
}

func (p *parser) devices(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := []device{}
	for _, it := range items {
		if d, ok := p.device(it); ok {
			list = append(list, d)
		}
	}
	return list
}
