package simulate

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// trafficStart is when generated traffic begins: midnight of Monday 2026-10-05,
// in ticks of 100 ns since 1970.
const (
	trafficStart   = 1_791_158_400 * ticksPerSecond
	ticksPerSecond = 10_000_000
	ticksPerDay    = 24 * 60 * 60 * ticksPerSecond
)

// perHour is how often one person signs in during the busiest hour.
const perHour = 1.2

// outcome is how a sign-in ended.
type outcome uint8

const (
	answered    outcome = iota // password and MFA
	remembered                 // claims in the token were enough
	mistyped                   // 50126
	mfaAsked                   // 50074, followed by answered
	staySigned                 // 50140, followed by answered
	legacyLogin                // a password only, through an old protocol
	refreshed                  // no sign-in that anybody sees: a program renews its token
	expired                    // 70043: the same, but it is time to sign in again
	numOutcomes
)

// visit is one sign-in, in the few facts that differ between sign-ins.
type visit struct {
	at          int64 // ticks since 1970
	who         *person
	app         *application
	device      *device
	where       *place
	ip          string
	office      bool // ip is the office's
	outcome     outcome
	latency     int // ms
	step        int // seconds from password to MFA
	id          guid
	correlation guid
	session     guid
}

// traffic produces the sign-ins of all people in the order of their times.
type traffic struct {
	rng     *rand.Rand
	people  []person
	clock   int64   // of the last candidate for an arrival
	last    int64   // of the last visit returned
	next    visit   // the next arrival
	pending []visit // second attempts, by time
	offices []string
	mobile  []string // addresses that the phone networks share
}

func newTraffic(seed uint64) *traffic {
	t := &traffic{rng: rand.New(rand.NewPCG(seed, 0x7369676e696e)), people: newPeople(seed), clock: trafficStart}
	for i := range places {
		t.offices = append(t.offices, fmt.Sprintf("203.0.113.%d", 10+i))
	}
	for i := range 254 {
		t.mobile = append(t.mobile, fmt.Sprintf("198.51.100.%d", i+1))
	}
	t.next = t.arrive()
	return t
}

// visit returns the next sign-in. Times rise from one to the next.
func (t *traffic) visit() visit {
	var v visit
	if len(t.pending) > 0 && t.pending[0].at <= t.next.at {
		v = t.pending[0]
		t.pending = t.pending[1:]
	} else {
		v = t.next
		t.next = t.arrive()
	}
	v.at = max(v.at, t.last+1)
	t.last = v.at
	if v.outcome == mistyped || v.outcome == mfaAsked || v.outcome == staySigned {
		t.retry(v)
	}
	return v
}

// retry plans the attempt that follows a failed one: seconds later, with the
// same correlation id.
func (t *traffic) retry(v visit) {
	v.at += int64(4+t.rng.IntN(35)) * ticksPerSecond
	v.id = requestGUID(t.rng)
	if v.outcome != mistyped || t.rng.IntN(100) >= 15 {
		v.outcome = answered
	}
	i, _ := slices.BinarySearchFunc(t.pending, v.at, func(p visit, at int64) int { return int(p.at - at) })
	t.pending = slices.Insert(t.pending, i, v)
}

// arrive draws the next first attempt. Candidates come evenly at the rate of
// the busiest hour; each belongs to one person, and counts with the probability
// that this person is active at that local hour.
func (t *traffic) arrive() visit {
	const mean = ticksPerSecond * 3600 / (perHour * peopleCount)
	for {
		t.clock += int64(t.rng.ExpFloat64() * mean)
		who := &t.people[t.rng.IntN(len(t.people))]
		if t.rng.Float64() < busy(t.clock, who.home) {
			return t.draw(who)
		}
	}
}

// busy returns how active people at a place are at a time, from 0 to 1.
func busy(at int64, where *place) float64 {
	local := at + int64(where.offset)*60*ticksPerSecond
	day, hour := local/ticksPerDay, local%ticksPerDay/(3600*ticksPerSecond)
	if weekday := (day + 4) % 7; weekday == 0 || weekday == 6 { // 1970-01-01 was a Thursday
		return activityByHour[hour] * weekendActivity
	}
	return activityByHour[hour]
}

// draw makes up the sign-in of a person who is about to sign in.
func (t *traffic) draw(who *person) visit {
	r := t.rng.Uint64()
	day := uint64(t.clock / ticksPerDay)
	v := visit{at: t.clock, who: who, where: who.home, device: &who.laptop}
	v.app = who.apps[r%uint64(len(who.apps))]
	if who.legacyApp != nil && r>>8&1 == 0 {
		v.app = who.legacyApp
	}
	if v.app.onPhone || v.app.client == installed && r>>9&3 == 0 {
		v.device = &who.phone
	}
	if r>>11&7 == 0 && v.app.client == inBrowser {
		v.device = &deviceModels[homeComputer]
	}
	v.ip = who.homeIP
	atOffice := !who.guest && mix(who.hash, day)%100 < 65
	switch away := mix(who.hash, day/7+1<<32); {
	case away%200 == 0: // this week on a journey
		v.where = &abroad[away>>8%uint64(len(abroad))]
		v.ip = fmt.Sprintf("192.0.2.%d", 1+away>>16%254)
	case v.device == &who.phone && r>>16&1 == 0:
		v.ip = t.mobile[mix(who.hash, day+1<<40)%uint64(len(t.mobile))]
	case atOffice && v.device != &deviceModels[homeComputer]:
		v.ip, v.office = t.office(who.home), true
	}
	v.outcome = drawOutcome(v.app, r>>20%1000)
	v.latency = 40 + int(r>>32%360)
	v.step = 6 + int(r>>44%25)
	v.id, v.correlation = requestGUID(t.rng), randomGUID(t.rng)
	v.session = makeGUID(mix(who.hash, day), mix(day, uint64(len(v.device.name))+who.hash))
	return v
}

func drawOutcome(app *application, n uint64) outcome {
	switch {
	case n < 30:
		return mistyped
	case app.client != inBrowser && app.client != installed:
		return legacyLogin
	case n < 35:
		return mfaAsked
	case n < 40:
		return staySigned
	case n < 300:
		return answered
	}
	return remembered
}

func (t *traffic) office(p *place) string {
	for i := range places {
		if p == &places[i] {
			return t.offices[i]
		}
	}
	return t.offices[0]
}

// SigninRecords returns ordinary interactive sign-ins of the people of
// contoso.com, without end, from Monday 2026-10-05 on: some 40,000 on a working
// day of 4,000 people in twelve cities, at their local working hours, from their
// own devices and networks. Of the first attempts 3 % have a mistyped password
// and 1 % are interrupted (50074, 50140); both are tried again with the same
// correlation id. Ids are unique and times rise. Equal seeds give equal records.
func SigninRecords(seed uint64) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		t := newTraffic(seed)
		for {
			if v := t.visit(); !yield(v.record()) {
				return
			}
		}
	}
}

func tickTime(ticks int64) time.Time {
	return time.Unix(ticks/ticksPerSecond, ticks%ticksPerSecond*100).UTC()
}
