package simulate

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/entrawatch/entrawatch/internal/event"
)

// o365 returns r as the Office 365 Management Activity API delivers it.
func o365(r Record) (any, error) {
	switch r.Kind {
	case event.M365:
		return r.Fields, nil
	case event.Signin:
		return o365Signin(r), nil
	case event.Audit:
		return o365Audit(r), nil
	}
	return nil, fmt.Errorf("%s does not exist in format %s", r.Kind, event.O365)
}

// logonErrors names the codes of failed sign-ins.
var logonErrors = map[string]string{
	"50011": "InvalidReplyTo", "50034": "UserAccountNotFound", "50053": "IdsLocked", "50055": "InvalidPasswordExpiredPassword",
	"50057": "UserDisabled", "50058": "UserInformationNotProvided", "50072": "UserStrongAuthEnrollmentRequiredInterrupt",
	"50074": "UserStrongAuthClientAuthNRequiredInterrupt", "50076": "UserStrongAuthClientAuthNRequired",
	"50097": "DeviceAuthenticationRequired", "50105": "EntitlementGrantsNotFound", "50126": "InvalidUserNameOrPassword",
	"50158": "ExternalSecurityChallenge", "53003": "BlockedByConditionalAccess", "65001": "DelegationDoesNotExist",
	"500121": "AuthenticationFailedSasError", "1000000": "UserNotBoundError",
}

func o365Signin(r Record) object {
	f := r.Fields
	code := orElse(text(dig(f, "status", "errorCode")), "0")
	request := requestType(f, code)
	operation, status, detail := "UserLoginFailed", "Success", "Success"
	switch {
	case code == "0" && request == "OAuth2:Authorize":
		operation, detail = "UserLoggedIn", "Redirect"
	case code == "0" || code == "50140": // the interrupt to keep signed in counts as success
		operation = "UserLoggedIn"
	case request == "OAuth2:Token" || code == "50011":
		status, detail = "Failed", "UserError"
	} // other failures are logged with the status Success
	extended := []any{nameValue("ResultStatusDetail", detail), nameValue("UserAgent", text(f["userAgent"]))}
	if request == "Login:login" || request == "OAuth2:Token" {
		extended = append(extended, nameValue("UserAuthenticationMethod", "1"))
	}
	extended = append(extended, nameValue("RequestType", request))
	user, userID := orElse(text(f["userPrincipalName"]), "Not Available"), orElse(text(f["userId"]), "Not Available")
	resource := text(f["resourceId"])
	o := object{
		{"CreationTime", retime(f["createdDateTime"], layoutNoZone)},
		{"Id", f["id"]},
		{"Operation", operation},
		{"OrganizationId", r.Tenant},
		{"RecordType", 15},
		{"ResultStatus", status},
		{"UserKey", userID},
		{"UserType", 0},
		{"Version", 1},
		{"Workload", "AzureActiveDirectory"},
		{"ClientIP", text(f["ipAddress"])},
		{"ObjectId", orElse(resource, "Unknown")},
		{"UserId", user},
		{"AzureActiveDirectoryEventType", 1},
		{"ExtendedProperties", extended},
		{"ModifiedProperties", []any{}},
		{"Actor", []any{identity(userID, 0), identity(user, 5)}},
		{"ActorContextId", orElse(text(f["homeTenantId"]), r.Tenant)},
		{"ActorIpAddress", text(f["ipAddress"])},
		{"InterSystemsId", f["correlationId"]},
		{"IntraSystemId", f["id"]},
		{"SupportTicketId", ""},
		{"Target", []any{identity(orElse(resource, "Unknown"), 0)}},
		{"TargetContextId", orElse(text(f["resourceTenantId"]), r.Tenant)},
		{"ApplicationId", text(f["appId"])},
		{"DeviceProperties", deviceProperties(f)},
		{"ErrorNumber", code},
	}
	if operation == "UserLoginFailed" {
		o = o.add("LogonError", logonErrors[code])
	}
	return o
}

// requestType guesses the endpoint that a sign-in went through.
func requestType(f map[string]any, code string) string {
	switch text(f["authenticationProtocol"]) {
	case "deviceCode":
		return "Cmsi:Cmsi"
	case "ropc":
		return "OAuth2:Token"
	case "saml20":
		return "Saml2:processrequest"
	}
	switch {
	case code == "500121":
		return "SAS:EndAuth"
	case f["clientAppUsed"] != "Browser":
		return "OAuth2:Token"
	}
	for _, step := range list(f["authenticationDetails"]) {
		if dig(step, "authenticationMethod") == "Password" {
			return "Login:login"
		}
	}
	return "OAuth2:Authorize"
}

var trustTypes = map[string]string{"Azure AD registered": "0", "Azure AD joined": "1", "Hybrid Azure AD joined": "2"}

func deviceProperties(f map[string]any) []any {
	d, _ := f["deviceDetail"].(map[string]any)
	var props []any
	if id := text(d["deviceId"]); id != "" {
		props = append(props, nameValue("Id", id), nameValue("DisplayName", text(d["displayName"])))
	}
	// "Edge 142.0.0" is here just "Edge".
	browser := strings.TrimRightFunc(text(d["browser"]), func(c rune) bool { return unicode.IsDigit(c) || c == '.' })
	props = append(props, nameValue("OS", text(d["operatingSystem"])), nameValue("BrowserType", strings.TrimSpace(browser)))
	if t, ok := trustTypes[text(d["trustType"])]; ok {
		props = append(props, nameValue("TrustType", t))
	}
	both := d["isCompliant"] == true && d["isManaged"] == true
	props = append(props, nameValue("IsCompliantAndManaged", capital(strconv.FormatBool(both))))
	if s := text(f["sessionId"]); s != "" {
		props = append(props, nameValue("SessionId", s))
	}
	return props
}

func nameValue(name, value string) object      { return object{{"Name", name}, {"Value", value}} }
func identity(id string, typ int) object       { return object{{"ID", id}, {"Type", typ}} }
func recordTypeName(v any) any                 { return named(v, recordTypes) }
func userTypeName(v any) any                   { return named(v, userTypes) }
func named(v any, names map[string]string) any { return orElse(names[text(v)], text(v)) }

var recordTypes = map[string]string{
	"1": "ExchangeAdmin", "2": "ExchangeItem", "3": "ExchangeItemGroup", "4": "SharePoint", "6": "SharePointFileOperation",
	"8": "AzureActiveDirectory", "9": "AzureActiveDirectoryAccountLogon", "14": "SharePointSharingOperation",
	"15": "AzureActiveDirectoryStsLogon", "25": "MicrosoftTeams", "50": "ExchangeItemAggregated",
}

var userTypes = map[string]string{
	"0": "Regular", "1": "Reserved", "2": "Admin", "3": "DcAdmin", "4": "System", "5": "Application", "6": "ServicePrincipal",
	"7": "CustomPolicy", "8": "SystemPolicy", "9": "PartnerTechnician", "10": "Guest",
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// searchResult wraps a record as Search-UnifiedAuditLog returns it: number i of n.
func searchResult(rec any, i, n int) object {
	return object{
		{"PSComputerName", "outlook.office365.com"},
		{"RunspaceId", "aba4c56e-b5d9-5827-9625-553de41cd341"},
		{"PSShowComputerName", "False"},
		{"RecordType", recordTypeName(dig(rec, "RecordType"))},
		{"CreationDate", retime(dig(rec, "CreationTime"), layoutUS)},
		{"UserIds", text(dig(rec, "UserId"))},
		{"Operations", text(dig(rec, "Operation"))},
		{"AuditData", strings.ReplaceAll(jsonText(rec), "/", `\/`)}, // the service escapes slashes
		{"ResultIndex", strconv.Itoa(i)},
		{"ResultCount", strconv.Itoa(n)},
		{"Identity", text(dig(rec, "Id"))},
		{"IsValid", "True"},
		{"ObjectState", "Unchanged"},
	}
}

// writeAuditLogCSV writes what Search-UnifiedAuditLog | Export-Csv makes.
func writeAuditLogCSV(w *bufio.Writer, recs []Record) error {
	_, _ = w.WriteString(byteOrderMark)
	for i, r := range recs {
		rec, err := o365(r)
		if err != nil {
			return err
		}
		var header, cells []string
		for _, m := range searchResult(rec, i+1, len(recs)) {
			header, cells = append(header, m.key), append(cells, text(m.value))
		}
		if i == 0 {
			_ = writeRow(w, true, header) // the next row reports the error
		}
		if err := writeRow(w, true, cells); err != nil {
			return err
		}
	}
	return nil
}
