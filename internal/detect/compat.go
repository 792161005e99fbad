package detect

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// Public rules name fields and values that no log contains. This file is the
// one table that says what such a rule is after, in terms of what the logs do
// contain; where nothing does, it says why.

// A compat is one line of the table.
type compat struct {
	kind  event.Kind
	field string // lower case, without "properties."
	// value is what the rule compares with, normalised; "" means any value.
	value string
	// becomes replaces the comparison. nil with cannot set means that no
	// record can satisfy it.
	becomes func(*sigma.Item, sigma.Value) sigma.Node
	cannot  string
}

// is compares a field with values, as a rule would.
func is(field string, values ...string) sigma.Node { return with(field, "", values...) }

func contains(field string, values ...string) sigma.Node { return with(field, "contains", values...) }

func with(field, modifier string, values ...string) sigma.Node {
	it := &sigma.Item{Field: field}
	if modifier != "" {
		it.Modifiers = []string{modifier}
	}
	for _, v := range values {
		it.Values = append(it.Values, sigma.Literal(v))
	}
	return it
}

func exists(field string) sigma.Node {
	return &sigma.Item{Field: field, Modifiers: []string{"exists"}, Values: []sigma.Value{{Kind: sigma.Bool, Text: "true"}}}
}

// always is what a comparison becomes that adds nothing to its neighbours.
var always = sigma.And{}

func to(n sigma.Node) func(*sigma.Item, sigma.Value) sigma.Node {
	return func(*sigma.Item, sigma.Value) sigma.Node { return n }
}

var compats = []compat{
	// Sign-ins: activities of the sign-in log are called "Sign-in activity";
	// what rules look for in a message has fields of its own.
	{kind: event.Signin, field: "message", value: "device code", becomes: to(is("authenticationProtocol", "deviceCode"))},
	{kind: event.Signin, field: "message", value: "ropc", becomes: to(is("authenticationProtocol", "ropc"))},
	{kind: event.Signin, field: "message", cannot: "searches sign-ins for the name of an activity, which only the audit log has"},
	{kind: event.Signin, field: "status", value: "success", becomes: to(is("outcome", "success"))},
	{kind: event.Signin, field: "status", value: "sucess", becomes: to(is("outcome", "success"))},
	{kind: event.Signin, field: "status", value: "failure", becomes: to(is("outcome", "failure"))},
	{kind: event.Signin, field: "status", value: "mfa denied", becomes: to(is("mfaDenied", "true"))},
	// The text beside an error code differs between formats and languages;
	// the code says it all.
	{kind: event.Signin, field: "resultdescription", value: "failure", becomes: to(is("outcome", "failure"))},
	{kind: event.Signin, field: "resultdescription", value: "blocked by conditional access", becomes: to(is("status.errorCode", "53003"))},
	{kind: event.Signin, field: "resultdescription", value: "strong auth required", becomes: to(is("status.errorCode", "50074"))},
	{kind: event.Signin, field: "resultdescription", value: "authentication failed during strong authentication request", becomes: to(is("status.errorCode", "500121"))},
	{kind: event.Signin, field: "resultdescription", value: "device authentication is required", becomes: to(is("status.errorCode", "50097"))},
	{kind: event.Signin, field: "resultdescription", value: "deviceauthenticationfailed", becomes: to(is("status.errorCode", "50155"))},
	{kind: event.Signin, field: "resultdescription", value: "externalsecuritychallenge - external security challenge was not satisfied", becomes: to(is("status.errorCode", "50158"))},
	{kind: event.Signin, field: "resultdescription", value: "user account is disabled. the account has been disabled by an administrator", becomes: to(is("status.errorCode", "50057"))},
	{kind: event.Signin, field: "resultdescription", value: "invalid username or password or invalid on-premises username or password", becomes: to(is("status.errorCode", "50126"))},
	{kind: event.Signin, field: "activitydetails", value: "sign-ins", becomes: to(always)},
	{kind: event.Signin, field: "username", value: "upn", becomes: to(exists("user.name"))},
	{kind: event.Signin, field: "clientapp", value: "other client", becomes: to(with("clientAppUsed", "startswith", "Other clients"))},
	{kind: event.Signin, field: "clientapp", value: "imap", becomes: to(is("clientAppUsed", "IMAP", "IMAP4"))},
	{kind: event.Signin, field: "clientapp", value: "pop3", becomes: to(is("clientAppUsed", "POP", "POP3"))},
	{kind: event.Signin, field: "clientapp", value: "mapi", becomes: to(is("clientAppUsed", "MAPI Over HTTP"))},
	{kind: event.Signin, field: "clientapp", value: "smtp", becomes: to(is("clientAppUsed", "SMTP", "Authenticated SMTP"))},
	// Logs leave out what they do not know instead of writing it empty.
	{kind: event.Signin, field: "devicedetail.deviceid", value: "", becomes: emptyOrAbsent},
	{kind: event.Signin, field: "devicedetail.trusttype", value: "", becomes: emptyOrAbsent},
	{kind: event.Signin, field: "networklocationdetails", value: "[]", becomes: to(sigma.Or{
		is("networkLocationDetails", "[]"), sigma.Not{X: exists("networkLocationDetails")},
	})},
	{kind: event.Signin, field: "count", cannot: "a change of a count is nothing that one record shows"},
	{kind: event.Signin, field: "date", cannot: "compares a time with a list; opening hours are the baseline's working_hours"},
	{kind: event.Signin, field: "deviceinfo", cannot: "sign-ins have no field DeviceInfo, and unapproved devices cannot be listed"},
	{kind: event.Signin, field: "targetusername", becomes: rename("userPrincipalName")},

	// Audit: activities under names that were never logged.
	{kind: event.Audit, field: "message", value: "update application sucess- property name appaddress", becomes: to(sigma.And{
		is("activity", "Update application"), is("outcome", "success"), exists("changes.AppAddress.new"),
	})},
	{kind: event.Audit, field: "message", value: "update service principal/update application", becomes: to(sigma.And{
		is("activity", "Update service principal", "Update application"), exists("changes.KeyDescription.new"),
	})},
	{kind: event.Audit, field: "message", value: "request approved/denied", becomes: to(is("activity",
		"Add member to role request approved (PIM activation)", "Add member to role request denied (PIM activation)", "Request approved", "Request denied"))},
	{kind: event.Audit, field: "message", value: "add eligible member (permanent)", becomes: to(is("activity", "Add eligible member to role in PIM completed (permanent)", "Add eligible member to role"))},
	{kind: event.Audit, field: "message", value: "add eligible member (eligible)", becomes: to(is("activity", "Add eligible member to role in PIM completed (timebound)"))},
	{kind: event.Audit, field: "message", value: "remove eligible member (permanent)", becomes: to(is("activity", "Remove eligible member from role in PIM completed (permanent)", "Remove eligible member from role"))},
	{kind: event.Audit, field: "message", value: "remove eligible member (eligible)", becomes: to(is("activity", "Remove eligible member from role in PIM completed (timebound)"))},
	{kind: event.Audit, field: "message", value: "add member from group", becomes: to(is("activity", "Add member to group"))},
	{kind: event.Audit, field: "message", value: `"displayname":"usertype","oldvalue":"[\"guest\"]","newvalue":"[\"member\"]"`, becomes: to(sigma.Or{
		sigma.And{is("changes.UserType.old", "Guest"), is("changes.UserType.new", "Member")},
		sigma.And{is("changes.TargetId.UserType.old", "Guest"), is("changes.TargetId.UserType.new", "Member")},
	})},
	{kind: event.Audit, field: "message", becomes: rename("activity")},
	{kind: event.Audit, field: "status", value: "success", becomes: to(is("outcome", "success"))},
	{kind: event.Audit, field: "status", value: "sucess", becomes: to(is("outcome", "success"))},
	{kind: event.Audit, field: "status", value: "failure", becomes: to(is("outcome", "failure"))},
	{kind: event.Audit, field: "status", becomes: rename("resultReason")},
	{kind: event.Audit, field: "category", value: "administrative", becomes: to(always)},
	{kind: event.Audit, field: "operationname", value: "assigns the caller to user access admin", becomes: to(is("activity",
		"User has elevated their access to User Access Administrator for their Azure Resources"))},
	{kind: event.Audit, field: "initiatedby", value: "upn", becomes: to(is("actor.type", "user"))},
	{kind: event.Audit, field: "initiatied.by", becomes: rename("actor.name")},
	{kind: event.Audit, field: "initiated.by", becomes: rename("actor.name")},
	{kind: event.Audit, field: "target", value: "upn", becomes: to(is("target.type", "User"))},
	{kind: event.Audit, field: "activitytype", value: "password reset", becomes: to(is("activity",
		"Reset password (by admin)", "Reset password (self-service)", "Reset user password", "Reset password", "Change user password", "Change password (self-service)"))},
	// The admin center's own service has been renamed, in old exports it has not.
	{kind: event.Audit, field: "loggedbyservice", value: "aad management ux", becomes: to(is("loggedByService", "AAD Management UX", "Entra management UX"))},
	// State 0 says that MFA is enforced; where it is switched off, nothing is left.
	{kind: event.Audit, field: "targetresources.modifiedproperties.newvalue", value: `state":0`, becomes: to(is("changes.StrongAuthenticationRequirement.new", "[]"))},
	{kind: event.Audit, field: "additionaldetails.additionalinfo", becomes: rename("details.AdditionalInfo")},
	{kind: event.Audit, field: "consentcontext.isadminconsent", becomes: rename("changes.ConsentContext.IsAdminConsent.new")},
	{kind: event.Audit, field: "failure_status_reason", value: "microsoft.online.security.userconsentblockedforriskyappsexceptions", becomes: to(sigma.Or{
		contains("changes.MethodExecutionResult..new", "UserConsentBlockedForRiskyApps"),
		contains("resultReason", "UserConsentBlockedForRiskyApps"),
		contains("changes.ConsentAction.Reason.new", "Risky application detected"),
	})},

	{kind: event.RiskDetection, field: "riskeventtype", value: "impossibletravel", becomes: to(is("riskEventType", "impossibleTravel", "mcasImpossibleTravel"))},

	// Security alerts in the unified audit log: their name is in Name, the
	// operation is AlertTriggered.
	{kind: event.M365, field: "eventsource", becomes: rename("Workload")},
	{kind: event.M365, field: "eventname", becomes: anyOf("Name", "Operation")},
	{kind: event.M365, field: "status", becomes: rename("outcome")},
	// A cmdlet's record has no payload: its name is the operation.
	{kind: event.M365, field: "payload", becomes: anyOf("Data", "Operation", "Parameters")},
}

func rename(field string) func(*sigma.Item, sigma.Value) sigma.Node {
	return func(it *sigma.Item, v sigma.Value) sigma.Node {
		c := *it
		c.Field, c.Values = field, []sigma.Value{v}
		return &c
	}
}

// anyOf makes the comparison with each of several fields.
func anyOf(fields ...string) func(*sigma.Item, sigma.Value) sigma.Node {
	return func(it *sigma.Item, v sigma.Value) sigma.Node {
		var or sigma.Or
		for _, f := range fields {
			or = append(or, rename(f)(it, v))
		}
		return or
	}
}

func emptyOrAbsent(it *sigma.Item, v sigma.Value) sigma.Node {
	return sigma.Or{is(it.Field, ""), sigma.Not{X: exists(it.Field)}}
}

// severalActivities reports whether an item wants several activities at once.
// Each is logged in a record of its own, so that no record has two of them.
func severalActivities(it *sigma.Item) bool {
	return it.Has("all") && len(it.Values) > 1 && !it.Has("expand") && func() bool {
		for _, v := range it.Values {
			if len(strings.Fields(v.Text)) < 2 || !strings.Contains(" add update delete remove reset ", " "+strings.ToLower(strings.Fields(v.Text)[0])+" ") {
				return false
			}
		}
		return true
	}()
}

// compatField is how the table names fields.
func compatField(name string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "properties.")
}

// A translator rewrites the items of one rule for one kind of event.
type translator struct {
	kind   event.Kind
	schema *event.Schema
	// cannot collects why parts of the rule match nothing.
	cannot []string
}

// item translates one comparison: by the table, or by putting its values into
// the form in which the field's values are kept.
func (t *translator) item(it *sigma.Item) sigma.Node {
	if it.Field == "" {
		return nil
	}
	if it.Has("neq") {
		// The line says what the comparison is after; the rule wants its opposite.
		plain := *it
		plain.Modifiers = slices.DeleteFunc(slices.Clone(it.Modifiers), func(m string) bool { return m == "neq" })
		return sigma.Not{X: t.item(&plain)}
	}
	key := compatField(it.Field)
	if t.kind == event.Audit && (key == "message" || key == "operationname") && severalActivities(it) {
		t.cannot = append(t.cannot, "wants several activities in one record; each is logged in a record of its own")
		return sigma.Or{}
	}
	var parts []sigma.Node
	var rest []sigma.Value
	for _, v := range it.Values {
		line := t.find(key, v)
		if request, ok := vaultRequest(it.Field, v); ok && t.kind == event.KeyVault {
			parts = append(parts, is("operationName", request))
			continue
		}
		switch {
		case line == nil:
			rest = append(rest, v)
		case line.becomes == nil:
			t.cannot = append(t.cannot, line.cannot)
			parts = append(parts, sigma.Or{})
		default:
			n := line.becomes(it, v)
			if c, ok := n.(*sigma.Item); ok {
				n = t.normalize(c)
			}
			parts = append(parts, n)
		}
	}
	if len(parts) == 0 {
		return t.normalize(it)
	}
	if len(rest) > 0 {
		c := *it
		c.Values = rest
		parts = append(parts, t.normalize(&c))
	}
	switch {
	case len(parts) == 1:
		return parts[0]
	case it.Has("all"):
		return sigma.And(parts)
	}
	return sigma.Or(parts)
}

func (t *translator) find(key string, v sigma.Value) *compat {
	norm := strings.TrimSuffix(event.NormalActivity(v.Text), ".")
	for i := range compats {
		c := &compats[i]
		if c.kind != t.kind || c.field != key {
			continue
		}
		switch key {
		case "devicedetail.deviceid", "devicedetail.trusttype":
			// Here the empty value is the one that is meant.
			if v.Kind == sigma.String && v.Text == "" {
				return c
			}
			continue
		}
		if c.value == "" || c.value == norm {
			return c
		}
	}
	return nil
}

// normalize rewrites the values of an item as its field keeps them.
func (t *translator) normalize(it *sigma.Item) sigma.Node {
	f := t.schema.Resolve(t.kind, it.Field)
	if it.Has("re") || it.Has("fieldref") || it.Has("exists") || it.Has("expand") {
		return it
	}
	c := *it
	c.Values = make([]sigma.Value, len(it.Values))
	for i, v := range it.Values {
		if v.Kind == sigma.String {
			v.Text = f.Normalize(v.Text)
		}
		c.Values[i] = v
	}
	return &c
}
