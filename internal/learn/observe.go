package learn

import (
	"cmp"
	"encoding/binary"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// The sorts of observation, as their records begin.
const (
	aboutSignin byte = 's'
	aboutOther  byte = 'o'
)

// What an observation of a sign-in says beside its texts.
const (
	success byte = 1 << iota
	guest
	interactive
	application
	legacy
)

// Fields lists what an Observer reads, by kind of event.
func Fields() map[event.Kind][]string {
	return map[event.Kind][]string{
		event.Signin: {
			"outcome", "user.id", "user.name", "userPrincipalName", "userType", "ip", "country", "signInType", "clientAppUsed", "legacyClient",
			"authenticationProtocol", "appId", "appDisplayName", "servicePrincipalId", "servicePrincipalName", "homeTenantId", "resourceTenantId",
			"riskState", "riskLevelDuringSignIn", "riskLevelAggregated",
		},
		event.RiskDetection: {"ip"},
		event.Audit: {
			"outcome", "activity", "actor.id", "actor.name", "actor.type", "actor.appId", "target.id", "target.name", "target.type",
			"targetResources.userPrincipalName", "role.name", "loggedByService",
		},
		event.User:                {"id", "userPrincipalName", "userType", "creationType"},
		event.RegistrationDetails: {"id", "methodsRegistered"},
		event.RoleAssignment:      {"principalId", "principal.userPrincipalName", "principal.displayName", "principal.@odata.type", "roleDefinitionId", "roleDefinition.displayName", "roleDefinition.templateId"},
	}
}

// An Observer notes what one goroutine sees.
type Observer struct {
	// Directory names the principals of role assignments.
	Directory *baseline.Directory

	schema *event.Schema
	out    Sorter
	buf    []byte
	ids    map[string]int
	tally  Tally
}

// A Tally counts what is known without sorting.
type Tally struct {
	Events  map[string]int            // by tenant
	Sources map[string]map[int32]bool // days by kind of event
	First   time.Time
	Last    time.Time
}

// maxDays bounds how many days are told apart: ten years.
const maxDays = 3660

// NewObserver returns an observer that writes to out.
func NewObserver(schema *event.Schema, dir *baseline.Directory, out Sorter) *Observer {
	o := &Observer{Directory: dir, schema: schema, out: out, ids: map[string]int{}}
	o.tally = Tally{Events: map[string]int{}, Sources: map[string]map[int32]bool{}}
	for _, names := range Fields() {
		for _, name := range names {
			for k := range Fields() {
				if f := schema.Lookup(k, name); f != nil {
					o.ids[k.String()+name] = f.ID
				}
			}
		}
	}
	return o
}

// Tally returns what was counted.
func (o *Observer) Tally() Tally { return o.tally }

// Merge adds what another observer counted.
func (t *Tally) Merge(u Tally) {
	if t.Events == nil {
		t.Events, t.Sources = map[string]int{}, map[string]map[int32]bool{}
	}
	for tenant, n := range u.Events {
		t.Events[tenant] += n
	}
	for kind, days := range u.Sources {
		for d := range days {
			t.day(kind, d)
		}
	}
	if t.First.IsZero() || !u.First.IsZero() && u.First.Before(t.First) {
		t.First = u.First
	}
	if u.Last.After(t.Last) {
		t.Last = u.Last
	}
}

func (t *Tally) day(kind string, day int32) {
	if t.Sources[kind] == nil {
		t.Sources[kind] = map[int32]bool{}
	}
	if len(t.Sources[kind]) < maxDays {
		t.Sources[kind][day] = true
	}
}

// dayOf numbers the days since 1970, in UTC. 0 stands for no day.
func dayOf(t time.Time) int32 {
	if t.IsZero() {
		return 0
	}
	return int32(t.Unix() / (24 * 60 * 60))
}

// Observe notes an event.
func (o *Observer) Observe(e *event.Event) error {
	o.count(e)
	switch e.Kind {
	case event.Signin:
		return o.signin(e)
	case event.RiskDetection:
		return o.flag(e.Tenant, e.Text(event.FIP))
	case event.Audit, event.User, event.RegistrationDetails, event.RoleAssignment:
		return o.other(e)
	}
	return nil
}

func (o *Observer) count(e *event.Event) {
	if _, known := o.tally.Events[e.Tenant]; known || len(o.tally.Events) < maxDays {
		o.tally.Events[strings.Clone(e.Tenant)]++
	}
	if e.Time.IsZero() || e.Kind.Snapshot() {
		return
	}
	o.tally.day(e.Kind.String(), dayOf(e.Time))
	if o.tally.First.IsZero() || e.Time.Before(o.tally.First) {
		o.tally.First = e.Time
	}
	if e.Time.After(o.tally.Last) {
		o.tally.Last = e.Time
	}
}

func (o *Observer) text(e *event.Event, name string) string {
	if id, ok := o.ids[e.Kind.String()+name]; ok {
		return e.Text(id)
	}
	return ""
}

// flag notes that an address is at risk. It sorts before what was seen of it.
func (o *Observer) flag(tenant, ip string) error {
	if ip == "" {
		return nil
	}
	o.buf = append(o.buf[:0], aboutSignin)
	o.buf = appendText(appendText(o.buf, tenant), ip)
	return o.out.Add(append(o.buf, 0))
}

// risky reports whether the log holds a sign-in for dangerous. Hidden levels
// say nothing.
func (o *Observer) risky(e *event.Event) bool {
	switch strings.ToLower(o.text(e, "riskState")) {
	case "atrisk", "confirmedcompromised":
		return true
	}
	for _, name := range []string{"riskLevelDuringSignIn", "riskLevelAggregated"} {
		switch strings.ToLower(o.text(e, name)) {
		case "low", "medium", "high":
			return true
		}
	}
	return false
}

func (o *Observer) signin(e *event.Event) error {
	if o.risky(e) {
		return o.flag(e.Tenant, e.Text(event.FIP))
	}
	flags := byte(0)
	if e.Text(event.FOutcome) == "success" {
		flags |= success
	}
	if strings.EqualFold(o.text(e, "userType"), "guest") {
		flags |= guest
	}
	kind := e.Text(event.FSignInType)
	if kind == "interactive" {
		flags |= interactive
	}
	if kind == "service_principal" || kind == "managed_identity" {
		flags |= application
	}
	if e.Text(event.FLegacyClient) == "true" {
		flags |= legacy
	}
	// The name comes first: not every format has the id, and nobody must count
	// twice.
	user := cmp.Or(e.Text(event.FUserName), e.Text(event.FUser))
	b := append(o.buf[:0], aboutSignin)
	b = append(appendText(appendText(b, e.Tenant), e.Text(event.FIP)), 1)
	b = append(b, e.Key[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(unix(e.Time)))
	b = append(b, flags)
	for _, s := range []string{
		e.Text(event.FCountry), user, e.Text(event.FUPN), e.Text(event.FClientApp), e.Text(event.FProtocol),
		e.Text(event.FAppID), e.Text(event.FAppName), e.Text(event.FHomeTenant), e.Text(event.FResourceTenant),
	} {
		b = appendText(b, s)
	}
	o.buf = b
	return o.out.Add(b)
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// other notes an event as up to five texts whose meaning depends on its kind.
func (o *Observer) other(e *event.Event) error {
	var texts [5]string
	switch e.Kind {
	case event.Audit:
		if e.Text(event.FOutcome) == "failure" {
			return nil
		}
		target := ""
		for i := range min(e.Elems(event.FTargetsType), 16) {
			if strings.EqualFold(e.TextAt(event.FTargetsType, i), "user") {
				target = cmp.Or(e.TextAt(event.FTargetsUPN, i), e.TextAt(event.FTargetsName, i), e.TextAt(event.FTargetsID, i))
				break
			}
		}
		texts = [5]string{actorOf(e), e.Text(event.FActivity), cmp.Or(target, e.TextAt(event.FTargetsID, 0)), e.Text(event.FRoleName), o.text(e, "loggedByService")}
	case event.User:
		texts = [5]string{e.Text(event.FID), o.text(e, "userPrincipalName"), o.text(e, "userType"), o.text(e, "creationType")}
	case event.RegistrationDetails:
		var methods []string
		id := o.ids[e.Kind.String()+"methodsRegistered"]
		for i := 0; ; i++ {
			v, ok := e.Value(id, i)
			if !ok || i == 16 {
				break
			}
			methods = append(methods, v.Text)
		}
		texts = [5]string{e.Text(event.FID), strings.Join(methods, "\n")}
	case event.RoleAssignment:
		id := e.Text(event.FPrincipalID)
		upn := e.Text(event.FPrincipalUPN)
		if u, ok := o.Directory.User(id); ok && upn == "" {
			upn = u.UPN
		}
		role := cmp.Or(o.text(e, "roleDefinition.displayName"), o.text(e, "roleDefinition.templateId"), o.text(e, "roleDefinitionId"))
		texts = [5]string{id, upn, role, e.Text(event.FPrincipalName), o.text(e, "principal.@odata.type")}
	}
	b := append(o.buf[:0], aboutOther)
	b = append(b, e.Key[:]...)
	b = append(b, byte(e.Kind))
	at := int64(0)
	if !e.Kind.Snapshot() {
		at = unix(e.Time)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = appendText(b, e.Tenant)
	for _, s := range texts {
		b = appendText(b, s)
	}
	o.buf = b
	return o.out.Add(b)
}

// actorOf writes who made a change as a baseline would name it; "" if the log
// does not say. An application is named by its id where there is one, since
// whoever registers applications chooses their names.
func actorOf(e *event.Event) string {
	name, id := e.Text(event.FActorName), e.Text(event.FActorID)
	if e.Text(event.FActorType) != "app" {
		if strings.Contains(name, "@") && !strings.Contains(name, ":") {
			return name
		}
		return id // a name with a colon could pass for a role or an application
	}
	if app := e.Text(event.FActorApp); app != "" {
		return "app:" + app
	}
	if name != "" && !guidLike(name) { // else it would pass for the id of another
		return "app:" + name
	}
	return id
}

func guidLike(s string) bool { _, _, ok := event.ParseGUID(s); return ok }

// Home returns the tenant of most records, "" if none names one.
func (t *Tally) Home() string {
	best := ""
	for _, id := range sortedKeys(t.Events) {
		if id != "" && (best == "" || t.Events[id] > t.Events[best]) {
			best = id
		}
	}
	return best
}
