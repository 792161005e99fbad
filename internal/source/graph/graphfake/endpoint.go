package graphfake

import (
	"slices"
	"strings"
)

// An endpoint is what the documentation says of a path.
type endpoint struct {
	path     string
	time     string // the field that $filter compares; "" = a collection of objects
	from, to string // the operators that $filter takes for it
	orderby  bool
	most     int // of $top
	expand   []string
	needs    []string // one of these permissions
	licence  string
	report   bool // shares the budget of reports
}

var endpoints = []endpoint{
	{path: "auditLogs/signIns", time: "createdDateTime", from: "ge", to: "le", most: 1000, needs: []string{"AuditLog.Read.All"}, licence: "P1", report: true},
	{path: "auditLogs/directoryAudits", time: "activityDateTime", from: "ge", to: "le", orderby: true, most: 1000, needs: []string{"AuditLog.Read.All"}, report: true},
	{path: "auditLogs/provisioning", time: "activityDateTime", from: "gt", to: "lt", orderby: true, most: 1000, needs: []string{"AuditLog.Read.All", "ProvisioningLog.Read.All"}, licence: "P1", report: true},
	{path: "identityProtection/riskDetections", time: "detectedDateTime", from: "ge", to: "le", most: 500, needs: []string{"IdentityRiskEvent.Read.All"}, licence: "P2", report: true},
	{path: "identityProtection/servicePrincipalRiskDetections", time: "detectedDateTime", from: "ge", to: "le", most: 500, needs: []string{"IdentityRiskyServicePrincipal.Read.All"}, licence: "Workload", report: true},
	{path: "identityProtection/riskyUsers", time: "riskLastUpdatedDateTime", from: "ge", to: "le", most: 500, needs: []string{"IdentityRiskyUser.Read.All"}, licence: "P2", report: true},
	{path: "identityProtection/riskyServicePrincipals", time: "riskLastUpdatedDateTime", from: "ge", to: "le", most: 500, needs: []string{"IdentityRiskyServicePrincipal.Read.All"}, licence: "Workload", report: true},
	{path: "reports/authenticationMethods/userRegistrationDetails", most: 999, needs: []string{"AuditLog.Read.All"}, licence: "P1", report: true},
	{path: "users", most: 999, needs: []string{"User.Read.All", "Directory.Read.All"}},
	{path: "groups", most: 999, expand: []string{"members"}, needs: []string{"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"}},
	{path: "applications", most: 999, expand: []string{"owners"}, needs: []string{"Application.Read.All", "Directory.Read.All"}},
	{path: "servicePrincipals", most: 999, needs: []string{"Application.Read.All", "Directory.Read.All"}},
	{path: "roleManagement/directory/roleDefinitions", needs: []string{"RoleManagement.Read.Directory"}},
	{path: "roleManagement/directory/roleAssignments", expand: []string{"principal", "roleDefinition"}, needs: []string{"RoleManagement.Read.Directory"}},
	{path: "roleManagement/directory/roleAssignmentScheduleInstances", expand: []string{"principal", "roleDefinition"}, needs: []string{"RoleManagement.Read.Directory", "RoleAssignmentSchedule.Read.Directory"}, licence: "P2"},
	{path: "roleManagement/directory/roleEligibilityScheduleInstances", expand: []string{"principal", "roleDefinition"}, needs: []string{"RoleManagement.Read.Directory", "RoleEligibilitySchedule.Read.Directory"}, licence: "P2"},
	{path: "identity/conditionalAccess/policies", needs: []string{"Policy.Read.All"}},
	{path: "identity/conditionalAccess/namedLocations", needs: []string{"Policy.Read.All"}},
	{path: "identityGovernance/accessReviews/definitions", needs: []string{"AccessReview.Read.All"}, licence: "P2"},
}

// Permissions lists the first permission of every endpoint.
func Permissions() []string {
	var out []string
	for _, e := range endpoints {
		if !slices.Contains(out, e.needs[0]) {
			out = append(out, e.needs[0])
		}
	}
	return out
}

// endpointOf finds the endpoint of a path below the version. What belongs to an
// object, as the members of a group, is under the endpoint of its collection.
func endpointOf(path string) (e endpoint, exact, ok bool) {
	for _, x := range endpoints {
		if strings.EqualFold(x.path, path) {
			return x, true, true
		}
	}
	for _, x := range endpoints {
		if len(path) > len(x.path) && strings.EqualFold(path[:len(x.path)+1], x.path+"/") {
			return endpoint{path: path, most: 999, needs: x.needs, licence: x.licence}, false, true
		}
	}
	return endpoint{}, false, false
}
