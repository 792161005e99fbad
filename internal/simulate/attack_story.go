package simulate

import "time"

// stories are whole intrusions, one step after the other. Steps that no row of
// the guides asks about have no label.
var stories = []attack{
	{slug: "story-spray-to-consent", rows: []string{"UX39", "U33", "P31", "C23", "C28"}, run: func(s *scene, _ int) {
		s.step("spray", "UX39")
		var p *person
		for range limits.widespread + 2 {
			p = s.victim() // the last one's password is right
			s.signin(p, officeHome, with(s.intruder(), fails(50126, "")))
			s.later(70 * time.Second)
		}
		s.later(5 * time.Minute)
		s.step("prompts-until-one-is-answered", "U33")
		s.repeat(limits.prompts+1, 40*time.Second, p, officeHome, with(s.intruder(), fails(500121, declined)))
		s.signin(p, officeHome, s.intruder())
		s.later(4 * time.Minute)
		s.step("second-factor")
		s.audit("audit-security-info", p, with(on(p), by(p, s.ip)))
		s.later(9 * time.Minute)
		s.step("role", "P31")
		s.audit("audit-add-member-to-role", p, with(on(p), by(p, s.ip)))
		s.later(6 * time.Minute)
		s.step("key", "C23")
		s.addKey("Password", "Invoice Portal", by(p, s.ip))
		s.later(3 * time.Minute)
		s.step("grant", "C28")
		s.consent(p)
		s.later(2 * time.Minute)
		s.step("loot")
		s.object("graph-activity", values{"callerIpAddress": s.ip, "properties.ipAddress": s.ip})
	}},
	{slug: "story-stolen-token-to-mailbox", rows: []string{"UX45", "U15", "U25", "C27"}, run: func(s *scene, _ int) {
		// Between a person and the sign-in page stands a proxy that keeps the
		// token: password and second factor are right, and the proxy's address is seen.
		s.step("sign-in-through-proxy", "UX45")
		p := s.victim()
		s.signin(p, outlookWeb, from(p.home, p.homeIP))
		s.later(14 * time.Minute)
		s.signin(p, officeHome, s.intruder())
		s.later(9 * time.Minute)
		s.step("token-replayed", "U15")
		s.object("signin-noninteractive", with(s.intruder(), values{
			"userId": p.id, "userPrincipalName": p.upn, "userDisplayName": p.name, "correlationId": randomGUID(s.rng).String(),
		}))
		s.later(16 * time.Minute)
		s.risk(p, "anomalousToken", "signin", "high")
		s.later(5 * time.Minute)
		s.step("inbox-rule", "U25")
		s.object("m365-inbox-rule", values{"UserId": p.upn, "ClientIP": s.ip + ":51882", "UserKey": "10032001" + p.id[:8]})
		s.later(40 * time.Minute)
		s.risk(p, "suspiciousInboxForwarding", "signin", "high")
		s.later(10 * time.Minute)
		s.step("consent-of-the-person", "C27")
		r := s.audit("audit-delegated-grant", p, with(by(p, s.ip), values{"targetResources.0.displayName": "Microsoft Graph"}))
		change(r, [3]string{"DelegatedPermissionGrant.Scope", "", " Mail.ReadWrite Mail.Send offline_access"},
			[3]string{"DelegatedPermissionGrant.ConsentType", "", "Principal"}, [3]string{"ServicePrincipal.DisplayName", "", "PDF Helper"})
		s.later(time.Second)
		r = s.audit("audit-consent", p, with(by(p, s.ip), values{"targetResources.0.displayName": "PDF Helper"}))
		change(r, [3]string{"ConsentContext.IsAdminConsent", "", "False"}, [3]string{"ConsentContext.OnBehalfOfAll", "", "False"})
	}},
	{slug: "story-help-desk-to-federation", rows: []string{"P14", "P29", "U40", "P25", "P35", "P34", "P21"}, run: func(s *scene, _ int) {
		// Somebody calls the service desk in an administrator's name.
		s.step("password-reset", "P14")
		p, desk := s.prey(), &s.desk()[1]
		s.audit("audit-reset-password", desk, on(p))
		s.later(3 * time.Minute)
		s.step("temporary-access-pass", "P29")
		s.audit("audit-security-info", desk, with(on(p), values{
			"activityDisplayName": "Admin registered security info", "resultReason": "Admin registered temporary access pass method for user",
		}))
		s.later(5 * time.Minute)
		s.step("sign-in", "U40")
		s.signin(p, portal, s.intruder())
		s.later(3 * time.Minute)
		s.step("second-factor", "P25")
		s.audit("audit-security-info", p, with(on(p), by(p, s.ip)))
		s.later(6 * time.Minute)
		s.step("elevation", "P35")
		s.activate(p, "fix", s.ip)
		s.later(8 * time.Minute)
		s.step("role-settings", "P34")
		s.audit("audit-pim-eligible", p, with(by(p, s.ip), values{
			"activityDisplayName": "Update role setting in PIM", "operationType": "Update", "resultReason": "MFA on activation disabled", "initiatedBy.user.ipAddress": nil,
		}))
		s.later(4 * time.Minute)
		s.step("conditional-access", "P21")
		s.audit("audit-conditional-access", p, by(p, s.ip))
		s.later(11 * time.Minute)
		// Whoever holds the key of a federated domain signs in as anybody.
		s.step("federation", "P21")
		s.audit("audit-domain-federation", p, by(p, s.ip))
		s.later(40 * time.Second)
		s.audit("audit-domain-federation", p, with(by(p, s.ip), values{"activityDisplayName": "Set federation settings on domain"}))
	}},
	{slug: "story-application-to-vault", rows: []string{"UX24", "C23", "C24"}, run: func(s *scene, _ int) {
		// The secret of an application was in a repository.
		const exporter, export = "93f095e0-df56-576a-98f6-b5fb7af90cff", "Nightly Export"
		s.elsewhere()
		service := with(byApp(export), values{"initiatedBy.app.servicePrincipalId": exporter})
		s.step("sign-in", "UX24")
		s.object("signin-service-principal", with(from(s.where, s.ip), values{"correlationId": randomGUID(s.rng).String()}))
		s.later(20 * time.Minute)
		s.detection("suspiciousSignins", "servicePrincipal", "high", values{
			"appId": "701dd6a5-f40a-5dc5-83e2-81e81a124995", "servicePrincipalId": exporter, "servicePrincipalDisplayName": export,
			"userId": nil, "userPrincipalName": nil, "userDisplayName": nil,
		})
		s.involve("app", exporter, export)
		s.later(3 * time.Minute)
		s.step("key-of-another-application", "C23")
		s.addKey("Password", "Invoice Portal", service)
		s.later(2 * time.Minute)
		s.step("role", "C24")
		s.auditBy("audit-add-member-to-role", with(service, values{
			"targetResources.0.type": "ServicePrincipal", "targetResources.0.id": exporter, "targetResources.0.userPrincipalName": nil, "targetResources.0.displayName": export,
		}))
		s.later(7 * time.Minute)
		s.step("vault")
		for range 6 {
			s.object("keyvault-secret-get", values{
				"callerIpAddress": s.ip, "identity": map[string]any{"claim": map[string]any{
					"oid": exporter, "appid": "701dd6a5-f40a-5dc5-83e2-81e81a124995", "appidacr": "1", "ipaddr": s.ip,
				}},
			})
			s.later(3 * time.Second)
		}
	}},
	{slug: "story-guest-to-azure", rows: []string{"U29", "P20", "U28", "P31", "P36"}, run: func(s *scene, _ int) {
		s.step("invitation", "U29", "P20")
		p, guest := s.victim(), s.victim()
		guest.guest, guest.upn = true, "kim."+guest.id[:6]+"@fabrikam.com"
		s.audit("audit-invite", p, with(on(guest), by(p, s.ip), values{
			"additionalDetails.1.value": p.id, "additionalDetails.3.value": s.ip, "additionalDetails.6.value": guest.upn,
		}))
		s.later(25 * time.Minute)
		s.step("member", "U28")
		r := s.audit("audit-update-user", p, with(on(guest), by(p, s.ip)))
		change(r, [3]string{"UserType", `["Guest"]`, `["Member"]`}, [3]string{"TargetId.UserType", "", "Member"})
		s.later(4 * time.Minute)
		s.step("role", "P31")
		s.audit("audit-add-member-to-role", p, with(on(guest), by(p, s.ip)))
		s.later(12 * time.Minute)
		s.step("azure", "P36")
		s.signin(guest, portal, s.intruder())
		s.later(3 * time.Minute)
		s.object("activity-elevate", caller(guest, s.ip))
		s.involve("user", guest.id)
		s.later(2 * time.Second)
		s.audit("audit-elevate-access", guest, with(on(guest), by(guest, s.ip)))
	}},
	{slug: "story-customers-to-policy", rows: []string{"UX39", "C06", "C17", "C47", "C39"}, run: func(s *scene, _ int) {
		// Passwords that leaked elsewhere, tried on the customers of the shop.
		s.step("stuffing", "UX39", "C06")
		s.elsewhere()
		s.shop()
		var p *person
		for range limits.widespread + 5 {
			p = s.shopper()
			s.customer(p, with(s.intruder(), fails(50126, "")))
			s.later(30 * time.Second)
		}
		s.customer(p, s.intruder()) // a second password of the same person
		s.later(2 * time.Minute)
		s.step("second-factor")
		s.audit("audit-security-info", p, with(on(p), by(p, s.ip), values{"resultReason": "User registered mobile phone SMS"}))
		s.later(30 * time.Minute)
		s.step("keeper", "C17") // who uses the same password for the shop and its administration
		keeper := s.keeper()
		s.signin(keeper, portal, s.intruder())
		s.later(8 * time.Minute)
		s.step("identity-provider", "C47")
		s.b2c("audit-b2c-identity-provider", "Create Identity Provider", keeper)
		s.later(5 * time.Minute)
		s.step("policy", "C39")
		s.b2c("audit-b2c-policy", "Update custom policy", keeper)
	}},
}
