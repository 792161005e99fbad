package baseline

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// View is the baseline of one tenant with groups and roles resolved. It does
// not change and may be used by several goroutines.
type View struct {
	tenant, kind string
	own          map[string]bool // ids of the organisation's tenants
	homes        []string        // the same in order, the home tenant first
	cat          *catalogue
	in           scope
	dir          *Directory
	unresolved   []string

	// The inputs as sets, by name.
	people    map[string]*principalSet
	names     map[string]*nameSet
	ips       map[string]*ipSet
	devices   map[string]*deviceSet
	countries map[string]*countrySet
	rosters   map[string]*roster // working_hours, elevation_policy.hours

	changes    []change
	stationary []stationary
	access     []access
	accessApps *nameSet // of all of access
	duties     []duties

	standing idSet // who holds a role over accounts for good; nil if no snapshot tells

	anybody sieve // everyone in any list
}

type stationary struct {
	members   *principalSet
	countries *countrySet // nil: any
	ips       *ipSet      // nil: any
}

type access struct {
	app   *nameSet
	users *principalSet
}

type duties struct {
	who   *principalSet
	roles *nameSet
}

// View resolves the baseline for one tenant: its overrides laid over the file,
// and that over the built-in values. An empty tenant means the home tenant. The
// directory may be nil; it must not change afterwards.
func (b *Baseline) View(tenant string, dir *Directory) *View {
	if dir == nil {
		dir = NewDirectory()
	}
	tenant = lower(tenant)
	if tenant == "" {
		tenant = b.HomeTenantID()
	}
	v := &View{
		tenant: tenant, kind: b.kind(tenant), own: map[string]bool{}, cat: newCatalogue(), dir: dir,
		people: map[string]*principalSet{}, names: map[string]*nameSet{}, ips: map[string]*ipSet{},
		devices: map[string]*deviceSet{}, countries: map[string]*countrySet{}, rosters: map[string]*roster{},
	}
	v.in = v.cat.merge(v.cat.defaults(), b.set)
	for _, t := range b.tenants {
		if t.ID == tenant {
			v.in = v.cat.merge(v.in, t.overrides)
		}
	}
	var b2c []item
	v.addHome(b.HomeTenantID())
	for _, t := range b.Tenants() {
		v.addHome(t.ID)
		if t.Kind == B2C {
			b2c = append(b2c, item{text: t.ID})
		}
	}
	if b2c != nil {
		v.in.put("b2c_tenants", b2c, place{})
	}
	if len(v.homes) > 0 && !v.Has("home_tenant_id") {
		v.in.put("home_tenant_id", tenantID(v.homes[0]), place{})
	}
	v.resolve()
	return v
}

func (v *View) addHome(id string) {
	if id != "" && !v.own[id] {
		v.own[id] = true
		v.homes = append(v.homes, id)
	}
}

// resolve makes sets of the values, in the order of the catalogue.
func (v *View) resolve() {
	r := &resolver{dir: v.dir, in: v.in, seen: map[string]bool{}}
	holidays, _ := v.in["holidays"].val.([]time.Time)
	v.cat.leaves(func(s *spec) {
		switch val := v.in[s.name].val.(type) {
		case []ref:
			v.people[s.name] = r.set(s.name, val, s.grants)
		case plainNames:
			v.names[s.name] = newNameSet(textsOf(val))
		case domainNames:
			v.names[s.name] = newNameSet(textsOf(val))
		case protocolNames:
			set := newNameSet(nil)
			for _, it := range val {
				set.add(squeeze(it.text))
			}
			set.list = textsOf(val)
			v.names[s.name] = set
		case appNames:
			v.names[s.name] = r.apps(s, val)
		case roleNames:
			v.names[s.name] = v.dir.roleSet(textsOf(val))
		case groupNames:
			v.names[s.name] = r.groups(val)
		case []netip.Prefix:
			v.ips[s.name] = newIPSet(val)
		case []device:
			v.devices[s.name] = newDeviceSet(val)
		case []string:
			v.countries[s.name] = newCountrySet(val)
		case []hours:
			v.rosters[s.name] = r.roster(s.name, val, holidays)
		case asWorkingHours:
			v.rosters[s.name] = v.rosters["working_hours"]
		case []plannedChange:
			v.changes = r.changes(s.name, val)
		case []stationaryGroup:
			for _, g := range val {
				v.stationary = append(v.stationary, r.stationary(s.name, g))
			}
		case []appUsers:
			for _, a := range val {
				v.access = append(v.access, access{r.apps(s, []item{{text: a.app}}), r.set(s.name, a.users, true)})
			}
		case []rolesOf:
			for _, d := range val {
				v.duties = append(v.duties, duties{r.set(s.name, []ref{d.who}, true), v.dir.roleSet(d.roles)})
			}
		}
	})
	if v.dir.schedules {
		v.standing = idSet{}
		for _, id := range v.dir.expand(sorted(v.dir.standing)) {
			v.standing[id] = true
		}
	}
	v.unresolved = r.unresolved
	v.seal(r.sets)
}

// seal readies the sets that are asked for every record.
func (v *View) seal(people []*principalSet) {
	keys := 0
	for _, s := range people {
		s.seal()
		keys += len(s.keys)
	}
	v.anybody = newSieve(keys)
	for _, s := range people {
		s.pour(&v.anybody)
	}
	for _, g := range v.stationary {
		if g.members.all { // nobody is without interest
			v.anybody = sieve{}
		}
	}
	for _, s := range v.names {
		s.seal()
	}
	if v.access != nil {
		v.accessApps = newNameSet(nil)
	}
	for _, a := range v.access {
		a.app.seal()
		for _, name := range a.app.list {
			v.accessApps.add(name)
		}
	}
	v.accessApps.seal()
}

// Recognise finds out, once for all questions to this view, whether any of its
// lists can name p at all. Most people are in none, and then what is asked about
// them by list, or by the places of the groups they are in, has one answer.
func (v *View) Recognise(p *Principal) { p.Stranger = !p.zero() && !v.anybody.mayHave(p) }

// Has reports whether an input is set for this tenant, be it by the file, by
// overrides or built in. A mapping of several inputs is set if one of them is;
// their parts may be asked for as well ("elevation_policy.hours").
func (v *View) Has(input string) bool {
	name := lower(input)
	if s := v.cat.byName[name]; s != nil {
		return v.in.sets(s)
	}
	_, _, ok := v.threshold(name)
	return ok
}

// threshold splits thresholds.NAME or thresholds.NAME.PART.
func (v *View) threshold(name string) (t Threshold, part string, ok bool) {
	name, ok = strings.CutPrefix(name, thresholdsPrefix)
	if !ok {
		return t, "", false
	}
	name, part, _ = strings.Cut(name, ".")
	t, ok = v.Threshold(name)
	if part == "privileged" || strings.HasPrefix(part, "privileged.") {
		t, ok = v.Threshold(name + privilegedSuffix)
		part = strings.TrimPrefix(strings.TrimPrefix(part, "privileged"), ".")
	}
	_, has := t.part(part)
	return t, part, ok && has
}

// Kind returns Workforce or B2C.
func (v *View) Kind() string { return v.kind }

// Tenant returns the id of the tenant, in lower case; "" if nobody said.
func (v *View) Tenant() string { return v.tenant }

// Unresolved lists the references to groups, roles and apps that the directory
// cannot resolve, each once: "privileged_accounts: role:Global Administrator: no
// role assignments in the input".
func (v *View) Unresolved() []string { return slices.Clone(v.unresolved) }

// Span returns an input, or a part of one, that is a length of time:
// "review_intervals.sync_scope", "elevation_policy.max_duration".
func (v *View) Span(name string) (time.Duration, bool) {
	d, ok := v.in[lower(name)].val.(time.Duration)
	return d, ok
}

// Count returns an input, or a part of one, that is a whole number:
// "retention_days", "alert_budget.high_per_day".
func (v *View) Count(name string) (int, bool) {
	n, ok := v.in[lower(name)].val.(int)
	return n, ok
}

// PrivilegedRole reports whether a role, by any of its names or ids, stands in
// privileged_roles.
func (v *View) PrivilegedRole(nameOrID string) bool { return v.names["privileged_roles"].has(nameOrID) }
