package learn

import (
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// UsageFields lists what a Usage reads, by kind of event.
func UsageFields() map[event.Kind][]string {
	who := []string{"user.id", "user.name", "actor.id", "actor.name", "actor.type"}
	return map[event.Kind][]string{
		event.Signin: append([]string{"ip", "country", "appId", "appDisplayName"}, who...),
		event.Audit:  append([]string{"ip", "actor.appId", "activity"}, who[2:]...),
	}
}

// A Usage notes which entries of a baseline one goroutine's events need.
type Usage struct {
	entries []baseline.Entry
	used    []bool
	known   map[facts]bool // what was looked up already
}

// maxKnown is how many events are remembered by what they are compared by.
const maxKnown = 1 << 16

// NewUsage returns a usage of the entries, none of them used.
func NewUsage(entries []baseline.Entry) *Usage {
	return &Usage{entries: entries, used: make([]bool, len(entries)), known: map[facts]bool{}}
}

// Observe notes what an event needs. Others than sign-ins and audit entries
// need nothing.
func (u *Usage) Observe(e *event.Event) {
	if e.Kind != event.Signin && e.Kind != event.Audit {
		return
	}
	f := factsOf(e)
	if u.known[f] {
		return
	}
	if len(u.known) >= maxKnown {
		clear(u.known)
	}
	u.known[f.clone()] = true
	var asked []string
	for _, class := range classesOf(f.activity) {
		if class != classSource {
			class = "approved_actors." + class
		}
		asked = append(asked, class)
	}
	for i := range u.entries {
		en := &u.entries[i]
		if !u.used[i] && (e.Tenant == "" || en.Tenant == "" || en.Tenant == e.Tenant) && en.Meets(f, asked) {
			u.used[i] = true
		}
	}
}

// Used reports whether some event needed the i-th entry.
func (u *Usage) Used(i int) bool { return u.used[i] }

// facts are what entries are compared with.
type facts struct {
	userID, userName, country, ip, appID, appName  string
	actorID, actorName, actorApp, tenant, activity string
	app                                            bool
}

var _ baseline.Facts = facts{}

func factsOf(e *event.Event) facts {
	f := facts{
		userID: e.Text(event.FUser), userName: e.Text(event.FUserName), country: e.Text(event.FCountry), ip: e.Text(event.FIP),
		appID: e.Text(event.FAppID), appName: e.Text(event.FAppName), actorID: e.Text(event.FActorID), actorName: e.Text(event.FActorName),
		actorApp: e.Text(event.FActorApp), app: e.Text(event.FActorType) == "app", tenant: e.Tenant,
	}
	if e.Kind == event.Audit {
		f.activity = e.Text(event.FActivity)
	}
	return f
}

// clone keeps the texts beyond the life of the event.
func (f facts) clone() facts {
	for _, s := range []*string{&f.userID, &f.userName, &f.country, &f.ip, &f.appID, &f.appName, &f.actorID, &f.actorName, &f.actorApp, &f.tenant, &f.activity} {
		*s = strings.Clone(*s)
	}
	return f
}

func (f facts) User() baseline.Principal {
	return baseline.Principal{ID: f.userID, UPN: f.userName}
}

func (f facts) Actor() baseline.Principal {
	p := baseline.Principal{ID: f.actorID, AppID: f.actorApp}
	if f.app {
		p.App, p.Name = true, f.actorName
	} else {
		p.UPN = f.actorName
	}
	return p
}

func (f facts) App() (id, name string) { return f.appID, f.appName }
func (f facts) Country() string        { return f.country }
func (f facts) IP() string             { return f.ip }

// The rest is not compared.

func (f facts) Target(int) (baseline.Principal, bool)  { return baseline.Principal{}, false }
func (f facts) DeviceID() string                       { return "" }
func (f facts) DeviceName() string                     { return "" }
func (f facts) Time() time.Time                        { return time.Time{} }
func (f facts) Resource() (id, name string)            { return "", "" }
func (f facts) HomeTenant() string                     { return "" }
func (f facts) ResourceTenant() string                 { return "" }
func (f facts) Activity() string                       { return "" }
func (f facts) ClientApp() string                      { return "" }
func (f facts) Protocol() string                       { return "" }
func (f facts) Property(string, int) (string, bool)    { return "", false }
func (f facts) PropertyOld(string, int) (string, bool) { return "", false }
