package main

import (
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

// attack is what should not have happened. Alice is tricked out of her password
// and tired out with prompts; from her mailbox the intruder gets at Bo, whose
// applications open the way to an emergency account. With it an account is made
// that is gone three hours later. Somebody else tries one password on many.
func (w *week) attack() {
	w.aliceIsPhished()
	w.boBuildsADoor()
	w.emergencyAccount()
	w.passingAccount()
	w.passwordSpray()
	w.oddities()
}

// unknownBrowser is how the intruder's sign-ins look.
func unknownBrowser(p *place) values {
	return simulate.With(from(p), unknownDevice(), values{
		"userAgent":            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"deviceDetail.browser": "Firefox 128.0", "deviceDetail.operatingSystem": "Linux",
	})
}

func mfaDenied(detail string) values {
	return simulate.With(failed(500121, "Authentication failed during strong authentication request.", detail), values{
		"conditionalAccessStatus": "failure", "appliedConditionalAccessPolicies.0.result": "failure",
		"authenticationDetails.1.succeeded": false, "authenticationDetails.1.authenticationStepResultDetail": detail,
	})
}

func (w *week) aliceIsPhished() {
	intruder := unknownBrowser(sofia)
	for _, clock := range []string{"15:43:37", "15:44:52", "15:46:10", "15:47:02", "15:48:31"} {
		w.signin(alice, officeHome, at(tuesday, clock), simulate.With(intruder, mfaDenied("MFA denied; user declined the authentication")))
	}
	w.signin(alice, officeHome, at(tuesday, "15:50:44"), intruder)
	w.signin(alice, outlook, at(tuesday, "15:52:13"), simulate.With(intruder, remembered()))
	w.risk(alice, sofia, "anonymizedIPAddress", "medium", "realtime", at(tuesday, "15:50:44"))
	// In her mailbox: a rule that forwards invoices and deletes them.
	w.add("m365-inbox-rule", at(tuesday, "15:58:37"), guid("inbox rule"), values{
		"UserId": alice.upn, "ClientIP": sofia.ip + ":51882", "UserKey": "10032001" + alice.id[:8],
	})
	w.risk(alice, sofia, "suspiciousInboxForwarding", "high", "offline", at(tuesday, "15:58:37"))
}

func (w *week) boBuildsADoor() {
	w.signin(bo, azure, at(wednesday, "23:35:20"), simulate.With(from(gothenburg), values{"ipAddress": "198.51.100.201", "networkLocationDetails": []any{}}))
	target := values{"targetResources.0.displayName": invoices.name}
	r := w.audit("audit-app-credential", at(wednesday, "23:41:26"), by(bo, "198.51.100.201"), target)
	w.change(r, [3]string{
		"KeyDescription",
		`["[KeyIdentifier=98e3b5a8-3882-5dcf-a802-2395ed2708b2,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=CN=portal.contoso.com]"]`,
		`["[KeyIdentifier=98e3b5a8-3882-5dcf-a802-2395ed2708b2,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=CN=portal.contoso.com]",` +
			`"[KeyIdentifier=` + guid("key") + `,KeyType=Password,KeyUsage=Verify,DisplayName=backup]"]`,
	})
	r = w.audit("audit-update-application", at(wednesday, "23:44:15"), by(bo, "198.51.100.201"), target)
	w.change(r, [3]string{
		"AppAddress", simulate.Addresses("https://portal.contoso.com/signin-oidc"),
		simulate.Addresses("https://portal.contoso.com/signin-oidc", "http://portal-contoso.example.net/signin-oidc"),
	})
}

func (w *week) emergencyAccount() {
	w.signin(breakGlass1, azure, at(thursday, "12:10:09"), unknownBrowser(malmo))
	actor := by(breakGlass1, malmo.ip)
	w.audit("audit-add-member-to-role", at(thursday, "12:14:37"), actor, on(bo))
	w.audit("audit-conditional-access", at(thursday, "12:16:50"), actor, nil) // CA01 Require MFA, disabled
	w.add("activity-elevate", at(thursday, "12:20:24"), guid("elevate"), values{
		"caller": breakGlass1.upn, "httpRequest.clientIpAddress": malmo.ip, "claims.ipaddr": malmo.ip, "claims.name": breakGlass1.name,
		`claims.http://schemas\.microsoft\.com/identity/claims/objectidentifier`:   breakGlass1.id,
		`claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/name`:      breakGlass1.upn,
		`claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/upn`:       breakGlass1.upn,
		`claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/givenname`: remove{},
		`claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/surname`:   remove{},
		"correlationId": guid("elevate correlation"),
	})
}

// passingAccount is an account that nobody ought to remember.
func (w *week) passingAccount() {
	actor := by(breakGlass1, malmo.ip)
	r := w.audit("audit-add-user", at(thursday, "12:26:05"), actor, simulate.With(on(backdoor), values{"targetResources.0.displayName": backdoor.name}))
	w.change(r, [3]string{"DisplayName", "[]", `["` + backdoor.name + `"]`}, [3]string{"UserPrincipalName", "[]", `["` + backdoor.upn + `"]`})
	// Deleting puts the id in front of the name.
	w.audit("audit-delete-user", at(thursday, "15:31:48"), actor, values{
		"targetResources.0.id": backdoor.id, "targetResources.0.userPrincipalName": strings.ReplaceAll(backdoor.id, "-", "") + backdoor.upn,
	})
}

// passwordSpray tries one password on each of a dozen accounts, slowly enough
// that none is locked. Otto's is right, and Otto takes the prompt for his own.
func (w *week) passwordSpray() {
	server := unknownBrowser(frankfurt)
	t := at(friday, "09:20:14")
	for _, p := range sprayed {
		w.signin(p, officeHome, t, simulate.With(server, wrongPassword()))
		t = t.Add(97 * time.Second)
	}
	w.signin(sprayed[len(sprayed)-1], officeHome, t, server)
}

// oddities are smaller things that have nothing to do with each other.
func (w *week) oddities() {
	// Somebody tries Dan's password through a protocol that knows no second factor.
	legacy := simulate.With(unknownBrowser(malmo), wrongPassword(), values{
		"clientAppUsed": "IMAP4", "deviceDetail.browser": "", "deviceDetail.operatingSystem": "", "userAgent": "BAV2ROPC",
	})
	for i := range 3 {
		w.signin(dan, exchange, at(friday, "13:02:11").Add(time.Duration(i)*9*time.Second), legacy)
	}
	// The phone of a colleague who left.
	w.signin(gustav, outlook, at(monday, "12:20:31"), simulate.With(
		failed(50057, "The user account is disabled.", ""),
		values{
			"appliedConditionalAccessPolicies": []any{}, "authenticationRequirement": "singleFactorAuthentication", "mfaDetail": nil,
			"authenticationDetails": []any{},
		}))
	// Felix wants to work from a private computer and may not.
	w.signin(felix, teams, at(friday, "16:44:02"), simulate.With(unknownDevice(),
		failed(53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", ""),
		values{
			"conditionalAccessStatus": "failure", "appliedConditionalAccessPolicies.0.result": "success",
			"appliedConditionalAccessPolicies.2.result":                "failure",
			"appliedConditionalAccessPolicies.2.displayName":           "CA06 Managed devices only",
			"appliedConditionalAccessPolicies.2.enforcedGrantControls": []any{"Block"},
		}))
	// Payroll opened with a password only.
	w.signin(nora, payroll, at(friday, "09:07:55"), values{
		"authenticationRequirement": "singleFactorAuthentication", "conditionalAccessStatus": "notApplied", "status.additionalDetails": nil,
		"mfaDetail": nil, "authenticationDetails.1": remove{}, "authenticationRequirementPolicies": []any{},
		"appliedConditionalAccessPolicies.0.result": "notApplied",
	})
	// A guest, invited by somebody who may not.
	w.audit("audit-invite", at(friday, "11:15:06"), by(felix, hamburg.ip), values{
		"targetResources.0.displayName": "Sam Reed", "targetResources.0.id": guid("user", "sam.reed@fabrikam.com"),
		"targetResources.0.userPrincipalName": "sam.reed_fabrikam.com#EXT#@contoso.onmicrosoft.com",
		"additionalDetails.1.value":           felix.id, "additionalDetails.3.value": hamburg.ip, "additionalDetails.6.value": "sam.reed@fabrikam.com",
	})
	// An account whose name fits no pattern.
	t := at(friday, "06:15:20")
	r := w.audit("audit-add-user", t, byApp("Workday to Entra"), values{
		"targetResources.0.id": guid("user", "temp7"), "targetResources.0.userPrincipalName": "temp7@contoso.com", "targetResources.0.displayName": "Temp 7",
	})
	w.change(r, [3]string{"DisplayName", "[]", `["Temp 7"]`}, [3]string{"UserPrincipalName", "[]", `["temp7@contoso.com"]`})
}

// risk adds a detection of ID Protection.
func (w *week) risk(p *person, where *place, typ, level, timing string, t time.Time) {
	id := guid("risk", p.upn, typ)
	w.add("risk-detection", t, id, values{
		"requestId": guid("risk request", id), "correlationId": guid("risk correlation", id), "riskEventType": typ, "riskLevel": level,
		"detectionTimingType": timing, "ipAddress": where.ip, "userId": p.id, "userDisplayName": p.name, "userPrincipalName": p.upn,
		"location.city": where.city, "location.state": where.state, "location.countryOrRegion": where.country,
		"location.geoCoordinates.latitude": where.lat, "location.geoCoordinates.longitude": where.lon,
		"additionalInfo": `[{"Key":"userAgent","Value":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}]`,
	})
}
