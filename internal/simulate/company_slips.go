package simulate

import (
	"fmt"
	"time"
)

// What goes wrong on an ordinary day, and looks a little like an attack.

// somebody draws a member of staff who is where they live, and moves the scene
// into their working day, between two hours of theirs.
func (s *scene) somebody(day time.Time, from, to int) *person {
	s.working(day, from, to)
	for {
		p := s.anybody()
		at := s.at.Add(-time.Duration(p.home.offset) * time.Minute)
		if stay(p, unixTicks(at)) == p.home {
			s.at = at
			return p
		}
	}
}

// forgotten are new passwords that were forgotten over a weekend: some tries,
// sometimes until Entra locks the account, then the service desk. One person in
// forty does so in a month. Some more reset it themselves.
func (s *scene) forgotten(day time.Time) {
	for range s.share(800) {
		p := s.somebody(day, 8, 14)
		for range 3 + s.rng.IntN(5) {
			s.signin(p, officeHome, with(from(p.home, p.homeIP), fails(50126, "")))
			s.later(time.Duration(10+s.rng.IntN(50)) * time.Second)
		}
		if s.rng.IntN(3) == 0 {
			s.signin(p, officeHome, with(from(p.home, p.homeIP), fails(50053, "")))
		}
		s.later(time.Duration(5+s.rng.IntN(20)) * time.Minute)
		s.audit("audit-reset-password", &s.desk()[s.rng.IntN(deskCount)], on(p))
		s.later(3 * time.Minute)
		s.signin(p, officeHome, from(p.home, p.homeIP))
	}
	for range s.share(300) {
		s.working(day, 7, 16)
		p := s.anybody()
		r := s.audit("audit-reset-password", p, on(p))
		values{"activityDisplayName": "Reset password (self-service)"}.apply(r)
	}
}

// doubts are false alarms of ID Protection, mostly about people in hotels: one a
// day for each thousand people, a fifth of them medium.
func (s *scene) doubts(day time.Time) {
	for range s.share(1000) {
		s.working(day, 6, 20)
		p, level := s.anybody(), "low"
		if s.rng.IntN(5) == 0 {
			level = "medium"
		}
		s.where, s.ip = &abroad[s.rng.IntN(len(abroad))], fmt.Sprintf("2001:db8:a001:%x::1", s.rng.IntN(1<<16))
		s.risk(p, "unfamiliarFeatures", "signin", level)
	}
}

// unanswered are prompts for a second factor that nobody answered, because the
// phone was in another room: one person in twenty-five a day. Nobody refuses a
// prompt by mistake here; who does ought to be asked.
func (s *scene) unanswered(day time.Time) {
	for range s.share(25) {
		p := s.somebody(day, 9, 16)
		s.signin(p, p.apps[0], fails(500121, "MFA denied; user did not respond to mobile app notification"))
		s.later(time.Duration(40+s.rng.IntN(60)) * time.Second)
		s.signin(p, p.apps[0], nil)
	}
}

// strayDevices are a laptop that lost its registration, which Conditional Access
// turns away until the service desk has mended it, one a day for each two
// thousand people; and phones of people who left the day before and still ask
// for mail.
func (s *scene) strayDevices(day time.Time) {
	for range s.share(2000) {
		p := s.somebody(day, 8, 15)
		s.signin(p, officeHome, with(fails(53003, ""), values{
			"deviceDetail.deviceId": "", "deviceDetail.displayName": nil, "deviceDetail.isCompliant": nil, "deviceDetail.isManaged": nil, "deviceDetail.trustType": nil,
		}))
		s.later(2 * time.Hour)
		s.signin(p, officeHome, nil)
	}
	for range s.share(500) {
		p := newcomer(s.rng)
		p.laptop = deviceModels[phoneAndroid]
		s.working(day, 6, 9)
		for range 6 {
			v := visit{at: unixTicks(s.at), who: p, app: officeHome, device: &p.laptop, where: p.home, ip: officeAddress(p.home), outcome: expired, id: requestGUID(s.rng), correlation: randomGUID(s.rng)}
			s.keep(v.record(), values{"status.errorCode": 50057, "status.failureReason": failureReasons[50057]})
			s.later(time.Hour)
		}
	}
}
