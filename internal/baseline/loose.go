package baseline

import (
	"fmt"
	"net/netip"
	"strings"
)

// Loose is a value that lets so much through that it hardly says anything.
type Loose struct {
	Tenant string // whose override it is; "" for the file
	Input  string
	Text   string
	Why    string
}

// manyCountries is how many countries are hardly a choice any more: half.
const manyCountries = 125

// Loose finds values that are right and let nearly everything through.
func (b *Baseline) Loose() []Loose {
	out := looseIn("", b.set)
	for _, t := range b.tenants {
		out = append(out, looseIn(t.ID, t.overrides)...)
	}
	return out
}

func looseIn(tenant string, set scope) []Loose {
	var out []Loose
	newCatalogue().leaves(func(s *spec) {
		add := func(text, why string) { out = append(out, Loose{tenant, s.name, text, why}) }
		switch val := set[s.name].val.(type) {
		case []netip.Prefix:
			for _, p := range val {
				if least := 16; p.Addr().Is4() && p.Bits() < least || !p.Addr().Is4() && p.Bits() < 2*least {
					add(p.String(), "holds more addresses than one organisation has: name its own networks")
				}
			}
		case []ref:
			for _, r := range val {
				if s.grants && (r.text == "*" || strings.HasPrefix(r.text, "*@")) {
					add(r.String(), "covers everybody: name those who are meant")
				}
			}
		case appNames:
			for _, it := range val {
				if s.grants && it.text == "*" {
					add(it.text, "covers every application: name those that are meant")
				}
			}
		case []device:
			for _, d := range val {
				if d.byName && strings.Trim(d.text, "*") == "" {
					add("name:"+d.text, "covers every device: name those that are meant")
				}
			}
		case []string:
			if len(val) >= manyCountries {
				add(fmt.Sprintf("%d countries", len(val)), "more than half of the world: leave the input out, or name those from which people work")
			}
		case []namedPattern:
			for _, p := range val {
				// Nobody is called like this.
				if p.re.MatchString("") || p.re.MatchString("\u00a7 \u2603 \u00a7") {
					add(p.name+": "+strings.TrimPrefix(p.re.String(), "(?i)"), "fits every name: begin it with ^ and end it with $")
				}
			}
		case []hours:
			for _, h := range val {
				if h.days == [7]bool{true, true, true, true, true, true, true} && h.from == 0 && h.to == 24*60 {
					add(h.String(), "covers the whole week: nobody can be outside of it")
				}
			}
		}
	})
	return out
}
