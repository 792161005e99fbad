package baseline

import "time"

// roster is a list of schedules with members resolved.
type roster struct {
	entries  []rosterEntry
	holidays dates
}

type rosterEntry struct {
	members   *principalSet // nil if the entry is for countries or for everybody
	countries *countrySet
	schedule
}

func (r *resolver) roster(input string, list []hours, holidays []time.Time) *roster {
	out := &roster{holidays: dates{}}
	for _, t := range holidays {
		out.holidays[dateKey(t.Date())] = struct{}{}
	}
	for _, h := range list {
		e := rosterEntry{schedule: h.schedule}
		switch {
		case len(h.countries) > 0:
			e.countries = newCountrySet(h.countries)
		case !everybody(h.members):
			e.members = r.set(input, h.members, true)
		}
		out.entries = append(out.entries, e)
	}
	return out
}

// covers reports whether t is within the hours of who, acting from country.
// Entries that name who as a member decide; if there are none, those of the
// country; if there are none, those of everybody. Any one of them suffices. With
// no entry at all there is no answer, and neither for an application that no
// entry names, since services keep no hours.
func (r *roster) covers(who Principal, country string, t time.Time) (in, known bool) {
	for level := range 3 {
		for i := range r.entries {
			e := &r.entries[i]
			if !e.at(level, who, country) {
				continue
			}
			known = true
			if e.schedule.covers(t, r.holidays) {
				return true, true
			}
		}
		if known {
			return false, true
		}
	}
	return false, false
}

func (e *rosterEntry) at(level int, who Principal, country string) bool {
	switch level {
	case 0:
		return e.members != nil && e.members.has(who)
	case 1:
		return e.countries != nil && !who.App && e.countries.has(country)
	}
	return e.members == nil && e.countries == nil && !who.App
}
