package baseline

import "strings"

// check finds contradictions between inputs that are right by themselves.
func (p *parser) check(b *Baseline) {
	p.checkKinds(b)
	p.checkScope(b.set)
	for _, t := range b.tenants {
		p.checkScope(t.overrides)
		p.checkHours(p.cat.merge(b.set, t.overrides))
	}
	p.checkHours(b.set)
}

func (p *parser) checkKinds(b *Baseline) {
	b2c, _ := b.set["b2c_tenants"].val.([]item)
	for _, it := range b2c {
		for _, t := range b.tenants {
			if t.ID == it.text && t.Kind == Workforce {
				p.fail(it.at, "", "%s is listed as %s in line %d", it.text, Workforce, t.at.line)
			}
		}
	}
}

func (p *parser) checkScope(s scope) {
	approved, _ := s["approved_domains"].val.(domainNames)
	blocked, _ := s["blocked_domains"].val.(domainNames)
	p.disjoint(approved, blocked, "blocked_domains")
	high, _ := s["hbi_mbi_apps.high"].val.(appNames)
	medium, _ := s["hbi_mbi_apps.medium"].val.(appNames)
	p.disjoint(medium, high, "hbi_mbi_apps.high")

	for _, name := range sorted(s) {
		e := s[name]
		general, ok := strings.CutSuffix(name, privilegedSuffix)
		if !ok {
			continue
		}
		if t, _ := s[general].val.(Threshold); t.Privileged != nil {
			p.fail(e.at, "keep one of the two", "%s.privileged in line %d says the same", general, s[general].at.line)
		}
	}
	for _, r := range refsOf(s, "conditional_access_exceptions") {
		if r.kind == refInput && r.text == "conditional_access_exceptions" {
			p.fail(r.at, "", "refers to itself")
		}
	}
}

func refsOf(s scope, name string) []ref {
	refs, _ := s[name].val.([]ref)
	return refs
}

func (p *parser) disjoint(a, b []item, other string) {
	lines := map[string]int{}
	for _, it := range b {
		lines[lower(it.text)] = it.at.line
	}
	for _, it := range a {
		if line, ok := lines[lower(it.text)]; ok {
			p.fail(it.at, "keep one of the two", "%q stands in %s too, line %d", it.text, other, line)
		}
	}
}

// checkHours finds a reference to working hours that are not there.
func (p *parser) checkHours(s scope) {
	e := s["elevation_policy.hours"]
	_, refers := e.val.(asWorkingHours)
	_, set := s["working_hours"]
	if !refers || set {
		return
	}
	for _, known := range p.errs { // the same entry may serve several tenants
		if known.Line == e.at.line && known.Path == e.at.path {
			return
		}
	}
	p.fail(e.at, "set it, or write a list of the same shape here", "refers to working_hours, which is not set")
}
