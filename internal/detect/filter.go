package detect

import (
	"hash/maphash"
	"math"
	"slices"
	"strconv"
)

// Filters remember, while events are read in any order, enough to leave out
// later what cannot matter: outcomes of sign-ins that nothing interrupted,
// places of people who were never far from where they were before, and events
// of a correlation that lack a counterpart in their group. They may let too
// much pass, never too little. A Matcher fills its own; those of all
// are joined by Merge before a Correlator uses them.
type Filters struct {
	interrupts []uint64 // bits, by hash of the sign-in
	boxes      []box    // by hash of the group
	// groups are bits by hash of the group, for each input of a correlation
	// without which another input does not matter.
	groups [][]uint64
}

const (
	interruptBits = 1 << 23
	boxCount      = 1 << 21
	groupBits     = 1 << 20
)

// A box is the part of the earth in which a group was, in hundredths of a
// degree. It is never too small.
type box struct {
	known                    bool
	south, north, west, east int16
}

// newFilters returns the filters that some rules need.
func (e *Engine) newFilters() *Filters {
	f := &Filters{groups: make([][]uint64, e.marks)}
	for i := range f.groups {
		f.groups[i] = make([]uint64, groupBits/64)
	}
	for i := range e.signals {
		if e.signals[i].logons && f.interrupts == nil {
			f.interrupts = make([]uint64, interruptBits/64)
		}
		for _, s := range e.signals[i].slots {
			if f.boxes == nil && slices.ContainsFunc(s.notes, func(n groupNote) bool { return n.travels }) {
				f.boxes = make([]box, boxCount)
			}
		}
	}
	return f
}

// Merge adds what another matcher's filters know.
func (f *Filters) Merge(o *Filters) {
	for i, w := range o.interrupts {
		f.interrupts[i] |= w
	}
	for i := range o.groups {
		for j, w := range o.groups[i] {
			f.groups[i][j] |= w
		}
	}
	for i := range o.boxes {
		if b := &o.boxes[i]; b.known {
			f.boxes[i].cover(b)
		}
	}
}

func (b *box) cover(o *box) {
	if !b.known {
		*b = *o
		return
	}
	b.south, b.north = min(b.south, o.south), max(b.north, o.north)
	b.west, b.east = min(b.west, o.west), max(b.east, o.east)
}

// interruptBit is where a sign-in is noted.
func interruptBit(seed maphash.Seed, tenant string, entities []Entity, correlation string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(tenant)
	h.WriteString(correlation)
	for i := range entities {
		if e := &entities[i]; e.Type == "user" || e.Type == "app" {
			h.WriteString(e.ID)
		}
	}
	return h.Sum64() % interruptBits
}

func (f *Filters) interrupt(seed maphash.Seed, tenant string, entities []Entity, correlation string) {
	bit := interruptBit(seed, tenant, entities, correlation)
	f.interrupts[bit/64] |= 1 << (bit % 64)
}

// interrupted reports whether a sign-in may have been interrupted.
func (f *Filters) interrupted(seed maphash.Seed, tenant string, entities []Entity, correlation string) bool {
	if f == nil || f.interrupts == nil {
		return true
	}
	bit := interruptBit(seed, tenant, entities, correlation)
	return f.interrupts[bit/64]&(1<<(bit%64)) != 0
}

func groupHash(seed maphash.Seed, tenant, group string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(tenant)
	h.WriteString(group)
	return h.Sum64()
}

// note notes the groups of an event. tuples are the encoded tuples of a slot.
func (f *Filters) note(seed maphash.Seed, tenant string, tuples []byte, s *slotFields) {
	if len(s.notes) == 0 {
		return
	}
	d := signalReader{b: tuples}
	for len(d.b) > 0 && !d.bad {
		n := d.uvarint() >> 1 // a tuple is never a GUID
		if n > uint64(len(d.b)) {
			return
		}
		t := borrowed(d.take(int(n)))
		for _, n := range s.notes {
			end, complete := splitTuple(t, n.groups)
			if !complete {
				continue
			}
			h := groupHash(seed, tenant, t[:end])
			if n.mark >= 0 {
				f.mark(n.mark, h)
			}
			if n.travels {
				f.visit(h, placeOf(t[end:]))
			}
		}
	}
}

func (f *Filters) mark(m int, h uint64) {
	h %= groupBits
	f.groups[m][h/64] |= 1 << (h % 64)
}

// marked reports whether a group may have been marked.
func (f *Filters) marked(m int, h uint64) bool {
	h %= groupBits
	return f.groups[m][h/64]&(1<<(h%64)) != 0
}

// visit notes where a group was.
func (f *Filters) visit(h uint64, p Place) {
	if !p.Known {
		return
	}
	b := box{
		known: true,
		south: int16(math.Floor(p.Lat * 100)), north: int16(math.Ceil(p.Lat * 100)),
		west: int16(math.Floor(p.Lon * 100)), east: int16(math.Ceil(p.Lon * 100)),
	}
	f.boxes[h%boxCount].cover(&b)
}

// mayTravel reports whether a group may have been in two places so many
// kilometres apart.
func (f *Filters) mayTravel(h uint64, minimum float64) bool {
	if f == nil || f.boxes == nil || minimum <= 0 {
		return true
	}
	b := &f.boxes[h%boxCount]
	if !b.known {
		return false // without a place nothing is compared
	}
	// No two points of the box are further apart than its height and its
	// greatest width together.
	height := float64(b.north-b.south) / 100
	width := float64(int(b.east)-int(b.west)) / 100
	return (height+width)*kmPerDegree >= minimum
}

// kmPerDegree is the length of a degree of a great circle.
const kmPerDegree = earthRadius * math.Pi / 180

// coordinate reads a latitude or longitude.
func coordinate(s string, limit float64) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f >= -limit && f <= limit
}
