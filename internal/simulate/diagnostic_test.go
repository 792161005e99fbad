package simulate

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

// expect compares fields of a record; absent stands for a field that must not
// be there.
func expect(t *testing.T, r Record, want map[string]any) {
	t.Helper()
	for path, w := range want {
		got, ok := r.Get(path)
		if w == absent {
			if ok {
				t.Errorf("%s = %v, should be absent", path, got)
			}
			continue
		}
		if diff := cmp.Diff(w, got); diff != "" || !ok {
			t.Errorf("%s = %v: %s", path, got, diff)
		}
	}
}

const absent = "<absent>"

func num(s string) json.Number { return json.Number(s) }

func TestDiagnosticSignin(t *testing.T) {
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "signin")), map[string]any{
		"time":                       "2026-11-02T08:16:42.0000000Z",
		"resourceId":                 "/tenants/" + Tenant + "/providers/Microsoft.aadiam",
		"category":                   "SignInLogs",
		"resultType":                 "0",
		"resultSignature":            "SUCCESS",
		"resultDescription":          absent,
		"durationMs":                 num("0"),
		"callerIpAddress":            "203.0.113.24",
		"identity":                   "Alice Lindqvist",
		"Level":                      num("4"),
		"location":                   "SE",
		"properties.createdDateTime": "2026-11-02T08:15:04.0000000+00:00",
		"properties.userType":        "Member",
		"properties.resourceId":      "5f09333a-842c-47da-a157-57da27fcbca5",
		"properties.status":          map[string]any{"errorCode": num("0"), "additionalDetails": "MFA completed in Azure AD"},
		"properties.mfaDetail":       map[string]any{"authMethod": "Mobile app notification"},
		"properties.location.geoCoordinates.altitude":                          absent,
		"properties.appliedConditionalAccessPolicies.0.conditionsSatisfied":    num("3"),
		"properties.appliedConditionalAccessPolicies.0.conditionsNotSatisfied": num("0"),
		"properties.appliedConditionalAccessPolicies.1.conditionsNotSatisfied": num("16"),
		"properties.appliedConditionalAccessPolicies.3.conditionsNotSatisfied": num("256"),
		"properties.authenticationDetails.1.RequestSequence":                   num("2"),
		"properties.authenticationDetails.1.authenticationMethodDetail":        absent,
		"properties.authenticationDetails.1.authenticationStepDateTime":        "2026-11-02T08:15:21.0000000+00:00",
		"properties.ipAddressFromResourceProvider":                             absent,
		"properties.appServicePrincipalId":                                     nil,
		"properties.tenantId":                                                  Tenant,
	})

	failed := set(t, base(t, "signin"), "status", map[string]any{"errorCode": 50126, "failureReason": "No.", "additionalDetails": nil})
	failed = set(t, failed, "mfaDetail", nil)
	expect(t, written(t, event.Diagnostic, NDJSON, failed), map[string]any{
		"resultType": "50126", "resultSignature": "FAILURE", "resultDescription": "No.",
		"properties.status":    map[string]any{"errorCode": num("50126"), "failureReason": "No."},
		"properties.mfaDetail": map[string]any{},
	})
}

func TestDiagnosticAppSignins(t *testing.T) {
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "signin-service-principal")), map[string]any{
		"time": "11/2/2026 2:00:07 AM", "category": "ServicePrincipalSignInLogs", "durationMs": "0", "level": "Informational", "identity": absent,
		"properties.userPrincipalName": absent, "properties.userDisplayName": absent, "properties.userId": nil,
		"properties.appDisplayName": "Nightly Export", "properties.clientAppUsed": "Unknown", "properties.deviceDetail": absent,
	})
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "signin-managed-identity")), map[string]any{
		"time": "2026-11-02T05:30:59.0000000Z", "category": "ManagedIdentitySignInLogs", "callerIpAddress": absent, "location": absent,
		"properties.userPrincipalName": absent, "properties.appDisplayName": absent, "properties.ipAddress": "",
		"properties.location.geoCoordinates": map[string]any{"latitude": num("0"), "longitude": num("0")},
	})
}

func TestDiagnosticAudit(t *testing.T) {
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "audit-add-member-to-role")), map[string]any{
		"time": "2026-11-02T10:41:00.0000000Z", "operationName": "Add member to role", "category": "AuditLogs", "resultType": absent,
		"resultDescription": absent, "callerIpAddress": "198.51.100.12", "identity": absent,
		"properties.category": "RoleManagement", "properties.resultType": "", "properties.activityDateTime": "2026-11-02T10:41:00.0000000+00:00",
		"properties.initiatedBy.app": absent, "properties.initiatedBy.user.roles": []any{}, "properties.initiatedBy.user.userType": absent,
		"properties.targetResources.0.modifiedProperties.1.newValue": `"Global Administrator"`,
		"properties.targetResources.1.administrativeUnits":           []any{},
		"properties.targetResources.1.userPrincipalName":             absent,
	})
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "audit-b2c-policy")), map[string]any{
		"identity": "bo.andersson@contoso.com", "callerIpAddress": absent, "properties.initiatedBy.user": absent,
		"properties.resultReason": nil, "properties.targetResources.0.id": nil,
	})
}

func TestDiagnosticOthers(t *testing.T) {
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "risk-detection")), map[string]any{
		"time": "11/2/2026 2:53:29 PM", "resourceId": "/tenants/" + Tenant + "/providers/microsoft.aadiam", "category": "UserRiskEvents",
		"identity": "alice lindqvist", "location": "de", "correlationId": base(t, "risk-detection").Fields["id"],
		"properties.correlationId": base(t, "risk-detection").Fields["correlationId"], "properties.detectedDateTime": "2026-11-02T14:51:16.000Z",
	})
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "risky-user")), map[string]any{
		"category": "RiskyUsers", "location": "neu", "correlationId": base(t, "risky-user").Fields["id"], "time": "11/2/2026 2:55:02 PM",
	})
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "provisioning")), map[string]any{
		"category": "ProvisioningLogs", "resultType": "Success", "durationMs": num("3236"),
		"properties.servicePrincipal.Name": "Expense Tool", "properties.statusInfo.Status": num("0"),
		"properties.provisioningStatusInfo.Status": "success", "properties.initiatedBy.Type": "system",
		"properties.provisioningSteps.2.provisioningStepType": num("2"), "properties.provisioningSteps.2.status": num("2"),
	})
	expect(t, written(t, event.Diagnostic, NDJSON, base(t, "activity")), map[string]any{
		"operationName": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "resultType": "Success", "resultSignature": "Succeeded.Created",
		"category": "Administrative", "level": "Information", "callerIpAddress": "198.51.100.12", "properties.requestbody": absent,
		"properties.requestBody.Properties.PrincipalType": "User", "identity.authorization.evidence.role": "User Access Administrator",
		`identity.claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/upn`: "carla.nyberg@contoso.com",
	})
	for _, name := range []string{"keyvault-secret-get", "graph-activity", "domain-services"} {
		if diff := cmp.Diff(base(t, name).Fields, written(t, event.Diagnostic, NDJSON, base(t, name)).Fields); diff != "" {
			t.Errorf("%s changed: %s", name, diff)
		}
	}
}

func TestConditionBits(t *testing.T) {
	tests := map[any]any{
		"none": 0, "application": 1, "application,users": 3, "application, users": 3, "devicePlatform": 4, "clientType": 16, "signInRisk,userRisk": 96,
		"deviceState": 256, "client": 512, "unknownFutureValue": 0, nil: nil,
	}
	for in, want := range tests {
		if got := conditionBits(in); got != want {
			t.Errorf("%v → %v, want %v", in, got, want)
		}
	}
}

func TestBrokenTimesSurvive(t *testing.T) {
	r := set(t, base(t, "signin"), "createdDateTime", "2026-11-02T17:08:65Z")
	expect(t, written(t, event.Diagnostic, NDJSON, r), map[string]any{"time": "2026-11-02T17:08:65Z", "properties.createdDateTime": "2026-11-02T17:08:65Z"})
	expect(t, written(t, event.O365, NDJSON, r), map[string]any{"CreationTime": "2026-11-02T17:08:65Z"})
}
