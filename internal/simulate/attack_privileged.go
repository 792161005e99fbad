package simulate

import "time"

// prey is an administrator of whom only one attack tells.
func (s *scene) prey() *person {
	p := s.victim()
	given, family := givenNames[(len(s.victims)*5+2)%len(givenNames)], familyNames[(len(s.victims)*3+1)%len(familyNames)]
	p.name, p.admin = given+" "+family+" (admin)", true
	p.upn = "adm." + lower(given) + "." + lower(family) + "@contoso.com"
	p.laptop.name = "PAW-" + p.laptop.name[len("LAPTOP-V"):]
	p.phone, p.apps = p.laptop, adminApps()
	return p
}

var portal = &applications[8] // Azure Portal

var privilegedAttacks = []attack{
	{slug: "admin-brute-force", rows: []string{"P01"}, limit: limits.failedPrivileged, run: func(s *scene, n int) {
		s.repeat(n, 2*time.Minute, s.prey(), portal, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "admin-blocked-by-conditional-access", rows: []string{"P02"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, with(s.intruder(), fails(53003, "")))
	}},
	{slug: "admin-second-factor-failed", rows: []string{"P04"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, with(s.intruder(), fails(500121, "MFA denied; user did not respond to mobile app notification")))
	}},
	{slug: "admin-lock-outs", rows: []string{"P07"}, limit: limits.lockouts, run: func(s *scene, n int) {
		s.repeat(n, 90*time.Second, s.prey(), portal, with(s.intruder(), fails(50053, "")))
	}},
	{slug: "admin-disabled-account", rows: []string{"P08"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, with(s.intruder(), fails(50057, "")))
	}},
	{slug: "admin-refuses-prompt", rows: []string{"P09"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, with(s.intruder(), fails(500121, "MFA denied; Phone App Reported Fraud")))
	}},
	{slug: "admin-reports-fraud", rows: []string{"P10"}, run: func(s *scene, _ int) {
		p := s.prey()
		s.audit("audit-fraud", p, with(on(p), values{"initiatedBy.user.ipAddress": nil}))
	}},
	{slug: "admin-failed-sign-in-elsewhere", rows: []string{"P11"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.repeat(1, time.Minute, s.prey(), portal, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "admin-sign-in-elsewhere", rows: []string{"U40"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.repeat(1, time.Minute, s.prey(), portal, s.intruder())
	}},
	{slug: "admin-sign-in-at-night", rows: []string{"P12"}, hour: 1, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, nil)
	}},
	{slug: "admin-password-reset", rows: []string{"P14"}, run: func(s *scene, _ int) {
		s.audit("audit-reset-password", &s.desk()[0], on(s.prey()))
	}},
	{slug: "admin-signs-in-to-foreign-tenant", rows: []string{"P18"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.prey(), portal, foreignTenant())
	}},
	{slug: "pim-alert-disabled", rows: []string{"P17"}, run: func(s *scene, _ int) {
		s.audit("audit-pim-eligible", s.prey(), values{"activityDisplayName": "Disable PIM alert", "operationType": "Update", "initiatedBy.user.ipAddress": nil})
	}},
	{slug: "admin-changes-unplanned", rows: []string{"P21"}, run: func(s *scene, _ int) {
		s.audit("audit-update-user", s.prey(), on(s.victim()))
	}},
	{slug: "payroll-changed", rows: []string{"P22"}, run: func(s *scene, _ int) {
		s.audit("audit-update-application", &s.owners()[1], values{"targetResources.0.displayName": "Payroll"})
		s.involve("app", "Payroll")
	}},
	{slug: "privileged-service-called", rows: []string{"P23"}, run: func(s *scene, _ int) {
		s.object("domain-services", nil)
		s.involve("user", "carla.nyberg", `AADDS\carla.nyberg`)
	}},
	{slug: "admin-new-method", rows: []string{"P25"}, run: func(s *scene, _ int) {
		p := s.prey()
		s.audit("audit-security-info", p, with(on(p), by(p, s.ip)))
	}},
	{slug: "made-eligible", rows: []string{"P26", "P30"}, run: func(s *scene, _ int) {
		p := s.prey()
		s.audit("audit-pim-eligible", s.victim(), values{
			"initiatedBy.user.ipAddress": nil, "targetResources.2.id": p.id, "targetResources.2.displayName": p.name, "targetResources.2.userPrincipalName": p.upn,
		})
		s.involve("user", p.id)
	}},
	{slug: "temporary-access-pass", rows: []string{"P29"}, run: func(s *scene, _ int) {
		s.audit("audit-security-info", &s.desk()[1], with(on(s.prey()), values{
			"activityDisplayName": "Admin registered security info", "resultReason": "Admin registered temporary access pass method for user",
		}))
	}},
	{slug: "role-outside-pim", rows: []string{"P31"}, run: func(s *scene, _ int) {
		s.audit("audit-add-member-to-role", s.victim(), on(s.victim()))
	}},
	{slug: "elevation-at-night", rows: []string{"P32"}, hour: 1, run: func(s *scene, _ int) {
		s.activate(s.prey(), "urgent", s.ip)
	}},
	{slug: "elevation-denied", rows: []string{"P33"}, run: func(s *scene, _ int) {
		r := s.activate(s.victim(), "please", s.ip)
		values{"activityDisplayName": "Add member to role request denied (PIM activation)", "operationType": "ActivateRoleRequestDenied"}.apply(r)
	}},
	{slug: "pim-settings-weakened", rows: []string{"P34"}, run: func(s *scene, _ int) {
		s.audit("audit-pim-eligible", s.prey(), values{
			"activityDisplayName": "Update role setting in PIM", "operationType": "Update", "resultReason": "MFA on activation disabled", "initiatedBy.user.ipAddress": nil,
		})
	}},
	{slug: "elevation-off-workstation", rows: []string{"P35"}, run: func(s *scene, _ int) {
		p := s.prey()
		s.signin(p, portal, s.intruder())
		s.later(6 * time.Minute)
		s.activate(p, "maintenance", s.ip)
	}},
	{slug: "break-glass-sign-in", rows: []string{"PX21"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, &s.breakGlass[0], portal, s.intruder())
	}},
}
