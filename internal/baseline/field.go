package baseline

import (
	"slices"
	"time"
)

// Principal is a user, an application or a service principal, or another
// directory object that a record names. What a record does not say is empty.
type Principal struct {
	ID    string // object id
	UPN   string // user principal name, or the mail address a guest signs in with
	Name  string // display name
	AppID string // application (client) id
	App   bool   // an application or service principal rather than a person

	// Type is the sort of object in lower case as audit records name it: user,
	// group, application, serviceprincipal, role, device, policy; "" if unknown.
	Type string

	// Stranger is set by View.Recognise: no list of that view can name it.
	Stranger bool
}

func (p Principal) zero() bool {
	return p.ID == "" && p.UPN == "" && p.Name == "" && p.AppID == ""
}

// Facts is what fields are computed from; the adapter of an event implements
// it. A fact that the record does not hold is the zero value.
type Facts interface {
	// User is the subject: who signed in, whose risk, whose registration.
	User() Principal
	// Actor made the change (audit, activity); for sign-ins it is User.
	Actor() Principal
	// Target returns the i-th principal or object that was changed.
	Target(i int) (Principal, bool)

	Country() string // ISO 3166-1 alpha-2, upper case
	IP() string
	DeviceID() string
	DeviceName() string
	Time() time.Time

	// App is the application signed in to, or the client; Resource what it asked for.
	App() (id, name string)
	Resource() (id, name string)

	HomeTenant() string
	ResourceTenant() string

	Activity() string  // normalised activity name, lower case
	ClientApp() string // clientAppUsed
	Protocol() string  // authenticationProtocol

	// Property returns the i-th new value of the modified property called name
	// (without regard to case), decoded from JSON text; an array may come as one
	// value holding JSON or as one value per element. PropertyOld returns the
	// old values likewise.
	Property(name string, i int) (string, bool)
	PropertyOld(name string, i int) (string, bool)
}

// Field is one baseline.* field that rules may name.
type Field struct {
	Name string // as rules write it: "baseline.user.privileged"
	Doc  string // one line: what is compared with what

	// Needs lists the inputs that must be set for the field to have a value;
	// "a|b" is satisfied by either.
	Needs []string

	// Compute returns "true", "false" or a text. Without an answer, because the
	// record lacks the fact or the input is not set, ok is false: the field is
	// then absent and neither true nor false matches.
	Compute func(v *View, f Facts) (value string, ok bool)

	// bind is Compute with the sets of one view looked up beforehand, for the
	// fields that every sign-in is asked for.
	bind func(v *View) Answer
}

// Answer computes a field under one view.
type Answer func(f Facts) (value string, ok bool)

// For returns what computes the field under a view.
func (fd Field) For(v *View) Answer {
	if fd.bind != nil {
		return fd.bind(v)
	}
	return func(f Facts) (string, bool) { return fd.Compute(v, f) }
}

// bound makes a field whose Compute is its bind.
func bound(fd Field, bind func(v *View) Answer) Field {
	fd.bind = bind
	fd.Compute = func(v *View, f Facts) (string, bool) { return bind(v)(f) }
	return fd
}

func noAnswer(Facts) (string, bool) { return "", false }

// Fields returns every field, grouped as the field reference shows them.
func Fields() []Field {
	return slices.Concat(
		userFields(), actorFields(), targetFields(), accountFields(),
		placeFields(), timeFields(), changeFields(), appFields(), protocolFields(),
		privilegeFields(), permissionFields(), credentialFields(), uriFields(), tenantFields(),
	)
}

// Properties returns the modified properties that fields look at under this
// baseline, sorted, so that an adapter can prepare them.
func (b *Baseline) Properties() []string {
	names := slices.Concat(roleProperties(), groupProperties(), logoutProperties(), []string{
		"AppAddress", "AppRole.Value", "ConsentAction.Permissions", "DelegatedPermissionGrant.Scope",
		"InvitedUserEmailAddress", "KeyDescription", "OnPremisesDistinguishedName", "OnPremisesDomainName",
	})
	scopes := []scope{b.set}
	for _, t := range b.tenants {
		scopes = append(scopes, t.overrides)
	}
	for _, s := range scopes {
		required, _ := s["required_attributes"].val.([]namedPattern)
		for _, a := range required {
			names = append(names, a.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func yesNo(b bool) (string, bool) {
	if b {
		return "true", true
	}
	return "false", true
}
