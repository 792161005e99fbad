package simulate

import (
	"strings"
)

func diagnosticAudit(r Record, p map[string]any) object {
	at := p["activityDateTime"]
	p["activityDateTime"] = retime(at, layoutOffset)
	by, _ := p["initiatedBy"].(map[string]any)
	dropNil(by) // of user and app only one is there
	if user, ok := by["user"].(map[string]any); ok {
		for _, k := range []string{"userType", "homeTenantId", "homeTenantName"} {
			if user[k] == nil {
				delete(user, k)
			}
		}
		if user["roles"] == nil {
			user["roles"] = []any{}
		}
	}
	for _, v := range list(p["targetResources"]) {
		if t, ok := v.(map[string]any); ok {
			for _, k := range []string{"userPrincipalName", "groupType"} {
				if t[k] == nil {
					delete(t, k)
				}
			}
			t["administrativeUnits"] = []any{}
		}
	}
	// Empty doubles of the envelope's members, sent since 2025.
	p["tenantId"], p["tenantGeo"], p["identity"] = r.Tenant, "EU", ""
	p["operationName"], p["resultType"], p["resultDescription"] = p["activityDisplayName"], "", ""

	o := monitor(r, retime(at, layoutTicks), provider, text(p["activityDisplayName"]), "AuditLogs")
	o = append(o, member{"resultSignature", "None"}).add("resultDescription", p["resultReason"])
	o = append(o, member{"durationMs", 0}).add("callerIpAddress", dig(by, "user", "ipAddress"))
	o = append(o, member{"correlationId", p["correlationId"]}).add("identity", dig(by, "app", "displayName"))
	return append(o, member{"Level", 4}, member{"properties", p})
}

func diagnosticRisk(r Record, p map[string]any) object {
	category, operation := "UserRiskEvents", "User Risk Detection"
	if p["activity"] == "servicePrincipal" {
		category, operation = "ServicePrincipalRiskEvents", "Service Principal Risk Detection"
	}
	at := retime(p["lastUpdatedDateTime"], layoutUS)
	for _, k := range []string{"activityDateTime", "detectedDateTime", "lastUpdatedDateTime"} {
		p[k] = retime(p[k], layoutMillis)
	}
	if geo, ok := dig(p, "location", "geoCoordinates").(map[string]any); ok {
		geo["altitude"] = 0
	}
	o := monitor(r, at, strings.ToLower(provider), operation, category)
	o = append(o, member{"resultSignature", "None"}, member{"durationMs", 0}).add("callerIpAddress", p["ipAddress"])
	o = append(o, member{"correlationId", p["id"]}).add("identity", strings.ToLower(text(p["userDisplayName"])))
	o = append(o, member{"Level", 4}).add("location", strings.ToLower(text(dig(p, "location", "countryOrRegion"))))
	return append(o, member{"properties", p})
}

func diagnosticRiskyUser(r Record, p map[string]any) object {
	at := retime(p["riskLastUpdatedDateTime"], layoutUS)
	p["riskLastUpdatedDateTime"] = retime(p["riskLastUpdatedDateTime"], layoutMillis)
	o := monitor(r, at, strings.ToLower(provider), "Risky user", "RiskyUsers")
	o = append(o, member{"resultSignature", "None"}, member{"durationMs", 0}, member{"correlationId", p["id"]})
	o = o.add("identity", strings.ToLower(text(p["userDisplayName"])))
	// Here the location is the data centre's.
	return append(o, member{"Level", 4}, member{"location", "neu"}, member{"properties", p})
}

var provisioningTypes = map[string]int{
	"import": 0, "scoping": 1, "matching": 2, "processing": 3, "referenceResolution": 4, "export": 5,
}

var provisioningResults = map[string]int{"success": 0, "failure": 1, "skipped": 2, "warning": 3}

func diagnosticProvisioning(r Record, p map[string]any) object {
	at := retime(p["activityDateTime"], layoutTicks)
	p["activityDateTime"] = retime(p["activityDateTime"], layoutOffset)
	number := func(v any, key string, table map[string]int) {
		if m, ok := v.(map[string]any); ok {
			if n, known := table[text(m[key])]; known {
				m[key] = n
			}
		}
	}
	for _, step := range list(p["provisioningSteps"]) {
		number(step, "provisioningStepType", provisioningTypes)
		number(step, "status", provisioningResults)
	}
	status := text(dig(p, "provisioningStatusInfo", "status"))
	number(p["statusInfo"], "status", provisioningResults)
	// These objects have their keys in another case and by other names.
	names := map[string]string{
		"id": "Id", "displayName": "Name", "initiatingType": "Type", "identityType": "Type", "status": "Status", "errorInformation": "ErrorInformation",
	}
	for _, k := range []string{
		"servicePrincipal", "initiatedBy", "sourceSystem", "targetSystem", "sourceIdentity", "targetIdentity", "statusInfo", "provisioningStatusInfo",
	} {
		if m, ok := p[k].(map[string]any); ok {
			for from, to := range names {
				if v, ok := m[from]; ok {
					m[to] = v
					delete(m, from)
				}
			}
			dropNil(m)
		}
	}
	o := monitor(r, at, provider, "Provisioning activity", "ProvisioningLogs")
	o = append(o, member{"resultType", capital(status)}, member{"resultSignature", "None"})
	o = append(o, member{"durationMs", p["durationInMilliseconds"]}, member{"correlationId", p["changeId"]})
	return append(o, member{"identity", dig(p, "initiatedBy", "Name")}, member{"Level", 4}, member{"properties", p})
}

// activityResults are the words for one status in Azure Resource Manager and in
// Azure Monitor.
var activityResults = map[string]string{"Started": "Start", "Accepted": "Accept", "Succeeded": "Success", "Failed": "Failure"}

func diagnosticActivity(f map[string]any) object {
	status, sub := text(dig(f, "status", "value")), text(dig(f, "subStatus", "value"))
	result := status
	if r, ok := activityResults[status]; ok {
		result = r
	}
	props, _ := f["properties"].(map[string]any)
	for lower, camel := range map[string]string{"requestbody": "requestBody", "responsebody": "responseBody"} {
		if v, ok := props[lower]; ok {
			props[camel] = v
			delete(props, lower)
		}
	}
	for _, k := range []string{"requestBody", "responseBody"} {
		if v, err := parseJSON(text(props[k])); err == nil {
			props[k] = v // sent as an object, where Resource Manager has text
		}
	}
	auth := object{{"scope", dig(f, "authorization", "scope")}, {"action", dig(f, "authorization", "action")}}
	if role := dig(f, "authorization", "role"); role != nil {
		auth = append(auth, member{"evidence", object{
			{"role", role}, {"roleAssignmentScope", "/"}, {"principalId", dig(f, "claims", claimObjectID)}, {"principalType", "User"},
		}})
	}
	level := text(f["level"])
	if level == "Informational" {
		level = "Information"
	}
	o := object{
		{"time", retime(f["eventTimestamp"], layoutTicks)},
		{"resourceId", strings.ToUpper(text(f["resourceId"]))},
		{"operationName", strings.ToUpper(text(dig(f, "operationName", "value")))},
		{"category", dig(f, "category", "value")},
		{"resultType", result},
		{"resultSignature", status + "." + sub},
		{"durationMs", 0},
	}
	o = o.add("callerIpAddress", dig(f, "httpRequest", "clientIpAddress")).add("correlationId", f["correlationId"])
	o = append(o, member{"identity", object{{"authorization", auth}, {"claims", f["claims"]}}})
	return append(o, member{"level", level}, member{"location", "global"}, member{"properties", f["properties"]})
}

const claimObjectID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
