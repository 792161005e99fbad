package detect

import (
	"slices"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// columnNames are fields that a complete export of a log fills in some record: where
// one is empty in all, it was left out or switched off, and rules that need it
// find nothing. Fields that only tell of what happened, such as the properties
// that a change modified, are not among them.
var columnNames = map[event.Kind][]string{
	event.Signin: {
		"userId", "userPrincipalName", "user.id", "user.name", "actor.id", "actor.name", "actor.type", "userType", "appId", "appDisplayName",
		"resourceId", "resourceDisplayName", "resourceTenantId", "homeTenantId", "ipAddress", "ip", "location.countryOrRegion", "country",
		"location.city", "location.geoCoordinates.latitude", "location.geoCoordinates.longitude", "autonomousSystemNumber", "clientAppUsed",
		"userAgent", "status.errorCode", "outcome", "conditionalAccessStatus", "authenticationRequirement", "authenticationProtocol",
		"deviceDetail.deviceId", "deviceDetail.displayName", "deviceDetail.operatingSystem", "deviceDetail.browser", "deviceDetail.isCompliant",
		"deviceDetail.isManaged", "deviceDetail.trustType", "riskLevelAggregated", "riskLevelDuringSignIn", "riskState",
	},
	event.Audit: {
		"activity", "activityDisplayName", "category", "loggedByService", "result", "outcome", "initiatedBy.user.ipAddress", "ip",
		"actor.id", "actor.name", "targetResources.id", "target.id", "target.name",
	},
	event.RiskDetection: {"riskEventType", "riskLevel", "riskState", "activity", "userId", "userPrincipalName", "user.id", "user.name", "ipAddress", "ip", "location.countryOrRegion", "country"},
	event.Activity:      {"caller", "actor.name", "callerIpAddress", "ip", "operationName", "activity", "outcome"},
	event.M365:          {"UserId", "user.name", "actor.name", "ClientIP", "ip", "Operation", "activity", "Workload"},
	event.KeyVault:      {"callerIpAddress", "ip", "operationName", "activity"},
}

// emptiness is what was seen in a column.
type emptiness uint8

const (
	_     emptiness = iota // nothing, or null
	blank                  // empty texts or lists
	filled
)

// columns lists the columns of a log that rules compare.
func (e *Engine) columns(k event.Kind) []int {
	var out []int
	for _, name := range columnNames[k] {
		if f := e.Schema.Lookup(k, name); f != nil && slices.Contains(e.hot[k], f.ID) && !slices.Contains(out, f.ID) {
			out = append(out, f.ID)
		}
	}
	return out
}

// Columns notes which columns of logs ever hold something. A filled one is not
// looked at again.
type Columns struct {
	open  [event.NumKinds][]int
	state map[column]emptiness
}

type column struct {
	kind  event.Kind
	field int
}

// NewColumns returns what notes the columns that rules compare, for one
// goroutine.
func (e *Engine) NewColumns() *Columns {
	c := &Columns{state: map[column]emptiness{}}
	for k := range c.open {
		c.open[k] = e.columns(event.Kind(k))
	}
	return c
}

// See takes the next event, read for matching.
func (c *Columns) See(e *event.Event) {
	c.open[e.Kind] = slices.DeleteFunc(c.open[e.Kind], func(field int) bool {
		for i := 0; ; i++ {
			v, ok := e.Value(field, i)
			switch {
			case !ok:
				return false
			case v.Kind == sigma.Null:
			case v.Text != "" && v.Text != "[]" && v.Text != "{}":
				c.state[column{e.Kind, field}] = filled
				return true
			default:
				c.state[column{e.Kind, field}] = blank
			}
		}
	})
}

// A Sight says which columns some records of a log fill.
type Sight struct {
	Kind    event.Kind
	Format  event.Format
	Records int
	Filled  []string
}

// A Lookout notes which columns are filled of late, for one goroutine: those that
// rules compare, again and again.
type Lookout struct {
	schema *event.Schema
	c      *Columns
	all    [event.NumKinds][]int
	seen   [event.NumKinds]sighted
}

type sighted struct {
	format  event.Format
	records int
}

// NewLookout returns one that has seen nothing.
func (e *Engine) NewLookout() *Lookout {
	l := &Lookout{schema: e.Schema, c: e.NewColumns()}
	for k := range l.all {
		l.all[k] = slices.Clone(l.c.open[k])
	}
	return l
}

// See takes the next event. Of a log that comes in several formats at once only
// one is looked at.
func (l *Lookout) See(e *event.Event) {
	s := &l.seen[e.Kind]
	if len(l.all[e.Kind]) == 0 || s.records > 0 && s.format != e.Format {
		return
	}
	s.format = e.Format
	s.records++
	l.c.See(e)
}

// Take adds what was seen since the last time to a list, and begins anew.
func (l *Lookout) Take(to []Sight) []Sight {
	for k := range l.seen {
		s := &l.seen[k]
		if s.records == 0 {
			continue
		}
		x := Sight{Kind: event.Kind(k), Format: s.format, Records: s.records}
		for _, field := range l.all[k] {
			if l.c.state[column{x.Kind, field}] == filled {
				x.Filled = append(x.Filled, l.schema.FieldName(field))
			}
		}
		to = append(to, x)
		l.c.open[k] = append(l.c.open[k][:0], l.all[k]...)
		*s = sighted{}
	}
	clear(l.c.state)
	return to
}
