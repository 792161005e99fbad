package simulate

import "time"

// stories are whole intrusions, one step after the other.
var stories = []attack{
	{slug: "story-spray-to-consent", rows: []string{"U33", "UX39", "C23", "C28"}, run: func(s *scene, _ int) {
		// One password on many accounts; the last one's is right.
		var p *person
		for range limits.widespread + 2 {
			p = s.victim()
			s.signin(p, officeHome, with(s.intruder(), fails(50126, "")))
			s.later(70 * time.Second)
		}
		// Prompts until somebody gives in.
		s.later(5 * time.Minute)
		s.repeat(limits.prompts+1, 40*time.Second, p, officeHome, with(s.intruder(), fails(500121, declined)))
		s.signin(p, officeHome, s.intruder())
		// A second factor of the intruder's own, a role, a key, a grant.
		s.later(4 * time.Minute)
		s.audit("audit-security-info", p, with(on(p), by(p, s.ip)))
		s.later(9 * time.Minute)
		s.audit("audit-add-member-to-role", p, with(on(p), by(p, s.ip)))
		s.later(6 * time.Minute)
		s.addKey(p, "Password", "Invoice Portal", by(p, s.ip))
		s.later(3 * time.Minute)
		s.consent(p)
		// What it was for.
		s.later(2 * time.Minute)
		s.object("graph-activity", values{"callerIpAddress": s.ip, "properties.ipAddress": s.ip})
	}},
}
