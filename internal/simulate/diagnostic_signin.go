package simulate

import (
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// signinDelay is how much later than the sign-in Azure Monitor dates a user's
// record.
const signinDelay = 98 * time.Second

var signinCategories = map[event.Sub]string{
	event.Interactive: "SignInLogs", event.NonInteractive: "NonInteractiveUserSignInLogs",
	event.ServicePrincipalSignin: "ServicePrincipalSignInLogs", event.ManagedIdentity: "ManagedIdentitySignInLogs",
	event.ADFS: "ADFSSignInLogs",
}

func diagnosticSignin(r Record, p map[string]any) object {
	app := r.Sub == event.ServicePrincipalSignin || r.Sub == event.ManagedIdentity
	top := retime(p["createdDateTime"], layoutTicks)
	if t, ok := parseTime(text(p["createdDateTime"])); ok && !app {
		top = t.Add(signinDelay).Format(layoutTicks)
	}
	// Some streams changed to another style of envelope in 2025.
	var duration, level any = 0, 4
	levelKey := "Level"
	switch r.Sub {
	case event.ServicePrincipalSignin:
		top, duration, levelKey, level = retime(p["createdDateTime"], layoutUS), "0", "level", "Informational"
	case event.ADFS:
		top, duration, levelKey, level = retime(top, layoutUS), "0", "level", "4"
	}
	code := text(dig(p, "status", "errorCode"))
	signature, reason := "FAILURE", dig(p, "status", "failureReason")
	if code == "" || code == "0" {
		code, signature, reason = "0", "SUCCESS", nil
	}

	signinProperties(r, p, app)
	o := monitor(r, top, provider, "Sign-in activity", signinCategories[r.Sub])
	o = append(o, member{"resultType", code}, member{"resultSignature", signature})
	o = o.add("resultDescription", reason)
	o = append(o, member{"durationMs", duration}).add("callerIpAddress", p["ipAddress"])
	o = append(o, member{"correlationId", p["correlationId"]}).add("identity", p["userDisplayName"])
	o = append(o, member{levelKey, level}).add("location", dig(p, "location", "countryOrRegion"))
	return append(o, member{"properties", p})
}

// signinProperties turns the fields of Graph into the properties of the Azure
// Monitor record.
func signinProperties(r Record, p map[string]any, app bool) {
	p["createdDateTime"] = retime(p["createdDateTime"], layoutOffset)
	if t := text(p["userType"]); t != "" {
		p["userType"] = capital(t)
	}
	if s, ok := p["status"].(map[string]any); ok {
		if code := text(s["errorCode"]); code == "" || code == "0" {
			delete(s, "failureReason")
		}
		dropEmpty(s)
	}
	_, since2023 := p["clientCredentialType"] // and with it came other keys
	if p["mfaDetail"] == nil && since2023 {
		p["mfaDetail"] = map[string]any{}
	}
	dropNil(p["deviceDetail"])
	dropEmpty(p["mfaDetail"])
	dropNil(dig(p, "location", "geoCoordinates"))
	dropNil(dig(p, "location"))
	for _, v := range list(p["appliedConditionalAccessPolicies"]) {
		if policy, ok := v.(map[string]any); ok {
			policy["conditionsSatisfied"] = conditionBits(policy["conditionsSatisfied"])
			policy["conditionsNotSatisfied"] = conditionBits(policy["conditionsNotSatisfied"])
			for _, k := range []string{"sessionControlsNotSatisfied", "includeRulesSatisfied", "excludeRulesSatisfied"} {
				delete(policy, k)
			}
		}
	}
	for i, v := range list(p["authenticationDetails"]) {
		if step, ok := v.(map[string]any); ok {
			step["authenticationStepDateTime"] = retime(step["authenticationStepDateTime"], layoutOffset)
			step["StatusSequence"], step["RequestSequence"] = 0, i+1
			dropNil(step)
		}
	}
	if app {
		for _, k := range []string{"userPrincipalName", "userDisplayName", "appDisplayName", "alternateSignInName", "signInIdentifier"} {
			if text(p[k]) == "" {
				delete(p, k)
			}
		}
		if text(dig(p, "deviceDetail", "browser"))+text(dig(p, "deviceDetail", "operatingSystem")) == "" {
			delete(p, "deviceDetail")
		}
		if m, ok := p["mfaDetail"].(map[string]any); ok && len(m) == 0 {
			delete(p, "mfaDetail")
		}
		if text(p["clientAppUsed"]) == "" {
			p["clientAppUsed"] = "Unknown"
		}
		if text(p["userId"]) == "" {
			p["userId"] = nil
		}
	}
	for k, v := range p {
		if v == nil && k != "userId" {
			delete(p, k)
		}
	}
	if since2023 {
		p["tenantId"], p["appServicePrincipalId"] = r.Tenant, nil
		p["privateLinkDetails"], p["ssoExtensionVersion"], p["rngcStatus"] = map[string]any{}, "", 0
	}
}

// conditionNames are those of Conditional Access, in the order of their bits.
var conditionNames = []string{
	"application", "users", "devicePlatform", "location", "clientType", "signInRisk", "userRisk", "time", "deviceState", "client",
}

// conditionBits turns "application,users" into the mask that Azure Monitor
// sends instead. What is no text stays as it is.
func conditionBits(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	bits := 0
	for name := range strings.SplitSeq(s, ",") {
		if i := slices.Index(conditionNames, strings.TrimSpace(name)); i >= 0 {
			bits |= 1 << i
		}
	}
	return bits
}
