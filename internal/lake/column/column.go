package column

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Type is what the values of a column are.
type Type uint8

// The types. Times are UTC and counted in microseconds.
const (
	Text Type = iota
	Int
	Float
	Bool
	Time
	Bytes
)

var sqlNames = [...]string{"VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "TIMESTAMP", "BLOB"}

// A Column is one column of a kind of event.
type Column struct {
	Name string // in SQL
	Type Type
	// List columns hold all values of the field. Lists of one Group are as long
	// as each other: the i-th values are of the same element of the record's
	// array.
	List  bool
	Group string
	// Field is the canonical name of the field that the column holds; "" for the
	// columns that every kind has.
	Field string
	Doc   string
	// Few is set where many rows share a value, so that it pays to number the
	// different ones.
	Few bool
	// Filter is set where files say quickly that they do not have a value.
	Filter bool
}

// SQL is the type as SQL writes it.
func (c *Column) SQL() string {
	if c.List {
		return sqlNames[c.Type] + "[]"
	}
	return sqlNames[c.Type]
}

// Names of the columns that code reads by name.
const (
	Key      = "event_key"
	ID       = "event_id"
	When     = "time"
	Tenant   = "tenant"
	Kind     = "kind"
	Sub      = "sub_kind"
	Format   = "format"
	Origin   = "origin"
	Received = "received"
	User     = "user"
	UserName = "user_name"
	Actor    = "actor"
	App      = "app"
	IP       = "ip"
	Raw      = "raw"
	// Policies is a column of sign-ins.
	Policies = "policy_results"
	Exact    = "raw_exact"
)

// common are the columns that events of every kind have, in the order in which
// listings show them. Those with a field hold it where the kind has it, and
// nothing where it has not.
var common = []Column{
	{Name: When, Type: Time, Doc: "when it happened, UTC, to the microsecond; absent when the record has no time"},
	{Name: Tenant, Few: true, Doc: "the tenant whose event this is"},
	{Name: Kind, Few: true, Doc: "the log, or the sort of directory object"},
	{Name: Sub, Few: true, Doc: "the sort of sign-in: interactive, non_interactive, service_principal, managed_identity, adfs"},
	{Name: User, Few: true, Filter: true, Doc: "whose event it is: object id of the user, else the user principal name in lower case; where the event is no user's, that of the actor"},
	{Name: UserName, Few: true, Filter: true, Field: "user.name", Doc: "its user principal name"},
	{Name: Actor, Few: true, Filter: true, Doc: "who did it: object id, else the name in lower case; absent in logs that do not tell"},
	{Name: "actor_name", Few: true, Field: "actor.name", Doc: "name of who did it"},
	{Name: "activity", Few: true, Field: "activity", Doc: "what was done, by its name in the log"},
	{Name: "outcome", Few: true, Field: "outcome", Doc: "success, failure, or what else the kind knows"},
	{Name: App, Few: true, Filter: true, Doc: "id of the application that was used"},
	{Name: IP, Few: true, Filter: true, Field: "ip", Doc: "address without port"},
	{Name: "country", Few: true, Field: "country", Doc: "ISO code of the country"},
	{Name: ID, Doc: "the entry's own id (the field `id`)"},
	{Name: Key, Filter: true, Doc: "the event's key, 32 hexadecimal digits, by which alerts name it: equal keys are the same event"},
	{Name: Format, Few: true, Doc: "the format in which the record came"},
	{Name: Origin, Doc: "where the record stood: file, or topic with partition and offset, and line"},
	{Name: Received, Type: Time, Few: true, Doc: "when it was received, UTC"},
	{Name: Raw, Doc: "the record as it came; bytes that are no UTF-8 are replaced by U+FFFD"},
	{Name: Exact, Type: Bytes, Doc: "the record's bytes, where `raw` could not hold them as they were"},
}

// policies stands behind the columns that every kind has. As one text it can be
// counted before it is taken apart, which is many times faster than to take apart
// the lists of each sign-in.
var policies = Column{
	Name: Policies, Few: true,
	Doc: "the Conditional Access policies with their results, as JSON: [[\"policy\",\"result\"],…]",
}

// Common lists the columns that events of every kind have, with the docs that
// kinds give them where they differ.
func Common() []Column { return slices.Clone(common) }

// apps names the field that tells the application, by kind.
var apps = [event.NumKinds]string{
	event.Signin: "appId", event.Audit: "actor.appId", event.RiskDetection: "appId", event.RiskyUser: "appId",
	event.Activity: "callerAppId", event.M365: "ApplicationId", event.KeyVault: "appId", event.GraphActivity: "appId",
	event.Application: "appId", event.ServicePrincipal: "appId",
}

// AppField is the canonical name of the field that the column app holds; "" if
// the kind has none.
func AppField(k event.Kind) string { return apps[k] }

// tables are the columns of all kinds; they never change.
var tables = sync.OnceValue(func() *[event.NumKinds][]Column {
	schema := event.NewSchema()
	var out [event.NumKinds][]Column
	for k := event.Kind(1); k < event.NumKinds; k++ {
		out[k] = build(schema, k)
	}
	return &out
})

// Of lists the columns of a kind: first those that every kind has, then its
// fields in the order of the registry. The caller does not change them.
func Of(k event.Kind) []Column { return tables()[k] }

// Kinds lists the kinds, in the order in which listings show them.
func Kinds() []event.Kind {
	out := make([]event.Kind, 0, event.NumKinds-1)
	for k := event.Kind(1); k < event.NumKinds; k++ {
		out = append(out, k)
	}
	return out
}

// Version is eight hexadecimal digits that differ where the columns of a kind
// differ. It is part of the names of files, so that a reader knows which of them
// have the same columns.
func Version(k event.Kind) string {
	h := fnv.New32a()
	for i := range Of(k) {
		c := &Of(k)[i]
		fmt.Fprintf(h, "%s %s\n", c.Name, c.SQL())
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// build makes the columns of a kind out of the registry. Fields of type json are
// parts of the raw record and have no column.
func build(schema *event.Schema, k event.Kind) []Column {
	out := Common()
	if k == event.Signin {
		out = append(out, policies)
	}
	taken := map[string]int{}
	for i := range out {
		c := &out[i]
		taken[c.Name] = i
		if c.Field == "" {
			continue
		}
		if f := schema.Lookup(k, c.Field); f != nil && f.Name == c.Field {
			c.Doc = f.Doc
		} else {
			c.Field = ""
			c.Doc = "no log of this kind tells"
		}
	}
	fields := schema.Fields(k)
	// Derived fields are better to ask, so they have the first choice of names.
	slices.SortStableFunc(fields, func(a, b *event.Field) int { return cmp.Compare(rank(a), rank(b)) })
	var own []Column
	for _, f := range fields {
		name := Name(f.Name)
		if i, ok := taken[name]; ok && i >= 0 && out[i].Field == f.Name {
			continue
		}
		// The event's own id and time are columns of every kind.
		if f.Type == event.JSON || f.Name == "id" || f.Name == "time" {
			continue
		}
		for {
			if _, ok := taken[name]; !ok {
				break
			}
			name += "_logged"
		}
		taken[name] = -1
		list, group := listed(k, f)
		own = append(own, Column{
			Name: name, Type: typeOf(f), List: list, Group: group, Field: f.Name, Doc: f.Doc, Few: !unique[f.Name] && f.Type != event.Time,
		})
	}
	order := map[string]int{}
	for i, f := range schema.Fields(k) {
		order[f.Name] = i
	}
	slices.SortStableFunc(own, func(a, b Column) int { return cmp.Compare(order[a.Field], order[b.Field]) })
	return append(out, own...)
}

func rank(f *event.Field) int {
	if f.Derived() {
		return 0
	}
	return 1
}

func typeOf(f *event.Field) Type {
	switch f.Type {
	case event.Int:
		return Int
	case event.Float:
		return Float
	case event.Bool:
		return Bool
	case event.Time:
		return Time
	default:
		return Text
	}
}

// Name is how a field is spelt in SQL: lower case, with an underscore before
// each word and for each character that is no letter or digit. status.errorCode
// becomes status_error_code.
func Name(field string) string {
	var out []byte
	line := func() {
		if len(out) > 0 && out[len(out)-1] != '_' {
			out = append(out, '_')
		}
	}
	for i := range len(field) {
		switch c := field[i]; {
		case c >= 'A' && c <= 'Z':
			// A word begins at a capital behind a small letter, and at the last of
			// several capitals: ClientIPAddress is client_ip_address.
			small := func(j int) bool { return j < len(field) && field[j] >= 'a' && field[j] <= 'z' }
			if i > 0 && (!capital(field[i-1]) || small(i+1)) {
				line()
			}
			out = append(out, c+'a'-'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			out = append(out, c)
		default:
			line()
		}
	}
	return string(out)
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }
