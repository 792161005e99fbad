package simulate

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// The columns of the portal's sign-in downloads as of 2025, header=path into
// the fields. ! is a value that signinCell computes. Blanks at the end of a
// header, the double blank and the column that occurs twice are the portal's.
var userSigninColumns = []string{
	"Date (UTC)=!date", "Request ID=id", "User agent=userAgent", "Correlation ID=correlationId", "User ID=userId",
	"User=userDisplayName", "Username=userPrincipalName", "User type=!userType", "Cross tenant access type=!crossTenant",
	"Incoming token type=!incoming1", "Authentication Protocol=!protocol", "Unique token identifier=uniqueTokenIdentifier",
	"Original transfer method=!transfer", "Client credential type=!credential",
	"Token Protection - Sign In Session=!tokenProtection",
	"Token Protection - Sign In Session StatusCode=tokenProtectionStatusDetails.signInSessionStatusCode",
	"Application=appDisplayName", "Application ID =appId", "App owner tenant ID=appOwnerTenantId", "Resource=resourceDisplayName",
	"Resource ID =resourceId", "Resource tenant ID=resourceTenantId", "Resource owner tenant ID=resourceOwnerTenantId",
	"Home tenant ID=homeTenantId", "Home tenant name=homeTenantName", "IP address=ipAddress", "Location=!location",
	"Status=!status", "Sign-in error code=!code", "Failure reason=status.failureReason", "Client app=clientAppUsed",
	"Device ID=deviceDetail.deviceId", "Browser=deviceDetail.browser", "Operating System=deviceDetail.operatingSystem",
	"Compliant=!compliant", "Managed=!managed", "Join Type=!join", "Multifactor authentication result=status.additionalDetails",
	"Multifactor authentication auth method=mfaDetail.authMethod", "Multifactor authentication auth detail=mfaDetail.authDetail",
	"Authentication requirement=!requirement", "Sign-in identifier=signInIdentifier", "Session ID=sessionId",
	"IP address (seen by resource)=ipAddressFromResourceProvider", "Through Global Secure Access=!secureAccess",
	"Global Secure Access IP address=globalSecureAccessIpAddress", "Autonomous system  number=autonomousSystemNumber",
	"Flagged for review=!flagged", "Token issuer type=tokenIssuerType", "Incoming token type=!incoming2",
	"Token issuer name=tokenIssuerName", "Latency=processingTimeInMilliseconds", "Conditional Access=!conditionalAccess",
	"Managed Identity type=managedServiceIdentity.msiType", "Associated Resource Id=managedServiceIdentity.associatedResourceId",
	"Federated Token Id=managedServiceIdentity.federatedTokenId", "Federated Token Issuer=managedServiceIdentity.federatedTokenIssuer",
}

var appSigninColumns = []string{
	"Date (UTC)=!date", "Request ID=id", "Correlation ID=correlationId", "Service principal ID=servicePrincipalId",
	"Service principal name=servicePrincipalName", "Credential key ID=servicePrincipalCredentialKeyId",
	"Credential thumbprint=servicePrincipalCredentialThumbprint", "Application=appDisplayName", "Application ID =appId",
	"App owner tenant ID=appOwnerTenantId", "Resource=resourceDisplayName", "Resource ID =resourceId",
	"Resource tenant ID=resourceTenantId", "Resource owner tenant ID=resourceOwnerTenantId", "Home tenant ID=homeTenantId",
	"Home tenant name=homeTenantName", "IP address=ipAddress", "Location=!location", "Status=!status", "Sign-in error code=!code0",
	"Failure reason=status.failureReason", "Conditional Access=!conditionalAccess",
}

// displayTexts are what the portal shows for values of Graph.
var displayTexts = map[string]string{
	"none": "None", "member": "Member", "guest": "Guest", "b2bCollaboration": "B2B collaboration", "b2bDirectConnect": "B2B direct connect",
	"microsoftSupport": "Microsoft support", "serviceProvider": "Service provider", "passthrough": "Passthrough",
	"primaryRefreshToken": "Primary refresh token", "refreshToken": "Refresh token", "saml11": "SAML 1.1", "saml20": "SAML 2.0",
	"remoteDesktopToken": "Remote desktop token", "oAuth2": "OAuth 2.0", "ropc": "ROPC", "wsFederation": "WS-Federation",
	"deviceCode": "Device code", "deviceCodeFlow": "Device code flow", "authenticationTransfer": "Authentication transfer",
	"nativeAuth": "Native authentication", "clientSecret": "Client secret", "clientAssertion": "Client assertion",
	"certificate": "Certificate", "managedIdentity": "Managed identity", "federatedIdentityCredential": "Federated identity credential",
	"singleFactorAuthentication": "Single-factor authentication", "multiFactorAuthentication": "Multifactor authentication",
	"success": "Success", "failure": "Failure", "notApplied": "Not Applied", "bound": "Bound", "unbound": "Unbound",
}

// interrupts are the error codes that the portal shows as Interrupted.
var interrupts = []string{
	"16000", "16001", "16003", "50055", "50058", "50059", "50072", "50074", "50076", "50125", "50127", "50129", "50140", "50143", "50144",
	"51006", "52004", "65001", "81010", "81012", "81014",
}

func writePortalCSV(w *bufio.Writer, recs []Record) error {
	if len(recs) == 0 {
		return fmt.Errorf("a portal CSV has no header without records")
	}
	app := func(r Record) bool { return r.Sub == event.ServicePrincipalSignin || r.Sub == event.ManagedIdentity }
	first := recs[0]
	for _, r := range recs[1:] {
		if r.Kind != first.Kind || app(r) != app(first) {
			return fmt.Errorf("one portal CSV cannot hold %s %s and %s %s", first.Sub, first.Kind, r.Sub, r.Kind)
		}
	}
	header, row := portalAuditHeader(), portalAuditRow
	if first.Kind == event.Signin {
		columns := userSigninColumns
		if app(first) {
			columns = appSigninColumns
		}
		header, row = nil, func(r Record) (cells []string) {
			for _, c := range columns {
				_, path, _ := strings.Cut(c, "=")
				cells = append(cells, signinCell(r.Fields, path))
			}
			return cells
		}
		for _, c := range columns {
			name, _, _ := strings.Cut(c, "=")
			header = append(header, name)
		}
	}
	_, _ = w.WriteString(byteOrderMark)
	quoteAll := !app(first)
	if err := writeRow(w, quoteAll, header); err != nil {
		return err
	}
	for _, r := range recs {
		cells := row(r)
		for i, c := range cells {
			if c != "" && strings.Contains("-+=@", c[:1]) {
				cells[i] = "'" + c // lest a spreadsheet takes it for a formula
			}
		}
		if err := writeRow(w, quoteAll, cells); err != nil {
			return err
		}
	}
	return nil
}

func signinCell(f map[string]any, path string) string {
	if path[0] != '!' {
		return text(dig(f, strings.Split(path, ".")...))
	}
	shown := func(keys ...string) string {
		v := text(dig(f, keys...))
		return orElse(displayTexts[v], v)
	}
	yesNo := func(keys ...string) string {
		switch dig(f, keys...) {
		case true:
			return "Yes"
		case false:
			return "No"
		}
		return ""
	}
	code := orElse(text(dig(f, "status", "errorCode")), "0")
	switch path[1:] {
	case "date":
		return text(retime(f["createdDateTime"], layoutSeconds))
	case "userType":
		return shown("userType")
	case "crossTenant":
		return shown("crossTenantAccessType")
	case "incoming1", "incoming2":
		// Of the two columns now one, now the other is filled.
		h := fnv.New32a()
		_, _ = h.Write([]byte(text(f["id"])))
		if (h.Sum32()&1 == 0) != (path == "!incoming1") {
			return ""
		}
		return shown("incomingTokenType")
	case "protocol":
		return shown("authenticationProtocol")
	case "transfer":
		return shown("originalTransferMethod")
	case "credential":
		return shown("clientCredentialType")
	case "tokenProtection":
		return shown("tokenProtectionStatusDetails", "signInSessionStatus")
	case "location":
		parts := []string{text(dig(f, "location", "city")), text(dig(f, "location", "state")), text(dig(f, "location", "countryOrRegion"))}
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	case "status":
		switch {
		case code == "0":
			return "Success"
		case slices.Contains(interrupts, code):
			return "Interrupted"
		}
		return "Failure"
	case "code": // blank for success in the download of users, 0 in that of applications
		return strings.TrimPrefix(code, "0")
	case "code0":
		return code
	case "compliant":
		return yesNo("deviceDetail", "isCompliant")
	case "managed":
		return yesNo("deviceDetail", "isManaged")
	case "join":
		return strings.Replace(text(dig(f, "deviceDetail", "trustType")), "Azure AD", "Microsoft Entra", 1)
	case "requirement":
		return shown("authenticationRequirement")
	case "secureAccess":
		return yesNo("isThroughGlobalSecureAccess")
	case "flagged":
		return yesNo("flaggedForReview")
	case "conditionalAccess":
		return shown("conditionalAccessStatus")
	}
	panic("simulate: the portal column " + path + " is not computed")
}
