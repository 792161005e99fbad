package simulate

import "time"

// customerSignins are the sign-ins of customers: each about every third day.
func (s *scene) customerSignins(day time.Time) {
	for i := range s.customers {
		p := &s.customers[i]
		if mix(p.hash, uint64(day.Unix()))%3 != 0 {
			continue
		}
		s.working(day, 7, 21)
		if s.rng.IntN(25) == 0 { // mistyped
			s.customer(p, fails(50126, ""))
			s.later(time.Duration(10+s.rng.IntN(30)) * time.Second)
		}
		s.customer(p, nil)
	}
}

// signUps are customers who make themselves accounts, one a day for each fifty
// there are, and a tenth as many who close theirs.
func (s *scene) signUps(day time.Time) {
	defer func(was string) { s.tenant = was }(s.tenant)
	s.tenant = CustomerTenant
	for i := range (len(s.customers) + 49) / 50 {
		s.working(day, 7, 21)
		s.auditBy("audit-add-user", with(byService(), on(s.shopper())))
		if (i+day.YearDay())%10 == 0 {
			s.later(time.Hour)
			s.auditBy("audit-delete-user", with(byService(), deleted(s.shopper())))
		}
	}
}

// customerPolicies are the releases of what customers see at sign-in.
func (s *scene) customerPolicies(release *plannedChange) {
	defer func(was string) { s.tenant = was }(s.tenant)
	s.tenant = CustomerTenant
	s.at = release.from.Add(time.Duration(s.rng.IntN(120)) * time.Minute)
	p := release.who
	s.signin(p, portal, nil)
	for _, change := range [][2]string{{"audit-b2c-policy", "Update custom policy"}, {"audit-b2c-user-flow", "Update user flow"}, {"audit-b2c-api-connector", "Update API connector"}} {
		s.later(9 * time.Minute)
		s.auditBy(change[0], values{"activityDisplayName": change[1], "initiatedBy.app.displayName": p.upn, "initiatedBy.app.servicePrincipalName": p.upn})
	}
}

// customer adds a sign-in of a customer, in the customers' tenant.
func (s *scene) customer(p *person, v values) Record {
	was := s.tenant
	s.tenant = CustomerTenant
	defer func() { s.tenant = was }()
	return s.signin(p, &customerApp, with(from(p.home, p.homeIP), values{
		"authenticationRequirement": "singleFactorAuthentication", "mfaDetail": nil, "authenticationDetails.1": remove{},
		"appliedConditionalAccessPolicies": []any{}, "conditionalAccessStatus": "notApplied", "status.additionalDetails": nil,
		"authenticationRequirementPolicies": []any{},
	}, v))
}
