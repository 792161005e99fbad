package simulate

// Weak spots that stand in the directory. They have no time of their own.
var postureAttacks = []attack{
	{slug: "role-holder-with-odd-name", rows: []string{"U08", "P05"}, run: func(s *scene, _ int) {
		p := s.victim() // an account for work, not one for administration
		s.leave("role-eligibilities", s.holds("role-eligibility", p))
		s.involve("user", p.id)
	}},
	{slug: "subscription-owner-with-odd-name", rows: []string{"U07", "P03"}, run: func(s *scene, _ int) { s.azureOwner(subscription) }},
	{slug: "management-group-owner-with-odd-name", rows: []string{"U07", "P03"}, run: func(s *scene, _ int) { s.azureOwner(managementGroup) }},
	{slug: "forgotten-admin", rows: []string{"P27"}, limit: limits.inactive, run: func(s *scene, n int) {
		p := s.prey()
		p.last = s.end().AddDate(0, 0, -n)
		s.leave("role-eligibilities", s.holds("role-eligibility", p))
		s.involve("user", p.id)
	}},
	{slug: "admin-without-second-factor", rows: []string{"U42", "P06"}, run: func(s *scene, _ int) {
		p := s.prey()
		p.bare = true
		s.leave("registration-details", s.registered(p, false))
		s.involve("user", p.id)
	}},
	{slug: "person-exempt-from-conditional-access", rows: []string{"P28"}, run: func(s *scene, _ int) {
		p, id := s.victim(), derivedGUID("policy", "CA02")
		s.leave("conditional-access-policies", plant("conditional-access-policy", id, values{
			"displayName": "CA02 Require MFA for guests", "conditions.users.excludeUsers": []any{p.id},
		}))
		s.involve("user", p.id)
		s.involve("policy", id)
	}},
	{slug: "access-review-left-open", rows: []string{"PX31"}, run: func(s *scene, _ int) {
		r := s.review("Monthly review of User Administrators", "InProgress")
		s.leave("access-reviews", r)
		round, _ := r.Get("instances.0.id")
		s.involve("access review", text(round))
	}},
	{slug: "registered-foreign-redirect-uri", rows: []string{"C30"}, run: func(s *scene, _ int) {
		id := derivedGUID("application", "Old Portal")
		s.leave("applications", plant("application", id, values{
			"displayName": "Old Portal", "appId": derivedGUID("app id", "Old Portal"), "web.redirectUris": []any{"https://gone.example.net/signin-oidc"},
			"passwordCredentials": []any{}, "owners": []any{},
		}))
		s.involve("app", id, "Old Portal", derivedGUID("app id", "Old Portal"))
	}},
}

// azureOwner is an account for work that owns what lies in a scope.
func (s *scene) azureOwner(scope string) {
	p := s.victim()
	s.leave("azure-role-assignments", azureRole(scope, "Owner", "User", p.id))
	s.involve("user", p.id)
}

// leave puts an object into a file of the directory.
func (s *scene) leave(file string, r Record) {
	s.planted[file] = append(s.planted[file], r)
}
