package detect

import (
	"cmp"
	"math"
	"slices"
)

// Who travels was in two places far apart, one after the other. Of who does not, a
// sieve keeps where he was from when to when.

// roams are the stays of everybody, by the hash of their group, in order. Nearly
// all are in one place only, and take no more than that.
type roams struct {
	one  map[uint64]stay
	more map[uint64][]stay
}

// A stay is where somebody was, and from when to when nowhere else.
type stay struct {
	from, to int64
	lat, lon int16 // hundredths of a degree, rounded down
}

func newRoams() roams { return roams{map[uint64]stay{}, map[uint64][]stay{}} }

func (r *roams) len() int {
	n := len(r.one)
	for _, stays := range r.more {
		n += len(stays)
	}
	return n
}

func (r *roams) set(h uint64, stays []stay) {
	delete(r.one, h)
	delete(r.more, h)
	switch len(stays) {
	case 0:
	case 1:
		r.one[h] = stays[0]
	default:
		r.more[h] = stays
	}
}

// forget gives up stays that were over at a time.
func (r *roams) forget(before int64) {
	for h, s := range r.one {
		if s.to <= before {
			delete(r.one, h)
		}
	}
	for h, stays := range r.more {
		if n := stayed(stays, before+1); n > 0 {
			r.set(h, slices.Clone(stays[n:]))
		}
	}
}

// stayed is how many stays were over before a time.
func stayed(stays []stay, at int64) int {
	n, _ := slices.BinarySearchFunc(stays, at, func(s stay, at int64) int { return cmp.Compare(s.to, at) })
	return n
}

// roam notes where somebody was, and opens the group of who was in two places
// far apart, one after the other.
func (s *sieve) roam(stage int, p *Pattern, prefix []byte, at int64, place Place) bool {
	if !place.Known {
		return false // it is compared with nothing
	}
	h := s.hash(prefix)
	v := stay{at, at, int16(math.Floor(place.Lat * 100)), int16(math.Floor(place.Lon * 100))}
	one, lone := s.roams.one[h]
	if lone && one.here(v) {
		s.visit(h, &one, at)
		s.roams.one[h] = one
		return false
	}
	stays := s.roams.more[h]
	if lone {
		stays = []stay{one}
	}
	stays, apart := s.stays(h, stays, v, p)
	if !apart {
		s.roams.set(h, stays)
		return false
	}
	g, err := s.l.named(stage, prefix)
	if err != nil {
		return true // it cannot be named: let whoever inserts it say so
	}
	s.roams.set(h, nil)
	g.open = true
	for _, stay := range stays {
		for _, r := range s.left.within(h, Range{stay.from, stay.to}) {
			s.want(g, r)
		}
	}
	return false // it is recalled with the others
}

// stays adds a visit to stays. apart says whether it is too far from what was just
// before it, or just after.
func (s *sieve) stays(h uint64, stays []stay, v stay, p *Pattern) (out []stay, apart bool) {
	at := v.from
	// Those between first and end include the moment.
	first := stayed(stays, at)
	end, _ := slices.BinarySearchFunc(stays, at, func(s stay, at int64) int {
		if s.from <= at {
			return -1
		}
		return 1
	})
	beside := stays[max(first-1, 0):min(end+1, len(stays))]
	for _, near := range beside {
		gap := max(near.from-at, at-near.to, 0)
		apart = apart || (p.Span <= 0 || gap <= int64(p.Span)) && near.far(v, p.Minimum)
	}
	if first < end {
		beside = stays[first:end]
	}
	for i := range beside {
		if beside[i].here(v) {
			s.visit(h, &beside[i], at)
			return stays, apart
		}
	}
	s.left.add(h, at)
	if first < end && stays[end-1].to > at { // it was in the midst of another
		later := stays[end-1]
		stays[end-1].to, later.from = at, at
		return slices.Insert(stays, end, v, later), apart
	}
	return slices.Insert(stays, end, v), apart
}

// visit makes a stay so long that it includes a visit.
func (s *sieve) visit(h uint64, to *stay, at int64) {
	if slotOf(at) != slotOf(to.from) && slotOf(at) != slotOf(to.to) {
		s.left.add(h, at)
	}
	to.from, to.to = min(to.from, at), max(to.to, at)
}

func (s stay) here(v stay) bool { return s.lat == v.lat && s.lon == v.lon }

// far reports whether two places may be so many kilometres apart.
func (s stay) far(v stay, minimum float64) bool {
	a := Place{Lat: float64(s.lat) / 100, Lon: float64(s.lon) / 100}
	b := Place{Lat: float64(v.lat) / 100, Lon: float64(v.lon) / 100}
	return a.distance(b)+4 >= minimum // a hundredth of a degree is 1.1 km
}

func (s *sieve) forget(cut int64) {
	s.left.forget(cut - int64(s.reach))
	s.roams.forget(cut - int64(s.reach))
}
