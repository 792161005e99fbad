package baseline

import "go.yaml.in/yaml/v3"

// The kinds of tenant.
const (
	Workforce = "workforce"
	B2C       = "b2c"
)

// Tenant is one of the tenants that share a baseline file.
type Tenant struct {
	ID   string // lower case
	Name string
	Kind string // Workforce or B2C; "" if the entry does not say

	overrides scope
	at        place
}

func (p *parser) tenants(n *yaml.Node, path string) any {
	list := []Tenant{}
	ids, names := map[string]int{}, map[string]int{}
	once := func(seen map[string]int, value string, n *yaml.Node, path string) {
		if first, twice := seen[lower(value)]; twice {
			p.failNode(n, path, "", "%s is listed twice, first in line %d", value, first)
			return
		}
		seen[lower(value)] = n.Line
	}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		t := Tenant{at: p.at(n, path)}
		p.object(n, path,
			key{"id", true, func(n *yaml.Node, path string) {
				if id, ok := p.tenantID(n, path).(tenantID); ok {
					t.ID = string(id)
					once(ids, t.ID, n, path)
				}
			}},
			key{"name", false, func(n *yaml.Node, path string) {
				if s, ok := p.scalar(n, path); ok {
					t.Name = s
					once(names, s, n, path)
				}
			}},
			key{"kind", false, func(n *yaml.Node, path string) { t.Kind, _ = p.oneOf(n, path, Workforce, B2C) }},
			key{"overrides", false, func(n *yaml.Node, path string) { t.overrides = p.inputs(n, path, true) }})
		list = append(list, t)
	}) {
		return nil
	}
	return list
}

// tenantID is a tenant id in lower case.
type tenantID string

func (p *parser) tenantID(n *yaml.Node, path string) any {
	s, ok := p.scalar(n, path)
	if !ok {
		return nil
	}
	if !isGUID(s) {
		p.failNode(n, path, "write it like 4bbb79f7-5724-4c9e-95f3-de075f6ec090", "%q is not a tenant id", s)
		return nil
	}
	return tenantID(lower(s))
}

func (p *parser) tenantIDs(n *yaml.Node, path string) any {
	list := []item{}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		if id, ok := p.tenantID(n, path).(tenantID); ok {
			list = append(list, item{string(id), p.at(n, path)})
		}
	}) {
		return nil
	}
	return list
}
