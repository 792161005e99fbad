package detect

import (
	"math"
	"time"
)

// A Place is where on earth a member was.
type Place struct {
	Lat, Lon float64
	Known    bool
}

const earthRadius = 6371.0 // km, mean

// distance is the way along the earth's surface, in kilometres.
func (p Place) distance(q Place) float64 {
	rad := func(deg float64) float64 { return deg * math.Pi / 180 }
	sinLat, sinLon := math.Sin(rad(q.Lat-p.Lat)/2), math.Sin(rad(q.Lon-p.Lon)/2)
	h := sinLat*sinLat + math.Cos(rad(p.Lat))*math.Cos(rad(q.Lat))*sinLon*sinLon
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}

// travel compares each member that has a place with the one before. A pair
// further apart in time than the span, or nearer to each other than the
// minimum, is not compared.
type travel struct {
	p      *Pattern
	emit   func(*Found) error
	some   bool
	last   Member // its detail is detail
	detail []byte
}

func (t *travel) counts(m *Member) bool { return m.Place.Known }

func (t *travel) add(m *Member) error {
	if t.some {
		if err := t.compare(m); err != nil {
			return err
		}
	}
	t.detail = append(t.detail[:0], m.Detail...)
	t.some, t.last = true, *m
	t.last.Values, t.last.Detail = nil, t.detail
	return nil
}

func (t *travel) compare(m *Member) error {
	took := time.Duration(m.At - t.last.At)
	if t.p.Span > 0 && took > t.p.Span {
		return nil
	}
	way := t.last.Place.distance(m.Place)
	if way == 0 || way < t.p.Minimum || !t.p.holds(way/took.Hours()) { // +Inf for no time at all
		return nil
	}
	f := &Found{At: m.At, Sub: string(m.ID[:]), Detail: t.p.detail()}
	f.Measure = Whole(way) + " km in " + SpanText(took)
	for _, x := range []*Member{&t.last, m} {
		if err := t.p.take(&f.Detail, x); err != nil {
			return err
		}
	}
	return t.emit(f)
}

func (t *travel) moment() error { return nil }

func (t *travel) end() error { return nil }
