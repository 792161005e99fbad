package simulate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestLogAnalyticsSignin(t *testing.T) {
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "signin")), map[string]any{
		"Type": "SigninLogs", "TenantId": Workspace, "AADTenantId": Tenant, "TimeGenerated": "2026-11-02T08:16:42Z",
		"CreatedDateTime": "2026-11-02T08:15:04Z", "ResultType": "0", "Location": "SE", "ResourceIdentity": "5f09333a-842c-47da-a157-57da27fcbca5",
		"ResourceId": "/tenants/" + Tenant + "/providers/Microsoft.aadiam", "AutonomousSystemNumber": "64511", "Level": "4",
		"ProcessingTimeInMilliseconds": "187", "RiskEventTypes_V2": "[]", "IsInteractive": true, "UserType": "Member",
		"LocationDetails":  `{"city":"Gothenburg","state":"Vastra Gotalands Lan","countryOrRegion":"SE","geoCoordinates":{"latitude":57.70716,"longitude":11.96679}}`,
		"Status":           `{"errorCode":0,"additionalDetails":"MFA completed in Azure AD"}`,
		"SignInEventTypes": absent, "ResultDescription": absent,
		"NetworkLocationDetails": "[\r\n  {\r\n    \"networkType\": \"trustedNamedLocation\",\r\n    \"networkNames\": [\r\n      \"Gothenburg office\"\r\n    ]\r\n  }\r\n]",
	})
	expect(t, written(t, event.LogAnalytics, Array, base(t, "signin")), map[string]any{
		"LocationDetails.geoCoordinates.latitude": num("57.70716"), "Status.errorCode": num("0"),
		"AuthenticationContextClassReferences": "[]", // a string in any layout
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "signin-noninteractive")), map[string]any{
		"Type": "AADNonInteractiveUserSignInLogs", "AADTenantId": absent, "HomeTenantId": Tenant, "ProcessingTimeInMs": "61",
		"Status":           "{\r\n  \"errorCode\": 0,\r\n  \"additionalDetails\": \"MFA requirement satisfied by claim in the token\"\r\n}",
		"SignInEventTypes": "[\r\n  \"nonInteractiveUser\"\r\n]",
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "signin-service-principal")), map[string]any{
		"Type": "AADServicePrincipalSignInLogs", "AADTenantId": Tenant, "ServicePrincipalName": "Nightly Export", "AppDisplayName": absent,
		"UserPrincipalName": absent, "TimeGenerated": "2026-11-02T02:00:07Z", "Status": absent,
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "signin-managed-identity")), map[string]any{
		"Type": "AADManagedIdentitySignInLogs", "AADTenantId": absent, "CreatedDateTime": absent, "IPAddress": "",
	})
}

func TestLogAnalyticsOthers(t *testing.T) {
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "audit-consent")), map[string]any{
		"Type": "AuditLogs", "Category": "ApplicationManagement", "AADTenantId": Tenant, "OperationName": "Consent to application",
		"ActivityDisplayName": "Consent to application", "AADOperationType": "Assign", "Result": "success", "Level": "4",
		"InitiatedBy": `{"user":{"id":"0c82dab5-790d-56b6-849b-99ab5d5a47a5","userPrincipalName":"carla.nyberg@contoso.com","ipAddress":"198.51.100.12","displayName":null,"roles":[]}}`,
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "risk-detection")), map[string]any{
		"Type": "AADUserRiskEvents", "IpAddress": "192.0.2.45", "IPAddress": absent, "TimeGenerated": "2026-11-02T14:53:29Z",
		"AdditionalInfo": base(t, "risk-detection").Fields["additionalInfo"],
	})
	expect(t, written(t, event.LogAnalytics, Array, base(t, "risk-detection")), map[string]any{"AdditionalInfo.1.Key": "userAgent"})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "activity")), map[string]any{
		"Type": "AzureActivity", "OperationNameValue": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE", "OperationName": "Create role assignment",
		"ActivityStatusValue": "Success", "ActivityStatus": "Succeeded", "Caller": "carla.nyberg@contoso.com", "CallerIpAddress": "198.51.100.12",
		"Hierarchy": Tenant + "/69b10b8c-7425-5021-a618-397a29be3a81", "EventDataId": base(t, "activity").Fields["eventDataId"],
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "keyvault-secret-get")), map[string]any{
		"Type": "AZKVAuditLogs", "HttpStatusCode": num("200"), "DurationMs": num("41"), "IsAccessPolicyMatch": true, "ResultType": "Success",
	})
	expect(t, written(t, event.LogAnalytics, Array, base(t, "keyvault-secret-get")), map[string]any{"Identity.claim.upn": "carla.nyberg@contoso.com"})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "graph-activity")), map[string]any{
		"AadTenantId": Tenant, "ClientAuthMethod": num("1"), "UserId": absent, "TokenIssuedAt": "2026-11-02T15:20:00Z",
	})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "domain-services")), map[string]any{"Type": "AADDomainServicesPrivilegeUse", "TenantId": absent})
	expect(t, written(t, event.LogAnalytics, NDJSON, base(t, "m365-inbox-rule")), map[string]any{
		"RecordType": "ExchangeAdmin", "UserType": "Admin", "OfficeWorkload": "Exchange", "OfficeId": base(t, "m365-inbox-rule").Fields["Id"],
		"ExternalAccess": "False", "ClientIP_": "192.0.2.45:51882",
	})
}

func TestTablesHaveAllColumns(t *testing.T) {
	doc := written(t, event.LogAnalytics, Tables, base(t, "signin"))
	columns, _ := doc.Get("tables.0.columns")
	row, _ := doc.Get("tables.0.rows.0")
	if len(list(columns)) != len(list(row)) || len(list(columns)) != len(parsedColumns()["SigninLogs"]) {
		t.Fatalf("%d columns, %d cells", len(list(columns)), len(list(row)))
	}
	for i, c := range list(columns) {
		cell := list(row)[i]
		switch name, typ := dig(c, "name"), dig(c, "type"); typ {
		case "dynamic", "string", "datetime":
			if _, ok := cell.(string); !ok && cell != nil {
				t.Errorf("%s is %s and has the cell %v", name, typ, cell)
			}
			if cell == nil && typ == "string" {
				t.Errorf("%s is a string and null", name)
			}
		}
	}
}

// A union of tables splits columns whose type differs, and only those.
func TestUnion(t *testing.T) {
	rows := readCSV(t, write(t, event.LogAnalytics, CSV, base(t, "signin"), base(t, "signin-noninteractive")))
	header := rows[0]
	cell := func(row int, name string) string {
		i := slices.Index(header, name)
		if i < 0 {
			t.Fatalf("no column %s in %v", name, header)
		}
		return rows[row][i]
	}
	if header[0] != "$table" || cell(2, "$table") != "AADNonInteractiveUserSignInLogs" {
		t.Errorf("first column %s = %s", header[0], rows[2][0])
	}
	for _, name := range []string{"ConditionalAccessPolicies", "DeviceDetail", "LocationDetails", "MfaDetail", "Status"} {
		if cell(1, name+"_dynamic") == "" || cell(1, name+"_string") != "" || cell(2, name+"_dynamic") != "" || cell(2, name+"_string") == "" {
			t.Errorf("%s is not split", name)
		}
	}
	if got := cell(1, "CreatedDateTime [UTC]"); got != "11/2/2026, 8:15:04.000 AM" {
		t.Errorf("time %q", got)
	}
	if cell(1, "IsInteractive") != "TRUE" || cell(2, "IsInteractive") != "FALSE" || cell(1, "AADTenantId") != Tenant || cell(2, "AADTenantId") != "" {
		t.Error("cells are in the wrong places")
	}
	if strings.Contains(strings.Join(header, " "), "UserPrincipalName_") {
		t.Error("a column of one type is split")
	}
}

func TestPlainCSVHeader(t *testing.T) {
	rows := readCSV(t, write(t, event.LogAnalytics, CSV, base(t, "risky-user")))
	want := []string{
		"TenantId", "SourceSystem", "TimeGenerated [UTC]", "OperationName", "CorrelationId", "Id", "IsDeleted", "IsProcessing", "RiskDetail",
		"RiskLastUpdatedDateTime [UTC]", "RiskLevel", "RiskState", "UserDisplayName", "UserPrincipalName", "Type",
	}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Error(diff)
	}
}
