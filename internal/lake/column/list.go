package column

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// arrays are the arrays of objects in records. Fields below one of them are
// lists of one group. An element that has several values for a field gives
// them as one text, with ", " between.
var arrays = [event.NumKinds][]string{
	event.Signin:           {"appliedConditionalAccessPolicies", "authenticationRequirementPolicies", "authenticationDetails", "networkLocationDetails"},
	event.Audit:            {"targetResources", "additionalDetails"},
	event.Group:            {"members"},
	event.Application:      {"passwordCredentials", "keyCredentials", "owners"},
	event.ServicePrincipal: {"passwordCredentials", "keyCredentials"},
	event.AccessReview:     {"instances"},
}

// lists are the other fields with several values in one record, and those below
// arrays whose values do not stand one beside the other.
var lists = [event.NumKinds]string{
	event.Signin: " riskEventTypes_v2 signInEventTypes authenticationMethodsUsed blockingPolicy ",
	event.Audit: " target.id target.name target.upn target.type changes.Role.DisplayName.new changes.Role.DisplayName.old" +
		" targetResources.modifiedProperties.displayName targetResources.modifiedProperties.newValue targetResources.modifiedProperties.oldValue ",
	event.GraphActivity:       " wids ",
	event.Group:               " groupTypes ",
	event.RegistrationDetails: " methodsRegistered ",
	event.Application:         " identifierUris web.redirectUris spa.redirectUris publicClient.redirectUris ",
	event.ServicePrincipal:    " replyUrls ",
	event.ConditionalAccessPolicy: " conditions.users.includeUsers conditions.users.excludeUsers conditions.users.includeGroups conditions.users.excludeGroups" +
		" conditions.users.includeRoles conditions.users.excludeRoles conditions.applications.includeApplications conditions.applications.excludeApplications" +
		" conditions.clientAppTypes conditions.userRiskLevels conditions.signInRiskLevels grantControls.builtInControls ",
	event.NamedLocation:  " ipRanges.cidrAddress countriesAndRegions ",
	event.AccessReview:   " scope.query scope.resourceScopes.query ",
	event.RoleHolding:    " neededRoles ",
	event.TenantPosture:  " emergency.flaws ",
	event.RedirectDomain: " redirectUris ",
}

// listed tells whether a field is a list, and of which group.
func listed(k event.Kind, f *event.Field) (list bool, group string) {
	if strings.Contains(lists[k], " "+f.Name+" ") {
		return true, ""
	}
	for _, a := range arrays[k] {
		if strings.HasPrefix(f.Name, a+".") {
			return true, a
		}
	}
	return false, ""
}

// unique are the fields that hardly two events share a value of.
var unique = map[string]bool{
	"id": true, "correlationId": true, "originalRequestId": true, "uniqueTokenIdentifier": true, "requestId": true,
	"operationId": true, "signInActivityId": true, "requestUri": true, "requestBody.principalId": true,
	"targetResources.modifiedProperties.newValue": true, "targetResources.modifiedProperties.oldValue": true,
}
