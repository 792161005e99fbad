package detect

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A spelling is how public rules put something that no log has, with a record
// that it is meant for and one that just misses.
type spelling struct {
	line      string // of the table: kind field=value
	detection string // selection, in one line
	hit, miss wanted
}

// wanted is a base record with a change.
type wanted struct {
	base   string
	change change
}

func code(n int) wanted { return wanted{"signin", set("status.errorCode", n)} }

func client(name string) wanted { return wanted{"signin", set("clientAppUsed", name)} }

// activity is a role change in PIM under another name.
func activity(name string) wanted {
	return wanted{"audit-pim-eligible", set("activityDisplayName", name)}
}

func is500121(text string) wanted {
	return wanted{"signin", set("status.errorCode", 500121, "status.additionalDetails", text)}
}

var (
	plainSignin = wanted{"signin", nil}
	addUser     = wanted{"audit-add-user", nil}
	// byApp is an audit record that no person is the author of.
	byApp = wanted{"audit-add-user", set("initiatedBy", map[string]any{"user": nil, "app": map[string]any{
		"appId": "00000014-0000-0000-c000-000000000000", "displayName": "Sync", "servicePrincipalId": "2a3c4b1e-7c97-4fc6-abfa-cff20f704e4b", "servicePrincipalName": nil,
	}})}
)

var spellings = []spelling{
	{"signin message=device code", `{properties.message: Device Code}`, wanted{"signin", set("authenticationProtocol", "deviceCode")}, wanted{"signin", set("authenticationProtocol", "ropc")}},
	{"signin message=ropc", `{properties.message: ROPC}`, wanted{"signin", set("authenticationProtocol", "ropc")}, wanted{"signin", set("authenticationProtocol", "deviceCode")}},
	{"signin status=success", `{Status: Success}`, plainSignin, code(50126)},
	{"signin status=sucess", `{Status: Sucess}`, plainSignin, code(50074)},
	{"signin status=failure", `{Status: Failure}`, code(50126), code(50074)},
	{"signin status=mfa denied", `{Status|contains: MFA Denied}`, is500121("MFA denied; user declined the authentication"), code(50126)},
	{"signin resultdescription=failure", `{ResultType: 50057, ResultDescription: Failure}`, code(50057), plainSignin},
	{"signin resultdescription=blocked by conditional access", `{Resultdescription: Blocked by Conditional Access}`, code(53003), code(53000)},
	{"signin resultdescription=strong auth required", `{ResultDescription|contains: Strong Auth required}`, code(50074), code(50076)},
	{"signin resultdescription=authentication failed during strong authentication request", `{ResultDescription|contains: Authentication failed during strong authentication request}`, code(500121), code(50074)},
	{"signin resultdescription=device authentication is required", `{ResultDescription: Device authentication is required}`, code(50097), code(50155)},
	{"signin resultdescription=deviceauthenticationfailed", `{ResultDescription: DeviceAuthenticationFailed}`, code(50155), code(50097)},
	{"signin resultdescription=externalsecuritychallenge - external security challenge was not satisfied", `{ResultDescription: ExternalSecurityChallenge - External security challenge was not satisfied}`, code(50158), code(50155)},
	{"signin resultdescription=user account is disabled. the account has been disabled by an administrator", `{ResultDescription: User account is disabled. The account has been disabled by an administrator.}`, code(50057), code(50053)},
	{"signin resultdescription=invalid username or password or invalid on-premises username or password", `{ResultDescription: Invalid username or password or Invalid on-premises username or password.}`, code(50126), code(50053)},
	{"signin activitydetails=sign-ins", `{ActivityDetails: Sign-ins, ResultType: 50126}`, code(50126), plainSignin},
	{"signin username=upn", `{Username: UPN}`, plainSignin, wanted{"signin-service-principal", nil}},
	{"signin clientapp=other client", `{ClientApp: Other client}`, client("Other clients; IMAP"), client("IMAP4")},
	{"signin clientapp=imap", `{ClientApp: IMAP}`, client("IMAP4"), client("POP3")},
	{"signin clientapp=pop3", `{ClientApp: POP3}`, client("POP"), client("IMAP")},
	{"signin clientapp=mapi", `{ClientApp: MAPI}`, client("MAPI Over HTTP"), client("IMAP")},
	{"signin clientapp=smtp", `{ClientApp: SMTP}`, client("Authenticated SMTP"), client("Browser")},
	{"signin devicedetail.deviceid=", `{DeviceDetail.deviceId: ''}`, wanted{"signin", set("deviceDetail", nil)}, plainSignin},
	{"signin devicedetail.trusttype=", `{DeviceDetail.trusttype: ''}`, wanted{"signin", set("deviceDetail.trustType", nil)}, plainSignin},
	{"signin networklocationdetails=[]", `{NetworkLocationDetails: '[]'}`, wanted{"signin", set("networkLocationDetails", []any{})}, plainSignin},
	{"signin targetusername=", `{TargetUserName: alice.lindqvist@contoso.com}`, plainSignin, wanted{"signin", set("userPrincipalName", "bo@contoso.com")}},

	{"audit message=update application sucess- property name appaddress", `{properties.message: Update Application Sucess- Property Name AppAddress}`, wanted{"audit-update-application", nil}, wanted{"audit-update-application", set("result", "failure")}},
	{
		"audit message=update service principal/update application", `{properties.message: Update Service principal/Update Application}`,
		wanted{"audit-update-application", changed("KeyDescription", "[]", `["[KeyIdentifier=1]"]`)},
		wanted{"audit-update-application", nil},
	},
	{"audit message=request approved/denied", `{properties.message: Request Approved/Denied}`, activity("Add member to role request denied (PIM activation)"), activity("Add member to role requested (PIM activation)")},
	{"audit message=add eligible member (permanent)", `{properties.message: Add eligible member (permanent)}`, activity("Add eligible member to role in PIM completed (permanent)"), activity("Add eligible member to role in PIM completed (timebound)")},
	{"audit message=add eligible member (eligible)", `{properties.message: Add eligible member (eligible)}`, activity("Add eligible member to role in PIM completed (timebound)"), activity("Add eligible member to role in PIM completed (permanent)")},
	{"audit message=remove eligible member (permanent)", `{properties.message: Remove eligible member (permanent)}`, activity("Remove eligible member from role in PIM completed (permanent)"), activity("Remove eligible member from role in PIM completed (timebound)")},
	{"audit message=remove eligible member (eligible)", `{properties.message: Remove eligible member (eligible)}`, activity("Remove eligible member from role in PIM completed (timebound)"), activity("Add eligible member to role in PIM completed (timebound)")},
	{"audit message=add member from group", `{properties.message: Add member from group}`, wanted{"audit-group-member", nil}, wanted{"audit-group-member", set("activityDisplayName", "Remove member from group")}},
	{
		`audit message="displayname":"usertype","oldvalue":"[\"guest\"]","newvalue":"[\"member\"]"`, `{properties.message: '"displayName":"UserType","oldValue":"[\"Guest\"]","newValue":"[\"Member\"]"'}`,
		wanted{"audit-update-user", changed("UserType", `["Guest"]`, `["Member"]`)},
		wanted{"audit-update-user", changed("UserType", `["Member"]`, `["Guest"]`)},
	},
	{"audit message=", `{properties.message: Add user}`, addUser, wanted{"audit-delete-user", nil}},
	{"audit status=success", `{Status: Success}`, addUser, wanted{"audit-add-user", set("result", "failure")}},
	{"audit status=sucess", `{Status: Sucess}`, addUser, wanted{"audit-add-user", set("result", "failure")}},
	{"audit status=failure", `{Status: failure}`, wanted{"audit-add-user", set("result", "failure")}, addUser},
	{"audit status=", `{Status: Admin registered temporary access pass method for user}`, wanted{"audit-security-info", set("resultReason", "Admin registered temporary access pass method for user")}, wanted{"audit-security-info", nil}},
	{"audit category=administrative", `{Category: Administrative, OperationName: Add user}`, addUser, wanted{"audit-delete-user", nil}},
	{"audit operationname=assigns the caller to user access admin", `{OperationName: Assigns the caller to user access admin}`, wanted{"audit-elevate-access", nil}, wanted{"audit-add-member-to-role", nil}},
	{"audit initiatedby=upn", `{Initiatedby: UPN}`, addUser, byApp},
	{"audit initiatied.by=", `{Initiatied.By: bo@contoso.com}`, wanted{"audit-add-user", set("initiatedBy.user.userPrincipalName", "bo@contoso.com")}, addUser},
	{"audit initiated.by=", `{Initiated.By: bo@contoso.com}`, wanted{"audit-add-user", set("initiatedBy.user.userPrincipalName", "bo@contoso.com")}, addUser},
	{"audit target=upn", `{Target|contains: UPN}`, addUser, wanted{"audit-update-application", nil}},
	{"audit activitytype=password reset", `{ActivityType|contains: Password reset}`, wanted{"audit-reset-password", nil}, addUser},
	{
		"audit loggedbyservice=aad management ux", `{LoggedByService: AAD Management UX}`,
		wanted{"audit-conditional-access", set("loggedByService", "Entra management UX")},
		wanted{"audit-conditional-access", nil},
	},
	{
		`audit targetresources.modifiedproperties.newvalue=state":0`, `{TargetResources.ModifiedProperties.NewValue|contains: 'State":0'}`,
		wanted{"audit-update-user", changed("StrongAuthenticationRequirement", `[{"RelyingParty":"*","State":1}]`, `[]`)},
		wanted{"audit-update-user", changed("StrongAuthenticationRequirement", `[{"RelyingParty":"*","State":1}]`, `[{"RelyingParty":"*","State":0}]`)},
	},
	{
		"audit additionaldetails.additionalinfo=", `{additionalDetails.additionalInfo|contains: Successfully recovered local credential by device id}`,
		wanted{"audit-security-info", set("additionalDetails.0", map[string]any{"key": "AdditionalInfo", "value": "Successfully recovered local credential by device id 79045b6a"})},
		wanted{"audit-security-info", set("additionalDetails.0", map[string]any{"key": "Other", "value": "Successfully recovered local credential by device id 79045b6a"})},
	},
	{"audit consentcontext.isadminconsent=", `{ConsentContext.IsAdminConsent: 'false'}`, wanted{"audit-consent", changed("ConsentContext.IsAdminConsent", "", "False")}, wanted{"audit-consent", nil}},
	{
		"audit failure_status_reason=microsoft.online.security.userconsentblockedforriskyappsexceptions", `{failure_status_reason: Microsoft.online.Security.userConsentBlockedForRiskyAppsExceptions}`,
		wanted{"audit-consent", set("resultReason", "Microsoft.Online.Security.UserConsentBlockedForRiskyAppsException")},
		wanted{"audit-consent", nil},
	},

	{"risk_detection riskeventtype=impossibletravel", `{riskEventType: impossibleTravel}`, wanted{"risk-detection", set("riskEventType", "mcasImpossibleTravel")}, wanted{"risk-detection", nil}},

	{"m365 eventsource=", `{eventSource: Exchange}`, wanted{"m365-inbox-rule", nil}, wanted{"m365-file", nil}},
	{"m365 eventname=", `{eventName: Suspicious inbox forwarding}`, wanted{"m365-inbox-rule", set("Name", "Suspicious inbox forwarding", "Operation", "AlertTriggered")}, wanted{"m365-inbox-rule", nil}},
	{
		"m365 payload=", `{Payload|contains|all: [New-ComplianceSearchAction, pst]}`,
		wanted{"m365-inbox-rule", set("Operation", "New-ComplianceSearchAction", "Parameters", `-Export -ExchangeArchiveFormat "PerUserPst"`)},
		wanted{"m365-inbox-rule", set("Operation", "New-ComplianceSearchAction", "Parameters", "-Preview")},
	},
	{"m365 status=", `{status: success}`, wanted{"m365-inbox-rule", nil}, wanted{"m365-inbox-rule", set("ResultStatus", "Failed")}},
}

// impossible are the spellings that no record can satisfy.
var impossible = []struct{ line, service, detection string }{
	{"signin message=", "signinlogs", `{properties.message: Add user}`},
	{"signin count=", "signinlogs", `{Count: '<10%'}`},
	{"signin date=", "signinlogs", `{Date: Monday}`},
	{"signin deviceinfo=", "signinlogs", `{DeviceInfo: PAW-01}`},
}

func (c *compat) String() string { return fmt.Sprintf("%s %s=%s", c.kind, c.field, c.value) }

// TestCompatTableIsTested: a line without a spelling here is one that nobody
// has seen work.
func TestCompatTableIsTested(t *testing.T) {
	var have, want []string
	for i := range compats {
		want = append(want, compats[i].String())
	}
	for _, s := range spellings {
		have = append(have, s.line)
	}
	for _, s := range impossible {
		have = append(have, s.line)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-table +tests\n%s", diff)
	}
}

var services = map[string]string{"signin": "signinlogs", "audit": "auditlogs", "risk_detection": "riskdetection", "m365": "m365/audit"}

func TestCompat(t *testing.T) {
	var texts []string
	for _, s := range spellings {
		kind, _, _ := strings.Cut(s.line, " ")
		texts = append(texts, rule(services[kind], "selection: "+s.detection))
	}
	e := engineOf(t, "", texts...)
	p := newPipe(t, e)
	checks := e.Check()
	for i, s := range spellings {
		t.Run(s.line, func(t *testing.T) {
			if checks[i].Cannot != "" {
				t.Errorf("cannot match: %s", checks[i].Cannot)
			}
			if !p.fires(t, i, base(t, s.hit.base, s.hit.change)) {
				t.Error("does not match the record that it is meant for")
			}
			if p.fires(t, i, base(t, s.miss.base, s.miss.change)) {
				t.Error("matches the near miss")
			}
		})
	}
}

func TestCompatCannot(t *testing.T) {
	for _, s := range impossible {
		t.Run(s.line, func(t *testing.T) {
			var line *compat
			for i := range compats {
				if compats[i].String() == s.line {
					line = &compats[i]
				}
			}
			c := engineOf(t, "", rule(s.service, "selection: "+s.detection)).Check()[0]
			if line == nil || c.Cannot != line.cannot || len(c.WorksOn) > 0 {
				t.Errorf("Check says %q and works on %v", c.Cannot, c.WorksOn)
			}
		})
	}
}

// TestCompatWithin: the table's lines among other values, modifiers and
// conditions.
func TestCompatWithin(t *testing.T) {
	tests := []struct {
		name, service, detection string
		hit, miss                []wanted
	}{
		{
			"one value of several", "signinlogs", "selection: {ClientApp: [IMAP, Exchange ActiveSync]}",
			[]wanted{client("IMAP4"), client("Exchange ActiveSync")},
			[]wanted{client("POP3")},
		},
		{
			"what cannot be, beside what can", "signinlogs", "selection: {properties.message: [Add user, ROPC]}",
			[]wanted{{"signin", set("authenticationProtocol", "ropc")}},
			[]wanted{plainSignin},
		},
		{
			"not", "signinlogs", "selection: {AppDisplayName: OfficeHome}\nfilter: {Status: Success}\ncondition: selection and not filter",
			[]wanted{code(50126), code(50074)},
			[]wanted{plainSignin},
		},
		{"neq", "signinlogs", "selection: {Status|neq: Success}", []wanted{code(50126), code(50074)}, []wanted{plainSignin}},
		{
			"neq of several", "signinlogs", "selection: {ClientApp|neq: [IMAP, Browser]}",
			[]wanted{client("POP3")},
			[]wanted{client("IMAP4"), client("Browser")},
		},
		{
			"activities are compared in their normal form", "auditlogs", "selection: {properties.message: 'Update application - certificates and secrets management.'}",
			[]wanted{{"audit-app-credential", nil}},
			[]wanted{{"audit-update-application", nil}},
		},
		{
			"type with a blank", "auditlogs", "selection: {targetResources.type: Service Principal}",
			[]wanted{{"audit-consent", nil}},
			[]wanted{addUser},
		},
		{
			"beginning", "auditlogs", "selection: {OperationName|startswith: Add }",
			[]wanted{addUser},
			[]wanted{{"audit-delete-user", nil}},
		},
		{
			"existence of the result reason", "auditlogs", "selection: {Status|exists: true}",
			[]wanted{{"audit-security-info", nil}},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPipe(t, engineOf(t, "", rule(tt.service, tt.detection)))
			for i, w := range tt.hit {
				if !p.fires(t, 0, base(t, w.base, w.change)) {
					t.Errorf("does not match %d (%s)", i, w.base)
				}
			}
			for i, w := range tt.miss {
				if p.fires(t, 0, base(t, w.base, w.change)) {
					t.Errorf("matches %d (%s)", i, w.base)
				}
			}
		})
	}
}

func TestSeveralActivities(t *testing.T) {
	const reason = "wants several activities in one record; each is logged in a record of its own"
	tests := []struct{ name, detection, want string }{
		{"two activities", "selection: {properties.message|contains|all: [Add user, Add member to role]}", reason},
		{"parts of one", "selection: {OperationName|contains|all: [Add, member to role]}", ""},
		{"either", "selection: {properties.message|contains: [Add user, Add member to role]}", ""},
		{"beside another way", "selection: {properties.message|contains|all: [Add user, Add member to role]}\nother: {OperationName: Add user}\ncondition: selection or other", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := engineOf(t, "", rule("auditlogs", tt.detection)).Check()[0].Cannot; got != tt.want {
				t.Errorf("cannot match: %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCannotForOneKindOnly: of the three kinds behind product m365, sign-ins
// have no activities; that does not concern the others.
func TestCannotForOneKindOnly(t *testing.T) {
	e := engineOf(t, "", rule("m365/audit", "selection: {message: Add user}"))
	if c := e.Check()[0]; c.Cannot != "" || !slices.Equal(c.WorksOn, []string{"o365", "log-analytics"}) {
		t.Errorf("works on %v, cannot match: %q", c.WorksOn, c.Cannot)
	}
	p := newPipe(t, e)
	if got := p.Match(p.read(t, base(t, "audit-add-user"), event.O365)); !slices.Equal(got, []int{0}) {
		t.Errorf("the unified audit log's record of a new user gives %v", got)
	}
}

// TestPublicRules: the Sigma project's rules for these logs load, compile and
// are either workable or say why not.
func TestPublicRules(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "sigmahq")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no copy of the public rules in %s", root)
	}
	lib := &Library{}
	if err := lib.Add(os.DirFS(root), ".", "sigmahq", false); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	rules := slices.DeleteFunc(lib.Rules, func(r *Rule) bool { return r.Match != nil && r.Match.Aggregation != "" })
	e, err := New(Config{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	works := 0
	for _, c := range e.Check() {
		if len(c.WorksOn) > 0 {
			works++
		}
		if (len(c.WorksOn) > 0) != (c.Cannot == "") {
			t.Errorf("%s: works on %v, cannot match: %q", c.Rule, c.WorksOn, c.Cannot)
		}
	}
	t.Logf("%d of %d rules can match", works, len(rules))
	if works < 100 {
		t.Errorf("only %d of %d rules can match", works, len(rules))
	}
}

// TestTranslationKeepsTheRule: translating a rule for one kind leaves it as it
// was for the next.
func TestTranslationKeepsTheRule(t *testing.T) {
	r := parse(t, "r", rule("m365/audit", "selection: {status|neq: Success, message: [Add user., x]}"))
	before := items(t, r.Match)
	if _, err := New(Config{Rules: []*Rule{r}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, items(t, r.Match)); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
}

// items writes the comparisons of a rule.
func items(t *testing.T, r *sigma.Rule) []string {
	t.Helper()
	expr, err := r.Expr()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	sigma.Walk(expr, func(n sigma.Node, negated bool) {
		if it, ok := n.(*sigma.Item); ok {
			out = append(out, fmt.Sprint(*it, negated))
		}
	})
	return out
}
