package simulate

import (
	"fmt"
	"slices"
)

// How many targets, modified properties of each and details a portal audit CSV
// has room for; the rest is cut.
const (
	portalTargets    = 3
	portalProperties = 5
	portalDetails    = 6
)

// portalAuditHeader returns the 86 columns of the portal's audit download.
func portalAuditHeader() []string {
	header := []string{
		"Date (UTC)", "CorrelationId", "Service", "Category", "Activity", "Result", "ResultReason", "User Agent", "ActorType",
		"ActorDisplayName", "ActorObjectId", "ActorUserPrincipalName", "IPAddress", "ActorHomeTenantId", "ActorHomeTenantName",
		"ActorServicePrincipalId", "ActorServicePrincipalName",
	}
	for n := range portalTargets {
		for _, name := range []string{"Type", "DisplayName", "ObjectId", "UserPrincipalName"} {
			header = append(header, fmt.Sprintf("Target%d%s", n+1, name))
		}
		for m := range portalProperties {
			for _, name := range []string{"Name", "OldValue", "NewValue"} {
				header = append(header, fmt.Sprintf("Target%dModifiedProperty%d%s", n+1, m+1, name))
			}
		}
	}
	for k := range portalDetails {
		header = append(header, fmt.Sprintf("AdditionalDetail%dKey", k+1), fmt.Sprintf("AdditionalDetail%dValue", k+1))
	}
	return header
}

func portalAuditRow(r Record) []string {
	f := r.Fields
	cells := []string{text(retime(f["activityDateTime"], layoutAudit))}
	add := func(v any, keys ...string) {
		for _, k := range keys {
			cells = append(cells, text(dig(v, k)))
		}
	}
	add(f, "correlationId", "loggedByService", "category", "activityDisplayName", "result", "resultReason", "userAgent")
	if user := dig(f, "initiatedBy", "user"); user != nil {
		cells = append(cells, "User")
		add(user, "displayName", "id", "userPrincipalName", "ipAddress", "homeTenantId", "homeTenantName")
		cells = append(cells, "", "")
	} else {
		app := dig(f, "initiatedBy", "app")
		cells = append(cells, "Application", text(dig(app, "displayName")), "", "", "", "", "")
		add(app, "servicePrincipalId", "servicePrincipalName")
	}
	targets := list(f["targetResources"])
	for n := range portalTargets {
		t := at(targets, n)
		add(t, "type", "displayName", "id", "userPrincipalName")
		changes := list(dig(t, "modifiedProperties"))
		for m := range portalProperties {
			add(at(changes, m), "displayName", "oldValue", "newValue")
		}
	}
	details := list(f["additionalDetails"])
	for k := range portalDetails {
		add(at(details, k), "key", "value")
	}
	return slices.Clip(cells)
}

// at returns l[i], nil beyond its end.
func at(l []any, i int) any {
	if i < len(l) {
		return l[i]
	}
	return nil
}
