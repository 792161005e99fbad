package simulate

import (
	"fmt"

	"github.com/entrawatch/entrawatch/internal/event"
)

const graphRoot = "https://graph.microsoft.com/beta/$metadata#"

// graphContexts gives what follows # in @odata.context.
var graphContexts = map[event.Kind]string{
	event.Signin:                  "auditLogs/signIns",
	event.Audit:                   "auditLogs/directoryAudits",
	event.RiskDetection:           "identityProtection/riskDetections",
	event.RiskyUser:               "identityProtection/riskyUsers",
	event.Provisioning:            "auditLogs/provisioning",
	event.User:                    "users",
	event.Group:                   "groups",
	event.RoleAssignment:          "roleManagement/directory/roleAssignments",
	event.RoleDefinition:          "roleManagement/directory/roleDefinitions",
	event.RegistrationDetails:     "reports/authenticationMethods/userRegistrationDetails",
	event.Application:             "applications",
	event.ServicePrincipal:        "servicePrincipals",
	event.ConditionalAccessPolicy: "identity/conditionalAccess/policies",
	event.AccessReview:            "identityGovernance/accessReviews/definitions",
	event.RoleHolding:             "entrawatch/roleHoldings",
	event.TenantPosture:           "entrawatch/tenantPosture",
	event.RedirectDomain:          "entrawatch/redirectDomains",
	event.ReviewInstance:          "entrawatch/reviewInstances",
	event.NamedLocation:           "identity/conditionalAccess/namedLocations",
}

// azureRoles is the type of an assignment of an Azure role, which is a directory
// object to us but listed by Azure Resource Manager.
const azureRoles = "Microsoft.Authorization/roleAssignments"

// graphContext returns the context of the collection that holds r, "" if Azure
// Resource Manager lists it. A property that was expanded is named in brackets.
func graphContext(r Record) string {
	if r.Fields["type"] == azureRoles {
		return ""
	}
	c := graphContexts[r.Kind]
	switch {
	case r.Kind == event.RoleAssignment && r.Fields["roleEligibilityScheduleId"] != nil:
		c = "roleManagement/directory/roleEligibilityScheduleInstances"
	case r.Kind == event.RoleAssignment && r.Fields["roleAssignmentScheduleId"] != nil:
		c = "roleManagement/directory/roleAssignmentScheduleInstances"
	}
	switch {
	case r.Fields["principal"] != nil && r.Fields["roleDefinition"] != nil:
		c += "(principal(),roleDefinition())"
	case r.Fields["principal"] != nil:
		c += "(principal())"
	case r.Fields["instances"] != nil:
		c += "(instances())"
	case r.Fields["members"] != nil:
		c += "(members())"
	case r.Fields["owners"] != nil:
		c += "(owners())"
	}
	return graphRoot + c
}

// page wraps documents as an answer of Graph or Azure Resource Manager, which
// has no context.
func page(f event.Format, recs []Record, docs []any) (object, error) {
	if f == event.ResourceManager || len(recs) == 0 {
		return object{{"value", docs}}, nil
	}
	context := graphContext(recs[0])
	for _, r := range recs[1:] {
		if c := graphContext(r); c != context {
			return nil, fmt.Errorf("one page cannot hold %q and %q", context, c)
		}
	}
	if context == "" {
		return object{{"value", docs}}, nil
	}
	return object{{"@odata.context", context}, {"value", docs}}, nil
}
