package baseline

import "time"

// roster is a list of schedules with members resolved.
type roster struct {
	entries  []rosterEntry
	has      [levels]bool // entries
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
		out.holidays[dayNumber(t.Date())] = struct{}{}
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
		out.has[e.level()] = true
	}
	return out
}

// covers reports whether t is within the hours of who, acting from country.
// Entries that name who as a member decide; if there are none, those of the
// country; if there are none, those of everybody. Any one of them suffices. With
// no entry at all there is no answer, and neither for an application that no
// entry names, since services keep no hours.
func (r *roster) covers(who Principal, country string, t time.Time) (in, known bool) {
	for level := range levels {
		if !r.has[level] {
			continue
		}
		for i := range r.entries {
			e := &r.entries[i]
			if e.level() != level || !e.fits(&who, country) {
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

// Levels of entries, in the order in which they decide.
const (
	ofMembers = iota
	ofCountries
	ofEverybody
	levels
)

func (e *rosterEntry) level() int {
	switch {
	case e.members != nil:
		return ofMembers
	case e.countries != nil:
		return ofCountries
	}
	return ofEverybody
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
