package baseline

import (
	"fmt"
	"slices"
)

// User is a user as a directory snapshot shows it.
type User struct {
	ID, UPN, DisplayName, UserType string

	Enabled *bool // nil if the snapshot does not say
}

// Directory is one frozen view of directory objects. Fill it completely, in any
// order, before the first View is made from it; after that it must not change.
// Ids and names compare without regard to case.
type Directory struct {
	users       map[string]User     // by id
	usersByUPN  map[string][]string // ids
	groups      map[string][]string // ids by name
	groupIDs    idSet
	members     map[string]idSet    // of a group
	roles       map[string][]string // ids by name
	roleIDs     idSet
	assignments map[string]idSet    // principals by role id
	apps        map[string][]string // ids of service principals by name
	appsByAppID map[string][]string
	appIDs      map[string]string // application id by id of the service principal
}

type idSet map[string]bool

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	return &Directory{
		users: map[string]User{}, usersByUPN: map[string][]string{},
		groups: map[string][]string{}, groupIDs: idSet{}, members: map[string]idSet{},
		roles: map[string][]string{}, roleIDs: idSet{}, assignments: map[string]idSet{},
		apps: map[string][]string{}, appsByAppID: map[string][]string{}, appIDs: map[string]string{},
	}
}

func link(m map[string][]string, from, to string) {
	if from != "" && !slices.Contains(m[from], to) {
		m[from] = append(m[from], to)
	}
}

// AddUser adds a user, or what this snapshot knows more about him than another.
func (d *Directory) AddUser(u User) {
	id := lower(u.ID)
	if id == "" {
		return
	}
	link(d.usersByUPN, lower(u.UPN), id)
	old := d.users[id]
	u.ID, u.UPN = max(u.ID, old.ID), max(u.UPN, old.UPN)
	u.DisplayName, u.UserType = max(u.DisplayName, old.DisplayName), max(u.UserType, old.UserType)
	if u.Enabled == nil || old.Enabled != nil && *old.Enabled {
		u.Enabled = old.Enabled
	}
	d.users[id] = u
}

// AddGroup adds a group; several groups may have one name.
func (d *Directory) AddGroup(id, name string) {
	if id = lower(id); id != "" {
		d.groupIDs[id] = true
		link(d.groups, lower(name), id)
	}
}

// AddMember adds a user, service principal or group to a group.
func (d *Directory) AddMember(groupID, memberID string) {
	if groupID = lower(groupID); groupID == "" || memberID == "" {
		return
	}
	if d.members[groupID] == nil {
		d.members[groupID] = idSet{}
	}
	d.members[groupID][lower(memberID)] = true
}

// AddRoleName adds a role definition.
func (d *Directory) AddRoleName(id, name string) {
	if id = lower(id); id != "" {
		d.roleIDs[id] = true
		link(d.roles, lower(name), id)
	}
}

// AddRoleAssignment adds a holder of a role, be it active or, in PIM, eligible:
// for the baseline both hold it. The role is known by its definition or template
// id, by its name, or by both; principalID may be that of a group. The last
// argument says whether the holder is only eligible.
func (d *Directory) AddRoleAssignment(roleID, roleName, principalID string, _ bool) {
	id := lower(roleID)
	if id == "" && roleName != "" {
		id = "name:" + lower(roleName)
	}
	if id == "" || principalID == "" {
		return
	}
	d.AddRoleName(id, roleName)
	if d.assignments[id] == nil {
		d.assignments[id] = idSet{}
	}
	d.assignments[id][lower(principalID)] = true
}

// AddServicePrincipal adds an application as it exists in the tenant.
func (d *Directory) AddServicePrincipal(id, appID, name string) {
	id, appID = lower(id), lower(appID)
	if id == "" {
		return
	}
	d.appIDs[id] = max(appID, d.appIDs[id])
	link(d.apps, lower(name), id)
	link(d.appsByAppID, appID, id)
}

// User returns the user with that object id.
func (d *Directory) User(id string) (User, bool) {
	u, ok := d.users[lower(id)]
	return u, ok
}

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
