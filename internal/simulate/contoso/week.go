package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

// The days of the week of which the logs tell.
const (
	monday = 2 + iota
	tuesday
	wednesday
	thursday
	friday
)

// at is a time of a day in November 2026, in Gothenburg, Oslo and Hamburg, which
// are an hour ahead of UTC then.
func at(day int, clock string) time.Time {
	t, err := time.Parse("15:04:05", clock)
	if err != nil {
		t, err = time.Parse("15:04", clock)
	}
	if err != nil {
		panic(err)
	}
	return time.Date(2026, time.November, day, t.Hour()-1, t.Minute(), t.Second(), 0, time.UTC)
}

// A week gathers records. The first error stays in err and stops the rest.
type week struct {
	rng     *rand.Rand
	records []simulate.Record
	err     error
}

func newWeek() *week { return &week{rng: rand.New(rand.NewPCG(2026, 11))} }

type (
	values = simulate.Values
	remove = simulate.Remove
)

// add changes a base record and keeps it.
func (w *week) add(base string, t time.Time, id string, v values) simulate.Record {
	if w.err != nil {
		return simulate.Record{}
	}
	r, ok := simulate.Base(base)
	if !ok {
		w.err = fmt.Errorf("there is no base record %s", base)
		return simulate.Record{}
	}
	r = r.WithTime(t).WithID(id)
	w.set(r, v)
	w.records = append(w.records, r)
	return r
}

// set writes all values.
func (w *week) set(r simulate.Record, v values) {
	if err := v.Apply(r); err != nil && w.err == nil {
		w.err = err
	}
}

// wordy are keys of a sign-in that a small example can do without.
var wordy = []string{
	"authenticationProcessingDetails", "tokenProtectionStatusDetails", "managedServiceIdentity", "agent", "authenticationStrengths",
	"appliedEventListeners", "sessionLifetimePolicies", "authenticationContextClassReferences", "azureResourceId", "isTenantRestricted",
}

// signin adds an interactive sign-in that went well: password and app
// notification from the person's own laptop in the office.
func (w *week) signin(p *person, app *application, t time.Time, change values) {
	id := guid("signin", p.upn, app.name, t.String())
	id = id[:34] + "00" // as ids of sign-ins end
	v := values{
		"userDisplayName": p.name, "userPrincipalName": p.upn, "userId": p.id, "alternateSignInName": p.upn, "signInIdentifier": p.upn,
		"appId": app.id, "appDisplayName": app.name, "resourceId": app.resourceID, "resourceDisplayName": app.resource,
		"correlationId": guid("correlation", id), "sessionId": guid("session", p.upn, t.Format(time.DateOnly)),
		"conditionalAccessAudiences":         []any{app.resourceID},
		"processingTimeInMilliseconds":       80 + w.rng.IntN(240),
		"appliedConditionalAccessPolicies.3": remove{},
	}
	for _, key := range wordy {
		v[key] = remove{}
	}
	v["deviceDetail.deviceId"], v["deviceDetail.displayName"] = guid("device", p.laptop), p.laptop
	v = simulate.With(v, from(p.home))
	if p.laptop == "" || p.guest {
		v = simulate.With(v, unknownDevice())
	}
	v = simulate.With(v, change)
	w.add("signin", t, id, v)
}

// from is a sign-in at a place.
func from(p *place) values {
	v := values{
		"ipAddress": p.ip, "autonomousSystemNumber": p.asn, "location.city": p.city, "location.state": p.state,
		"location.countryOrRegion": p.country, "location.geoCoordinates.latitude": p.lat, "location.geoCoordinates.longitude": p.lon,
		"networkLocationDetails": []any{},
	}
	if p.office != "" {
		v["networkLocationDetails"] = []any{map[string]any{"networkType": "trustedNamedLocation", "networkNames": []any{p.office}}}
	}
	return v
}

// unknownDevice is one that Entra has never seen.
func unknownDevice() values {
	return values{
		"deviceDetail.deviceId": "", "deviceDetail.displayName": nil, "deviceDetail.isCompliant": nil, "deviceDetail.isManaged": nil,
		"deviceDetail.trustType": nil,
	}
}

// failed is a sign-in that ended with an error.
func failed(code int, reason, detail string) values {
	v := values{"status.errorCode": code, "status.failureReason": reason, "status.additionalDetails": nil, "conditionalAccessStatus": "notApplied"}
	if detail != "" {
		v["status.additionalDetails"] = detail
	}
	return v
}

func wrongPassword() values {
	return simulate.With(failed(50126, "Error validating credentials due to invalid username or password.", ""), values{
		"authenticationRequirement": "singleFactorAuthentication", "appliedConditionalAccessPolicies": []any{}, "mfaDetail": nil,
		"authenticationDetails.1": remove{}, "authenticationDetails.0.succeeded": false,
		"authenticationDetails.0.authenticationStepResultDetail": "Invalid username or password or Invalid on-premise username or password.",
	})
}

// remembered is a sign-in for which the token's claims were enough.
func remembered() values {
	return values{
		"status.additionalDetails": "MFA requirement satisfied by claim in the token", "mfaDetail": nil,
		"authenticationDetails.0.authenticationMethod":           "Previously satisfied",
		"authenticationDetails.0.authenticationMethodDetail":     nil,
		"authenticationDetails.0.authenticationStepResultDetail": "First factor requirement satisfied by claim in the token",
		"authenticationDetails.1.authenticationMethod":           "Previously satisfied",
		"authenticationDetails.1.authenticationStepResultDetail": "MFA requirement satisfied by claim in the token",
	}
}

// traffic is what an ordinary week looks like: people come in, open their
// applications, mistype a password now and then.
func (w *week) traffic() {
	for day := monday; day <= friday; day++ {
		for _, p := range staff {
			if w.rng.IntN(10) == 0 {
				continue // a day off
			}
			t := at(day, "07:40").Add(time.Duration(w.rng.IntN(95*60)) * time.Second)
			if w.rng.IntN(12) == 0 {
				w.signin(p, officeHome, t, wrongPassword())
				t = t.Add(time.Duration(9+w.rng.IntN(20)) * time.Second)
			}
			w.signin(p, officeHome, t, nil)
			if w.rng.IntN(3) == 0 {
				app := []*application{teams, outlook, invoices}[w.rng.IntN(3)]
				w.signin(p, app, t.Add(time.Duration(5+w.rng.IntN(300))*time.Minute), remembered())
			}
		}
	}
	w.signin(nora, payroll, at(tuesday, "09:12:40"), nil)
	w.signin(nora, payroll, at(thursday, "09:05:11"), nil)
	w.signin(pat, invoices, at(wednesday, "10:31:07"), values{"userType": "guest", "crossTenantAccessType": "b2bCollaboration", "homeTenantId": simulate.FabrikamTenant})
	// An administrator at work, from the administration workstation.
	w.signin(admCarla, azure, at(wednesday, "18:01:30"), nil)
}

// audit adds an entry of the directory's log.
func (w *week) audit(base string, t time.Time, actor, v values) simulate.Record {
	correlation := guid("audit", base, t.String())
	prefix := "Directory"
	switch base {
	case "audit-pim-activation":
		prefix = "PIM"
	case "audit-security-info":
		prefix = "IAMUX"
	case "audit-reset-password":
		prefix = "SSPR"
	case "audit-conditional-access":
		prefix = "IPCGraph"
	case "audit-invite":
		prefix = "Invited Users"
	}
	id := fmt.Sprintf("%s_%s_%05X_%d", prefix, correlation, w.rng.IntN(1<<20), w.rng.IntN(1e9))
	return w.add(base, t, id, simulate.With(values{"correlationId": correlation}, actor, v))
}

// by is a person as actor of an audit entry.
func by(p *person, ip string) values { return simulate.By(p.id, p.upn, ip) }

// byApp is an application as actor of an audit entry.
func byApp(name string) values { return simulate.ByApp(guid("service principal", name), name) }

// on is a person as target of an audit entry.
func on(p *person) values {
	return values{"targetResources.0.id": p.id, "targetResources.0.userPrincipalName": p.upnInTenant()}
}

// change writes modified properties: name, old, new.
func (w *week) change(r simulate.Record, changes ...[3]string) {
	for _, c := range changes {
		if w.err == nil {
			w.err = r.SetChange(c[0], c[1], c[2])
		}
	}
}

func (w *week) file(p *person, site, name string, t time.Time) {
	w.add("m365-file", t, guid("file", p.upn, name, t.String()), values{
		"UserId": p.upn, "ClientIP": p.home.ip, "SourceFileName": name, "SiteUrl": "https://contoso.sharepoint.com/sites/" + site + "/",
		"SourceRelativeUrl": "Shared Documents", "ObjectId": "https://contoso.sharepoint.com/sites/" + site + "/Shared Documents/" + name,
		"UserKey": "i:0h.f|membership|" + p.id[:8] + "@live.com",
	})
}

// An occasion is when something happens to somebody.
type occasion struct {
	day   int
	clock string
	who   *person
}

// housekeeping is what changes in the directory, and in files, every week.
func (w *week) housekeeping() {
	named := func(p *person) values { return simulate.With(on(p), values{"targetResources.0.displayName": p.name}) }
	hr := byApp("Workday to Entra")
	for _, o := range []occasion{
		{monday, "06:15:20", member("Signe Aas", oslo, "Sales", "Trainee")},
		{tuesday, "06:15:31", member("Tore Lie", oslo, "Sales", "Trainee")},
	} {
		r := w.audit("audit-add-user", at(o.day, o.clock), hr, named(o.who))
		w.change(r, [3]string{"DisplayName", "[]", `["` + o.who.name + `"]`}, [3]string{"UserPrincipalName", "[]", `["` + o.who.upn + `"]`},
			[3]string{"Department", "[]", `["Sales"]`})
	}
	for _, o := range []occasion{{tuesday, "06:16:02", ivar}, {wednesday, "06:16:09", lena}, {thursday, "06:16:04", otto}} {
		w.audit("audit-update-user", at(o.day, o.clock), hr, on(o.who))
	}
	// The service desk at its work; people help themselves.
	desk := by(hanna, oslo.ip)
	for _, o := range []occasion{{monday, "10:20:45", jonas}, {tuesday, "13:41:12", greta}, {friday, "08:32:50", felix}} {
		w.audit("audit-reset-password", at(o.day, o.clock), desk, named(o.who))
	}
	for _, o := range []occasion{{monday, "14:40:05", ebba}, {tuesday, "09:18:44", lena}, {wednesday, "15:02:37", jonas}, {thursday, "10:55:16", otto}} {
		w.audit("audit-group-member", at(o.day, o.clock), desk, on(o.who))
	}
	for _, o := range []occasion{{wednesday, "11:09:55", karin}, {thursday, "14:27:03", ivar}} {
		w.audit("audit-security-info", at(o.day, o.clock), by(o.who, o.who.home.ip), named(o.who))
	}
	w.plannedChange()
	for day := monday; day <= friday; day++ {
		for _, f := range []struct {
			who        *person
			site, name string
		}{{alice, "finance", "Forecast 2027.xlsx"}, {felix, "sales", "Price list.xlsx"}, {ivar, "logistics", "Route plan.docx"}} {
			w.file(f.who, f.site, f.name, at(day, "09:30").Add(time.Duration(w.rng.IntN(20000))*time.Second))
		}
	}
}

// plannedChange is announced in the baseline: the administrator takes the role
// and updates a policy.
func (w *week) plannedChange() {
	const why, from = "CHG-2041 terms of use for guests", "203.0.113.5"
	w.audit("audit-pim-activation", at(wednesday, "18:03:22"), values{
		"initiatedBy.user.id": admCarla.id, "initiatedBy.user.userPrincipalName": admCarla.upn, "initiatedBy.user.displayName": admCarla.name,
	}, values{
		"targetResources.2.id": admCarla.id, "targetResources.2.userPrincipalName": admCarla.upn, "targetResources.2.displayName": admCarla.name,
		"resultReason": why, "additionalDetails.5.value": why, "additionalDetails.9.value": from,
	})
	policy := func(state string) string {
		return `{"id":"` + guid("policy", "CA05") + `","displayName":"CA05 Terms of use for guests","state":"` + state + `"}`
	}
	r := w.audit("audit-conditional-access", at(wednesday, "18:10:41"), by(admCarla, from), values{
		"targetResources.0.displayName": "CA05 Terms of use for guests", "targetResources.0.id": guid("policy", "CA05"),
	})
	w.change(r, [3]string{"ConditionalAccessPolicy", policy("enabledForReportingButNotEnforced"), policy("enabled")})
}
