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
	event.NamedLocation:           "identity/conditionalAccess/namedLocations",
}

// graphContext returns the context of the collection that holds r. A property
// that was expanded is named in brackets.
func graphContext(r Record) string {
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
			return nil, fmt.Errorf("one page cannot hold %s and %s", context, c)
		}
	}
	return object{{"@odata.context", context}, {"value", docs}}, nil
}
