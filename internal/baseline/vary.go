package baseline

import (
	"maps"
	"slices"
)

// Over returns b with what only the other baseline sets beneath it.
func (b *Baseline) Over(under *Baseline) *Baseline {
	out := &Baseline{set: maps.Clone(under.set), tenants: b.tenants}
	if out.set == nil {
		out.set = scope{}
	}
	maps.Copy(out.set, b.set)
	if len(b.tenants) == 0 {
		out.tenants = under.tenants
	}
	return out
}

// WithThreshold returns b with another threshold, for all tenants.
func (b *Baseline) WithThreshold(name string, t Threshold) *Baseline {
	out := b.Without(name)
	out.set[name] = entry{val: t}
	return out
}

// Without returns b as if it did not set an input, for any tenant: what is
// built in holds then.
func (b *Baseline) Without(input string) *Baseline {
	out := &Baseline{set: maps.Clone(b.set), tenants: slices.Clone(b.tenants)}
	if out.set == nil {
		out.set = scope{}
	}
	delete(out.set, input)
	for i := range out.tenants {
		out.tenants[i].overrides = maps.Clone(out.tenants[i].overrides)
		delete(out.tenants[i].overrides, input)
	}
	return out
}

// Sets reports whether the file, or an override of that tenant, sets an input.
func (b *Baseline) Sets(tenant, input string) bool {
	if _, ok := b.set[input]; ok && tenant == "" {
		return true
	}
	if s := newCatalogue().byName[input]; s != nil && tenant == "" {
		return b.set.sets(s)
	}
	for _, t := range b.tenants {
		if s := newCatalogue().byName[input]; s != nil && t.ID == tenant && t.overrides.sets(s) {
			return true
		}
	}
	return false
}
