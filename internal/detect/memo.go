package detect

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// Many answers of the baseline depend on one thing only: who, with what device
// or application. Logs repeat those things, so a matcher remembers the answers
// for each of them, where finding them again is cheaper than asking.

// A domain is the thing that an answer depends on.
type domain int8

const (
	noDomain domain = iota // more than one thing: computed for each event
	ofUser
	ofActor
	ofDevice
	ofApp
	ofClient
	ofTenants
	ofNothing

	numDomains
)

// domains says what baseline fields depend on. A field that is not listed is
// computed for each event.
var domains = map[string]domain{
	"baseline.user.privileged": ofUser, "baseline.user.break_glass": ofUser, "baseline.user.vip": ofUser,
	"baseline.user.account_type": ofUser, "baseline.user.naming_policy": ofUser,
	"baseline.user.naming_policy_privileged": ofUser, "baseline.user.conditional_access_exception": ofUser,
	"baseline.user.standing_access_allowed": ofUser, "baseline.user.approved.user_lifecycle": ofUser,
	"baseline.actor.privileged": ofActor, "baseline.actor.break_glass": ofActor,
	"baseline.device.approved": ofDevice, "baseline.device.paw": ofDevice,
	"baseline.app.impact": ofApp, "baseline.app.high_value": ofApp, "baseline.app.ropc_allowed": ofApp,
	"baseline.app.single_factor_expected": ofApp, "baseline.app.b2c_local_account": ofApp,
	"baseline.tenant.b2c": ofNothing, "baseline.home_tenant": ofTenants,
	"baseline.resource_tenant.foreign": ofTenants, "baseline.resource_tenant.partner": ofTenants,
	"baseline.legacy_client": ofClient, "baseline.protocol.unused": ofClient,
}

// maxRemembered bounds how many things of one sort are remembered.
const maxRemembered = 1 << 14

// A memo holds the answers of one tenant's baseline. An answer is a byte: the
// place of its text in texts, so that what is remembered of one thing fits in
// a few bytes.
type memo struct {
	answers [numDomains]map[string]*answers
	texts   []string
	key     []byte
}

// answers are what is known of one thing, by the field's place in its domain.
type answers [16]uint8

const (
	unknown uint8 = iota
	absent
	firstText
)

// of returns the answers for the thing that an event has in a domain.
func (m *memo) of(d domain, f *facts) *answers {
	m.key = f.thing(d, m.key[:0])
	byThing := m.answers[d]
	if a, ok := byThing[string(m.key)]; ok {
		return a
	}
	if byThing == nil || len(byThing) >= maxRemembered {
		byThing = map[string]*answers{}
		m.answers[d] = byThing
	}
	a := &answers{}
	byThing[string(m.key)] = a
	return a
}

// code returns the byte for a text, or unknown when there are too many texts
// to remember.
func (m *memo) code(text string, ok bool) uint8 {
	if !ok {
		return absent
	}
	for i, t := range m.texts {
		if t == text {
			return firstText + uint8(i)
		}
	}
	if len(m.texts) == 200 {
		return unknown
	}
	m.texts = append(m.texts, strings.Clone(text))
	return firstText + uint8(len(m.texts)-1)
}

// thing appends all that answers of a domain depend on.
func (f *facts) thing(d domain, key []byte) []byte {
	e := f.e
	add := func(ids ...int) {
		for _, id := range ids {
			key = append(append(key, e.Text(id)...), 0)
		}
	}
	switch d {
	case ofUser:
		add(event.FUser, event.FUserName)
	case ofActor:
		add(event.FActorID, event.FActorName, event.FActorType, event.FActorApp, event.FAppID, event.FUser, event.FUserName)
		key = append(key, byte(e.Kind))
	case ofDevice:
		add(event.FDeviceID, event.FDeviceName)
	case ofApp:
		add(event.FAppID, event.FAppName, event.FResourceID, event.FResourceName)
	case ofClient:
		add(event.FClientApp, event.FProtocol)
	case ofTenants:
		add(event.FHomeTenant, event.FResourceTenant)
	}
	return key
}

// A slot is a field's domain and its place in it.
type slot struct {
	domain domain
	place  uint8
}

// slotsOf lays the table out by field.
func slotsOf(fields []baseline.Field) []slot {
	out := make([]slot, len(fields))
	var used [numDomains]uint8
	for i := range fields {
		d := domains[fields[i].Name]
		if int(used[d]) < len(answers{}) && d != noDomain {
			out[i] = slot{d, used[d]}
			used[d]++
		}
	}
	return out
}

// baselineValue answers baseline field i for the record at hand.
func (r *record) baselineValue(i int) (string, bool) {
	e := r.facts.engine
	s := e.slots[i]
	if s.domain == noDomain {
		return e.fields[i].Compute(r.ts.view, &r.facts)
	}
	known := r.answers[s.domain]
	if known == nil {
		known = r.memo.of(s.domain, &r.facts)
		r.answers[s.domain] = known
	}
	switch a := known[s.place]; a {
	case unknown:
		text, ok := e.fields[i].Compute(r.ts.view, &r.facts)
		known[s.place] = r.memo.code(text, ok)
		return text, ok
	case absent:
		return "", false
	default:
		return r.memo.texts[a-firstText], true
	}
}
