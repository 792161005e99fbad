package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// flow produces the sign-ins of a company's people in the order of their times:
// at the hours of each one's place, from own devices, from offices, homes, phone
// networks and, for a few, from journeys.
type flow struct {
	rng     *rand.Rand
	company *Company
	clock   int64 // of the last candidate for an arrival
	last    int64
	end     int64
	next    visit
	more    bool
	pending []visit // second attempts, by time
}

func (c *Company) newFlow() *flow {
	f := &flow{rng: rand.New(rand.NewPCG(c.opt.Seed, mix(0x666c6f77, uint64(c.opt.Start.Unix())))), company: c, clock: unixTicks(c.opt.Start), end: unixTicks(c.end())}
	f.next, f.more = f.arrive()
	return f
}

func unixTicks(t time.Time) int64 { return t.Unix() * ticksPerSecond }

// visit returns the next sign-in; ok is false at the end.
func (f *flow) visit() (v visit, ok bool) {
	switch {
	case len(f.pending) > 0 && (!f.more || f.pending[0].at <= f.next.at):
		v, f.pending = f.pending[0], f.pending[1:]
	case f.more:
		v = f.next
		f.next, f.more = f.arrive()
	default:
		return v, false
	}
	v.at = max(v.at, f.last+1)
	f.last = v.at
	if v.outcome == mistyped || v.outcome == mfaAsked || v.outcome == staySigned {
		f.retry(v)
	}
	return v, true
}

func (f *flow) retry(v visit) {
	v.at += int64(4+f.rng.IntN(35)) * ticksPerSecond
	v.id = requestGUID(f.rng)
	if v.outcome != mistyped || f.rng.IntN(100) >= 15 {
		v.outcome = answered
	}
	if v.at >= f.end {
		return
	}
	i, _ := slices.BinarySearchFunc(f.pending, v.at, func(p visit, at int64) int { return int(p.at - at) })
	f.pending = slices.Insert(f.pending, i, v)
}

// arrive draws the next first attempt, as traffic does.
func (f *flow) arrive() (visit, bool) {
	mean := ticksPerSecond * 3600 / (perHour * float64(len(f.company.staff)))
	for {
		f.clock += 1 + int64(f.rng.ExpFloat64()*mean)
		if f.clock >= f.end {
			return visit{}, false
		}
		who := &f.company.staff[f.rng.IntN(len(f.company.staff))]
		where := stay(who, f.clock)
		if where != nil && f.rng.Float64() < atWork(f.clock, who, where) {
			return f.draw(who, where), true
		}
	}
}

// stay returns where a person is: mostly at home, in some weeks abroad from
// Tuesday to Thursday, and on the way (nil) the days before and after.
func stay(who *person, at int64) *place {
	day := uint64(at / ticksPerDay)
	week := (day + 3) / 7 // weeks begin on Monday
	away := mix(who.hash, week+1<<32)
	if who.guest || away%150 != 0 {
		return who.home
	}
	switch weekday := (day + 3) % 7; {
	case weekday == 0 || weekday == 4:
		return nil
	case weekday < 4:
		return &abroad[away>>8%uint64(len(abroad))]
	}
	return who.home
}

// atWork is how busy a person at a place is, with nights off, and weekends for
// all but those who have a shift.
func atWork(at int64, who *person, where *place) float64 {
	local := at + int64(where.offset)*60*ticksPerSecond
	day, hour := local/ticksPerDay, local%ticksPerDay/(3600*ticksPerSecond)
	weekday := (day + 4) % 7
	switch weekend := weekday == 0 || weekday == 6; {
	case hour < 6 || hour >= 23, weekend && !(who.shift && mix(who.hash, uint64(day))%4 == 0):
		return 0
	}
	return activityByHour[hour]
}

func (f *flow) draw(who *person, where *place) visit {
	r := f.rng.Uint64()
	v := visit{at: f.clock, who: who, where: where, device: &who.laptop}
	v.app = who.apps[r%uint64(len(who.apps))]
	if v.app.onPhone || v.app.client == installed && r>>9&3 == 0 {
		v.device = &who.phone
	}
	v.connect(r)
	v.outcome = drawOutcome(v.app, r>>20%1000)
	v.latency, v.step = 40+int(r>>32%360), 6+int(r>>44%25)
	v.id, v.correlation = requestGUID(f.rng), randomGUID(f.rng)
	return v
}

// connect says through what network a person reaches Entra that day, and in
// which session. r is chance.
func (v *visit) connect(r uint64) {
	who, day := v.who, uint64(v.at/ticksPerDay)
	v.ip = who.homeIP
	hour := (v.at/ticksPerSecond/60 + int64(v.where.offset)) / 60 % 24
	switch atOffice := !who.guest && mix(who.hash, day)%100 < 65; {
	case v.where != who.home: // a hotel
		v.ip = fmt.Sprintf("2001:db8:a000:%x::1", mix(who.hash, day/7)&0xffff)
	case v.device == &who.phone && r>>16&1 == 0:
		v.ip = fmt.Sprintf("198.51.100.%d", 1+mix(who.hash, day*24+(r>>60))%254)
	case mix(who.hash, day+1<<41)%20 == 0 && hour >= 7 && hour < 17: // the company's VPN, for the working day
		gate := gateway(v.where)
		v.where, v.ip = &places[gate], fmt.Sprintf("203.0.113.%d", 200+gate)
	case atOffice:
		v.ip, v.office = officeAddress(v.where), true
	}
	v.session = makeGUID(mix(who.hash, day), mix(day, uint64(len(v.device.name))+who.hash))
}

// officeNetwork is how the addresses of offices and gateways begin.
const officeNetwork = "203.0.113."

// gateway returns the place where the VPN of a part of the world comes out: it
// is there that its users seem to be.
func gateway(p *place) int {
	switch {
	case p.offset < 0:
		return 8 // Boston
	case p.offset >= 300:
		return 11 // Singapore
	}
	return 0
}

func officeAddress(p *place) string {
	for i := range places {
		if p == &places[i] {
			return fmt.Sprintf("203.0.113.%d", 10+i)
		}
	}
	return "203.0.113.10"
}
