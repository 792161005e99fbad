package event

import (
	"net/netip"
	"strings"

	"github.com/entrawatch/entrawatch/sigma"
)

// The fields that derivations and other code read by id. Their ids are fixed.
const (
	FErrorCode = iota
	FCreated
	FUPN
	FUserID
	FUserDisplay
	FSPID
	FSPName
	FAppID
	FAppName
	FResourceID
	FResourceName
	FClientApp
	FRawIP
	FRawCountry
	FProtocol
	FDeviceID
	FDeviceName
	FHomeTenant
	FResourceTenant
	FActivityName
	FResult
	FActorUserID
	FActorUPN
	FActorUserName
	FActorUserIP
	FActorAppID
	FActorAppName
	FActorSPID
	FActorSPName
	FOfficeUser
	FOfficeActorName
	FOfficeActorObject
	FOfficeActorSPN
	FOfficeTargetName
	FOfficeTargetObject
	FOfficeTargetUPN
	FTargetID
	FTargetName
	FTargetType
	FTargetUPN
	FOperation
	FCaller
	FCallerID
	FCallerApp
	FCallerIP
	FStatus
	FSubStatus
	FHTTPStatus
	FResponseStatus
	FResultStatus
	FOfficeKey
	FOfficeIP
	FOperationName
	FResultSignature
	FPrincipalID
	FPrincipalUPN
	FPrincipalName
	FID
	FDisplayName
	FTenantID
	FTenantPath

	FOutcome
	FActivity
	FIP
	FCountry
	FLegacyClient
	FUserName
	FUser
	FActorID
	FActorName
	FActorType
	FActorApp
	FTargetsID
	FTargetsName
	FTargetsType
	FTargetsUPN
	FSource
	FSignInType
	FMFADenied
	FHour
	FBlockingPolicy
	FRoleName
	FAdditional
	FStepDetail
	FPolicyName
	FPolicyResult
	FRequestType
	FIsInteractive
	FIncomingToken
	FRoleNew
	FRoleOld
)

// core gives the fixed ids their names.
var core = [...]string{
	FErrorCode: "status.errorCode", FCreated: "createdDateTime", FUPN: "userPrincipalName", FUserID: "userId",
	FUserDisplay: "userDisplayName", FSPID: "servicePrincipalId", FSPName: "servicePrincipalName",
	FAppID: "appId", FAppName: "appDisplayName", FResourceID: "resourceId", FResourceName: "resourceDisplayName",
	FClientApp: "clientAppUsed", FRawIP: "ipAddress", FRawCountry: "location.countryOrRegion",
	FProtocol: "authenticationProtocol", FDeviceID: "deviceDetail.deviceId", FDeviceName: "deviceDetail.displayName",
	FHomeTenant: "homeTenantId", FResourceTenant: "resourceTenantId",
	FActivityName: "activityDisplayName", FResult: "result",
	FActorUserID: "initiatedBy.user.id", FActorUPN: "initiatedBy.user.userPrincipalName",
	FActorUserName: "initiatedBy.user.displayName", FActorUserIP: "initiatedBy.user.ipAddress",
	FActorAppID: "initiatedBy.app.appId", FActorAppName: "initiatedBy.app.displayName",
	FActorSPID: "initiatedBy.app.servicePrincipalId", FActorSPName: "initiatedBy.app.servicePrincipalName",
	FOfficeUser: "office.user", FOfficeActorName: "office.actor.name", FOfficeActorObject: "office.actor.object",
	FOfficeActorSPN: "office.actor.spn", FOfficeTargetName: "office.target.name",
	FOfficeTargetObject: "office.target.object", FOfficeTargetUPN: "office.target.upn",
	FTargetID: "targetResources.id", FTargetName: "targetResources.displayName",
	FTargetType: "targetResources.type", FTargetUPN: "targetResources.userPrincipalName",
	FOperation: "operation", FCaller: "caller", FCallerID: "callerId", FCallerApp: "callerAppId",
	FCallerIP: "callerIpAddress", FStatus: "status", FSubStatus: "subStatus", FHTTPStatus: "httpStatusCode",
	FResponseStatus: "responseStatusCode", FResultStatus: "resultStatus",
	FOfficeKey: "UserKey", FOfficeIP: "ClientIP",
	FOperationName: "operationName", FResultSignature: "resultSignature",
	FPrincipalID: "principalId", FPrincipalUPN: "principal.userPrincipalName", FPrincipalName: "principal.displayName",
	FID: "id", FDisplayName: "displayName",
	FTenantID: "tenantId", FTenantPath: "tenantPath",
	FOutcome: "outcome", FActivity: "activity", FIP: "ip", FCountry: "country", FLegacyClient: "legacyClient",
	FUserName: "user.name", FUser: "user.id", FActorID: "actor.id", FActorName: "actor.name",
	FActorType: "actor.type", FActorApp: "actor.appId",
	FTargetsID: "target.id", FTargetsName: "target.name", FTargetsType: "target.type", FTargetsUPN: "target.upn",
	FSource: "format", FSignInType: "signInType", FMFADenied: "mfaDenied", FHour: "hour", FBlockingPolicy: "blockingPolicy",
	FIsInteractive: "isInteractive", FIncomingToken: "incomingTokenType", FRoleName: "role.name", FAdditional: "status.additionalDetails",
	FStepDetail: "authenticationDetails.authenticationStepResultDetail",
	FPolicyName: "appliedConditionalAccessPolicies.displayName", FPolicyResult: "appliedConditionalAccessPolicies.result",
	FRequestType: "requestType", FRoleNew: "changes.Role.DisplayName.new", FRoleOld: "changes.Role.DisplayName.old",
}

// A derivation is a field that is computed from others when it is asked for.
type derivation struct {
	name  string
	typ   Type
	kinds []Kind
	needs []string
	// reads lists what is read beside needs, where a format has it.
	reads string
	// timed marks what is computed from the event's time.
	timed bool
	// instead lists names of raw fields for which rules get this one, because
	// it compares equal in every format.
	instead string
	doc     string
	fn      func(*Event)
	fold    func(string) string
}

func (d *derivation) of(k Kind) bool {
	for _, have := range d.kinds {
		if have == k {
			return true
		}
	}
	return false
}

func only(k ...Kind) []Kind { return k }

var derivations = []derivation{
	{name: "outcome", kinds: only(Signin), reads: "operation", needs: []string{"status.errorCode"}, doc: "success, failure, or interrupted when the sign-in only stopped for one more step", fn: signinOutcome},
	{name: "outcome", kinds: only(Audit), needs: []string{"result"}, instead: "result resultStatus", doc: "success or failure", fn: func(e *Event) { e.set(FOutcome, resultOutcome(e.Text(FResult))) }},
	{name: "outcome", kinds: only(Activity), needs: []string{"status"}, doc: "started, success or failure: one operation logs two or three events", fn: activityOutcome},
	{name: "outcome", kinds: only(M365), reads: "ResultStatus", needs: []string{"Operation"}, doc: "success or failure; most operations say nothing, which is success", fn: officeOutcome},
	{name: "outcome", kinds: only(KeyVault), needs: []string{"httpStatusCode|resultSignature"}, doc: "success or failure, by HTTP status", fn: keyVaultOutcome},
	{name: "outcome", kinds: only(GraphActivity), needs: []string{"responseStatusCode"}, doc: "success or failure, by HTTP status", fn: func(e *Event) { e.set(FOutcome, httpOutcome(e.Text(FResponseStatus))) }},
	{name: "outcome", kinds: only(Provisioning), needs: []string{"status"}, doc: "success, failure or skipped", fn: func(e *Event) { e.set(FOutcome, strings.ToLower(e.Text(FStatus))) }},

	{name: "activity", kinds: only(Audit), needs: []string{"activityDisplayName"}, instead: "activityDisplayName operationName operation activity activityType", doc: "name of the activity in lower case, with plain dashes and blanks and no full stop", fn: func(e *Event) { e.set(FActivity, NormalActivity(e.Text(FActivityName))) }, fold: NormalActivity},
	{name: "activity", kinds: only(Activity), needs: []string{"operationName"}, doc: "the operation, PROVIDER/TYPE/ACTION", fn: func(e *Event) { e.set(FActivity, e.Text(FOperationName)) }},
	{name: "activity", kinds: only(KeyVault, DomainServices), needs: []string{"operationName"}, doc: "the operation", fn: func(e *Event) { e.set(FActivity, e.Text(FOperationName)) }},
	{name: "activity", kinds: only(M365), needs: []string{"Operation"}, instead: "operation", doc: "the operation without full stop", fn: func(e *Event) { e.set(FActivity, strings.TrimSuffix(e.Text(FOperation), ".")) }, fold: func(s string) string { return strings.TrimSuffix(s, ".") }},

	{name: "role.name", kinds: only(Audit), needs: []string{"activityDisplayName"}, reads: "changes.Role.DisplayName.new changes.Role.DisplayName.old targetResources.displayName targetResources.type", doc: "the role that is given, taken or activated", fn: roleName},
	{name: "ip", typ: IP, kinds: only(Signin, RiskDetection, GraphActivity), needs: []string{"ipAddress"}, instead: "ipAddress callerIpAddress", doc: "address without port; absent when the log has none", fn: func(e *Event) { e.set(FIP, cleanIP(e.Text(FRawIP))) }},
	{name: "ip", typ: IP, kinds: only(Audit), needs: []string{"initiatedBy.user.ipAddress"}, instead: "ipAddress callerIpAddress initiatedBy.user.ipAddress", doc: "address without port; absent when the log has none", fn: func(e *Event) { e.set(FIP, cleanIP(e.Text(FActorUserIP))) }},
	{name: "ip", typ: IP, kinds: only(Activity, KeyVault), needs: []string{"callerIpAddress"}, instead: "ipAddress callerIpAddress", doc: "address without port; absent when the log has none", fn: func(e *Event) { e.set(FIP, cleanIP(e.Text(FCallerIP))) }},
	{name: "ip", typ: IP, kinds: only(M365), needs: []string{"ClientIP"}, instead: "ipAddress clientIP", doc: "address without port; absent when the log has none", fn: func(e *Event) { e.set(FIP, cleanIP(e.Text(FOfficeIP))) }},

	{name: "country", kinds: only(Signin, RiskDetection), needs: []string{"location.countryOrRegion"}, instead: "location location.countryOrRegion locationDetails.countryOrRegion", doc: "ISO code of the country, upper case, also out of text such as \"City, State, SE\"", fn: func(e *Event) { e.set(FCountry, countryOf(e.Text(FRawCountry))) }},

	{name: "signInType", kinds: only(Signin), needs: []string{"status.errorCode"}, reads: "requestType isInteractive incomingTokenType", doc: "interactive, non_interactive, service_principal, managed_identity or adfs; in the unified audit log by the step of the protocol", fn: signInType},
	{name: "mfaDenied", typ: Bool, kinds: only(Signin), needs: []string{"status.errorCode"}, reads: "operation status.additionalDetails authenticationDetails.authenticationStepResultDetail", doc: "whether the person refused, or did not answer, a request for a second factor: code 500121, or a text that begins with MFA denied or speaks of fraud", fn: mfaDenied},
	{name: "hour", kinds: only(Signin), timed: true, needs: []string{"createdDateTime"}, doc: "day and hour of the sign-in, UTC, as 2006-01-02T15: to count in how many hours something happened", fn: func(e *Event) { e.set(FHour, e.Time.UTC().Format("2006-01-02T15")) }},
	{name: "blockingPolicy", kinds: only(Signin), needs: []string{"appliedConditionalAccessPolicies.displayName"}, reads: "appliedConditionalAccessPolicies.result", doc: "names of the Conditional Access policies whose result is failure", fn: blockingPolicy},
	{name: "legacyClient", typ: Bool, kinds: only(Signin), needs: []string{"clientAppUsed"}, doc: "whether the client speaks a legacy protocol; absent when the client is unknown", fn: legacyClient},

	{name: "user.id", typ: GUID, kinds: only(Signin), needs: []string{"userId"}, doc: "object id of the user", fn: func(e *Event) { e.set(FUser, objectID(e.Text(FUserID))) }},
	{name: "user.id", typ: GUID, kinds: only(RiskDetection, KeyVault, GraphActivity), needs: []string{"userId"}, doc: "object id of the user", fn: func(e *Event) { e.set(FUser, objectID(e.Text(FUserID))) }},
	{name: "user.id", typ: GUID, kinds: only(RiskyUser, User, RegistrationDetails), needs: []string{"id"}, doc: "object id of the user", fn: func(e *Event) { e.set(FUser, objectID(e.Text(FID))) }},
	{name: "user.id", typ: GUID, kinds: only(RoleAssignment, RoleHolding), needs: []string{"principalId"}, doc: "object id of the principal", fn: func(e *Event) { e.set(FUser, objectID(e.Text(FPrincipalID))) }},
	{name: "user.id", typ: GUID, kinds: only(Activity), needs: []string{"callerId|caller"}, doc: "object id of the caller", fn: func(e *Event) { e.set(FUser, firstOf(objectID(e.Text(FCallerID)), objectID(e.Text(FCaller)))) }},
	{name: "user.id", typ: GUID, kinds: only(M365), needs: []string{"UserKey"}, doc: "object id of the user, where the log has it", fn: func(e *Event) { e.set(FUser, objectID(e.Text(FOfficeKey))) }},
	{name: "user.id", typ: GUID, kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.id|office.target.object"}, doc: "object id of the first target that is a user", fn: func(e *Event) { targetUser(e, FUser) }},
	{name: "user.name", kinds: only(Signin, RiskDetection, RiskyUser, KeyVault, User, RegistrationDetails), needs: []string{"userPrincipalName"}, doc: "user principal name", fn: func(e *Event) { e.set(FUserName, userName(e.Text(FUPN))) }},
	{name: "user.name", kinds: only(RoleAssignment, RoleHolding), reads: "principal.displayName", needs: []string{"principal.userPrincipalName"}, doc: "user principal name of the principal, when expanded", fn: func(e *Event) { e.set(FUserName, e.Text(FPrincipalUPN)) }},
	{name: "user.name", kinds: only(Activity), needs: []string{"caller"}, doc: "user principal name of the caller", fn: func(e *Event) { e.set(FUserName, userName(e.Text(FCaller))) }},
	{name: "user.name", kinds: only(M365), needs: []string{"UserId"}, doc: "who did it", fn: func(e *Event) { e.set(FUserName, userName(e.Text(FUserID))) }},
	{name: "user.name", kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.userPrincipalName|office.target.upn"}, doc: "user principal name of the first target that is a user", fn: func(e *Event) { targetUser(e, FUserName) }},

	{name: "actor.type", kinds: only(Audit), reads: "initiatedBy.user.id initiatedBy.user.userPrincipalName initiatedBy.user.displayName initiatedBy.app.appId initiatedBy.app.displayName initiatedBy.app.servicePrincipalId initiatedBy.app.servicePrincipalName office.user office.actor.name office.actor.object office.actor.spn", needs: []string{"initiatedBy.user.userPrincipalName|initiatedBy.app.displayName|office.user"}, doc: "user or app", fn: func(e *Event) { auditActor(e, FActorType) }},
	{name: "actor.id", typ: GUID, kinds: only(Audit), reads: "initiatedBy.user.id initiatedBy.user.userPrincipalName initiatedBy.user.displayName initiatedBy.app.appId initiatedBy.app.displayName initiatedBy.app.servicePrincipalId initiatedBy.app.servicePrincipalName office.user office.actor.name office.actor.object office.actor.spn", needs: []string{"initiatedBy.user.id|initiatedBy.app.servicePrincipalId|office.actor.object"}, doc: "object id of who did it", fn: func(e *Event) { auditActor(e, FActorID) }},
	{name: "actor.name", kinds: only(Audit), reads: "initiatedBy.user.id initiatedBy.user.userPrincipalName initiatedBy.user.displayName initiatedBy.app.appId initiatedBy.app.displayName initiatedBy.app.servicePrincipalId initiatedBy.app.servicePrincipalName office.user office.actor.name office.actor.object office.actor.spn", needs: []string{"initiatedBy.user.userPrincipalName|initiatedBy.app.displayName|office.user"}, doc: "user principal name or application name of who did it", fn: func(e *Event) { auditActor(e, FActorName) }},
	{name: "actor.appId", typ: GUID, kinds: only(Audit), reads: "initiatedBy.user.id initiatedBy.user.userPrincipalName initiatedBy.user.displayName initiatedBy.app.appId initiatedBy.app.displayName initiatedBy.app.servicePrincipalId initiatedBy.app.servicePrincipalName office.user office.actor.name office.actor.object office.actor.spn", needs: []string{"initiatedBy.app.appId|office.actor.spn"}, doc: "application id of the application that did it", fn: func(e *Event) { auditActor(e, FActorApp) }},
	{name: "actor.type", kinds: only(Signin), reads: "userId userPrincipalName servicePrincipalId servicePrincipalName appId appDisplayName", needs: []string{"userPrincipalName|servicePrincipalId"}, doc: "user or app", fn: func(e *Event) { signinActor(e, FActorType) }},
	{name: "actor.id", typ: GUID, kinds: only(Signin), reads: "userId userPrincipalName servicePrincipalId servicePrincipalName appId appDisplayName", needs: []string{"userId|servicePrincipalId"}, doc: "object id of who signed in", fn: func(e *Event) { signinActor(e, FActorID) }},
	{name: "actor.name", kinds: only(Signin), reads: "userId userPrincipalName servicePrincipalId servicePrincipalName appId appDisplayName", needs: []string{"userPrincipalName|servicePrincipalName"}, doc: "name of who signed in", fn: func(e *Event) { signinActor(e, FActorName) }},
	{name: "actor.id", typ: GUID, kinds: only(Activity, M365, KeyVault, GraphActivity), reads: "servicePrincipalId callerAppId appId", needs: []string{"user.id"}, doc: "object id of who did it", fn: func(e *Event) {
		e.set(FActorID, firstOf(e.Text(FUser), objectID(e.Text(FSPID)), objectID(e.Text(FCallerApp)), objectID(e.Text(FAppID))))
	}},
	{name: "actor.name", kinds: only(Activity, M365, KeyVault), needs: []string{"user.name"}, doc: "name of who did it", fn: func(e *Event) { e.set(FActorName, e.Text(FUserName)) }},

	{name: "target.id", typ: GUID, kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.id|office.target.object"}, doc: "object ids of what was changed", fn: func(e *Event) { auditTargets(e, FTargetsID) }},
	{name: "target.name", kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.displayName|targetResources.userPrincipalName|office.target.name"}, doc: "names of what was changed: user principal name, else display name", fn: func(e *Event) { auditTargets(e, FTargetsName) }},
	{name: "target.upn", kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.userPrincipalName|office.target.upn"}, doc: "user principal names of the users that were changed, without the object id that deleted users carry in front", fn: func(e *Event) { auditTargets(e, FTargetsUPN) }},
	{name: "target.type", kinds: only(Audit), reads: "targetResources.id targetResources.displayName targetResources.type targetResources.userPrincipalName office.target.name office.target.object office.target.upn", needs: []string{"targetResources.type|office.target.object"}, instead: "targetResources.type", doc: "User, Group, Application, ServicePrincipal, Role, …", fn: func(e *Event) { auditTargets(e, FTargetsType) }, fold: foldTargetType},
}

// interrupted lists the codes with which a sign-in stops for one more step.
// Microsoft publishes no such list; this one matches the third state that the
// portal shows.
var interrupted = map[string]bool{
	"16000": true, "16001": true, "16003": true, "50055": true, "50058": true, "50059": true, "50072": true,
	"50074": true, "50076": true, "50125": true, "50127": true, "50129": true, "50140": true, "50143": true,
	"50144": true, "51006": true, "52004": true, "65001": true, "81010": true, "81012": true, "81014": true,
}

func signinOutcome(e *Event) {
	code := e.Text(FErrorCode)
	switch {
	case code == "0":
		e.set(FOutcome, "success")
	case code == "":
		if e.Format != O365 {
			return
		}
		// The unified audit log leaves the code out; its result text says
		// Success for failures as well, so the operation decides.
		if strings.EqualFold(e.Text(FOperation), "UserLoggedIn") {
			e.set(FOutcome, "success")
		} else {
			e.set(FOutcome, "failure")
		}
	case interrupted[code]:
		e.set(FOutcome, "interrupted")
	default:
		e.set(FOutcome, "failure")
	}
}

func resultOutcome(result string) string {
	switch strings.ToLower(result) {
	case "success", "succeeded", "true", "partiallysucceeded", "ok":
		return "success"
	case "failure", "failed", "false", "timeout", "clienterror", "servererror":
		return "failure"
	}
	return ""
}

func activityOutcome(e *Event) {
	switch s := strings.ToLower(e.Text(FStatus)); s {
	case "succeeded", "success", "resolved", "active":
		e.set(FOutcome, "success")
	case "failed", "failure":
		e.set(FOutcome, "failure")
	case "start", "started", "accept", "accepted":
		e.set(FOutcome, "started")
	case "":
	default:
		e.set(FOutcome, s)
	}
}

func officeOutcome(e *Event) {
	status := e.Text(FResultStatus)
	if status == "" {
		e.set(FOutcome, "success")
		return
	}
	e.set(FOutcome, firstOf(resultOutcome(status), strings.ToLower(status)))
}

func keyVaultOutcome(e *Event) {
	if code := e.Text(FHTTPStatus); code != "" {
		e.set(FOutcome, httpOutcome(code))
		return
	}
	switch sig := strings.ToLower(e.Text(FResultSignature)); sig {
	case "":
	case "ok", "created", "accepted", "no content":
		e.set(FOutcome, "success")
	default:
		e.set(FOutcome, "failure")
	}
}

func httpOutcome(code string) string {
	switch {
	case len(code) < 3:
		return ""
	case code[0] <= '3':
		return "success"
	}
	return "failure"
}

// NormalActivity puts the name of an activity into the form in which names
// compare equal: the logs, the documentation and the formats differ in case,
// dashes, blanks and a final full stop.
func NormalActivity(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		switch r {
		case '–', '—', '‐', '‑', '−':
			return '-'
		case '\u00a0':
			return ' '
		}
		return r
	}, strings.ToLower(s))
	return strings.TrimSuffix(s, ".")
}

// nothing reports whether s is a text with which logs say that they know
// nothing. Most texts are told by their length.
func nothing(s string) bool {
	var word string
	switch len(s) {
	case 0:
		return true
	case 3:
		word = "n/a"
	case 4:
		return strings.EqualFold(s, "none") || strings.EqualFold(s, "null")
	case 6:
		return strings.EqualFold(s, "<null>") || strings.EqualFold(s, "notset")
	case 7:
		word = "unknown"
	case 13:
		word = "not available"
	case 36:
		return s == "00000000-0000-0000-0000-000000000000"
	default:
		return false
	}
	return strings.EqualFold(s, word)
}

// mapped is how an IPv4 address begins that is written as one of IPv6.
const mapped = "::ffff:"

// cleanIP strips port and brackets from an address, and what makes an IPv4
// address one of IPv6. What stands for no address becomes "".
func cleanIP(s string) string {
	if s = bareIP(s); s == "0.0.0.0" || nothing(s) {
		return ""
	}
	return s
}

func bareIP(s string) string {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		return s
	}
	if len(s) > len(mapped) && strings.EqualFold(s[:len(mapped)], mapped) {
		if a, err := netip.ParseAddr(s); err == nil {
			return a.Unmap().String()
		}
	}
	if s[0] == '[' || strings.IndexByte(s[:colon], '.') >= 0 {
		if ap, err := netip.ParseAddrPort(s); err == nil {
			return ap.Addr().Unmap().String()
		}
		return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	}
	return s
}

func countryOf(s string) string {
	if i := strings.LastIndexByte(s, ','); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSpace(s)
	if nothing(s) {
		return ""
	}
	for i := range len(s) {
		if s[i] >= 'a' && s[i] <= 'z' {
			return strings.ToUpper(s)
		}
	}
	return s
}

func signInType(e *Event) {
	if e.Format == O365 {
		// The record does not say; a token request without a person is the
		// client's own.
		if strings.HasPrefix(e.Text(FRequestType), "OAuth2:Token") {
			e.set(FSignInType, NonInteractive.String())
		} else {
			e.set(FSignInType, Interactive.String())
		}
		return
	}
	sub := e.Sub
	if sub == Interactive && (strings.EqualFold(e.Text(FIsInteractive), "false") ||
		e.Format == PortalCSV && strings.EqualFold(e.Text(FIncomingToken), "refreshToken")) {
		sub = NonInteractive
	}
	e.set(FSignInType, sub.String())
}

func mfaDenied(e *Event) {
	code := e.Text(FErrorCode)
	denied := code == "500121"
	// A sign-in that succeeded was not denied, which spares the texts of most.
	if !denied && code != "0" && e.Text(FOutcome) != "success" {
		for _, field := range []int{FAdditional, FStepDetail} {
			for i := 0; ; i++ {
				v, ok := e.Value(field, i)
				if !ok {
					break
				}
				denied = denied || len(v.Text) >= 10 && strings.EqualFold(v.Text[:10], "MFA denied") || mentionsFraud(v.Text)
			}
		}
	}
	e.setBool(FMFADenied, denied)
}

// mentionsFraud looks for the word in either case, without a copy of the text.
func mentionsFraud(s string) bool {
	const word = "fraud"
	for i := 0; i+len(word) <= len(s); i++ {
		if s[i]|0x20 == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

func blockingPolicy(e *Event) {
	for i := range e.Elems(FPolicyResult) {
		if strings.EqualFold(e.TextAt(FPolicyResult, i), "failure") {
			if name := e.TextAt(FPolicyName, i); name != "" {
				e.Put(FBlockingPolicy, 0, Value{Kind: sigma.String, Text: name}, i)
			}
		}
	}
}

// roleName: Core Directory names the role in the modified properties, PIM as
// a target.
func roleName(e *Event) {
	for _, field := range []int{FRoleNew, FRoleOld} {
		if name := e.Text(field); !nothing(name) && name != "[]" {
			e.set(FRoleName, name)
			return
		}
	}
	for i := range e.Elems(FTargetType) {
		if strings.EqualFold(e.TextAt(FTargetType, i), "Role") {
			e.set(FRoleName, e.TextAt(FTargetName, i))
			return
		}
	}
}

// legacyClients are the values of clientAppUsed that stand for protocols which
// cannot ask for a second factor.
var legacyClients = map[string]bool{
	"authenticated smtp": true, "autodiscover": true, "exchange activesync": true, "exchange online powershell": true,
	"exchange web services": true, "imap": true, "imap4": true, "mapi over http": true, "offline address book": true,
	"outlook anywhere (rpc over http)": true, "outlook service": true, "pop": true, "pop3": true,
	"reporting web services": true, "smtp": true, "universal outlook": true,
}

func legacyClient(e *Event) {
	switch c := e.Text(FClientApp); c {
	case "Browser", "Mobile Apps and Desktop clients":
		e.setBool(FLegacyClient, false)
	default:
		if nothing(c) {
			return
		}
		l := strings.ToLower(c)
		e.setBool(FLegacyClient, legacyClients[l] || strings.HasPrefix(l, "other clients"))
	}
}

func firstOf(s ...string) string {
	for _, t := range s {
		if t != "" {
			return t
		}
	}
	return ""
}
