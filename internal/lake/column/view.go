package column

import "github.com/entrawatch/entrawatch/internal/event"

// A View is what queries in SQL select from: some files, as one table.
type View struct {
	Name    string
	Alias   string // a second name; "" = none
	Doc     string
	Columns []Column
	Parts   []Part
}

// A Part is files that have the same columns.
type Part struct {
	Files []string // paths
	// Has are the columns that the files have, by name; nil = all of the view. The
	// others are NULL.
	Has map[string]bool
}

// day is the column that stands in the paths of files.
var day = Column{Name: "day", Few: true, Doc: "the day of the time, UTC, as 2006-01-02; unknown without a time. It is part of the path of each file, so that what asks for a day opens no other file"}

// EventsView is the name of the view of all kinds.
const EventsView = "events"

// views says what the views are, and their second names, where the first is a word
// of SQL that must be quoted.
var views = [event.NumKinds]struct{ doc, alias string }{
	event.Signin:                  {doc: "sign-ins of all sorts"},
	event.Audit:                   {doc: "changes in the directory: the audit log"},
	event.RiskDetection:           {doc: "detections of ID Protection, each in all its versions"},
	event.RiskyUser:               {doc: "users and service principals at risk, each in all its versions"},
	event.Activity:                {doc: "the activity log of Azure subscriptions"},
	event.M365:                    {doc: "the unified audit log of Microsoft 365, without sign-ins and directory changes"},
	event.KeyVault:                {doc: "requests to key vaults"},
	event.GraphActivity:           {doc: "requests to Microsoft Graph"},
	event.Provisioning:            {doc: "what provisioning did to accounts"},
	event.DomainServices:          {doc: "security events of Domain Services"},
	event.User:                    {doc: "snapshots of users; user is a word of SQL, so call it users", alias: "users"},
	event.Group:                   {doc: "snapshots of groups; group is a word of SQL, so call it groups", alias: "groups"},
	event.RoleAssignment:          {doc: "snapshots of who has which role"},
	event.RoleDefinition:          {doc: "snapshots of roles"},
	event.RegistrationDetails:     {doc: "snapshots of registered authentication methods"},
	event.Application:             {doc: "snapshots of applications"},
	event.ServicePrincipal:        {doc: "snapshots of service principals"},
	event.ConditionalAccessPolicy: {doc: "snapshots of Conditional Access policies"},
	event.NamedLocation:           {doc: "snapshots of named locations"},
	event.AccessReview:            {doc: "snapshots of access reviews"},
	event.RoleHolding:             {doc: "derived: who holds which role, and how it is used"},
	event.TenantPosture:           {doc: "derived: facts about the tenant as a whole"},
	event.RedirectDomain:          {doc: "derived: hosts of redirect URIs"},
	event.ReviewInstance:          {doc: "derived: instances of access reviews"},
	event.Generic:                 {doc: "JSON objects that were read without knowledge of Entra ID"},
}

// Views lists the views, without files: one for each kind, in their order, and
// one over all kinds with the columns that every kind has.
func Views() []View {
	var out []View
	for _, k := range Kinds() {
		out = append(out, View{Name: k.String(), Alias: views[k].alias, Doc: views[k].doc, Columns: withDay(Of(k))})
	}
	return append(out, View{Name: EventsView, Doc: "events of all kinds, with the columns that every kind has", Columns: withDay(common)})
}

func withDay(columns []Column) []Column {
	out := make([]Column, 0, len(columns)+1)
	out = append(out, columns[0], day)
	return append(out, columns[1:]...)
}

// All reports whether the part has all of some columns.
func (p *Part) All(columns []Column) bool {
	for i := range columns {
		if p.Has != nil && !p.Has[columns[i].Name] {
			return false
		}
	}
	return true
}
