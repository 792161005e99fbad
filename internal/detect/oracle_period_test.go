package detect_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
)

// A date is a day of a zone's calendar.
type date struct {
	zone string
	y    int
	m    time.Month
	d    int
}

func dateOf(at int64, zone *time.Location) date {
	y, m, d := time.Unix(0, at).In(zone).Date()
	return date{zone.String(), y, m, d}
}

// later is the date some days later.
func (d date) later(days int) date {
	y, m, day := time.Date(d.y, d.m, d.d+days, 0, 0, 0, 0, time.UTC).Date()
	return date{d.zone, y, m, day}
}

var starts = map[date]int64{}

// start looks for the first moment of a day, half an hour after the other.
func (d date) start(zone *time.Location) int64 {
	if at, ok := starts[d]; ok {
		return at
	}
	at := time.Date(d.y, d.m, d.d, 0, 0, 0, 0, time.UTC).Add(-30 * time.Hour).UnixNano()
	for dateOf(at, zone) != d {
		at += int64(30 * time.Minute)
	}
	starts[d] = at
	return at
}

// periodChange looks at every full hour of every day.
func (c *trial) periodChange() []finding {
	zone := zoneOf(c.p)
	counted := c.distinct(func(*mem) bool { return true })
	var days []date
	for _, m := range counted {
		if d := dateOf(m.At, zone); !slices.Contains(days, d) {
			days = append(days, d)
		}
	}
	var out []finding
	for _, day := range days {
		begin, end := day.start(zone), day.later(1).start(zone)
		weekBefore := day.later(-7)
		if counted[0].At > weekBefore.start(zone) {
			continue // the group was not known then
		}
		var since int64
		var members []*mem
		measure := ""
		for h := int64(1); ; h++ {
			hour := min(begin+h*int64(time.Hour), end)
			if c.until < hour { // never is before everything
				break
			}
			var now, then []*mem
			for _, m := range counted {
				switch dateOf(m.At, zone) {
				case day:
					if m.At < hour {
						now = append(now, m)
					}
				case weekBefore:
					if m.At < weekBefore.start(zone)+h*int64(time.Hour) {
						then = append(then, m)
					}
				}
			}
			change := math.Inf(1)
			if len(then) > 0 {
				change = 100 * float64(len(now)-len(then)) / float64(len(then))
			}
			if len(now) > 0 && float64(len(now)) >= c.p.Minimum && holds(c.p.Terms, change) {
				if members == nil {
					since = hour
				}
				members, measure = now, fmt.Sprintf("%d against none a week before", len(now))
				if len(then) > 0 {
					measure = fmt.Sprintf("%d against %d a week before, %+.0f %%", len(now), len(then), change)
				}
			}
			if hour == end {
				break
			}
		}
		if members != nil {
			f := say(c.p, c.all, c.sources, since, members, measure)
			// Members come in any order, so what is told must not depend on it:
			// no entities, the first events, the most frequent values.
			f.Entities = nil
			for _, m := range members {
				if f.Severity != "high" {
					f.Severity = min(f.Severity, m.d.Severity)
				}
			}
			f.Evidence = firstEvents(members, begin)
			for s := range f.Values {
				f.Values[s].Texts = c.frequent(members, s)
			}
			out = append(out, f)
		}
	}
	return out
}

// firstEvents are the first pieces of evidence, hour by hour of the day.
func firstEvents(members []*mem, begin int64) []string {
	type piece struct {
		hour int64
		detect.Evidence
	}
	var all []piece
	for _, m := range members {
		for _, e := range m.d.Evidence {
			all = append(all, piece{(m.At - begin) / int64(time.Hour), e})
		}
	}
	slices.SortStableFunc(all, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.hour, b.hour), a.Time.Compare(b.Time), bytes.Compare(a.Key[:], b.Key[:]))
	})
	var out []string
	for _, p := range all[:min(20, len(all))] {
		out = append(out, fmt.Sprintf("%x %d", p.Key[:4], p.Time.UnixNano()))
	}
	return out
}

// frequent are the values of a slot, the most frequent first.
func (c *trial) frequent(members []*mem, slot int) []string {
	count := map[string]int{}
	for _, m := range members {
		if from := c.sources[m.Input][slot]; from >= 0 && from < len(m.d.Values) {
			for _, text := range m.d.Values[from].Texts {
				count[text]++
			}
		}
	}
	out := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	if !c.all[slot] {
		out = out[:min(8, len(out))]
	}
	return out
}
