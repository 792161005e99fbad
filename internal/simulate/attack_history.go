package simulate

import (
	"fmt"
	"time"
)

// What is only news beside what was before: the logs must reach back far enough.
var historyAttacks = []attack{
	{slug: "admin-from-new-device", rows: []string{"P16"}, history: 15, run: func(s *scene, _ int) {
		// A stolen session, from a computer that the intruder has registered, by
		// way of a rented server in the administrator's own town.
		p := s.prey()
		s.habit(p, 15, portal)
		s.signin(p, portal, with(from(p.home, s.ip), values{
			"deviceDetail.deviceId": randomGUID(s.rng).String(), "deviceDetail.displayName": "DESKTOP-7Q2", "deviceDetail.trustType": "Azure AD registered",
			"deviceDetail.isCompliant": nil, "deviceDetail.isManaged": nil,
		}))
	}},
	{slug: "admin-from-new-country", rows: []string{"P16"}, history: 15, run: func(s *scene, _ int) {
		p := s.prey()
		s.habit(p, 15, portal)
		s.signin(p, portal, s.intruder())
	}},
	{slug: "admin-over-legacy-protocol", rows: []string{"P15"}, history: 15, run: func(s *scene, _ int) {
		// The password is stolen, the second factor is not: old protocols ask for none.
		p := s.prey()
		s.habit(p, 15, portal)
		s.signin(p, &legacyApplications[0], with(s.intruder(), oneFactor(), legacyClient("IMAP4")))
	}},
	{slug: "more-failures-than-a-week-ago", rows: []string{"U37"}, history: 8, hour: 15, grows: &growth{Tenant, true, limits.failures}, run: func(s *scene, n int) {
		s.botnet(n, s.victim, func(p *person, v values) { s.signin(p, officeHome, with(s.intruder(), fails(50126, ""), v)) })
	}},
	{slug: "more-successes-than-a-week-ago", rows: []string{"U48"}, history: 8, hour: 15, grows: &growth{Tenant, false, limits.successes}, run: func(s *scene, n int) {
		s.botnet(n, s.victim, func(p *person, v values) { s.signin(p, officeHome, with(s.intruder(), v)) })
	}},
	{slug: "more-customer-failures-than-a-week-ago", rows: []string{"C07"}, history: 8, hour: 15, grows: &growth{CustomerTenant, true, limits.failures}, run: func(s *scene, n int) {
		s.shop().botnet(n, s.shopper, func(p *person, v values) { s.customer(p, with(s.intruder(), fails(50126, ""), v)) })
	}},
	{slug: "more-customer-successes-than-a-week-ago", rows: []string{"C09"}, history: 8, hour: 15, grows: &growth{CustomerTenant, false, limits.successes}, run: func(s *scene, n int) {
		s.shop().botnet(n, s.shopper, func(p *person, v values) { s.customer(p, with(s.intruder(), v)) })
	}},
}

// habit is what somebody did on the working days of so many days before, at the
// same hour: a sign-in as ever, which is no part of the attack.
func (s *scene) habit(p *person, days int, app *application) {
	records, entities, at := s.records, s.entities, s.at
	s.entities = map[string][]string{}
	for day := days; day > 0; day-- {
		if s.at = at.AddDate(0, 0, -day); s.at.Weekday() != time.Saturday && s.at.Weekday() != time.Sunday {
			s.signin(p, app, nil)
		}
	}
	s.usual = append(s.usual, s.records[len(records):]...)
	s.records, s.entities, s.at = records, entities, at
}

// botnet signs in n times within the hour, a few times as each of many people,
// never twice in a row from one address.
func (s *scene) botnet(n int, who func() *person, signin func(*person, values)) {
	s.involve("tenant", s.tenant) // whose number it is
	people := make([]*person, n/8+1)
	for i := range people {
		people[i] = who()
	}
	net := s.rng.IntN(1 << 16)
	for i := range n {
		signin(people[i%len(people)], values{"ipAddress": fmt.Sprintf("2001:db8:b07:%x::%x", net, 1+i%251)})
		s.later(50 * time.Minute / time.Duration(n))
	}
}
