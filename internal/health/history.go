package health

import (
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

const (
	week = 7 * 24 * time.Hour
	// Remembered is how far back it is looked for what is usual.
	Remembered = 4*week + 24*time.Hour
	// A log is silent when so many events did not come that these hours have always
	// brought, for longer than the pause that usually begins then.
	missing    = 10
	leastPause = time.Hour
	// A pause may be longer by a half, unless so many hours went by that always
	// bring something: an export that comes once a day has one of them.
	missedHours = 2
	// Who has not watched for a week does not know what Saturdays are like.
	leastYoung = 4 * time.Hour
	// leastRare is how long logs that bring something now and then may be quiet.
	leastRare = 24 * time.Hour
)

// A Name is what a source brings of a kind.
type Name struct{ Source, Kind string }

// A History is what each log brought in each hour.
type History struct {
	logs map[Name]*past
}

type past struct {
	hours map[int64]hour
	first int64 // the first hour of all
}

type hour struct {
	events int64
	first  time.Time // the earliest event
}

// NewHistory returns one in which nothing has happened.
func NewHistory() *History { return &History{logs: map[Name]*past{}} }

// Add takes what was counted in an hour.
func (h *History) Add(x *state.Hour) {
	if x.Events == 0 || x.Kind == "" {
		return
	}
	name := Name{x.Source, x.Kind}
	p, at := h.logs[name], number(x.At)
	if p == nil {
		p = &past{hours: map[int64]hour{}, first: at}
		h.logs[name] = p
	}
	p.first = min(p.first, at)
	was := p.hours[at]
	was.events += x.Events
	if was.first.IsZero() || !x.First.IsZero() && x.First.Before(was.first) {
		was.first = x.First
	}
	p.hours[at] = was
}

// Forget gives up what is too old to matter.
func (h *History) Forget(now time.Time) {
	before := number(now.Add(-Remembered))
	for name, p := range h.logs {
		for at := range p.hours {
			if at < before {
				delete(p.hours, at)
			}
		}
		p.first = max(p.first, before)
		if len(p.hours) == 0 {
			delete(h.logs, name)
		}
	}
}

func number(t time.Time) int64 { return t.Unix() / 3600 }

func began(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

const (
	dayHours  = 24
	weekHours = 7 * dayHours
)

// usual is the least that an hour of the week brought in the weeks before; of the
// day, where there is no week before. ok is false without any.
func (p *past) usual(at int64) (events int64, ok bool) {
	least := func(step int64, most int) {
		for i := range most {
			t := at - step*int64(i+1)
			if t < p.first || i > 0 && !ok {
				return
			}
			if n := p.hours[t].events; !ok || n < events {
				events, ok = n, true
			}
		}
	}
	if least(weekHours, 4); !ok {
		least(dayHours, 6)
	}
	return events, ok
}

// missed is how many events should have come in a stretch at least, and how many
// whole hours that always brought some. It stops where there are enough of both.
func (p *past) missed(from, to time.Time) (sum float64, hours int) {
	for at := number(from); at <= number(to) && (sum < missing || hours < missedHours); at++ {
		begin, end := began(at), began(at+1)
		n, _ := p.usual(at)
		if n > 0 && !begin.Before(from) && !end.After(to) {
			hours++
		}
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		sum += float64(n) * end.Sub(begin).Hours()
	}
	return sum, hours
}

// pause is the longest that usually begins at an hour of the week, in whole hours
// without events.
func (p *past) pause(at int64) time.Duration {
	var most int64
	step := int64(weekHours)
	if at-step < p.first {
		step = dayHours
	}
	for t := at - step; t >= p.first && t >= at-4*weekHours; t -= step {
		n := int64(0)
		for t+n+1 < at && p.hours[t+n+1].events == 0 {
			n++
		}
		most = max(most, n)
	}
	return time.Duration(most) * time.Hour
}

// Silent reports whether a log that brought nothing since last should have brought
// something. The service has watched since watching.
func (h *History) Silent(name Name, last, watching, now time.Time) bool {
	p := h.logs[name]
	if p == nil {
		return false
	}
	if watching.After(last) {
		last = watching
	}
	quiet := now.Sub(last)
	least, young := leastPause, now.Sub(began(p.first)) < week
	if young {
		least = leastYoung
	}
	if quiet < least {
		return false
	}
	sum, hours := p.missed(last, now)
	if sum >= missing && (hours >= missedHours || quiet >= p.pause(number(last))*3/2) {
		return true
	}
	return !young && quiet >= leastRare && quiet > 2*p.longest(number(last))
}

// longest is the longest pause between hours that brought something, up to an hour.
func (p *past) longest(until int64) time.Duration {
	var most, run int64
	for at := p.first; at <= until; at++ {
		if run++; p.hours[at].events > 0 {
			run = 0
		}
		most = max(most, run)
	}
	return time.Duration(most+1) * time.Hour
}

// UsualPause is how long at most a log is usually quiet at an hour; 0 = not known,
// or longer than that hour.
func (h *History) UsualPause(name Name, now time.Time) time.Duration {
	p := h.logs[name]
	if p == nil {
		return 0
	}
	n, ok := p.usual(number(now))
	if !ok || n == 0 {
		return 0
	}
	return time.Hour / time.Duration(n)
}

// Volume is how many events the last full hour brought, and how many the same hour
// a week before; -1 if nobody watched then.
func (h *History) Volume(name Name, now time.Time) (last, before int64) {
	p := h.logs[name]
	if p == nil {
		return 0, -1
	}
	at := number(now) - 1
	if at-weekHours < p.first {
		return p.hours[at].events, -1
	}
	return p.hours[at].events, p.hours[at-weekHours].events
}

// Gaps are the stretches of the last week, up to the hour before this one, in
// which nothing came although it should have. What came afterwards was late and
// is no gap.
func (h *History) Gaps(name Name, now time.Time) []Gap {
	p := h.logs[name]
	if p == nil {
		return nil
	}
	var out []Gap
	begin := int64(-1)
	for at := max(p.first, number(now)-weekHours); at < number(now); at++ {
		if p.hours[at].events == 0 {
			if begin < 0 {
				begin = at
			}
			continue
		}
		if begin >= 0 {
			g := Gap{began(begin), began(at)}
			late := p.hours[at].first
			caughtUp := !late.IsZero() && late.Before(g.From.Add(time.Hour))
			if sum, _ := p.missed(g.From, g.To); !caughtUp && sum >= missing {
				out = append(out, g)
			}
			begin = -1
		}
	}
	return out
}

// Knows reports whether a log has brought anything.
func (h *History) Knows(name Name) bool { return h.logs[name] != nil }
