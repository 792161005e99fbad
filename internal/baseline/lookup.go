package baseline

import (
	"fmt"
	"slices"
)

func (d *Directory) usersNamed(upn string) []string { return d.usersByUPN[lower(upn)] }

// usersLike returns the ids of users whose name matches a pattern, in no order.
func (d *Directory) usersLike(g *glob) []string {
	var ids []string
	for upn, of := range d.usersByUPN {
		if g.match([]byte(upn)) {
			ids = append(ids, of...)
		}
	}
	return ids
}

func (d *Directory) appID(id string) string { return d.appIDs[lower(id)] }

// app returns the service principals with a name or application id, and the
// different application ids that they have.
func (d *Directory) app(nameOrAppID string) (ids, appIDs []string) {
	k := lower(nameOrAppID)
	all, apps := idSet{}, idSet{}
	for _, id := range slices.Concat(d.apps[k], d.appsByAppID[k]) {
		all[id] = true
		if a := d.appIDs[id]; a != "" {
			apps[a] = true
		}
	}
	return sorted(all), sorted(apps)
}

// groupMembers returns everybody in the group with that name or id, groups
// inside it included, and what is wrong with the reference.
func (d *Directory) groupMembers(nameOrID string, unique bool) (ids []string, why string) {
	k := lower(nameOrID)
	groups := d.groups[k]
	if d.groupIDs[k] || d.members[k] != nil {
		groups = []string{k}
	}
	switch {
	case len(groups) == 0 && len(d.groupIDs) == 0 && len(d.members) == 0:
		return nil, "no groups in the input"
	case len(groups) == 0:
		return nil, "no such group in the input"
	case len(groups) > 1:
		why = fmt.Sprintf("%d groups have that name, write group:ID", len(groups))
		if unique {
			return nil, why
		}
	}
	ids = d.expand(groups)
	if len(ids) == 0 && why == "" {
		why = "no members of that group in the input"
	}
	return ids, why
}

// expand replaces groups by their members, through all levels, in order.
func (d *Directory) expand(ids []string) []string {
	seen, people := idSet{}, idSet{}
	for queue := slices.Clone(ids); len(queue) > 0; {
		id := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		if members := d.members[id]; members != nil || d.groupIDs[id] {
			for m := range members {
				queue = append(queue, m)
			}
			continue
		}
		people[id] = true
	}
	return sorted(people)
}

// roleMembers returns the holders of a role, and what is wrong with the reference.
func (d *Directory) roleMembers(nameOrID string) (ids []string, why string) {
	if len(d.assignments) == 0 {
		return nil, "no role assignments in the input"
	}
	known := false
	for _, id := range d.roleIDsOf(nameOrID) {
		known = known || d.roleIDs[id]
		ids = append(ids, sorted(d.assignments[id])...)
	}
	if _, builtin := builtinRole(nameOrID); !known && !builtin {
		return nil, "no such role in the input"
	}
	return d.expand(ids), ""
}

// roleIDsOf returns the ids under which a role may be assigned.
func (d *Directory) roleIDsOf(nameOrID string) []string {
	ids := idSet{lower(nameOrID): true}
	names := []string{nameOrID}
	if r, ok := builtinRole(nameOrID); ok {
		ids[r.template] = true
		names = append(names, r.name)
	}
	for _, n := range names {
		ids["name:"+lower(n)] = true
		for _, id := range d.roles[lower(n)] {
			ids[id] = true
		}
	}
	return sorted(ids)
}
