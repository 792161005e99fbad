package simulate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func nv(r Record, list, name string) any {
	v, _ := r.Get(list)
	for _, e := range v.([]any) {
		if dig(e, "Name") == name {
			return dig(e, "Value")
		}
	}
	return absent
}

func TestO365Signin(t *testing.T) {
	r := written(t, event.O365, NDJSON, base(t, "signin"))
	id := base(t, "signin").Fields["id"]
	expect(t, r, map[string]any{
		"CreationTime": "2026-11-02T08:15:04", "Id": id, "IntraSystemId": id, "InterSystemsId": base(t, "signin").Fields["correlationId"],
		"Operation": "UserLoggedIn", "RecordType": num("15"), "ErrorNumber": "0", "LogonError": absent, "OrganizationId": Tenant,
		"UserId": "alice.lindqvist@contoso.com", "ObjectId": "5f09333a-842c-47da-a157-57da27fcbca5", "ClientIP": "203.0.113.24",
		"ApplicationId": "4765445b-32c6-49b0-83e6-1d93765276ca", "Actor.1": map[string]any{"ID": "alice.lindqvist@contoso.com", "Type": num("5")},
	})
	for name, want := range map[string]string{"BrowserType": "Edge", "OS": "Windows10", "TrustType": "1", "IsCompliantAndManaged": "True"} {
		if got := nv(r, "DeviceProperties", name); got != want {
			t.Errorf("%s = %v", name, got)
		}
	}
	if got := nv(r, "ExtendedProperties", "RequestType"); got != "Login:login" {
		t.Errorf("RequestType %v", got)
	}
}

func TestO365SigninResults(t *testing.T) {
	tests := []struct {
		code                     int
		client, protocol         string
		operation, status, error string
		request                  string
	}{
		{0, "Browser", "none", "UserLoggedIn", "Success", "", "Login:login"},
		{50140, "Browser", "none", "UserLoggedIn", "Success", "", "Login:login"},
		{50126, "Browser", "none", "UserLoginFailed", "Success", "InvalidUserNameOrPassword", "Login:login"},
		{50126, "IMAP4", "none", "UserLoginFailed", "Failed", "InvalidUserNameOrPassword", "OAuth2:Token"},
		{50126, "Mobile Apps and Desktop clients", "ropc", "UserLoginFailed", "Failed", "InvalidUserNameOrPassword", "OAuth2:Token"},
		{500121, "Browser", "none", "UserLoginFailed", "Success", "AuthenticationFailedSasError", "SAS:EndAuth"},
		{0, "Mobile Apps and Desktop clients", "deviceCode", "UserLoggedIn", "Success", "", "Cmsi:Cmsi"},
		{999999, "Browser", "none", "UserLoginFailed", "Success", "", "Login:login"},
	}
	for _, tt := range tests {
		r := set(t, base(t, "signin"), "status.errorCode", tt.code)
		set(t, set(t, r, "clientAppUsed", tt.client), "authenticationProtocol", tt.protocol)
		got := written(t, event.O365, NDJSON, r)
		expect(t, got, map[string]any{"Operation": tt.operation, "ResultStatus": tt.status, "ErrorNumber": text(r.Fields["status"].(map[string]any)["errorCode"])})
		if logonError, _ := got.Get("LogonError"); text(logonError) != tt.error {
			t.Errorf("%d: LogonError %v", tt.code, logonError)
		}
		if request := nv(got, "ExtendedProperties", "RequestType"); request != tt.request {
			t.Errorf("%d %s %s: RequestType %v", tt.code, tt.client, tt.protocol, request)
		}
	}
}

func TestO365Audit(t *testing.T) {
	r := written(t, event.O365, NDJSON, base(t, "audit-add-member-to-role"))
	expect(t, r, map[string]any{
		"Operation": "Add member to role.", "RecordType": num("8"), "ResultStatus": "Success", "UserId": "carla.nyberg@contoso.com",
		"UserType": num("0"), "ObjectId": "dan.okafor@contoso.com", "ClientIP": "198.51.100.12", "CreationTime": "2026-11-02T10:41:00",
		"ModifiedProperties.1": map[string]any{"Name": "Role.DisplayName", "NewValue": "Global Administrator", "OldValue": ""},
		"Target.2.ID":          "User", "Actor.0.Type": num("5"),
	})
	if got := nv(r, "ExtendedProperties", "extendedAuditEventCategory"); got != "Role" {
		t.Errorf("category %v", got)
	}
	if id := text(r.Fields["Id"]); len(id) != 36 || strings.Contains(text(base(t, "audit-add-member-to-role").Fields["id"]), id) {
		t.Errorf("id %s", id)
	}

	removed := base(t, "audit-add-member-to-role")
	if err := removed.SetChange("Role.DisplayName", "Global Administrator", ""); err != nil {
		t.Fatal(err)
	}
	expect(t, written(t, event.O365, NDJSON, removed), map[string]any{
		"ModifiedProperties.1": map[string]any{"Name": "Role.DisplayName", "NewValue": "", "OldValue": "Global Administrator"},
	})

	expect(t, written(t, event.O365, NDJSON, base(t, "audit-update-user")), map[string]any{
		"ModifiedProperties.0": map[string]any{"Name": "Department", "NewValue": "[\r\n  \"Finance\"\r\n]", "OldValue": "[\r\n  \"Sales\"\r\n]"},
		"ModifiedProperties.2": map[string]any{"Name": "Included Updated Properties", "NewValue": "Department, JobTitle", "OldValue": ""},
	})
	expect(t, written(t, event.O365, NDJSON, base(t, "audit-app-role-assignment")), map[string]any{
		"ModifiedProperties.3.NewValue": "11/2/2026 12:07:48 PM", "Target.2.ID": "ServicePrincipal", "Target.3.ID": "Microsoft Graph",
	})
	expect(t, written(t, event.O365, NDJSON, base(t, "audit-app-credential")), map[string]any{
		"Operation": "Update application – Certificates and secrets management ", // no dot after a blank
	})
	expect(t, written(t, event.O365, NDJSON, base(t, "audit-fraud")), map[string]any{"ClientIP": absent, "ActorIpAddress": absent})
}

func TestO365Apps(t *testing.T) {
	r := base(t, "audit-add-member-to-role")
	set(t, r, "initiatedBy", map[string]any{"user": nil, "app": map[string]any{"appId": nil, "displayName": "MS-PIM", "servicePrincipalId": "0d7c", "servicePrincipalName": nil}})
	expect(t, written(t, event.O365, NDJSON, r), map[string]any{
		"UserId": "ServicePrincipal_0d7c", "UserKey": "Not Available", "UserType": num("4"), "Actor.0": map[string]any{"ID": "MS-PIM", "Type": num("1")},
	})
	expect(t, written(t, event.O365, NDJSON, base(t, "audit-b2c-policy")), map[string]any{"UserId": "Certificate", "ObjectId": "Company_" + Tenant})
}

func TestSearchUnifiedAuditLog(t *testing.T) {
	rows := readCSV(t, write(t, event.O365, CSV, base(t, "signin"), base(t, "m365-file")))
	want := []string{
		"PSComputerName", "RunspaceId", "PSShowComputerName", "RecordType", "CreationDate", "UserIds", "Operations", "AuditData", "ResultIndex",
		"ResultCount", "Identity", "IsValid", "ObjectState",
	}
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Error(diff)
	}
	if rows[1][3] != "AzureActiveDirectoryStsLogon" || rows[1][4] != "11/2/2026 8:15:04 AM" || rows[2][8] != "2" || rows[2][9] != "2" {
		t.Errorf("row %q", rows[1])
	}
	if !strings.Contains(rows[2][7], `https:\/\/contoso.sharepoint.com`) {
		t.Error("slashes are not escaped")
	}
	data, err := parseJSON(rows[2][7])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(any(base(t, "m365-file").Fields), data); diff != "" {
		t.Error(diff)
	}
	object := written(t, event.O365, Page, base(t, "signin"))
	if data, _ := object.Get("AuditData"); !strings.HasPrefix(text(data), `{"CreationTime":"2026-11-02T08:15:04"`) {
		t.Errorf("AuditData %v", data)
	}
}
