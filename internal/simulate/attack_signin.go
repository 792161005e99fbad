package simulate

import (
	"fmt"
	"time"
)

// What Entra writes for an error code.
var failureReasons = map[int]string{
	50053:  "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
	50057:  "The user account is disabled.",
	50074:  "Strong Authentication is required.",
	50097:  "Device authentication is required.",
	50126:  wrongPassword,
	53003:  "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
	500121: "Authentication failed during strong authentication request.",
}

// fails is a sign-in that ended with an error: without steps that succeeded
// unless the code comes after the password.
func fails(code int, detail string) values {
	v := values{"status.errorCode": code, "status.failureReason": failureReasons[code], "status.additionalDetails": nil, "mfaDetail": nil}
	if detail != "" {
		v["status.additionalDetails"] = detail
	}
	switch code {
	case 53003: // the password was right
		return with(v, values{
			"conditionalAccessStatus": "failure", "appliedConditionalAccessPolicies.2.result": "failure",
			"appliedConditionalAccessPolicies.2.displayName":           "CA06 Managed devices only",
			"appliedConditionalAccessPolicies.2.enforcedGrantControls": []any{"Block"},
		})
	case 50074, 500121:
		return with(v, values{
			"conditionalAccessStatus": "failure", "appliedConditionalAccessPolicies.0.result": "failure",
			"authenticationDetails.1.succeeded": false, "authenticationDetails.1.authenticationStepResultDetail": detail,
		})
	}
	return with(v, values{
		"conditionalAccessStatus": "notApplied", "appliedConditionalAccessPolicies": []any{},
		"authenticationRequirement": "singleFactorAuthentication", "authenticationRequirementPolicies": []any{},
		"authenticationDetails.1": remove{}, "authenticationDetails.0.succeeded": false,
		"authenticationDetails.0.authenticationStepResultDetail": "Invalid username or password or Invalid on-premise username or password.",
	})
}

// oneFactor is a sign-in with a password only.
func oneFactor() values {
	return values{
		"authenticationRequirement": "singleFactorAuthentication", "conditionalAccessStatus": "notApplied", "status.additionalDetails": nil,
		"mfaDetail": nil, "authenticationDetails.1": remove{}, "authenticationRequirementPolicies": []any{},
		"appliedConditionalAccessPolicies": []any{},
	}
}

const declined = "MFA denied; user declined the authentication"

var (
	officeHome = &applications[0]
	outlookWeb = &applications[1]
	payroll    = &application{id: "0e7a4c91-3d52-4b86-a1f9-c28d65b07e34", name: "Payroll", resource: expenses, client: inBrowser}
)

// repeat adds n sign-ins of one person with a pause between them.
func (s *scene) repeat(n int, pause time.Duration, p *person, app *application, v values) {
	for range n {
		s.signin(p, app, v)
		s.later(pause)
	}
}

// elsewhere moves the intruder to a country where the company does not work.
func (s *scene) elsewhere() { s.where = &hideouts[1] }

var signinAttacks = []attack{
	{slug: "brute-force", rows: []string{"U30"}, limit: limits.failed, run: func(s *scene, n int) {
		s.repeat(n, 40*time.Second, s.victim(), officeHome, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "password-spray", rows: []string{"U30", "UX39"}, limit: limits.widespread, run: func(s *scene, n int) {
		for range n {
			s.signin(s.victim(), officeHome, with(s.intruder(), fails(50126, "")))
			s.later(75 * time.Second)
		}
	}},
	{slug: "lock-outs", rows: []string{"U31"}, limit: limits.lockouts, run: func(s *scene, n int) {
		s.repeat(n, 90*time.Second, s.victim(), officeHome, with(s.intruder(), fails(50053, "")))
	}},
	{slug: "stolen-password-without-second-factor", rows: []string{"U32"}, limit: limits.interrupts, run: func(s *scene, n int) {
		s.repeat(n, 100*time.Second, s.victim(), officeHome, with(s.intruder(), fails(50074, "MFA required in Azure AD")))
	}},
	{slug: "mfa-prompt-refused", rows: []string{"U33"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), officeHome, with(s.intruder(), fails(500121, declined)))
	}},
	// Each refusal is to alert (U33), so the threshold of UX51 is for prompts
	// that nobody answers.
	{slug: "mfa-fatigue", rows: []string{"U33"}, run: func(s *scene, _ int) {
		s.repeat(limits.prompts+1, 45*time.Second, s.victim(), officeHome, with(s.intruder(), fails(500121, declined)))
	}},
	{slug: "mfa-prompts-left-open", rows: []string{"UX51"}, limit: limits.prompts, run: func(s *scene, n int) {
		s.repeat(n, 45*time.Second, s.victim(), officeHome, with(s.intruder(), fails(50074, "MFA required in Azure AD")))
	}},
	{slug: "failed-sign-in-from-foreign-country", rows: []string{"U34"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.repeat(2, time.Minute, s.victim(), officeHome, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "legacy-client-guess", rows: []string{"U35"}, run: func(s *scene, _ int) {
		s.repeat(3, 9*time.Second, s.victim(), &legacyApplications[0], with(s.intruder(), fails(50126, ""), legacyClient("IMAP4")))
	}},
	{slug: "blocked-by-conditional-access", rows: []string{"U36", "U44"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), outlookWeb, with(s.intruder(), fails(53003, "")))
	}},
	{slug: "failed-sign-in-at-night", rows: []string{"U38"}, hour: 2, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), officeHome, with(s.intruder(), fails(50126, "")))
	}},
	{slug: "disabled-account", rows: []string{"U39"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), outlookWeb, with(s.intruder(), fails(50057, "")))
	}},
	{slug: "sign-in-from-foreign-country", rows: []string{"U43"}, run: func(s *scene, _ int) {
		s.elsewhere()
		s.repeat(1, time.Minute, s.victim(), officeHome, s.intruder())
	}},
	{slug: "legacy-client-success", rows: []string{"U45"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), &legacyApplications[1], with(s.intruder(), oneFactor(), legacyClient("Authenticated SMTP")))
	}},
	{slug: "application-without-second-factor", rows: []string{"U41"}, run: func(s *scene, _ int) {
		wiki := &application{id: "f13b8e02-57ad-4c69-9e40-b2d86c07a1f5", name: "Wiki", resource: expenses, client: inBrowser}
		for range 3 { // not one slip but how the application is set up
			s.repeat(5, 3*time.Minute, s.victim(), wiki, oneFactor())
		}
		s.involve("app", wiki.id)
	}},
	{slug: "payroll-with-one-factor", rows: []string{"U46"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), payroll, with(s.intruder(), oneFactor()))
	}},
	{slug: "sign-in-at-night", rows: []string{"U47"}, hour: 1, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), officeHome, s.intruder())
	}},
	{slug: "sign-in-to-foreign-tenant", rows: []string{"U27"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), officeHome, with(s.intruder(), foreignTenant()))
	}},
	{slug: "many-addresses", rows: []string{"UX44"}, limit: limits.addresses, run: func(s *scene, n int) {
		p := s.victim()
		for i := range n {
			s.signin(p, officeHome, with(s.intruder(), fails(50126, ""), values{"ipAddress": fmt.Sprintf("2001:db8:c0de:%x::%x", i, len(s.victims))}))
			s.later(4 * time.Minute)
		}
	}},
	{slug: "two-places-at-once", rows: []string{"UX45"}, run: func(s *scene, _ int) {
		p := s.victim()
		s.signin(p, officeHome, from(p.home, p.homeIP))
		s.later(20 * time.Minute)
		s.signin(p, officeHome, with(s.intruder(), from(&places[11], s.ip)))
	}},
	{slug: "wrong-person-opens-payroll", rows: []string{"UX37"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), payroll, nil)
	}},
	{slug: "password-flow", rows: []string{"C29"}, run: func(s *scene, _ int) {
		s.repeat(1, time.Minute, s.victim(), officeHome, with(s.intruder(), oneFactor(), values{"authenticationProtocol": "ropc"}))
	}},
}

func legacyClient(name string) values {
	return values{"clientAppUsed": name, "deviceDetail.browser": "", "deviceDetail.operatingSystem": "", "userAgent": "BAV2ROPC"}
}

func foreignTenant() values {
	const other = "b7f3d0a2-91c4-4e68-8d5f-0a26c7e19b43"
	return values{"resourceTenantId": other, "crossTenantAccessType": "b2bCollaboration"}
}
