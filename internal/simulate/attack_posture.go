package simulate

// Weak spots that stand in the directory. They have no time of their own.
var postureAttacks = []attack{
	{slug: "role-holder-with-odd-name", rows: []string{"U08", "P05"}, run: func(s *scene, _ int) {
		p := s.victim() // an account for work, not one for administration
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
	{slug: "registered-foreign-redirect-uri", rows: []string{"C30"}, run: func(s *scene, _ int) {
		id := derivedGUID("application", "Old Portal")
		s.leave("applications", plant("application", id, values{
			"displayName": "Old Portal", "appId": derivedGUID("app id", "Old Portal"), "web.redirectUris": []any{"https://gone.example.net/signin-oidc"},
			"passwordCredentials": []any{}, "owners": []any{},
		}))
		s.involve("app", id, "Old Portal", derivedGUID("app id", "Old Portal"))
	}},
}

// leave puts an object into a file of the directory.
func (s *scene) leave(file string, r Record) {
	s.planted[file] = append(s.planted[file], r)
}
