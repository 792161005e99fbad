package baseline

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

type refKind uint8

const (
	refUser  refKind = iota // user principal name, * as wildcard
	refID                   // object id (or app id)
	refApp                  // app:NAME, app:APPID
	refRole                 // role:NAME, role:ID
	refGroup                // group:NAME, group:ID
	refName                 // bare display name, where the input takes such
	refInput                // name of another input, where the input takes such
)

// ref is one entry of a list of principals.
type ref struct {
	kind refKind
	text string // without the prefix
	at   place
}

func (r ref) String() string {
	switch r.kind {
	case refApp:
		return "app:" + r.text
	case refRole:
		return "role:" + r.text
	case refGroup:
		return "group:" + r.text
	}
	return r.text
}

// bare says what an entry without prefix, @ or * may mean.
type bare uint8

const (
	bareNothing bare = iota
	bareName         // a display name
	bareInput        // another input that holds principals
)

func (p *parser) principals(n *yaml.Node, path string, b bare) []ref {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	refs := make([]ref, 0, len(items))
	for _, it := range items {
		if r, ok := p.ref(it, b); ok {
			refs = append(refs, r)
		}
	}
	return refs
}

func (p *parser) ref(it item, b bare) (ref, bool) {
	for _, x := range []struct {
		prefix string
		kind   refKind
	}{{"app:", refApp}, {"role:", refRole}, {"group:", refGroup}} {
		name, ok := cutPrefixFold(it.text, x.prefix)
		switch {
		case !ok:
			continue
		case name == "":
			p.fail(it.at, "", "%q names nothing", it.text)
			return ref{}, false
		case x.kind != refApp && strings.Contains(name, "*"):
			p.fail(it.at, "name each one", "%q: * works for user principal names and apps only", it.text)
			return ref{}, false
		}
		return ref{x.kind, name, it.at}, true
	}
	switch {
	case isGUID(it.text):
		return ref{refID, it.text, it.at}, true
	case strings.Contains(it.text, "@") || b != bareName && strings.Contains(it.text, "*"):
		return ref{refUser, it.text, it.at}, true
	case b == bareName:
		return ref{refName, it.text, it.at}, true
	case b == bareInput:
		if s := p.cat.find(it.text); s != nil && s.principals {
			return ref{refInput, s.name, it.at}, true
		}
		p.fail(it.at, didYouMean(it.text, p.cat.principalInputs()), "%q is neither a principal nor an input that lists principals", it.text)
		return ref{}, false
	}
	p.fail(it.at, "write user@domain, an object id, app:NAME, role:NAME, group:NAME or @file", "%q is not a user, app, role or group", it.text)
	return ref{}, false
}
