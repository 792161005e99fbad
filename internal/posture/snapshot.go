package posture

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

// Fields are what a Snapshot reads of directory objects, by kind.
func Fields() map[event.Kind][]string {
	return map[event.Kind][]string{
		event.User: {
			"id", "userPrincipalName", "displayName", "userType", "accountEnabled", "createdDateTime", "onPremisesSyncEnabled",
			"signInActivity.lastSignInDateTime", "signInActivity.lastNonInteractiveSignInDateTime", "signInActivity.lastSuccessfulSignInDateTime",
		},
		event.RoleAssignment: {
			"principalId", "principal.userPrincipalName", "principal.displayName", "principal.accountEnabled", "principal.@odata.type",
			"roleDefinitionId", "roleDefinition.displayName", "roleDefinition.templateId",
			"assignmentType", "memberType", "roleEligibilityScheduleId", "startDateTime", "endDateTime",
		},
		event.RegistrationDetails: {"id", "methodsRegistered"},
		event.ConditionalAccessPolicy: {
			"id", "state", "conditions.users.includeUsers", "conditions.applications.includeApplications",
			"conditions.userRiskLevels", "conditions.signInRiskLevels", "grantControls.builtInControls",
		},
		event.AccessReview: {
			"id", "displayName", "scope.query", "scope.resourceScopes.query", "startDateTime", "endDateTime", "status",
			"instances.id", "instances.startDateTime", "instances.endDateTime", "instances.status",
		},
		event.Application: {"id", "appId", "displayName", "web.redirectUris", "spa.redirectUris", "publicClient.redirectUris"},
	}
}

// A Snapshot is what posture needs of the directory objects of a scan. The
// newest answer about an object is not known, so of several the last added
// counts where they differ.
type Snapshot struct {
	users    map[string]*user // by object id
	holdings map[holdingKey]*holding
	methods  map[string][]string // registered by a user
	policies map[string]*policy
	reviews  map[string]bool // by id: whether it is about Entra roles
	apps     map[string]*application

	instances map[string]*instance // of reviews

	seen        [event.NumKinds]bool
	collections map[string]*collection
	activity    bool // some user has signInActivity, so the listing asked for it
	schedules   bool // assignments tell whether they were activated
}

type user struct {
	id, upn, name string
	enabled       string // "true", "false" or unknown
	synced        bool
	created, last time.Time
}

type holdingKey struct{ principal, role string }

type holding struct {
	principal, upn, name, typ, enabled string
	role, roleName, template           string
	how                                map[string]bool
	eligibleSince                      time.Time
}

type policy struct{ enabled, everywhere, userRisk, signInRisk, blocksHigh bool }

type application struct {
	id, appID, name string
	uris            []string
}

// A collection is the pages that came of one listing.
type collection struct {
	kind event.Kind
	last bool // a page came that names none behind it
}

// NewSnapshot returns an empty snapshot.
func NewSnapshot() *Snapshot {
	return &Snapshot{
		users: map[string]*user{}, holdings: map[holdingKey]*holding{}, methods: map[string][]string{},
		policies: map[string]*policy{}, reviews: map[string]bool{}, instances: map[string]*instance{}, apps: map[string]*application{}, collections: map[string]*collection{},
	}
}

// Page notes a page of Microsoft Graph.
func (s *Snapshot) Page(p decode.Page) {
	k, name, ok := decode.KindOfContext(p.Context)
	if !ok || !k.Snapshot() || k.Derived() {
		return
	}
	if isInstances(name) {
		s.seen[event.ReviewInstance] = true // which say nothing of the series
		return
	}
	s.seen[k] = true
	c := s.collections[name]
	if c == nil {
		c = &collection{kind: k}
		s.collections[name] = c
	}
	c.last = c.last || !p.More
}

// Empty reports whether there was no directory object, and no listing either.
func (s *Snapshot) Empty() bool { return !slices.Contains(s.seen[:], true) }

// Seen reports whether there was an object or a listing of a kind.
func (s *Snapshot) Seen(k event.Kind) bool { return s.seen[k] }

// Complete reports whether what is not in the snapshot does not exist: objects
// of the kind came, and of each of their listings the last page.
func (s *Snapshot) Complete(k event.Kind) bool {
	return s.seen[k] && len(s.unfinished(k)) == 0
}

func (s *Snapshot) unfinished(k event.Kind) []string {
	var out []string
	for name, c := range s.collections {
		if c.kind == k && !c.last {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Unfinished names the listings whose last page is missing, with what follows.
func (s *Snapshot) Unfinished() []string {
	var out []string
	for k := event.User; k < event.RoleHolding; k++ {
		for _, name := range s.unfinished(k) {
			out = append(out, "the last page of "+name+" is missing: nothing is concluded from what it does not hold; export all pages")
		}
	}
	return out
}

// Add takes the next object.
func (s *Snapshot) Add(e *event.Event) {
	if e.Kind.Derived() {
		return
	}
	id := lower(text(e, event.FID))
	if e.Kind == event.AccessReview && get(e, "enddatetime") != "" {
		s.seen[event.ReviewInstance] = true
		s.addInstance(e, id)
		return
	}
	s.seen[e.Kind] = true
	switch e.Kind {
	case event.User:
		s.addUser(id, e)
	case event.RoleAssignment:
		s.addHolding(e)
	case event.RegistrationDetails:
		s.methods[id] = texts(e, "methodsregistered")
	case event.ConditionalAccessPolicy:
		users, apps := texts(e, "conditions.users.includeusers"), texts(e, "conditions.applications.includeapplications")
		risks, controls := texts(e, "conditions.userrisklevels"), texts(e, "grantcontrols.builtincontrols")
		s.policies[id] = &policy{
			enabled: get(e, "state") == "enabled", userRisk: len(risks) > 0, signInRisk: len(texts(e, "conditions.signinrisklevels")) > 0,
			everywhere: contains(users, "All") && contains(apps, "All"), blocksHigh: contains(risks, "high") && contains(controls, "block"),
		}
	case event.AccessReview:
		s.reviews[id] = s.reviews[id] || ofRoles(e)
		s.addInstances(e, id)
	case event.Application:
		a := &application{id: id, appID: get(e, "appid"), name: text(e, event.FDisplayName)}
		for _, field := range []string{"web.redirecturis", "spa.redirecturis", "publicclient.redirecturis"} {
			a.uris = append(a.uris, texts(e, field)...)
		}
		s.apps[id] = a
	}
}

func (s *Snapshot) addUser(id string, e *event.Event) {
	u := &user{
		id: id, upn: text(e, event.FUPN), name: text(e, event.FDisplayName), enabled: get(e, "accountenabled"),
		synced: get(e, "onpremisessyncenabled") == "true", created: timeOf(get(e, "createddatetime")),
	}
	// Successes where they are told; the other two count attempts as well.
	for _, field := range []string{"lastsuccessfulsignindatetime", "lastsignindatetime", "lastnoninteractivesignindatetime"} {
		t := timeOf(get(e, "signinactivity."+field))
		s.activity = s.activity || !t.IsZero()
		if t.After(u.last) {
			u.last = t
		}
		if field == "lastsuccessfulsignindatetime" && !t.IsZero() {
			break
		}
	}
	if id != "" {
		s.users[id] = u
	}
}

func (s *Snapshot) addHolding(e *event.Event) {
	h := &holding{
		principal: lower(text(e, event.FPrincipalID)), upn: text(e, event.FPrincipalUPN), name: text(e, event.FPrincipalName),
		typ: get(e, "principal.@odata.type"), enabled: get(e, "principal.accountenabled"), role: get(e, "roledefinitionid"),
		roleName: get(e, "roledefinition.displayname"), template: get(e, "roledefinition.templateid"), how: map[string]bool{},
	}
	key := holdingKey{h.principal, lower(h.role)}
	if key.principal == "" || key.role == "" {
		return
	}
	if old := s.holdings[key]; old != nil {
		old.upn, old.name, old.typ = cmp.Or(old.upn, h.upn), cmp.Or(old.name, h.name), cmp.Or(old.typ, h.typ)
		old.roleName, old.template, old.enabled = cmp.Or(old.roleName, h.roleName), cmp.Or(old.template, h.template), cmp.Or(old.enabled, h.enabled)
		h = old
	}
	s.holdings[key] = h
	switch typ := lower(get(e, "assignmenttype")); {
	case typ == "activated":
		h.how[activated] = true
	case typ == "assigned" && get(e, "enddatetime") == "":
		h.how[permanent] = true
	case typ == "assigned":
		h.how[temporary] = true
	case get(e, "roleeligibilityscheduleid") != "" || get(e, "membertype") != "":
		h.how[eligible] = true
		if t := timeOf(get(e, "startdatetime")); h.eligibleSince.IsZero() || !t.IsZero() && t.Before(h.eligibleSince) {
			h.eligibleSince = t
		}
	default:
		h.how[assigned] = true
	}
	s.schedules = s.schedules || !h.how[assigned]
}

// How a role is held. Of several ways the first here counts.
const (
	permanent = "permanent"
	temporary = "temporary"
	eligible  = "eligible"
	activated = "activated"
	assigned  = "assigned" // the listing does not tell
)

// held says how. A plain listing names active roles without telling them from
// activated ones, so beside another listing it adds nothing, except that an
// eligible role may stand as well.
func (h *holding) held() string {
	for _, how := range []string{permanent, temporary, eligible, activated} {
		if h.how[how] {
			return how
		}
	}
	return assigned
}

func (h *holding) globalAdministrator() bool {
	return baseline.SameRole(h.role, globalAdministrator) || baseline.SameRole(h.template, globalAdministrator) || baseline.SameRole(h.roleName, globalAdministrator)
}

const globalAdministrator = "Global Administrator"

// The texts of an event are gone with the next one, so what is kept is copied.

func text(e *event.Event, field int) string { return strings.Clone(e.Text(field)) }

func get(e *event.Event, name string) string { return strings.Clone(e.Get(name)) }

func texts(e *event.Event, field string) []string {
	id := e.Schema().MustID(field)
	var out []string
	for i := 0; ; i++ {
		v, ok := e.Value(id, i)
		if !ok {
			return out
		}
		if v.Text != "" && v.Text != "[]" && !slices.Contains(out, v.Text) {
			out = append(out, strings.Clone(v.Text))
		}
	}
}

func contains(list []string, text string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) })
}

func lower(s string) string { return strings.ToLower(s) }

func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func yes(b bool) string { return strconv.FormatBool(b) }
