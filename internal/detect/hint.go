package detect

import (
	"cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// What package sigma is told about fields, so that records find the rules that
// are for them by what is cheap to look at and tells them apart.

// selectivity says how well a field tells records apart: rules are indexed by
// the comparison that fewest records satisfy.
var selectivity = map[int]int{
	event.FActivity: 5, event.FErrorCode: 3, event.FProtocol: 3, event.FClientApp: 2, event.FLegacyClient: 2, event.FMFADenied: 2,
	event.FOutcome: -2, event.FActorType: -2, event.FResult: -2, event.FTargetsType: -1, event.FSignInType: -2, event.FCountry: 1,
}

// common lists values that most records have.
var common = map[int][]string{
	event.FErrorCode: {"0"}, event.FOutcome: {"success"}, event.FActorType: {"user"}, event.FSignInType: {"interactive", "non_interactive"},
	event.FMFADenied: {"false"}, event.FLegacyClient: {"false"},
}

// derivedPrice is what it takes to derive a field, in fields that are read.
const derivedPrice = 2

func eventRef(f *event.Field) sigma.Ref {
	r := sigma.Ref{ID: f.ID, Selectivity: selectivity[f.ID], Common: common[f.ID]}
	if f.Derived() {
		r.Price = derivedPrice
	}
	return r
}

// baselineSelectivity is that of fields of the baseline: few people are
// privileged, and most addresses are none of the organisation's.
var baselineSelectivity = map[string]int{
	"baseline.user.break_glass": 4, "baseline.user.privileged": 4, "baseline.user.vip": 3,
	"baseline.actor.break_glass": 4, "baseline.actor.privileged": 3, "baseline.tenant.b2c": 3,
	"baseline.country.allowed": 1, "baseline.ip.trusted": -3, "baseline.ip.egress": -3,
	"baseline.device.approved": -3, "baseline.device.paw": -3, "baseline.signin.violated_controls": -4,
}

// baselinePrice is what it takes to answer a question to the baseline, in fields
// that are read; baselineUsual is what the others take.
var baselinePrice = map[string]int{
	"baseline.home_tenant": 2, "baseline.tenant.b2c": 1, "baseline.country.allowed": 2, "baseline.protocol.unused": 3, "baseline.legacy_client": 3,
	"baseline.time.working_hours": 6, "baseline.ip.trusted": 8, "baseline.ip.egress": 8, "baseline.signin.violated_controls": 16,
	"baseline.user.account_type": 12,
}

const baselineUsual = 4

// baselineOf names the one field of an event on which an answer depends.
var baselineOf = map[string]int{
	"baseline.country.allowed": event.FCountry, "baseline.protocol.unused": event.FProtocol, "baseline.legacy_client": event.FClientApp,
	"baseline.home_tenant": event.FHomeTenant, "baseline.resource_tenant.foreign": event.FResourceTenant,
	"baseline.resource_tenant.partner": event.FResourceTenant,
}

// byUser lists the questions that have one answer for all users whom the
// baseline does not know.
var byUser = map[string]bool{
	"baseline.user.privileged": true, "baseline.user.break_glass": true, "baseline.user.vip": true, "baseline.user.approved.user_lifecycle": true,
	"baseline.user.conditional_access_exception": true, "baseline.user.standing_access_allowed": true, "baseline.user.stationary_violation": true,
}

func (e *Engine) baselineRef(k event.Kind, id int) sigma.Ref {
	name := e.fields[id].Name
	r := sigma.Ref{ID: e.first + id, Selectivity: baselineSelectivity[name], Price: cmp.Or(baselinePrice[name], baselineUsual)}
	if byUser[name] {
		r.Of = &sigma.Ref{ID: e.known, Price: baselineUsual}
	} else if of, ok := baselineOf[name]; ok {
		if f := e.Schema.Field(k, of); f != nil {
			ref := eventRef(f)
			r.Of = &ref
		}
	}
	return r
}
