package event

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/sigma"
)

// A given is fields with their values, one for each element of an array. "null"
// is null.
type given map[int][]string

// eventOf makes an event of fields.
func eventOf(k Kind, sub Sub, f Format, fields given) *Event {
	e := New(NewSchema())
	e.Reset(k, sub, f, nil)
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		for i, s := range fields[id] {
			v := Value{Kind: sigma.String, Text: s}
			if s == "null" {
				v = Value{Kind: sigma.Null}
			}
			e.Put(id, 0, v, i)
		}
	}
	return e
}

func single(field int, s string) given { return given{field: {s}} }

func TestOutcome(t *testing.T) {
	tests := []struct {
		kind   Kind
		format Format
		fields given
		want   string
	}{
		{Signin, Graph, single(FErrorCode, "0"), "success"},
		{Signin, Graph, single(FErrorCode, "50126"), "failure"},
		{Signin, Graph, single(FErrorCode, "500121"), "failure"},
		{Signin, Graph, single(FErrorCode, "50053"), "failure"},
		{Signin, Graph, single(FErrorCode, "53003"), "failure"},
		{Signin, Graph, nil, ""},
		{Signin, Graph, single(FOperation, "UserLoggedIn"), ""}, // only Office 365 leaves the code out
		{Signin, O365, single(FOperation, "UserLoggedIn"), "success"},
		{Signin, O365, given{FOperation: {"UserLoggedIn"}, FErrorCode: {"50140"}}, "interrupted"},
		{Signin, O365, given{FOperation: {"UserLoginFailed"}, FResultStatus: {"Success"}}, "failure"},
		{Signin, O365, nil, "failure"},

		{Audit, Graph, single(FResult, "success"), "success"},
		{Audit, Graph, single(FResult, "Failure"), "failure"},
		{Audit, Graph, single(FResult, "timeout"), "failure"},
		{Audit, O365, single(FResult, "PartiallySucceeded"), "success"},
		{Audit, Graph, single(FResult, "unknownFutureValue"), ""},
		{Audit, Graph, nil, ""},

		{Activity, Diagnostic, single(FStatus, "Start"), "started"},
		{Activity, Diagnostic, single(FStatus, "Accept"), "started"},
		{Activity, ResourceManager, single(FStatus, "Succeeded"), "success"},
		{Activity, ResourceManager, single(FStatus, "Active"), "success"},
		{Activity, LogAnalytics, single(FStatus, "Failure"), "failure"},
		{Activity, LogAnalytics, single(FStatus, "In Progress"), "in progress"},
		{Activity, LogAnalytics, nil, ""},

		{M365, O365, nil, "success"},
		{M365, O365, single(FResultStatus, "True"), "success"},
		{M365, O365, single(FResultStatus, "False"), "failure"},
		{M365, O365, single(FResultStatus, "Pending"), "pending"},

		{KeyVault, Diagnostic, single(FHTTPStatus, "200"), "success"},
		{KeyVault, Diagnostic, given{FHTTPStatus: {"403"}, FResultSignature: {"OK"}}, "failure"},
		{KeyVault, Diagnostic, single(FResultSignature, "OK"), "success"},
		{KeyVault, Diagnostic, single(FResultSignature, "Forbidden"), "failure"},
		{KeyVault, Diagnostic, nil, ""},

		{GraphActivity, Diagnostic, single(FResponseStatus, "204"), "success"},
		{GraphActivity, Diagnostic, single(FResponseStatus, "302"), "success"},
		{GraphActivity, Diagnostic, single(FResponseStatus, "404"), "failure"},
		{GraphActivity, Diagnostic, single(FResponseStatus, "503"), "failure"},
		{GraphActivity, Diagnostic, single(FResponseStatus, "0"), ""},

		{Provisioning, Graph, single(FStatus, "Skipped"), "skipped"},
		{DomainServices, Diagnostic, single(FStatus, "success"), ""},
	}
	for _, tt := range tests {
		if got := eventOf(tt.kind, SubNone, tt.format, tt.fields).Text(FOutcome); got != tt.want {
			t.Errorf("%s, %s, %v: %q, want %q", tt.kind, tt.format, tt.fields, got, tt.want)
		}
	}
	for code := range interrupted {
		if got := eventOf(Signin, Interactive, Graph, single(FErrorCode, code)).Text(FOutcome); got != "interrupted" {
			t.Errorf("%s: %q", code, got)
		}
	}
}

func TestCleanIP(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":                  "203.0.113.7",
		"203.0.113.7:51882":            "203.0.113.7",
		"2001:db8::1":                  "2001:db8::1",
		"[2001:db8::1]":                "2001:db8::1",
		"[2001:db8::1]:443":            "2001:db8::1",
		"::ffff:203.0.113.7":           "203.0.113.7",
		"::FFFF:203.0.113.7":           "203.0.113.7",
		"[::ffff:203.0.113.7]:443":     "203.0.113.7",
		"::ffff:":                      "::ffff:",
		"::ffff:nonsense":              "::ffff:nonsense",
		"::1":                          "::1",
		"fe80::1%eth0":                 "fe80::1%eth0",
		"":                             "",
		"0.0.0.0":                      "",
		"0.0.0.0:443":                  "",
		"::ffff:0.0.0.0":               "",
		"<null>":                       "",
		"N/A":                          "",
		"Unknown":                      "",
		"not available":                "",
		"00000000-0000-0000-0000-0000": "00000000-0000-0000-0000-0000",
		"host:443":                     "host:443",
		"[":                            "[",
		":":                            ":",
	} {
		if got := cleanIP(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCountryOf(t *testing.T) {
	for in, want := range map[string]string{
		"SE": "SE", "se": "SE", " se ": "SE", "Gothenburg, Vastra Gotalands Lan, SE": "SE", "Oslo,NO": "NO", ", , DE": "DE",
		"": "", "Unknown": "", "City, ": "", "null": "", "None": "", "Sweden": "SWEDEN",
	} {
		if got := countryOf(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNormalActivity(t *testing.T) {
	for in, want := range map[string]string{
		"":         "",
		"Add user": "add user",
		"Update application – Certificates and secrets management ":        "update application - certificates and secrets management",
		"Update application — certificates  and\tsecrets\u00a0management.": "update application - certificates and secrets management",
		"Add member to role.":       "add member to role",
		"a\u2011b\u2010c−d":         "a-b-c-d",
		".":                         "",
		"Reset password (by admin)": "reset password (by admin)",
	} {
		if got := NormalActivity(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestNormalActivitySettles: a name without full stops at its end is in its
// form after one time.
func TestNormalActivitySettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := NormalActivity(strings.TrimRight(rapid.String().Draw(t, "name"), ". \t\u00a0"))
		if strings.HasSuffix(once, ".") || strings.HasSuffix(once, " ") {
			return
		}
		if twice := NormalActivity(once); twice != once {
			t.Errorf("%q becomes %q", once, twice)
		}
	})
}

func TestLegacyClient(t *testing.T) {
	for in, want := range map[string]string{
		"Browser": "false", "Mobile Apps and Desktop clients": "false", "browser": "false",
		"IMAP4": "true", "imap": "true", "Exchange ActiveSync": "true", "Authenticated SMTP": "true",
		"Other clients": "true", "Other clients; IMAP": "true", "other clients; POP": "true",
		"A client of tomorrow": "false", "Unknown": "", "": "", "N/A": "",
	} {
		if got := eventOf(Signin, Interactive, Graph, single(FClientApp, in)).Text(FLegacyClient); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSignInType(t *testing.T) {
	tests := []struct {
		format Format
		sub    Sub
		fields given
		want   string
	}{
		{Graph, Interactive, nil, "interactive"},
		{Graph, Interactive, single(FIsInteractive, "true"), "interactive"},
		{Graph, Interactive, single(FIsInteractive, "False"), "non_interactive"},
		{Graph, NonInteractive, nil, "non_interactive"},
		{Graph, ServicePrincipalSignin, single(FIsInteractive, "false"), "service_principal"},
		{Diagnostic, ManagedIdentity, nil, "managed_identity"},
		{LogAnalytics, ADFS, nil, "adfs"},
		{PortalCSV, Interactive, single(FIncomingToken, "refreshToken"), "non_interactive"},
		{Graph, Interactive, single(FIncomingToken, "refreshToken"), "interactive"},
		{O365, Interactive, single(FRequestType, "OAuth2:Token"), "non_interactive"},
		{O365, Interactive, single(FRequestType, "OAuth2:Authorize"), "interactive"},
		{O365, Interactive, nil, "interactive"},
	}
	for _, tt := range tests {
		if got := eventOf(Signin, tt.sub, tt.format, tt.fields).Text(FSignInType); got != tt.want {
			t.Errorf("%s, %s, %v: %q, want %q", tt.format, tt.sub, tt.fields, got, tt.want)
		}
	}
}

func TestMFADenied(t *testing.T) {
	tests := []struct {
		name   string
		fields given
		want   string
	}{
		{"nothing", nil, "false"},
		{"code", single(FErrorCode, "500121"), "true"},
		{"another code", single(FErrorCode, "50126"), "false"},
		{"text", given{FErrorCode: {"50074"}, FAdditional: {"mfa denied; user declined the authentication"}}, "true"},
		{"fraud", given{FErrorCode: {"50074"}, FAdditional: {"User reported Fraud"}}, "true"},
		{"a later step", given{FErrorCode: {"50074"}, FStepDetail: {"Correct password", "MFA denied; no response"}}, "true"},
		{"within a text", given{FErrorCode: {"50074"}, FAdditional: {"not MFA denied"}}, "false"},
		{"a success in the end", given{FErrorCode: {"0"}, FStepDetail: {"MFA denied; no response", "MFA completed"}}, "false"},
	}
	for _, tt := range tests {
		if got := eventOf(Signin, Interactive, Graph, tt.fields).Text(FMFADenied); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestBlockingPolicy(t *testing.T) {
	e := eventOf(Signin, Interactive, Graph, given{
		FPolicyName:   {"A", "B", "null", "D", "E"},
		FPolicyResult: {"success", "failure", "failure", "Failure", "reportOnlyFailure"},
	})
	if diff := cmp.Diff([]string{"B", "D"}, values(e, FBlockingPolicy)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := values(eventOf(Signin, Interactive, Graph, single(FPolicyName, "A")), FBlockingPolicy); got != nil {
		t.Errorf("without results: %q", got)
	}
}

func TestRoleName(t *testing.T) {
	tests := []struct {
		name     string
		new, old string
		targets  given
		want     string
	}{
		{"given", "Global Administrator", "", nil, "Global Administrator"},
		{"taken", "", "Helpdesk Administrator", nil, "Helpdesk Administrator"},
		{"taken, with nothing new", "null", "Helpdesk Administrator", nil, "Helpdesk Administrator"},
		{"taken, with an empty list", "[]", "Helpdesk Administrator", nil, "Helpdesk Administrator"},
		{"activated", "", "", given{FTargetName: {"Bo", "Global Administrator"}, FTargetType: {"User", "Role"}}, "Global Administrator"},
		{"a role without a name", "", "", given{FTargetType: {"Role"}}, ""},
		{"no role", "", "", given{FTargetName: {"Bo"}, FTargetType: {"User"}}, ""},
	}
	for _, tt := range tests {
		fields := given{}
		maps.Copy(fields, tt.targets)
		for field, v := range map[int]string{FRoleNew: tt.new, FRoleOld: tt.old} {
			if v != "" {
				fields[field] = []string{v}
			}
		}
		if got := eventOf(Audit, SubNone, Graph, fields).Text(FRoleName); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCleanUPN(t *testing.T) {
	const hex = "3b1c0c3e00004000800000000000000f"
	for in, want := range map[string]string{
		"alice@contoso.com":            "alice@contoso.com",
		hex + "alice@contoso.com":      "alice@contoso.com",
		hex + "_alice@contoso.com":     "alice@contoso.com",
		strings.ToUpper(hex) + "a@b.c": "a@b.c",
		hex:                            hex,
		hex + "a":                      hex + "a", // too short to be a name behind an id
		"g" + hex + "alice@b.c":        "g" + hex + "alice@b.c",
		"ext_partner.example#EXT#@contoso.onmicrosoft.com": "ext_partner.example#EXT#@contoso.onmicrosoft.com",
		"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b":             "", // an id that could not be resolved
		"Not Available":                                    "", "": "", "unknown": "",
	} {
		if got := cleanUPN(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestObjectID(t *testing.T) {
	const id = "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"
	for in, want := range map[string]string{
		id: id, strings.ToUpper(id): strings.ToUpper(id), "xxxxxxxx-7c97-5fc6-abfa-cff20f704e4b": "xxxxxxxx-7c97-5fc6-abfa-cff20f704e4b",
		"00000000-0000-0000-0000-000000000000": "", "": "", "alice@contoso.com": "", strings.ReplaceAll(id, "-", ""): "", "{" + id + "}": "",
	} {
		if got := objectID(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestAuditActor: who did it, in the forms in which logs say so.
func TestAuditActor(t *testing.T) {
	const (
		id  = "0c82dab5-790d-56b6-849b-99ab5d5a47a5"
		app = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
		sp  = "2a3c4b1e-7c97-4fc6-abfa-cff20f704e4b"
	)
	tests := []struct {
		name   string
		format Format
		fields given
		want   [4]string // type, id, name, application id
	}{
		{"nobody", Graph, nil, [4]string{}},
		{"a user", Graph, given{FActorUPN: {"carla@contoso.com"}, FActorUserID: {id}}, [4]string{"user", id, "carla@contoso.com"}},
		{"a user with a display name only", Graph, single(FActorUserName, "Carla"), [4]string{"user", "", "Carla"}},
		{"a user whose name is an id", Graph, given{FActorUPN: {id}, FActorUserID: {id}, FActorUserName: {"Carla"}}, [4]string{"user", id, "Carla"}},
		{"an application", Graph, given{FActorAppName: {"Sync"}, FActorAppID: {app}, FActorSPID: {sp}}, [4]string{"app", sp, "Sync", app}},
		{"a user through an application", Graph, given{FActorUPN: {"carla@contoso.com"}, FActorUserID: {id}, FActorAppName: {"Portal"}, FActorAppID: {app}}, [4]string{"user", id, "carla@contoso.com", app}},
		{"B2C: a user", Graph, given{FActorAppName: {"bo@contoso.com"}, FActorSPName: {"bo@contoso.com"}}, [4]string{"user", "", "bo@contoso.com"}},
		{"B2C: an id", Graph, given{FActorAppName: {app}}, [4]string{"app", app, app, app}},
		{"B2C: a service", Graph, single(FActorSPName, "CPIM Service"), [4]string{"app", "", "CPIM Service"}},

		{"Office: nobody", O365, nil, [4]string{}},
		{"Office: a user", O365, given{FOfficeUser: {"carla@contoso.com"}, FOfficeActorObject: {id, "User_" + id, "User"}}, [4]string{"user", id, "carla@contoso.com"}},
		{"Office: a service principal", O365, given{FOfficeUser: {"ServicePrincipal_" + sp}, FOfficeActorName: {"Sync"}, FOfficeActorObject: {"ServicePrincipal_" + sp}, FOfficeActorSPN: {app}}, [4]string{"app", sp, "Sync", app}},
		{"Office: its id in the user only", O365, given{FOfficeUser: {"ServicePrincipal_" + sp}, FOfficeActorName: {"Sync"}}, [4]string{"app", sp, "Sync"}},
		{"Office: B2C, a user", O365, given{FOfficeUser: {"Certificate"}, FOfficeActorName: {"bo@contoso.com"}}, [4]string{"user", "", "bo@contoso.com"}},
		{"Office: B2C, an id", O365, given{FOfficeUser: {"Certificate"}, FOfficeActorName: {app}}, [4]string{"app", app, app, app}},
	}
	for _, tt := range tests {
		e := eventOf(Audit, SubNone, tt.format, tt.fields)
		got := [4]string{e.Text(FActorType), e.Text(FActorID), e.Text(FActorName), e.Text(FActorApp)}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

func TestSigninActor(t *testing.T) {
	const (
		id = "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"
		sp = "93f095e0-df56-576a-98f6-b5fb7af90cff"
	)
	tests := []struct {
		name   string
		sub    Sub
		fields given
		want   [3]string
	}{
		{"a user", Interactive, given{FUserID: {id}, FUPN: {"alice@contoso.com"}}, [3]string{"user", id, "alice@contoso.com"}},
		{"a user who is not known", Interactive, given{FUserID: {"00000000-0000-0000-0000-000000000000"}, FUPN: {"alice@contoso.com"}}, [3]string{"user", "", "alice@contoso.com"}},
		{"nobody", Interactive, nil, [3]string{}},
		{"a service principal", ServicePrincipalSignin, given{FSPID: {sp}, FSPName: {"Export"}}, [3]string{"app", sp, "Export"}},
		{"by its application", ManagedIdentity, given{FAppID: {sp}, FAppName: {"vm-01"}}, [3]string{"app", sp, "vm-01"}},
		{"told by its fields", Interactive, given{FSPID: {sp}, FSPName: {"Export"}}, [3]string{"app", sp, "Export"}},
	}
	for _, tt := range tests {
		e := eventOf(Signin, tt.sub, Graph, tt.fields)
		if diff := cmp.Diff(tt.want, [3]string{e.Text(FActorType), e.Text(FActorID), e.Text(FActorName)}); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

// TestAuditTargets: what belongs to one target keeps its place.
func TestAuditTargets(t *testing.T) {
	const id = "a36b95e2-c3cf-5566-888c-a4d0e0362acc"
	e := eventOf(Audit, SubNone, Graph, given{
		FTargetID: {"null", id, "not an id"}, FTargetName: {"Policy", "null", "Portal"},
		FTargetType: {"Directory", "user", "Service Principal"}, FTargetUPN: {"null", "dan@contoso.com"},
	})
	for i, want := range [][4]string{{"", "Policy", "Directory", ""}, {id, "dan@contoso.com", "user", "dan@contoso.com"}, {"", "Portal", "Service Principal", ""}} {
		if diff := cmp.Diff(want, [4]string{e.TextAt(FTargetsID, i), e.TextAt(FTargetsName, i), e.TextAt(FTargetsType, i), e.TextAt(FTargetsUPN, i)}); diff != "" {
			t.Errorf("target %d: -want +got\n%s", i, diff)
		}
	}
	if e.Text(FUser) != id || e.Text(FUserName) != "dan@contoso.com" {
		t.Errorf("the user is %s, %s", e.Text(FUser), e.Text(FUserName))
	}
	o := eventOf(Audit, SubNone, O365, given{FOfficeTargetObject: {"User_" + id, id, "user"}, FOfficeTargetUPN: {"dan@contoso.com"}, FOfficeTargetName: {"Dan"}})
	if diff := cmp.Diff([4]string{id, "dan@contoso.com", "User", id}, [4]string{o.Text(FTargetsID), o.Text(FTargetsName), o.Text(FTargetsType), o.Text(FUser)}); diff != "" {
		t.Errorf("Office 365: -want +got\n%s", diff)
	}
}

// TestNormalize: rules are put into the form in which values are kept.
func TestNormalize(t *testing.T) {
	s := NewSchema()
	for _, tt := range []struct {
		kind           Kind
		field, in, out string
	}{
		{Audit, "operationName", "Add user.", "add user"},
		{Audit, "targetResources.type", "Service Principal", "ServicePrincipal"},
		{Audit, "target.type", "user", "User"},
		{Audit, "targetResources.type", "Administrative Unit", "AdministrativeUnit"},
		{M365, "operation", "Add user.", "Add user"},
		{Signin, "appDisplayName", "Office. ", "Office. "},
	} {
		if got := s.Resolve(tt.kind, tt.field).Normalize(tt.in); got != tt.out {
			t.Errorf("%s: %q becomes %q, want %q", tt.field, tt.in, got, tt.out)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "[", ":", "[::1]:443", "::ffff:1.2.3.4", "a, b, SE", "3b1c0c3e00004000800000000000000f_a@b", "Add – user."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ip := cleanIP(s); cleanIP(ip) != ip && !strings.ContainsAny(s, "[]") {
			t.Errorf("address %q becomes %q", ip, cleanIP(ip))
		}
		if c := countryOf(s); strings.Contains(c, ",") {
			t.Errorf("country %q", c)
		}
		if upn := cleanUPN(s); len(upn) > len(s) {
			t.Errorf("name %q of %q", upn, s)
		}
		_ = NormalActivity(s)
	})
}
