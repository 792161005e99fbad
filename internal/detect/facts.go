package detect

import (
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// facts shows an event to the baseline.
type facts struct {
	e      *event.Event
	engine *Engine
	view   *baseline.View
	// user is asked for by most fields, so it is kept.
	user  baseline.Principal
	known bool
}

var _ baseline.Facts = (*facts)(nil)

func (f *facts) User() baseline.Principal {
	if !f.known {
		f.user = baseline.Principal{ID: f.e.Text(event.FUser), UPN: f.e.Text(event.FUserName)}
		f.view.Recognise(&f.user)
		f.known = true
	}
	return f.user
}

func (f *facts) Actor() baseline.Principal {
	e := f.e
	p := baseline.Principal{ID: e.Text(event.FActorID), AppID: e.Text(event.FActorApp)}
	name := e.Text(event.FActorName)
	if e.Text(event.FActorType) == "app" {
		p.App, p.Name = true, name
		if p.AppID == "" && e.Kind == event.Signin {
			p.AppID = e.Text(event.FAppID)
		}
	} else {
		p.UPN = name
	}
	if e.Kind != event.Audit && p.ID == "" && p.UPN == "" && p.Name == "" && p.AppID == "" {
		return f.User()
	}
	return p
}

func (f *facts) Target(i int) (baseline.Principal, bool) {
	e := f.e
	if i >= max(e.Elems(event.FTargetsID), e.Elems(event.FTargetsName), e.Elems(event.FTargetsType)) {
		return baseline.Principal{}, false
	}
	p := baseline.Principal{
		ID: e.TextAt(event.FTargetsID, i), UPN: e.TextAt(event.FTargetsUPN, i),
		Type: strings.ToLower(e.TextAt(event.FTargetsType, i)),
	}
	if name := e.TextAt(event.FTargetsName, i); name != p.UPN {
		p.Name = name
	}
	p.App = p.Type == "application" || p.Type == "serviceprincipal"
	return p, true
}

func (f *facts) Country() string    { return f.e.Text(event.FCountry) }
func (f *facts) IP() string         { return f.e.Text(event.FIP) }
func (f *facts) DeviceID() string   { return f.e.Text(event.FDeviceID) }
func (f *facts) DeviceName() string { return f.e.Text(event.FDeviceName) }
func (f *facts) Time() time.Time    { return f.e.Time }
func (f *facts) ClientApp() string  { return f.e.Text(event.FClientApp) }
func (f *facts) Protocol() string   { return f.e.Text(event.FProtocol) }
func (f *facts) HomeTenant() string { return f.e.Text(event.FHomeTenant) }
func (f *facts) Activity() string   { return f.e.Text(event.FActivity) }

func (f *facts) ResourceTenant() string { return f.e.Text(event.FResourceTenant) }

func (f *facts) App() (id, name string) {
	return f.e.Text(event.FAppID), f.e.Text(event.FAppName)
}

func (f *facts) Resource() (id, name string) {
	return f.e.Text(event.FResourceID), f.e.Text(event.FResourceName)
}

func (f *facts) Property(name string, i int) (string, bool)    { return f.change(name, ".new", i) }
func (f *facts) PropertyOld(name string, i int) (string, bool) { return f.change(name, ".old", i) }

// change reads a modified property. Which ones may be asked for was settled
// when the engine was made. A null is an empty value, not the end.
func (f *facts) change(name, side string, i int) (string, bool) {
	id, ok := f.engine.changes[strings.ToLower(name)+side]
	if !ok {
		return "", false
	}
	v, ok := f.e.Value(id, i)
	if v.Kind == sigma.Null {
		return "", ok
	}
	return v.Text, ok
}

// factFields says which fields of the registry a baseline field looks at, so
// that "cannot match" reports are right for every format. The longest prefix
// counts; one of the fields must be there.
var factFields = []struct {
	prefix string
	any    []string
}{
	{"baseline.country.", []string{"country"}},
	{"baseline.ip.", []string{"ip"}},
	{"baseline.device.", []string{"deviceDetail.deviceId", "deviceDetail.displayName"}},
	{"baseline.user.approved_device", []string{"deviceDetail.deviceId", "deviceDetail.displayName"}},
	{"baseline.user.stationary", []string{"country", "ip"}},
	{"baseline.user.", []string{"user.id", "user.name", "actor.id"}},
	{"baseline.actor.", []string{"actor.id", "actor.name"}},
	{"baseline.target.", []string{"target.id", "target.name"}},
	{"baseline.app.high_value", []string{"appId", "appDisplayName", "resourceId"}},
	{"baseline.app.", []string{"appId", "appDisplayName", "resourceId"}},
	{"baseline.legacy_client", []string{"clientAppUsed"}},
	{"baseline.protocol.", []string{"authenticationProtocol"}},
	{"baseline.resource_tenant.", []string{"resourceTenantId"}},
	{"baseline.home_tenant", []string{"homeTenantId"}},
	{"baseline.role.", []string{"target.id"}},
	{"baseline.group.", []string{"target.id"}},
	{"baseline.permission.", []string{"target.id"}},
	{"baseline.credential.", []string{"target.id"}},
	{"baseline.redirect_uri.", []string{"target.id"}},
	{"baseline.required_attributes.", []string{"target.id"}},
	{"baseline.api.", []string{"target.name"}},
	{"baseline.change.", []string{"activity"}},
}

// factsOf lists the fields of which a baseline field needs one; nil = none.
func factsOf(field string) []string {
	prefix := ""
	var out []string
	for _, f := range factFields {
		if len(f.prefix) > len(prefix) && strings.HasPrefix(strings.ToLower(field), f.prefix) {
			prefix, out = f.prefix, f.any
		}
	}
	return out
}

// Groups of fields that baseline fields read.
var (
	userFacts    = []int{event.FUser, event.FUserName}
	actorFacts   = []int{event.FActorID, event.FActorName, event.FActorType, event.FActorApp, event.FAppID}
	targetFacts  = []int{event.FTargetsID, event.FTargetsName, event.FTargetsType, event.FTargetsUPN}
	placeFacts   = []int{event.FCountry, event.FIP}
	deviceFacts  = []int{event.FDeviceID, event.FDeviceName}
	appFacts     = []int{event.FAppID, event.FAppName, event.FResourceID, event.FResourceName}
	clientFacts  = []int{event.FClientApp, event.FProtocol}
	tenantFacts  = []int{event.FHomeTenant, event.FResourceTenant}
	anyFacts     = slices.Concat(userFacts, actorFacts, targetFacts, placeFacts, deviceFacts, appFacts, clientFacts, tenantFacts, []int{event.FActivity})
	signinFields = []struct {
		prefix string
		facts  []int
	}{
		{"baseline.tenant.", nil},
		{"baseline.country.", placeFacts},
		{"baseline.ip.", placeFacts},
		{"baseline.device.", deviceFacts},
		{"baseline.app.", slices.Concat(appFacts, userFacts)},
		{"baseline.legacy_client", clientFacts},
		{"baseline.legacy_auth.", nil},
		{"baseline.protocol.", clientFacts},
		{"baseline.home_tenant", tenantFacts},
		{"baseline.resource_tenant.", tenantFacts},
		{"baseline.time.", slices.Concat(userFacts, actorFacts, placeFacts)},
		{"baseline.user.", slices.Concat(userFacts, actorFacts, placeFacts, deviceFacts)},
		{"baseline.signin.", slices.Concat(userFacts, placeFacts, deviceFacts)},
	}
)

// factsRead lists the fields of an event that a baseline field may look at. In
// sign-ins, of which there are most, it is exact; elsewhere it is everything.
func (e *Engine) factsRead(k event.Kind, field string) []int {
	facts := anyFacts
	if k == event.Signin {
		for _, s := range signinFields {
			if strings.HasPrefix(strings.ToLower(field), s.prefix) {
				facts = s.facts
				break
			}
		}
	}
	var out []int
	for _, id := range facts {
		if e.Schema.Field(k, id) != nil {
			out = append(out, id)
		}
	}
	if k == event.Audit {
		for _, id := range e.changes {
			out = append(out, id)
		}
	}
	return out
}
