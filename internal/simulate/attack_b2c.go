package simulate

import (
	"strings"
	"time"
)

// shopper is a customer of whom only one attack tells.
func (s *scene) shopper() *person {
	id := randomGUID(s.rng).String()
	return &person{id: id, name: "Customer", upn: id + "@contosocustomers.onmicrosoft.com", home: &places[0], homeIP: "2001:db8:ee::1", laptop: deviceModels[homeComputer]}
}

// keeper is an administrator of the customers' tenant.
func (s *scene) keeper() *person {
	id := randomGUID(s.rng).String()
	p := &person{id: id, name: "Keeper (admin)", upn: keeperName(len(s.keepers)), home: &places[0], laptop: deviceModels[laptopEdge], admin: true}
	s.keepers = append(s.keepers, p)
	return p
}

// shop moves the scene to the customers' tenant.
func (s *scene) shop() *scene {
	s.tenant = CustomerTenant
	return s
}

// guesses are failed sign-ins of one customer.
func (s *scene) guesses(n int, pause time.Duration, code int) {
	p := s.shopper()
	for range n {
		s.shop().signin(p, &customerApp, with(s.intruder(), fails(code, "")))
		s.later(pause)
	}
}

// byService is the B2C service as actor.
func byService() values { return byApp("CPIM Service") }

var b2cAttacks = append([]attack{
	{slug: "customer-accounts-made", rows: []string{"C01"}, limit: limits.churn, run: func(s *scene, n int) {
		for range n {
			s.shop().auditBy("audit-add-user", with(byService(), on(s.shopper())))
			s.later(20 * time.Second)
		}
	}},
	{slug: "customer-made-by-unapproved", rows: []string{"C02"}, run: func(s *scene, _ int) { s.shop().audit("audit-add-user", s.victim(), on(s.shopper())) }},
	{slug: "customer-with-role", rows: []string{"C03"}, run: func(s *scene, _ int) {
		p := s.shopper()
		s.shop().auditBy("audit-add-user", with(byService(), on(p)))
		s.later(20 * time.Minute)
		s.audit("audit-add-member-to-role", s.victim(), on(p))
	}},
	{slug: "customer-brute-force", rows: []string{"C04"}, limit: limits.failed, run: func(s *scene, n int) { s.guesses(n, 40*time.Second, 50126) }},
	{slug: "customer-lock-outs", rows: []string{"C05"}, limit: limits.lockouts, run: func(s *scene, n int) { s.guesses(n, 90*time.Second, 50053) }},
	{slug: "customer-from-foreign-country", rows: []string{"C06"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.guesses(1, time.Minute, 50126)
	}},
	{slug: "customer-disabled", rows: []string{"C08"}, run: func(s *scene, _ int) { s.guesses(1, time.Minute, 50057) }},
	{slug: "keeper-brute-force", rows: []string{"C10"}, limit: limits.failedPrivileged, run: func(s *scene, n int) {
		s.shop().repeat(n, time.Minute, s.keeper(), portal, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "keeper-blocked", rows: []string{"C11"}, run: func(s *scene, _ int) { s.shop().repeat(1, 0, s.keeper(), portal, with(s.intruder(), fails(53003, ""))) }},
	{slug: "keeper-second-factor-failed", rows: []string{"C12", "C15"}, run: func(s *scene, _ int) {
		s.shop().repeat(1, 0, s.keeper(), portal, with(s.intruder(), fails(500121, declined)))
	}},
	{slug: "keeper-lock-outs", rows: []string{"C13"}, limit: limits.lockouts, run: func(s *scene, n int) {
		s.shop().repeat(n, time.Minute, s.keeper(), portal, with(s.intruder(), fails(50053, "")))
	}},
	{slug: "keeper-disabled", rows: []string{"C14"}, run: func(s *scene, _ int) { s.shop().repeat(1, 0, s.keeper(), portal, with(s.intruder(), fails(50057, ""))) }},
	{slug: "keeper-reports-fraud", rows: []string{"C16"}, run: func(s *scene, _ int) {
		p := s.keeper()
		s.shop().audit("audit-fraud", p, with(on(p), values{"initiatedBy.user.ipAddress": nil}))
	}},
	{slug: "keeper-sign-in-elsewhere", rows: []string{"C17"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.shop().repeat(1, 0, s.keeper(), portal, s.intruder())
	}},
	{slug: "keeper-sign-in-at-night", rows: []string{"C18"}, hour: 1, run: func(s *scene, _ int) { s.shop().repeat(1, 0, s.keeper(), portal, nil) }},
	{slug: "keeper-password-reset", rows: []string{"C19"}, run: func(s *scene, _ int) { s.shop().audit("audit-reset-password", s.victim(), on(s.keeper())) }},
	{slug: "keeper-new-method", rows: []string{"C20"}, run: func(s *scene, _ int) {
		p := s.keeper()
		s.shop().audit("audit-security-info", p, with(on(p), by(p, s.ip)))
	}},
}, makeB2CAttacks()...)

// What B2C writes when somebody changes its settings.
var b2cChanges = []struct{ base, activity, rows string }{
	{"audit-b2c-policy", "Create custom policy", "C38"},
	{"audit-b2c-policy", "Update custom policy", "C39"},
	{"audit-b2c-policy", "Delete custom policy", "C40"},
	{"audit-b2c-user-flow", "Create user flow", "C41"},
	{"audit-b2c-user-flow", "Update user flow", "C42"},
	{"audit-b2c-user-flow", "Delete user flow", "C43"},
	{"audit-b2c-api-connector", "Create API connector", "C44"},
	{"audit-b2c-api-connector", "Update API connector", "C45"},
	{"audit-b2c-api-connector", "Delete API connector", "C46"},
	{"audit-b2c-identity-provider", "Create Identity Provider", "C47 C20"},
	{"audit-b2c-identity-provider", "Update Identity Provider", "C48 C21"},
	{"audit-b2c-identity-provider", "Delete Identity Provider", "C49 C22"},
}

func makeB2CAttacks() []attack {
	var out []attack
	for _, c := range b2cChanges {
		slug := "b2c-" + strings.ReplaceAll(lower(c.activity), " ", "-")
		out = append(out, attack{slug: slug, rows: strings.Fields(c.rows), run: func(s *scene, _ int) {
			s.shop().b2c(c.base, c.activity, s.victim())
		}})
	}
	return out
}

// b2c is a change by a person whom B2C names as an application.
func (s *scene) b2c(base, activity string, actor *person) {
	s.auditBy(base, values{
		"activityDisplayName": activity, "initiatedBy.app.displayName": actor.upn, "initiatedBy.app.servicePrincipalName": actor.upn,
	})
}
