package graph

import (
	"encoding/json"
	"net/url"
)

// A listing is a sort of directory objects.
type listing struct {
	name    string // of the stream
	first   string // path and query of its first page, below the endpoint
	lesser  string // what to ask for instead where the licence for first is missing
	report  bool   // counts against the budget of reports
	follow  func(value []json.RawMessage) []question
	hidden  bool // pages of first are only followed, not handed on
	members bool // objects show the first of their members, the rest is asked for
	azure   bool
	needs   []string
	licence string
}

// A question is a list to ask for in the course of a listing.
type question struct {
	path     string // below the endpoint, or a whole address
	hidden   bool   // its pages are not handed on
	first    bool   // it is the one that the listing begins with
	optional bool   // who may not read it does without
	of       string // the object whose members these are
}

const (
	directory = "Directory.Read.All"
	// What fields_snapshot.go of package event reads; the rest stays in Graph.
	userFields = "id,userPrincipalName,displayName,accountEnabled,userType,employeeId,department,mail,creationType,createdDateTime,deletedDateTime,onPremisesSyncEnabled,onPremisesDistinguishedName"
	appFields  = "id,appId,displayName,signInAudience,identifierUris,web,spa,publicClient,passwordCredentials,keyCredentials,createdDateTime"
	spFields   = "id,appId,displayName,accountEnabled,servicePrincipalType,appOwnerOrganizationId,replyUrls,passwordCredentials,keyCredentials"

	reviews     = "/v1.0/identityGovernance/accessReviews/definitions"
	assignments = "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
	definitions = "/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&%24filter="
)

var roleRead = []string{"RoleManagement.Read.Directory", directory}

var listings = []listing{
	{name: "users", first: "/v1.0/users?%24top=500&%24select=" + userFields + ",signInActivity", lesser: "/v1.0/users?%24top=500&%24select=" + userFields, needs: []string{"User.Read.All", directory}, licence: premium},
	{name: "groups", first: "/v1.0/groups?%24top=200&%24select=id,displayName,isAssignableToRole,securityEnabled,groupTypes&%24expand=members(%24select=id)", members: true, needs: []string{"GroupMember.Read.All", "Group.Read.All", directory}},
	{name: "role-definitions", first: "/v1.0/roleManagement/directory/roleDefinitions", needs: roleRead},
	{name: "role-assignments", first: "/v1.0/roleManagement/directory/roleAssignments?%24expand=principal", needs: roleRead},
	{name: "role-assignment-schedules", first: "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?%24expand=principal,roleDefinition", needs: []string{"RoleManagement.Read.Directory", "RoleAssignmentSchedule.Read.Directory"}, licence: govern},
	{name: "role-eligibility-schedules", first: "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?%24expand=principal,roleDefinition", needs: []string{"RoleManagement.Read.Directory", "RoleEligibilitySchedule.Read.Directory"}, licence: govern},
	{name: "registration-details", first: "/v1.0/reports/authenticationMethods/userRegistrationDetails?%24top=999", report: true, needs: auditRead, licence: premium},
	{name: "applications", first: "/v1.0/applications?%24top=200&%24select=" + appFields + "&%24expand=owners(%24select=id)", needs: []string{"Application.Read.All", directory}},
	{name: "service-principals", first: "/v1.0/servicePrincipals?%24top=500&%24select=" + spFields, needs: []string{"Application.Read.All", directory}},
	{name: "conditional-access-policies", first: "/v1.0/identity/conditionalAccess/policies", needs: []string{"Policy.Read.All"}, licence: premium},
	{name: "named-locations", first: "/v1.0/identity/conditionalAccess/namedLocations", needs: []string{"Policy.Read.All"}, licence: premium},
	{name: "access-reviews", first: reviews, follow: instances, needs: []string{"AccessReview.Read.All"}, licence: govern},
	{name: "azure-role-assignments", first: "/subscriptions?api-version=2022-12-01", hidden: true, follow: subscriptions, azure: true},
}

// instances asks for the rounds of each access review.
func instances(value []json.RawMessage) []question {
	var out []question
	for _, raw := range value {
		var o struct{ ID string }
		if json.Unmarshal(raw, &o) == nil && o.ID != "" {
			out = append(out, question{path: reviews + "/" + url.PathEscape(o.ID) + "/instances"})
		}
	}
	return out
}

// subscriptions asks for the assignments and the roles that each subscription has
// of its own. What is assigned above them shows in each.
func subscriptions(value []json.RawMessage) []question {
	out := []question{{path: definitions + "type%20eq%20%27BuiltInRole%27", optional: true}}
	for _, raw := range value {
		var o struct {
			ID string `json:"subscriptionId"`
		}
		if json.Unmarshal(raw, &o) == nil && o.ID != "" {
			scope := "/subscriptions/" + url.PathEscape(o.ID)
			out = append(out, question{path: scope + assignments}, question{path: scope + definitions + "type%20eq%20%27CustomRole%27"})
		}
	}
	return out
}
