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
	f := &flow{rng: rand.New(rand.NewPCG(c.opt.Seed, 0x666c6f77)), company: c, clock: unixTicks(c.opt.Start), end: unixTicks(c.end())}
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
		if where != nil && f.rng.Float64() < atWork(f.clock, where) {
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

// atWork is how busy people at a place are, with nights and weekends off.
func atWork(at int64, where *place) float64 {
	local := at + int64(where.offset)*60*ticksPerSecond
	day, hour := local/ticksPerDay, local%ticksPerDay/(3600*ticksPerSecond)
	if weekday := (day + 4) % 7; weekday == 0 || weekday == 6 || hour < 6 || hour >= 21 {
		return 0
	}
	return activityByHour[hour]
}

func (f *flow) draw(who *person, where *place) visit {
	r := f.rng.Uint64()
	day := uint64(f.clock / ticksPerDay)
	v := visit{at: f.clock, who: who, where: where, device: &who.laptop, ip: who.homeIP}
	v.app = who.apps[r%uint64(len(who.apps))]
	if v.app.onPhone || v.app.client == installed && r>>9&3 == 0 {
		v.device = &who.phone
	}
	switch atOffice := !who.guest && mix(who.hash, day)%100 < 65; {
	case where != who.home: // a hotel
		v.ip = fmt.Sprintf("2001:db8:a000:%x::1", mix(who.hash, day/7)&0xffff)
	case v.device == &who.phone && r>>16&1 == 0:
		v.ip = fmt.Sprintf("198.51.100.%d", 1+mix(who.hash, day*24+(r>>60))%254)
	case mix(who.hash, day+1<<41)%20 == 0: // the company's VPN
		v.ip = "203.0.113.200"
	case atOffice:
		v.ip, v.office = officeAddress(where), true
	}
	v.outcome = drawOutcome(v.app, r>>20%1000)
	v.latency, v.step = 40+int(r>>32%360), 6+int(r>>44%25)
	v.id, v.correlation = requestGUID(f.rng), randomGUID(f.rng)
	v.session = makeGUID(mix(who.hash, day), mix(day, uint64(len(v.device.name))+who.hash))
	return v
}

func officeAddress(p *place) string {
	for i := range places {
		if p == &places[i] {
			return fmt.Sprintf("203.0.113.%d", 10+i)
		}
	}
	return "203.0.113.10"
}
