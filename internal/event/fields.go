package event

// A Type is what a field's values mean. Values are always kept as text; the
// type tells readers and converters what to expect.
type Type uint8

// The types. A JSON field is an object or array, kept as its text; in some
// formats it arrives as a string that holds JSON, and is read either way.
const (
	String Type = iota
	Int
	Float
	Bool
	Time
	GUID
	IP
	JSON
	// Encoded values are JSON text inside a string (modified properties):
	// scalars are decoded, arrays give one value for each element.
	Encoded
)

var typeNames = [...]string{"string", "int", "float", "bool", "time", "guid", "ip", "json", "encoded"}

func (t Type) String() string { return typeNames[t] }

// A def is one line of the registry: a canonical field of one kind of event
// and where each format keeps it. The canonical name is Microsoft Graph's path.
//
// Paths are dotted. Arrays are passed through: the path of an element's key is
// the path of the array with the key behind it. list{key=Name} is the element
// of a list of key-value objects whose key has that name, and `a.b` in
// backquotes is one key. Alternatives are separated by blanks, best first.
//
// An empty path means the format's usual spelling of the canonical name:
// "properties." before it in diagnostic records, a capital letter in Log
// Analytics. "-" means that the format does not have the field.
type def struct {
	name  string
	typ   Type
	graph string // default: the name itself
	diag  string // default: "properties." + graph
	la    string // default: Graph's with a capital letter
	o365  string // default: "-"
	rm    string // default: Graph's, for Activity only
	csv   string // the column of the portal's CSV, or "-" (default)
	alias string // other names under which rules ask for the field
	doc   string
}

// A family is a group of fields that share a prefix: changes.NAME.new for any
// modified property NAME. {} in a path stands for the name.
type family struct {
	prefix, suffix string
	typ            Type
	graph, diag    string
	la, o365       string
	csv            bool
	doc            string
}

// kindFields is the registry, by kind.
var kindFields = [NumKinds][]def{
	Signin:                  signinFields,
	Audit:                   auditFields,
	RiskDetection:           riskFields,
	RiskyUser:               riskyUserFields,
	Activity:                activityFields,
	M365:                    m365Fields,
	KeyVault:                keyVaultFields,
	GraphActivity:           graphActivityFields,
	Provisioning:            provisioningFields,
	DomainServices:          domainServicesFields,
	User:                    userFields,
	Group:                   groupFields,
	RoleAssignment:          roleAssignmentFields,
	RoleDefinition:          roleDefinitionFields,
	RegistrationDetails:     registrationFields,
	Application:             applicationFields,
	ServicePrincipal:        servicePrincipalFields,
	ConditionalAccessPolicy: policyFields,
	NamedLocation:           namedLocationFields,
	AccessReview:            accessReviewFields,
	RoleHolding:             roleHoldingFields,
	TenantPosture:           tenantPostureFields,
	RedirectDomain:          redirectDomainFields,
	ReviewInstance:          reviewInstanceFields,
}

var kindFamilies = [NumKinds][]family{
	Audit: {
		{
			prefix: "changes.", suffix: ".new", typ: Encoded, csv: true,
			graph: "targetResources.modifiedProperties{displayName={}}.newValue",
			o365:  "ModifiedProperties{Name={}}.NewValue",
			doc:   "new value of the modified property NAME of any target, decoded",
		},
		{
			prefix: "changes.", suffix: ".old", typ: Encoded, csv: true,
			graph: "targetResources.modifiedProperties{displayName={}}.oldValue",
			o365:  "ModifiedProperties{Name={}}.OldValue",
			doc:   "old value of the modified property NAME of any target, decoded",
		},
		{
			prefix: "details.", csv: true,
			graph: "additionalDetails{key={}}.value",
			o365:  "ExtendedProperties{Name=additionalDetails}.Value.`{}` ExtendedProperties{Name={}}.Value",
			doc:   "value of the additional detail NAME",
		},
	},
	Signin: {
		{
			prefix: "details.", graph: "authenticationProcessingDetails{key={}}.value",
			o365: "ExtendedProperties{Name={}}.Value",
			doc:  "value of the authentication processing detail NAME",
		},
	},
	RiskDetection: {
		{
			prefix: "details.", graph: "additionalInfo{Key={}}.Value",
			doc: "value of the item NAME of additionalInfo",
		},
	},
	M365: {
		{
			prefix: "parameters.", o365: "Parameters{Name={}}.Value", la: "Parameters{Name={}}.Value", graph: "-",
			doc: "value of the cmdlet parameter NAME",
		},
		{
			prefix: "details.", o365: "ExtendedProperties{Name={}}.Value", la: "ExtendedProperties{Name={}}.Value", graph: "-",
			doc: "value of the extended property NAME",
		},
	},
}

// formatsOf lists the formats that a kind of event comes in.
var formatsOf = [NumKinds][]Format{
	Signin:                  {Diagnostic, Graph, LogAnalytics, O365, PortalCSV},
	Audit:                   {Diagnostic, Graph, LogAnalytics, O365, PortalCSV},
	RiskDetection:           {Diagnostic, Graph, LogAnalytics},
	RiskyUser:               {Diagnostic, Graph, LogAnalytics},
	Activity:                {Diagnostic, ResourceManager, LogAnalytics},
	M365:                    {O365, LogAnalytics},
	KeyVault:                {Diagnostic, LogAnalytics},
	GraphActivity:           {Diagnostic, LogAnalytics},
	Provisioning:            {Diagnostic, Graph, LogAnalytics},
	DomainServices:          {Diagnostic, LogAnalytics},
	User:                    {Graph},
	Group:                   {Graph},
	RoleAssignment:          {Graph},
	RoleDefinition:          {Graph},
	RegistrationDetails:     {Graph},
	Application:             {Graph},
	ServicePrincipal:        {Graph},
	ConditionalAccessPolicy: {Graph},
	NamedLocation:           {Graph},
	AccessReview:            {Graph},
	RoleHolding:             {Graph},
	TenantPosture:           {Graph},
	RedirectDomain:          {Graph},
	ReviewInstance:          {Graph},
	Generic:                 {JSONLines},
}

// FormatsOf lists the formats that a kind of event comes in.
func FormatsOf(k Kind) []Format { return formatsOf[k] }
