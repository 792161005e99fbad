package baseline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"
)

// hours is one schedule as written. It belongs to members, to sign-ins from
// countries, or, if members is "*", to everybody whom no other one fits.
type hours struct {
	members   []ref
	countries []string
	schedule
}

// schedule is a span of the clock on some weekdays in one time zone. If to is
// not after from, it runs over midnight and belongs to the day it began on.
type schedule struct {
	clock    *clock
	days     [7]bool // by time.Weekday
	from, to int     // minutes after midnight
}

func (p *parser) hours(n *yaml.Node, path string) any {
	list := []hours{}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		if h, ok := p.oneHours(n, path); ok {
			list = append(list, h)
		}
	}) {
		return nil
	}
	return list
}

func (p *parser) oneHours(n *yaml.Node, path string) (hours, bool) {
	var h hours
	ok := p.object(n, path,
		key{"members", false, func(n *yaml.Node, path string) { h.members = p.principals(n, path, bareNothing) }},
		key{"countries", false, func(n *yaml.Node, path string) { h.countries, _ = p.countries(n, path).([]string) }},
		key{"time_zone", true, func(n *yaml.Node, path string) { h.clock = p.zone(n, path) }},
		key{"days", true, func(n *yaml.Node, path string) { h.days = p.weekdays(n, path) }},
		key{"from", true, func(n *yaml.Node, path string) { h.from = p.clock(n, path, 23*60+59) }},
		key{"to", true, func(n *yaml.Node, path string) { h.to = p.clock(n, path, 24*60) }},
	)
	if !ok {
		return h, false
	}
	switch {
	case len(h.members) == 0 && len(h.countries) == 0:
		p.failNode(n, path, `write members: ["*"] for everybody`, "needs members or countries")
	case len(h.members) > 0 && len(h.countries) > 0:
		p.failNode(n, path, "make two entries of it", "has both members and countries")
	case len(h.members) > 1 && everybody(h.members):
		p.failNode(n, path, `write "*" alone or leave it out`, `"*" already stands for all members`)
	case h.from == h.to:
		p.failNode(n, path, `write from: "00:00" and to: "24:00" for the whole day`, "from and to are the same")
	default:
		return h, true
	}
	return h, false
}

// everybody reports whether the list contains "*".
func everybody(refs []ref) bool {
	for _, r := range refs {
		if r.text == "*" {
			return true
		}
	}
	return false
}

func (p *parser) zone(n *yaml.Node, path string) *clock {
	s, ok := p.scalar(n, path)
	if !ok {
		return nil
	}
	loc, err := time.LoadLocation(s)
	if err != nil || strings.EqualFold(s, "local") {
		p.failNode(n, path, "use a name like Europe/Stockholm or UTC", "%q is not a known time zone", s)
		return nil
	}
	return &clock{zone: loc}
}

func (p *parser) weekdays(n *yaml.Node, path string) (days [7]bool) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	items := p.texts(n, path)
	for _, it := range items {
		day, ok := p.word(it, names)
		for i, name := range names {
			days[i] = days[i] || ok && name == day
		}
	}
	if items != nil && len(items) == 0 {
		p.failNode(n, path, "", "names no day")
	}
	return days
}

// clock reads a time of day as minutes after midnight.
func (p *parser) clock(n *yaml.Node, path string, latest int) int {
	s, ok := p.scalar(n, path)
	if !ok {
		return 0
	}
	hh, mm, colon := strings.Cut(s, ":")
	h, err1 := strconv.ParseUint(hh, 10, 8)
	m, err2 := strconv.ParseUint(mm, 10, 8)
	minutes := int(h)*60 + int(m)
	if !colon || err1 != nil || err2 != nil || len(hh) > 2 || len(mm) != 2 || m > 59 || minutes > latest {
		p.failNode(n, path, fmt.Sprintf(`write it from "00:00" to "%02d:%02d"`, latest/60, latest%60), "%q is not a time of day", s)
		return 0
	}
	return minutes
}

// dates is a set of calendar days, whatever the zone, each as its number since
// 1970-01-01.
type dates map[int64]struct{}

func dayNumber(y int, m time.Month, d int) int64 {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay
}

func (p *parser) dates(n *yaml.Node, path string) any {
	items := p.texts(n, path)
	if items == nil {
		return nil
	}
	list := []time.Time{}
	for _, it := range items {
		if t, ok := p.day(it); ok {
			list = append(list, t)
		}
	}
	return list
}

// covers reports whether t falls into the schedule. The days are those of the
// local calendar, so a change to or from summer time moves nothing.
func (s *schedule) covers(t time.Time, holidays dates) bool {
	local := s.clock.local(t.Unix())
	second := (local%secondsPerDay + secondsPerDay) % secondsPerDay
	day, minute := (local-second)/secondsPerDay, int(second/60)
	switch {
	case s.from < s.to:
		return minute >= s.from && minute < s.to && s.works(day, holidays)
	case minute >= s.from:
		return s.works(day, holidays)
	case minute < s.to:
		return s.works(day-1, holidays)
	}
	return false
}

// A clock shows the time of a zone. It remembers between which two changes it was
// last looked at: nearly all events of a log lie between the same two.
type clock struct {
	zone *time.Location
	last atomic.Pointer[season]
}

// A season is a time in which a clock stays as far ahead of UTC as it is.
type season struct {
	from, to int64 // Unix seconds
	ahead    int64
}

// local returns the seconds from 1970 on that the clock shows at a moment.
func (c *clock) local(unix int64) int64 {
	s := c.last.Load()
	if s == nil || unix < s.from || unix >= s.to {
		s = c.season(time.Unix(unix, 0).In(c.zone))
		c.last.Store(s)
	}
	return unix + s.ahead
}

func (c *clock) season(t time.Time) *season {
	_, ahead := t.Zone()
	s := &season{from: math.MinInt64, to: math.MaxInt64, ahead: int64(ahead)}
	from, to := t.ZoneBounds()
	if !from.IsZero() {
		s.from = from.Unix()
	}
	if !to.IsZero() {
		s.to = to.Unix()
	}
	return s
}

const secondsPerDay = 24 * 60 * 60

// works takes a day as its number since 1970-01-01, which was a Thursday.
func (s *schedule) works(day int64, holidays dates) bool {
	if !s.days[((day+int64(time.Thursday))%7+7)%7] {
		return false
	}
	if len(holidays) == 0 {
		return true
	}
	_, off := holidays[day]
	return !off
}
