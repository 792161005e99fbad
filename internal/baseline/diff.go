package baseline

import (
	"cmp"
	"slices"
)

// A Change is how one input differs between two baselines. Its JSON form is an
// interface of `baseline diff -json`.
type Change struct {
	Tenant  string     `json:"tenant"` // whose overrides differ; "" for the file itself
	Input   string     `json:"input"`
	Added   []string   `json:"added"`
	Removed []string   `json:"removed"`
	Changed []Replaced `json:"changed"`
	// Set and Unset tell that only one of the two says anything: an empty list
	// is not the same as none.
	Set   bool `json:"set"`
	Unset bool `json:"unset"`
}

// Replaced is a value that another has taken the place of.
type Replaced struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Diff says how b differs from a in what they mean: the order of lists, upper
// and lower case, @files and the way of writing do not count. Changes are in
// the order of the catalogue, those of the file before those of tenants.
func Diff(a, b *Baseline) []Change {
	out := diffScope("", a.set, b.set)
	out = append(out, diffTenants(a, b)...)
	overrides := map[string][2]scope{}
	for i, side := range []*Baseline{a, b} {
		for _, t := range side.tenants {
			pair := overrides[t.ID]
			pair[i] = t.overrides
			overrides[t.ID] = pair
		}
	}
	for _, id := range sorted(overrides) {
		out = append(out, diffScope(id, overrides[id][0], overrides[id][1])...)
	}
	return out
}

func diffScope(tenant string, a, b scope) []Change {
	var out []Change
	newCatalogue().leaves(func(s *spec) {
		if s.name == "tenants" {
			return
		}
		old, inA := a[s.name]
		now, inB := b[s.name]
		if !inA && !inB {
			return
		}
		c := compare(flatten(old.val), flatten(now.val))
		if !inA {
			c = compare(nil, flatten(now.val))
		} else if !inB {
			c = compare(flatten(old.val), nil)
		}
		c.Set, c.Unset = !inA, !inB
		if c.any() {
			c.Tenant, c.Input = tenant, s.name
			out = append(out, c)
		}
	})
	return out
}

func (c *Change) any() bool {
	return c.Set || c.Unset || len(c.Added) > 0 || len(c.Removed) > 0 || len(c.Changed) > 0
}

// diffTenants compares which tenants there are and of what kind.
func diffTenants(a, b *Baseline) []Change {
	list := func(x *Baseline) []element {
		var out []element
		for _, t := range x.tenants {
			text := t.ID
			if t.Name != "" {
				text += ", name " + t.Name
			}
			if t.Kind != "" {
				text += ", kind " + t.Kind
			}
			out = append(out, element{"\x00" + t.ID, text})
		}
		return out
	}
	c := compare(list(a), list(b))
	if !c.any() {
		return nil
	}
	c.Input = "tenants"
	return []Change{c}
}

// compare finds the elements that only one side has. Of those with the same
// key and another text, one has replaced the other.
func compare(a, b []element) Change {
	c := Change{Added: []string{}, Removed: []string{}, Changed: []Replaced{}}
	old, now := byKey(a), byKey(b)
	for _, k := range sorted(old) {
		switch text, kept := now[k]; {
		case !kept:
			c.Removed = append(c.Removed, old[k])
		case k[:min(1, len(k))] == "\x00" && text != old[k]:
			c.Changed = append(c.Changed, Replaced{old[k], text})
		}
	}
	for _, k := range sorted(now) {
		if _, had := old[k]; !had {
			c.Added = append(c.Added, now[k])
		}
	}
	slices.SortFunc(c.Changed, func(x, y Replaced) int { return cmp.Compare(x.From, y.From) })
	return c
}

func byKey(list []element) map[string]string {
	out := map[string]string{}
	for _, e := range list {
		out[e.key] = e.text
	}
	return out
}
