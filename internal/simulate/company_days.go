package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// quiet returns what a day brings besides sign-ins of staff: changes by those
// who may make them, applications at work, customers. Nothing among it should
// alarm anybody who knows the baseline.
func (c *Company) quiet(day int) []Record {
	start := c.opt.Start.AddDate(0, 0, day)
	s := c.newScene(rand.New(rand.NewPCG(c.opt.Seed, mix(0x7175696574, uint64(start.Unix())))), start)
	s.machines(start)
	s.customerSignins(start)
	s.signUps(start)
	s.doubts(start)
	if wd := start.Weekday(); wd != time.Saturday && wd != time.Sunday {
		s.helpdesk(start)
		s.joinersAndLeavers(start)
		s.guests(start)
		s.applicationOwners(start)
		s.files(start)
		s.mailRules(start)
		s.forgotten(start)
		s.unanswered(start)
		s.strayDevices(start)
		s.deployments(start)
		s.administration(start)
		for i := range c.changes {
			if p := &c.changes[i]; p.from.YearDay() == start.YearDay() && p.from.Year() == start.Year() {
				s.planned(p)
			}
		}
		for i := range c.releases {
			if p := &c.releases[i]; p.from.YearDay() == start.YearDay() && p.from.Year() == start.Year() {
				s.customerPolicies(p)
			}
		}
	}
	s.records = slices.DeleteFunc(s.records, func(r Record) bool { return !eventTime(r).Before(c.end()) })
	byTime(s.records)
	return s.records
}

func byTime(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int { return eventTime(a).Compare(eventTime(b)) })
}

// working moves the scene to a random moment between two hours UTC of a day.
func (s *scene) working(day time.Time, from, to int) {
	s.at = day.Add(time.Duration(from)*time.Hour + time.Duration(s.rng.Int64N(int64(to-from)*int64(time.Hour)))).Truncate(time.Second)
}

// anybody draws a member of staff without duties who is no guest.
func (s *scene) anybody() *person {
	for {
		if p := &s.staff[dutyCount+s.rng.IntN(len(s.staff)-dutyCount)]; !p.guest {
			return p
		}
	}
}

// share is how often something happens on a day that comes to a part of the
// staff each day: 1 in every. What is left decides by chance.
func (s *scene) share(every int) int {
	n := len(s.staff) / every
	if s.rng.IntN(every) < len(s.staff)%every {
		n++
	}
	return n
}

// helpdesk resets forgotten passwords, and people register new phones.
func (s *scene) helpdesk(day time.Time) {
	for range s.share(200) {
		s.working(day, 8, 15)
		desk := &s.desk()[s.rng.IntN(deskCount)]
		s.audit("audit-reset-password", desk, on(s.anybody()))
	}
	for range s.share(150) {
		s.working(day, 8, 15)
		p := s.anybody()
		s.audit("audit-security-info", p, on(p))
	}
	for range s.share(100) {
		s.working(day, 8, 15)
		p, n := s.anybody(), s.rng.IntN(60)
		id := makeGUID(mix(uint64(n), 1), mix(uint64(n), 2)).String()
		r := s.audit("audit-group-member", &s.desk()[s.rng.IntN(deskCount)], with(on(p), values{"targetResources.1.id": id}))
		change(r, [3]string{"Group.ObjectID", "", id}, [3]string{"Group.DisplayName", "", fmt.Sprintf("Project %02d", n)})
	}
}

// hr is the application that brings people in and takes them out.
const hr = "Workday to Entra"

func (s *scene) joinersAndLeavers(day time.Time) {
	for range s.share(500) {
		s.at = day.Add(6*time.Hour + time.Duration(s.rng.IntN(1800))*time.Second)
		p := newcomer(s.rng)
		r := s.auditBy("audit-add-user", with(byApp(hr), on(p)))
		change(r, [3]string{"DisplayName", "[]", `["` + p.name + `"]`}, [3]string{"UserPrincipalName", "[]", `["` + p.upn + `"]`},
			[3]string{"Department", "[]", `["Sales"]`}, [3]string{"EmployeeId", "[]", fmt.Sprintf(`["%05d"]`, 20000+s.rng.IntN(9999))})
		s.later(7 * time.Minute)
		s.provisioned(p, "Create")
	}
	for range s.share(60) {
		s.at = day.Add(6*time.Hour + time.Duration(s.rng.IntN(1800))*time.Second)
		p := s.anybody()
		r := s.auditBy("audit-update-user", with(byApp(hr), on(p)))
		change(r, [3]string{"Department", `["Sales"]`, `["Logistics"]`})
		s.later(25 * time.Minute)
		s.provisioned(p, "Update")
	}
	for range s.share(500) {
		s.at = day.Add(18*time.Hour + time.Duration(s.rng.IntN(1800))*time.Second)
		off := s.auditBy("audit-update-user", with(byApp(hr), on(newcomer(s.rng)))) // whose last day it was
		values{"activityDisplayName": "Disable account"}.apply(off)
		change(off, [3]string{"AccountEnabled", "[true]", "[false]"})
	}
	for range s.share(500) {
		s.at = day.Add(19*time.Hour + time.Duration(s.rng.IntN(1800))*time.Second)
		p := newcomer(s.rng) // one who left a month ago
		s.auditBy("audit-delete-user", with(byApp(hr), deleted(p)))
	}
}

// provisioned is the Expense Tool getting to know of a change.
func (s *scene) provisioned(p *person, action string) {
	s.object("provisioning", values{
		"action": action, "provisioningAction": lower(action), "sourceIdentity.id": p.id, "sourceIdentity.displayName": p.name,
		"sourceIdentity.details.UserPrincipalName": p.upn, "targetIdentity.displayName": p.name,
	})
}

// newcomer is somebody of whom there are no sign-ins.
func newcomer(rng *rand.Rand) *person {
	given, family := givenNames[rng.IntN(len(givenNames))], familyNames[rng.IntN(len(familyNames))]
	return &person{
		id: randomGUID(rng).String(), name: given + " " + family, home: &places[0],
		upn: fmt.Sprintf("%s.%s%d@contoso.com", lower(given), lower(family), 2000+rng.IntN(1_000_000)),
	}
}

// deleted is a person as target of a deletion, which puts the id before the name.
func deleted(p *person) values {
	return values{"targetResources.0.id": p.id, "targetResources.0.userPrincipalName": compact(p.id) + p.directoryName()}
}

func (s *scene) guests(day time.Time) {
	for range s.share(800) {
		s.working(day, 8, 15)
		inviter := &s.inviters()[s.rng.IntN(inviterCount)]
		s.invite(inviter, fmt.Sprintf("visitor.%04x@fabrikam.com", s.rng.IntN(1<<16)), "203.0.113.10")
	}
}

func (s *scene) invite(inviter *person, mail, ip string) Record {
	guest := &person{id: randomGUID(s.rng).String(), name: "Visitor", upn: mail, guest: true}
	return s.audit("audit-invite", inviter, with(on(guest), by(inviter, ip), values{
		"additionalDetails.1.value": inviter.id, "additionalDetails.3.value": ip, "additionalDetails.6.value": mail,
	}))
}

// applicationOwners renew a certificate now and then, as they may.
func (s *scene) applicationOwners(day time.Time) {
	if day.Weekday() != time.Tuesday {
		return
	}
	s.working(day, 9, 14)
	owner := &s.owners()[0]
	s.addKey("AsymmetricX509Cert", "Invoice Portal", by(owner, officeAddress(owner.home)))
}

// addKey adds a credential to the application of that name.
func (s *scene) addKey(kind, app string, actor values) Record {
	const old = "[KeyIdentifier=98e3b5a8-3882-5dcf-a802-2395ed2708b2,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=CN=portal.contoso.com]"
	added := "[KeyIdentifier=" + randomGUID(s.rng).String() + ",KeyType=" + kind + ",KeyUsage=Verify,DisplayName=backup]"
	r := s.auditBy("audit-app-credential", with(values{"targetResources.0.displayName": app}, actor))
	change(r, [3]string{"KeyDescription", jsonText([]any{old}), jsonText([]any{old, added})})
	s.involve("app", app)
	return r
}

// planned is an administrator at work on a ticket: sign-in on the workstation,
// activation of a role, a change, all within the announced time.
func (s *scene) planned(p *plannedChange) {
	s.at = p.from.Add(5 * time.Minute)
	s.signin(p.who, p.who.apps[0], nil)
	s.later(4 * time.Minute)
	s.activate(p.who, p.id+" change of a policy", officeAddress(p.who.home))
	s.later(12 * time.Minute)
	r := s.audit("audit-conditional-access", p.who, values{"targetResources.0.displayName": "CA05 Terms of use for guests", "targetResources.0.id": derivedGUID("policy", "CA05")})
	policy := func(state string) string {
		return `{"id":"` + derivedGUID("policy", "CA05") + `","displayName":"CA05 Terms of use for guests","state":"` + state + `"}`
	}
	change(r, [3]string{"ConditionalAccessPolicy", policy("enabledForReportingButNotEnforced"), policy("enabled")})
	s.later(20 * time.Minute)
	end := s.activate(p.who, "", officeAddress(p.who.home))
	values{"activityDisplayName": "Remove member from role completed (PIM deactivate)", "operationType": "DeactivateRole"}.apply(end)
}

// activate takes the eligible role for an hour.
func (s *scene) activate(p *person, why, ip string) Record {
	return s.audit("audit-pim-activation", p, with(by(p, ip), values{
		"initiatedBy.user.displayName": p.name, "initiatedBy.user.ipAddress": nil, "targetResources.2.id": p.id,
		"targetResources.2.displayName": p.name, "targetResources.2.userPrincipalName": p.upn, "resultReason": why,
		"additionalDetails.5.value": why, "additionalDetails.9.value": ip,
	}))
}

// files are opened all day.
func (s *scene) files(day time.Time) {
	for range s.share(5) {
		s.working(day, 7, 16)
		p := s.anybody()
		name := fmt.Sprintf("Report %03d.docx", s.rng.IntN(500))
		s.object("m365-file", values{"UserId": p.upn, "ClientIP": officeAddress(p.home), "SourceFileName": name, "UserKey": "i:0h.f|membership|" + p.id[:8] + "@live.com"})
	}
}

// mailRules are rules that people make for their mailboxes, such as one that
// moves newsletters: one person in fifty makes one in a month of working days.
func (s *scene) mailRules(day time.Time) {
	for range s.share(1000) {
		s.working(day, 7, 16)
		p := s.anybody()
		s.object("m365-inbox-rule", values{
			"UserId": p.upn, "ClientIP": officeAddress(p.home) + ":51882", "ObjectId": "contoso.onmicrosoft.com/" + p.id + "\\Newsletters",
			"Parameters": []any{
				map[string]any{"Name": "Name", "Value": "Newsletters"},
				map[string]any{"Name": "From", "Value": "news@fabrikam.example"},
				map[string]any{"Name": "MoveToFolder", "Value": "Newsletters"},
			},
		})
	}
}
