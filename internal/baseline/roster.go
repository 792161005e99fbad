package baseline

import "time"

// roster is a list of schedules with members resolved.
type roster struct {
	entries  [levels][]rosterEntry
	holidays dates
}

// Levels of entries, in the order in which they decide.
const (
	ofMembers = iota
	ofCountries
	ofEverybody
	levels
)

type rosterEntry struct {
	members   *principalSet // nil if the entry is for countries or for everybody
	countries *countrySet
	schedule
}

func (r *resolver) roster(input string, list []hours, holidays []time.Time) *roster {
	out := &roster{holidays: dates{}}
	for _, t := range holidays {
		out.holidays[dayNumber(t.Date())] = struct{}{}
	}
	for _, h := range list {
		e, level := rosterEntry{schedule: h.schedule}, ofEverybody
		switch {
		case len(h.countries) > 0:
			e.countries, level = newCountrySet(h.countries), ofCountries
		case !everybody(h.members):
			e.members, level = r.set(input, h.members, true), ofMembers
		}
		out.entries[level] = append(out.entries[level], e)
	}
	return out
}

// covers reports whether t is within the hours of who, acting from country.
// Entries that name who as a member decide; if there are none, those of the
// country; if there are none, those of everybody. Any one of them suffices. With
// no entry at all there is no answer, and neither for an application that no
// entry names, since services keep no hours.
func (r *roster) covers(who *Principal, country string, t time.Time) (in, known bool) {
	for _, entries := range r.entries {
		for i := range entries {
			e := &entries[i]
			if !e.fits(who, country) {
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

func (e *rosterEntry) fits(who *Principal, country string) bool {
	switch {
	case e.members != nil:
		return e.members.has(*who)
	case e.countries != nil:
		return !who.App && e.countries.has(country)
	}
	return !who.App
}
