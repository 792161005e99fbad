package baseline

import "slices"

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
	standing    idSet             // who holds a role over accounts without having to activate it
	schedules   bool              // listings tell what is activated from what stands
}

type idSet map[string]bool

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	return &Directory{
		users: map[string]User{}, usersByUPN: map[string][]string{},
		groups: map[string][]string{}, groupIDs: idSet{}, members: map[string]idSet{},
		roles: map[string][]string{}, roleIDs: idSet{}, assignments: map[string]idSet{},
		apps: map[string][]string{}, appsByAppID: map[string][]string{}, appIDs: map[string]string{}, standing: idSet{},
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

// AddSchedule notes an assignment whose listing tells how long it holds. One
// that stands, active and without an end, gives its holder every right of the
// role at any time; only roles that may make and delete accounts are kept.
func (d *Directory) AddSchedule(roleID, roleName, principalID string, stands bool) {
	d.schedules = true
	if !stands || principalID == "" {
		return
	}
	for _, name := range []string{roleID, roleName} {
		if r, ok := builtinRole(name); ok && (r.name == "Global Administrator" || r.name == "User Administrator") {
			d.standing[lower(principalID)] = true
		}
	}
}

// Members returns everybody in a group, through all levels; ok is false if the
// id is not that of a group.
func (d *Directory) Members(id string) (ids []string, ok bool) {
	id = lower(id)
	if !d.groupIDs[id] && d.members[id] == nil {
		return nil, false
	}
	return d.expand([]string{id}), true
}

// RoleName returns the name of a role by its id, or "".
func (d *Directory) RoleName(id string) string {
	for name, ids := range d.roles {
		if slices.Contains(ids, lower(id)) {
			return name
		}
	}
	return ""
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
