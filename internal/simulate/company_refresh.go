package simulate

import "math/rand/v2"

// How often the programs of one person ask for a token without being seen, in
// an hour. An access token lasts an hour or so: on the laptop Teams and the mail
// program ask while its owner works, and the phone, which its system puts to
// sleep, every other hour while its owner is up, at night less. This makes them
// most of the log, as in a real tenant.
const (
	laptopRefreshes = 2.0
	phoneRefreshes  = 0.5
	asleep          = 0.2 // of the phone's rate
)

// refreshes produces the non-interactive sign-ins of the staff in the order of
// their times. They come from where the person is that day.
type refreshes struct {
	flow
	programs []*application // on laptops
	mail     *application   // on phones
}

func (c *Company) newRefreshes() *refreshes {
	r := &refreshes{flow: flow{company: c, rng: rand.New(rand.NewPCG(c.opt.Seed, mix(0x72656672657368, uint64(c.opt.Start.Unix())))), clock: unixTicks(c.opt.Start), end: unixTicks(c.end())}}
	for i := range applications {
		switch a := &applications[i]; {
		case a.onPhone:
			r.mail = a
		case a.client == installed && !a.admins:
			r.programs = append(r.programs, a)
		}
	}
	return r
}

// visit returns the next one; ok is false at the end.
func (f *refreshes) visit() (v visit, ok bool) {
	staff := f.company.staff
	mean := ticksPerSecond * 3600 / ((laptopRefreshes + phoneRefreshes) * float64(len(staff)))
	for {
		f.clock += 1 + int64(f.rng.ExpFloat64()*mean)
		if f.clock >= f.end {
			return visit{}, false
		}
		who := &staff[f.rng.IntN(len(staff))]
		where := stay(who, f.clock)
		if where == nil {
			continue
		}
		phone := f.rng.Float64() < phoneRefreshes/(laptopRefreshes+phoneRefreshes)
		busy := atWork(f.clock, who, where)
		if phone {
			busy = awake(f.clock, where)
		}
		if f.rng.Float64() >= busy {
			continue
		}
		return f.refresh(who, where, phone), true
	}
}

func (f *refreshes) refresh(who *person, where *place, phone bool) visit {
	r := f.rng.Uint64()
	v := visit{at: f.clock, who: who, where: where, device: &who.laptop, app: f.programs[r%uint64(len(f.programs))], outcome: refreshed}
	if phone {
		v.device, v.app = &who.phone, f.mail
	}
	if r>>9%40 == 0 { // the policy wants people to sign in again about once in two days
		v.outcome = expired
	}
	v.connect(r)
	v.latency, v.step = 30+int(r>>32%90), 0
	v.id, v.correlation = requestGUID(f.rng), randomGUID(f.rng)
	return v
}

// awake is how often a phone asks, compared with the day.
func awake(at int64, where *place) float64 {
	local := at + int64(where.offset)*60*ticksPerSecond
	if hour := local % ticksPerDay / (3600 * ticksPerSecond); hour < 6 || hour >= 23 {
		return asleep
	}
	return 1
}
