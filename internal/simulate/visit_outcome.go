package simulate

import "encoding/json"

// step is one step of an authentication.
func step(at, method, detail string, succeeded bool, result, requirement string) map[string]any {
	s := map[string]any{
		"authenticationStepDateTime": at, "authenticationMethod": nil, "authenticationMethodDetail": nil, "succeeded": succeeded,
		"authenticationStepResultDetail": result, "authenticationStepRequirement": requirement,
	}
	if method != "" {
		s["authenticationMethod"] = method
	}
	if detail != "" {
		s["authenticationMethodDetail"] = detail
	}
	return s
}

const (
	primary   = "Primary authentication"
	secondary = "Multi-factor authentication"
)

// setOutcome writes what depends on how the sign-in ended: status, steps, and
// what Conditional Access did.
func (sh shape) setOutcome(f map[string]any, s *[numSlots]string) {
	status := func(code, reason string, details any) {
		f["status"] = map[string]any{"errorCode": json.Number(code), "failureReason": reason, "additionalDetails": details}
	}
	password := step(s[slotCreated], "Password", "Password in the cloud", true, "Correct password", primary)
	f["mfaDetail"] = nil
	if sh.outcome != refreshed && sh.outcome != expired {
		f["authenticationProcessingDetails"] = []any{
			map[string]any{"key": "Legacy TLS (TLS 1.0, 1.1, 3DES)", "value": "False"}, map[string]any{"key": "Is CAE Token", "value": "False"},
		}
	}
	var steps []any
	mfa, conditionalAccess := true, "success"
	switch sh.outcome {
	case answered:
		status("0", "Other.", "MFA completed in Azure AD")
		f["mfaDetail"] = map[string]any{"authMethod": "Mobile app notification", "authDetail": ""}
		steps = []any{password, step(s[slotStep], "Mobile app notification", "", true, "MFA completed in Azure AD", secondary)}
	case remembered:
		status("0", "Other.", "MFA requirement satisfied by claim in the token")
		steps = []any{
			step(s[slotCreated], "Previously satisfied", "", true, "First factor requirement satisfied by claim in the token", primary),
			step(s[slotCreated], "Previously satisfied", "", true, "MFA requirement satisfied by claim in the token", secondary),
		}
	case mistyped:
		mfa, conditionalAccess = false, "notApplied"
		status("50126", "Error validating credentials due to invalid username or password.",
			"The user didn't enter the right credentials. It's expected to see some number of these errors in your logs due to users making mistakes.")
		steps = []any{step(s[slotCreated], "Password", "Password in the cloud", false,
			"Invalid username or password or Invalid on-premise username or password.", primary)}
	case mfaAsked:
		conditionalAccess = "failure"
		status("50074", "Strong Authentication is required.", "MFA required in Azure AD")
		steps = []any{password, step(s[slotCreated], "", "", false, "MFA required in Azure AD", secondary)}
	case staySigned:
		status("50140", "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in.", nil)
		steps = []any{password}
	case legacyLogin:
		mfa, conditionalAccess = false, "notApplied"
		status("0", "Other.", nil)
		steps = []any{password}
	case expired:
		mfa, conditionalAccess = false, "notApplied"
		status("70043", "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.", nil)
		steps = []any{}
	case refreshed:
		status("0", "Other.", "MFA requirement satisfied by claim in the token")
		steps = []any{}
	}
	f["authenticationDetails"] = steps
	f["conditionalAccessStatus"] = conditionalAccess
	f["authenticationRequirement"], f["authenticationRequirementPolicies"] = "singleFactorAuthentication", []any{}
	if mfa {
		f["authenticationRequirement"] = "multiFactorAuthentication"
		f["authenticationRequirementPolicies"] = []any{map[string]any{"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}}
	}
	f["appliedConditionalAccessPolicies"] = sh.policies(list(f["appliedConditionalAccessPolicies"]))
}

// policies makes the base record's policies of Conditional Access fit. Nobody
// gets as far as those with a wrong password.
func (sh shape) policies(all []any) []any {
	if sh.outcome == mistyped || sh.outcome == expired {
		return []any{}
	}
	set := func(i int, key, value string) { all[i].(map[string]any)[key] = value }
	switch sh.outcome {
	case mfaAsked:
		set(0, "result", "failure")
	case legacyLogin:
		set(0, "result", "notApplied")
		set(0, "conditionsSatisfied", "application")
		set(0, "conditionsNotSatisfied", "users")
	}
	if sh.guest {
		guests := clone(all[0]).(map[string]any)
		guests["id"], guests["displayName"] = "c2a7e0b4-51d9-4f3e-8a16-09bd47f2e6c8", "CA05 Terms of use for guests"
		guests["enforcedGrantControls"] = []any{"Contoso terms of use"}
		return append(all, guests)
	}
	return all
}
