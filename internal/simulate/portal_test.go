package simulate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

// The headers as the portal wrote them in 2025.
const (
	userSigninHeader = `"Date (UTC)","Request ID","User agent","Correlation ID","User ID","User","Username","User type","Cross tenant access type","Incoming token type","Authentication Protocol","Unique token identifier","Original transfer method","Client credential type","Token Protection - Sign In Session","Token Protection - Sign In Session StatusCode","Application","Application ID ","App owner tenant ID","Resource","Resource ID ","Resource tenant ID","Resource owner tenant ID","Home tenant ID","Home tenant name","IP address","Location","Status","Sign-in error code","Failure reason","Client app","Device ID","Browser","Operating System","Compliant","Managed","Join Type","Multifactor authentication result","Multifactor authentication auth method","Multifactor authentication auth detail","Authentication requirement","Sign-in identifier","Session ID","IP address (seen by resource)","Through Global Secure Access","Global Secure Access IP address","Autonomous system  number","Flagged for review","Token issuer type","Incoming token type","Token issuer name","Latency","Conditional Access","Managed Identity type","Associated Resource Id","Federated Token Id","Federated Token Issuer"`
	appSigninHeader  = `Date (UTC),Request ID,Correlation ID,Service principal ID,Service principal name,Credential key ID,Credential thumbprint,Application,Application ID ,App owner tenant ID,Resource,Resource ID ,Resource tenant ID,Resource owner tenant ID,Home tenant ID,Home tenant name,IP address,Location,Status,Sign-in error code,Failure reason,Conditional Access`
)

func TestPortalHeaders(t *testing.T) {
	for name, want := range map[string]string{
		"signin": userSigninHeader, "signin-noninteractive": userSigninHeader, "signin-service-principal": appSigninHeader, "signin-managed-identity": appSigninHeader,
	} {
		line, _, _ := bytes.Cut(write(t, event.PortalCSV, CSV, base(t, name)), []byte("\r\n"))
		if diff := cmp.Diff(byteOrderMark+want, string(line)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPortalAuditHeader(t *testing.T) {
	header := readCSV(t, write(t, event.PortalCSV, CSV, base(t, "audit-add-user")))[0]
	if len(header) != 86 {
		t.Fatalf("%d columns", len(header))
	}
	for i, want := range map[int]string{
		0: "Date (UTC)", 7: "User Agent", 8: "ActorType", 12: "IPAddress", 16: "ActorServicePrincipalName", 17: "Target1Type", 20: "Target1UserPrincipalName",
		21: "Target1ModifiedProperty1Name", 35: "Target1ModifiedProperty5NewValue", 36: "Target2Type", 55: "Target3Type", 73: "Target3ModifiedProperty5NewValue",
		74: "AdditionalDetail1Key", 85: "AdditionalDetail6Value",
	} {
		if header[i] != want {
			t.Errorf("column %d is %q, want %q", i, header[i], want)
		}
	}
}

// cell returns the last record's cell in the column with that header.
func portalCell(t *testing.T, r Record, name string) string {
	t.Helper()
	rows := readCSV(t, write(t, event.PortalCSV, CSV, r))
	i := slices.Index(rows[0], name)
	if i < 0 {
		t.Fatalf("no column %q", name)
	}
	return rows[1][i]
}

func TestPortalSigninCells(t *testing.T) {
	tests := []struct {
		path   string
		value  any
		column string
		want   string
	}{
		{"status.errorCode", 0, "Status", "Success"},
		{"status.errorCode", 0, "Sign-in error code", ""},
		{"status.errorCode", 50126, "Status", "Failure"},
		{"status.errorCode", 50126, "Sign-in error code", "50126"},
		{"status.errorCode", 50074, "Status", "Interrupted"},
		{"createdDateTime", "2026-11-02T08:15:04.1234567Z", "Date (UTC)", "2026-11-02T08:15:04Z"},
		{"location.city", "Gothenburg", "Location", "Gothenburg, Vastra Gotalands Lan, SE"},
		{"location.state", "", "Location", "Gothenburg, SE"},
		{"authenticationRequirement", "singleFactorAuthentication", "Authentication requirement", "Single-factor authentication"},
		{"authenticationProtocol", "deviceCode", "Authentication Protocol", "Device code"},
		{"authenticationProtocol", "ropc", "Authentication Protocol", "ROPC"},
		{"authenticationProtocol", "somethingNew", "Authentication Protocol", "somethingNew"},
		{"conditionalAccessStatus", "notApplied", "Conditional Access", "Not Applied"},
		{"uniqueTokenIdentifier", "-abc", "Unique token identifier", "'-abc"},
		{"userDisplayName", "=cmd", "User", "'=cmd"},
		{"deviceDetail.isCompliant", nil, "Compliant", ""},
		{"deviceDetail.isCompliant", false, "Compliant", "No"},
		{"userDisplayName", "Al \"x\", y\nz", "User", "Al \"x\", y\nz"},
	}
	for _, tt := range tests {
		if got := portalCell(t, set(t, base(t, "signin"), tt.path, tt.value), tt.column); got != tt.want {
			t.Errorf("%s = %v: %s is %q, want %q", tt.path, tt.value, tt.column, got, tt.want)
		}
	}
	if got := portalCell(t, base(t, "signin-service-principal"), "Sign-in error code"); got != "0" {
		t.Errorf("an application's code is %q", got)
	}
}

// Exactly one of the two columns called Incoming token type is filled, and not
// always the same.
func TestPortalIncomingTokenType(t *testing.T) {
	var first, second int
	for i := range 20 {
		r := set(t, base(t, "signin"), "incomingTokenType", "primaryRefreshToken").WithID(fmt.Sprintf("00000000-0000-4000-8000-0000000000%02d", i))
		row := readCSV(t, write(t, event.PortalCSV, CSV, r))[1]
		switch {
		case row[9] == "Primary refresh token" && row[49] == "":
			first++
		case row[9] == "" && row[49] == "Primary refresh token":
			second++
		default:
			t.Errorf("%q and %q", row[9], row[49])
		}
	}
	if first == 0 || second == 0 {
		t.Errorf("%d first, %d second", first, second)
	}
}

func TestPortalAuditCells(t *testing.T) {
	r := base(t, "audit-add-member-to-role")
	for column, want := range map[string]string{
		"Date (UTC)": "2026-11-02T10:41:00+00:00", "Activity": "Add member to role", "ActorType": "User", "ActorUserPrincipalName": "carla.nyberg@contoso.com",
		"IPAddress": "198.51.100.12", "Target1Type": "User", "Target2Type": "Role", "Target1ModifiedProperty2Name": "Role.DisplayName",
		"Target1ModifiedProperty2NewValue": `"Global Administrator"`, "Target1ModifiedProperty2OldValue": "", "AdditionalDetail1Key": "User-Agent",
	} {
		if got := portalCell(t, r, column); got != want {
			t.Errorf("%s = %q", column, got)
		}
	}
	b2c := base(t, "audit-b2c-policy")
	if portalCell(t, b2c, "ActorType") != "Application" || portalCell(t, b2c, "ActorServicePrincipalName") != "bo.andersson@contoso.com" {
		t.Error("the application is not the actor")
	}
	// Ten properties and seven details do not fit.
	raw := string(write(t, event.PortalCSV, CSV, base(t, "audit-app-role-assignment"), base(t, "audit-invite")))
	if strings.Contains(raw, "TargetId.ServicePrincipalNames") || strings.Contains(raw, "invitedUserEmailAddress") {
		t.Error("nothing is cut")
	}
}
