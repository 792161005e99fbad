package simulate

import (
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// growth is what grows in an attack that raises a number of the whole tenant
// above that of the same weekday a week before.
type growth struct {
	tenant string
	failed bool // failed sign-ins, else those that succeeded
	limit  increase
}

// hourly are counts of one day by the full hour before which they lie.
type hourly [25]int

// amount returns how many more sign-ins before an hour of a day leave growth a
// tenth of the limit below it, at each later hour as well, or bring it a tenth
// above. 0 = there is nothing to compare with, or too much already.
func (c *Company) amount(g *growth, day time.Time, hour int, over bool, attacks []Record) int {
	before := day.AddDate(0, 0, -7)
	now, then := c.count(g, day, attacks), c.count(g, before, attacks)
	if then[hour] == 0 || !c.known(g, before) {
		return 0
	}
	limit := func(hour, tenths int) int { return then[hour]*(1000+tenths*g.limit.percent)/1000 - now[hour] }
	if over {
		return max(limit(hour, 11)+1, g.limit.minimum*11/10-now[hour])
	}
	n := limit(hour, 9)
	for h := hour; h <= 24; h++ {
		n = min(n, limit(h, 9))
	}
	return max(0, n, g.limit.minimum*9/10-now[24])
}

// known reports whether there is a habit from before a day: what attacks did is
// none.
func (c *Company) known(g *growth, before time.Time) bool {
	for day := c.opt.Start; day.Before(before); day = day.AddDate(0, 0, 1) {
		if c.count(g, day, nil)[24] > 0 {
			return true
		}
	}
	return false
}

// count counts what happens on a day up to each hour.
func (c *Company) count(g *growth, day time.Time, attacks []Record) hourly {
	var out hourly
	add := func(at time.Time) {
		for hour := int(at.Sub(day)/time.Hour) + 1; hour <= 24; hour++ {
			out[hour]++
		}
	}
	if g.tenant == Tenant {
		for hour, n := range c.staffHours(g.failed)[day] {
			out[hour+1] = out[hour] + n
		}
	}
	number := int(day.Sub(c.opt.Start) / (24 * time.Hour))
	for _, records := range [][]Record{c.quiet(number), attacks} {
		for _, r := range records {
			at := eventTime(r)
			if r.Kind != event.Signin || r.Sub != event.Interactive || r.Tenant != g.tenant || at.Before(day) || !at.Before(day.AddDate(0, 0, 1)) {
				continue
			}
			code, _ := r.Get("status.errorCode")
			switch text(code) {
			case "50074", "50097", "50140": // interruptions
			case "0":
				if !g.failed {
					add(at)
				}
			default:
				if g.failed {
					add(at)
				}
			}
		}
	}
	return out
}

// staffHours counts the sign-ins of the staff that failed, or succeeded, in each
// hour of each day.
func (c *Company) staffHours(failed bool) map[time.Time][24]int {
	if c.hours == nil {
		c.hours = map[bool]map[time.Time][24]int{false: {}, true: {}}
		flow := c.newFlow()
		for v, ok := flow.visit(); ok; v, ok = flow.visit() {
			if v.outcome == mfaAsked || v.outcome == staySigned {
				continue
			}
			at, days := tickTime(v.at), c.hours[v.outcome == mistyped]
			day := days[at.Truncate(24*time.Hour)]
			day[at.Hour()]++
			days[at.Truncate(24*time.Hour)] = day
		}
	}
	return c.hours[failed]
}
