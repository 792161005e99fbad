package event

import "strings"

// Kind says which log, or which sort of directory object, an event comes from.
type Kind uint8

// The kinds, in the order in which listings show them. Those from User on are
// snapshot kinds: directory objects that Microsoft Graph returned, each treated
// as an event of its own.
const (
	KindUnknown Kind = iota
	Signin
	Audit
	RiskDetection
	RiskyUser
	Activity
	M365
	KeyVault
	GraphActivity
	Provisioning
	DomainServices
	User
	Group
	RoleAssignment
	RoleDefinition
	RegistrationDetails
	Application
	ServicePrincipal
	ConditionalAccessPolicy
	NamedLocation
	AccessReview
	// From here on what posture derives: snapshots joined with each other and with
	// what the logs say.
	RoleHolding
	TenantPosture
	RedirectDomain
	ReviewInstance
	Generic // any JSON object, read without knowledge of Entra

	NumKinds
)

var kindNames = [NumKinds]string{
	"unknown", "signin", "audit", "risk_detection", "risky_user", "activity", "m365", "key_vault",
	"graph_activity", "provisioning", "domain_services", "user", "group", "role_assignment",
	"role_definition", "registration_details", "application", "service_principal",
	"conditional_access_policy", "named_location", "access_review", "role_holding", "tenant_posture",
	"redirect_domain", "review_instance", "generic",
}

func (k Kind) String() string { return kindNames[k] }

// Snapshot reports whether events of the kind are directory objects.
func (k Kind) Snapshot() bool { return k >= User && k < Generic }

// Derived reports whether events of the kind are made from others.
func (k Kind) Derived() bool { return k >= RoleHolding && k < Generic }

// KindByName returns the kind with that name, compared without regard to case.
func KindByName(name string) (Kind, bool) {
	for k, n := range kindNames {
		if strings.EqualFold(n, name) {
			return Kind(k), true
		}
	}
	return KindUnknown, false
}

// Sub is the sort of sign-in. It is part of the event key, because two sorts of
// sign-in may carry one id. Other kinds have SubNone.
type Sub uint8

// The sorts of sign-in; ADFS records come from Connect Health.
const (
	SubNone Sub = iota
	Interactive
	NonInteractive
	ServicePrincipalSignin
	ManagedIdentity
	ADFS

	numSubs
)

var subNames = [numSubs]string{"", "interactive", "non_interactive", "service_principal", "managed_identity", "adfs"}

func (s Sub) String() string { return subNames[s] }

// SubByName returns the sort of sign-in with that name; "" is SubNone.
func SubByName(name string) (Sub, bool) {
	for s, n := range subNames {
		if n == name {
			return Sub(s), true
		}
	}
	return SubNone, false
}

// Format is the envelope and field naming in which a record was written.
type Format uint8

// The formats, best first: of two records with one event key, the one whose
// format stands earlier here is kept.
const (
	FormatUnknown   Format = iota
	Diagnostic             // Azure Monitor records: Event Hubs messages, storage blobs
	Graph                  // Microsoft Graph and portal JSON: camelCase objects
	ResourceManager        // Azure Activity from the REST API, az or an SDK
	LogAnalytics           // Log Analytics and Sentinel rows, JSON or CSV
	O365                   // Office 365 Management Activity and unified audit log
	PortalCSV              // CSV downloads of the Entra admin center
	JSONLines              // -generic: any JSON objects

	NumFormats
)

var formatNames = [NumFormats]string{
	"unknown", "diagnostic", "graph", "resource-manager", "log-analytics", "o365", "portal-csv", "json",
}

func (f Format) String() string { return formatNames[f] }

// FormatByName returns the format with that name.
func FormatByName(name string) (Format, bool) {
	for f, n := range formatNames {
		if n == name {
			return Format(f), true
		}
	}
	return FormatUnknown, false
}
