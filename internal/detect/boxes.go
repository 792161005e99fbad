package detect

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// boxes remember in which part of the earth each group was, by the hash of the
// group. Groups of one hash share a box, and where there are too many groups
// nothing is known of the rest: boxes are never too small.
type boxes struct {
	slots []box // a power of two of them, at most three quarters in use
	used  int
	full  bool // a group found no room
	// waiting are boxes to be added, many at a time: a slot is seldom in the
	// cache, but several can be waited for at once.
	waiting []box
	// far tells, once all is known, who was in places so far apart that the
	// box is worth a look.
	far bitmap
}

// farKm is what far means.
const farKm = 100

// maxBoxes bounds the slots: a megabyte holds 65,536.
const maxBoxes = 1 << 21

// A box holds hundredths of a degree. One that is empty has its north south of
// its south.
type box struct {
	hash                     uint32
	south, north, west, east int16
	used                     bool
}

// boxOf returns the box of a place, unused if it is not known.
func boxOf(p Place) box {
	if !p.Known {
		return box{}
	}
	return box{
		used:  true,
		south: int16(math.Floor(p.Lat * 100)), north: int16(math.Ceil(p.Lat * 100)),
		west: int16(math.Floor(p.Lon * 100)), east: int16(math.Ceil(p.Lon * 100)),
	}
}

// appendCell writes where a box begins. A box that is unused has no place.
func appendCell(dst []byte, b box) []byte {
	if !b.used {
		b.south = math.MinInt16
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(dst, uint16(b.south)), uint16(b.west))
}

// cellOf reads what appendCell wrote, as a box that is never too small.
func cellOf(b []byte) box {
	south, west := int16(binary.BigEndian.Uint16(b)), int16(binary.BigEndian.Uint16(b[2:]))
	if south == math.MinInt16 {
		return box{}
	}
	return box{used: true, south: south, north: south + 1, west: west, east: west + 1}
}

// with is the box that holds both.
func (s box) with(o box) box {
	switch {
	case !s.used:
		return o
	case o.used:
		s.south, s.north = min(s.south, o.south), max(s.north, o.north)
		s.west, s.east = min(s.west, o.west), max(s.east, o.east)
	}
	return s
}

// find returns the box of a group, or the empty slot where it belongs.
func (b *boxes) find(h uint32) *box {
	mask := uint32(len(b.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if s := &b.slots[i]; !s.used || s.hash == h {
			return s
		}
	}
}

// visit notes where a group was.
func (b *boxes) visit(h uint32, with box) {
	if !with.used {
		return
	}
	with.hash = h
	if b.waiting = append(b.waiting, with); len(b.waiting) == 64 {
		b.settle()
	}
}

// settle adds the boxes that wait.
func (b *boxes) settle() {
	for i := range b.waiting {
		b.cover(&b.waiting[i])
	}
	b.waiting = b.waiting[:0]
}

func (b *boxes) cover(with *box) {
	if len(b.slots) == 0 {
		b.slots = make([]box, 1<<10)
	}
	s := b.find(with.hash)
	if s.used {
		*s = s.with(*with)
		return
	}
	if b.used >= len(b.slots)/4*3 {
		if len(b.slots) == maxBoxes {
			b.full = true
			return
		}
		old := b.slots
		b.slots = make([]box, 2*len(old))
		for i := range old {
			if old[i].used {
				*b.find(old[i].hash) = old[i]
			}
		}
		s = b.find(with.hash)
	}
	*s = *with
	b.used++
}

func (b *boxes) merge(o *boxes) {
	o.settle()
	b.full = b.full || o.full
	for i := range o.slots {
		if s := &o.slots[i]; s.used {
			b.cover(s)
		}
	}
}

// apart reports whether a group may have been in two places so many kilometres
// apart.
func (b *boxes) apart(h uint32, minimum float64) bool {
	if minimum <= 0 {
		return true
	}
	if len(b.slots) == 0 {
		return false // without a place nothing is compared
	}
	if b.far.made() && minimum >= farKm && !b.far.has(h) {
		return false
	}
	s := b.find(h)
	if !s.used {
		return b.full
	}
	return s.extent() >= minimum
}

// seal notes who was in places far apart.
func (b *boxes) seal() {
	if b.full || len(b.slots) == 0 {
		return
	}
	b.far = newBitmap(groupBits)
	for i := range b.slots {
		if s := &b.slots[i]; s.used && s.extent() >= farKm {
			b.far.set(s.hash)
		}
	}
}

// extent is at least the distance, in kilometres, of any two points of the box.
func (s *box) extent() float64 {
	// No two points of the box are further apart than its height and its
	// greatest width together.
	height := float64(s.north-s.south) / 100
	width := float64(int(s.east)-int(s.west)) / 100
	return (height + width) * kmPerDegree
}

// kmPerDegree is the length of a degree of a great circle.
const kmPerDegree = earthRadius * math.Pi / 180

// coordinate reads a latitude or longitude.
func coordinate(s string, limit float64) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f >= -limit && f <= limit
}

const placeBits = 8

// places remember the boxes of coordinates: people come from few places.
type places [1 << placeBits]struct {
	latitude, longitude string
	box                 box
}

func (p *places) at(latitude, longitude string) box {
	if len(latitude) < 2 || len(longitude) < 2 {
		return boxOf(placeAt(latitude, longitude))
	}
	// The last digits differ most.
	n, m := latitude[len(latitude)-2:], longitude[len(longitude)-2:]
	h := uint32(n[0])<<24 | uint32(n[1])<<16 | uint32(m[0])<<8 | uint32(m[1])
	c := &p[h*0x9e3779b1>>(32-placeBits)]
	if c.latitude != latitude || c.longitude != longitude {
		c.latitude, c.longitude = strings.Clone(latitude), strings.Clone(longitude)
		c.box = boxOf(placeAt(latitude, longitude))
	}
	return c.box
}
