package simulate

import (
	"fmt"
	"time"
)

// addUser is somebody making an account.
func (s *scene) addUser(actor *person, p *person) Record {
	r := s.audit("audit-add-user", actor, on(p))
	change(r, [3]string{"DisplayName", "[]", `["` + p.name + `"]`}, [3]string{"UserPrincipalName", "[]", `["` + p.upn + `"]`},
		[3]string{"EmployeeId", "[]", `["12345"]`})
	return r
}

// byHR is the same by the application that may.
func (s *scene) byHR(p *person, employee string) Record {
	r := s.auditBy("audit-add-user", with(byApp(hr), on(p)))
	change(r, [3]string{"DisplayName", "[]", `["` + p.name + `"]`}, [3]string{"UserPrincipalName", "[]", `["` + p.upn + `"]`})
	if employee != "" {
		change(r, [3]string{"EmployeeId", "[]", `["` + employee + `"]`})
	}
	return r
}

// named is a newcomer with another name.
func (s *scene) named(upn string) *person {
	p := newcomer(s.rng)
	p.upn = upn
	return p
}

var auditAttacks = []attack{
	{slug: "account-of-three-hours", rows: []string{"U01"}, run: func(s *scene, _ int) {
		p, actor := newcomer(s.rng), s.victim()
		s.addUser(actor, p)
		s.later(3 * time.Hour)
		s.audit("audit-delete-user", actor, deleted(p))
	}},
	{slug: "account-made-by-unapproved", rows: []string{"U02", "U09"}, run: func(s *scene, _ int) { s.addUser(s.victim(), newcomer(s.rng)) }},
	{slug: "account-of-foreign-domain", rows: []string{"U03", "U10"}, run: func(s *scene, _ int) { s.byHR(s.named("maja.lund77@blocked.example"), "12345") }},
	{slug: "new-account-with-role", rows: []string{"U04", "P24"}, run: func(s *scene, _ int) {
		p, actor := newcomer(s.rng), s.victim()
		s.addUser(actor, p)
		s.later(12 * time.Minute)
		s.audit("audit-add-member-to-role", actor, on(p))
	}},
	{slug: "account-without-employee-number", rows: []string{"U05"}, run: func(s *scene, _ int) { s.byHR(newcomer(s.rng), "") }},
	{slug: "account-with-odd-name", rows: []string{"U06"}, run: func(s *scene, _ int) { s.byHR(s.named("svc_backup7@contoso.com"), "12345") }},
	{slug: "account-deleted-by-unapproved", rows: []string{"U02", "U09"}, run: func(s *scene, _ int) {
		s.audit("audit-delete-user", s.victim(), deleted(newcomer(s.rng)))
	}},
	{slug: "account-of-foreign-domain-deleted", rows: []string{"U10"}, run: func(s *scene, _ int) {
		s.auditBy("audit-delete-user", with(byApp(hr), deleted(s.named("maja.lund78@blocked.example"))))
	}},
	// The guides count deletions for customers only; staff deserve it no less.
	{slug: "mass-deletion", rows: []string{"C01"}, limit: limits.churn, run: func(s *scene, n int) {
		actor := &s.desk()[2] // who may delete, but not so many
		for range n {
			s.audit("audit-delete-user", actor, deleted(newcomer(s.rng)))
			s.later(30 * time.Second)
		}
	}},
	{slug: "guest-becomes-member", rows: []string{"U28"}, run: func(s *scene, _ int) {
		r := s.audit("audit-update-user", s.victim(), on(s.victim()))
		change(r, [3]string{"UserType", `["Guest"]`, `["Member"]`}, [3]string{"TargetId.UserType", "", "Member"})
	}},
	{slug: "admin-guest-becomes-member", rows: []string{"P19"}, run: func(s *scene, _ int) {
		r := s.audit("audit-update-user", s.victim(), on(s.prey()))
		change(r, [3]string{"UserType", `["Guest"]`, `["Member"]`}, [3]string{"TargetId.UserType", "", "Member"})
	}},
	{slug: "guest-invited-by-unapproved", rows: []string{"U29", "P20"}, run: func(s *scene, _ int) { s.invite(s.victim(), "sam.reed@fabrikam.com", s.ip) }},
	{slug: "conditional-access-created", rows: []string{"C35"}, run: func(s *scene, _ int) { s.policy("Add conditional access policy", "Add") }},
	{slug: "conditional-access-removed", rows: []string{"C36"}, run: func(s *scene, _ int) { s.policy("Delete conditional access policy", "Delete") }},
	{slug: "conditional-access-weakened", rows: []string{"C37"}, run: func(s *scene, _ int) { s.policy("Update conditional access policy", "Update") }},
}

// policy is somebody who may not touching Conditional Access.
func (s *scene) policy(activity, operation string) {
	s.audit("audit-conditional-access", s.victim(), values{"activityDisplayName": activity, "operationType": operation})
}

// A detection of ID Protection that stands for a row of its own.
var riskTypes = []struct{ row, slug, typ, activity string }{
	{"U11", "leaked-credentials", "leakedCredentials", "user"},
	{"U12", "threat-intelligence-user", "investigationsThreatIntelligence", "user"},
	{"U13", "anonymous-address", "anonymizedIPAddress", "signin"},
	{"U14", "atypical-travel", "unlikelyTravel", "signin"},
	{"U15", "anomalous-token", "anomalousToken", "signin"},
	{"U16", "malware-address", "malwareInfectedIPAddress", "signin"},
	{"U17", "suspicious-browser", "suspiciousBrowser", "signin"},
	{"U18", "unfamiliar-properties", "unfamiliarFeatures", "signin"},
	{"U19", "malicious-address", "maliciousIPAddress", "signin"},
	{"U20", "inbox-manipulation", "mcasSuspiciousInboxManipulationRules", "signin"},
	{"U21", "detected-password-spray", "passwordSpray", "signin"},
	{"U22", "impossible-travel", "mcasImpossibleTravel", "signin"},
	{"U23", "new-country", "newCountry", "signin"},
	{"U24", "risky-address", "riskyIPAddress", "signin"},
	{"U25", "inbox-forwarding", "suspiciousInboxForwarding", "signin"},
	{"U26", "threat-intelligence-sign-in", "investigationsThreatIntelligence", "signin"},
}

var riskAttacks = makeRiskAttacks()

func makeRiskAttacks() []attack {
	var out []attack
	for _, t := range riskTypes {
		out = append(out, attack{slug: "risk-" + t.slug, rows: []string{t.row}, run: func(s *scene, _ int) { s.risk(s.victim(), t.typ, t.activity, "medium") }})
	}
	return append(out, attack{slug: "risk-admin", rows: []string{"P13"}, run: func(s *scene, _ int) {
		s.risk(s.prey(), "unfamiliarFeatures", "signin", "low")
	}})
}

// risk adds a detection of ID Protection about a person.
func (s *scene) risk(p *person, typ, activity, level string) {
	s.detection(typ, activity, level, values{"userId": p.id, "userDisplayName": p.name, "userPrincipalName": p.upn})
	s.involve("user", p.id)
}

// detection adds one about whom the values say.
func (s *scene) detection(typ, activity, level string, who values) {
	s.object("risk-detection", with(values{
		"requestId": randomGUID(s.rng).String(), "correlationId": randomGUID(s.rng).String(), "riskEventType": typ, "activity": activity, "riskLevel": level,
		"ipAddress":     s.ip,
		"location.city": s.where.city, "location.state": s.where.state, "location.countryOrRegion": s.where.country,
		"location.geoCoordinates.latitude": number(s.where.lat), "location.geoCoordinates.longitude": number(s.where.lon),
		"id": fmt.Sprintf("%x%x", s.rng.Uint64(), s.rng.Uint64()),
	}, who))
}
