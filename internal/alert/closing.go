package alert

import (
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// Closings tells when somebody closed alerts of a rule and group, in ascending
// order. Whatever begins by then is dealt with, however late it is known: it
// only grows the alert that was closed. What begins later makes the next one.
// A closing concerns the group and not one alert of it, so its time must not
// be later than what the person who closed the alert could know of.
type Closings func(tenant, rule string, group []string) []time.Time

// CloseAt gives the builder the closings. It must come before the first signal.
func (b *Builder) CloseAt(c Closings) { b.closings = c }

// begin opens an episode that no other of its group is near.
func (b *Builder) begin(s *detect.Signal) *episode {
	var closed []time.Time
	if b.closings != nil {
		closed = b.closings(s.Tenant, b.rules[s.Rule].Slug, s.Group)
	}
	return b.open(s, time.Time{}, closed)
}

// open makes an alert that begins with s, after a closing or none. Of closed
// it keeps the closings that concern it.
func (b *Builder) open(s *detect.Signal, split time.Time, closed []time.Time) *episode {
	r := b.rules[s.Rule]
	for len(closed) > 0 && (closed[0].Before(s.First) || !closed[0].After(split)) {
		closed = closed[1:]
	}
	first := s.First
	if r.Posture() {
		first = time.Time{} // it stands, whenever it is seen
	}
	return &episode{
		id: fingerprint(s.Tenant, r.Slug, s.Group, first, r.Period(), split), rule: r, first: *s,
		seen: map[event.Key]bool{}, closed: closed,
	}
}

// closedBefore reports whether the alert was closed before s began.
func (e *episode) closedBefore(s *detect.Signal) bool {
	return len(e.closed) > 0 && s.First.After(e.closed[0])
}

// closedWithin reports whether the alert was closed while s went on. Nobody can
// part such a finding: it stays with the alert that was closed and begins the
// next one as well.
func (e *episode) closedWithin(s *detect.Signal) bool {
	return len(e.closed) > 0 && !e.closedBefore(s) && s.Last.After(e.closed[0])
}

// end hands on the alert at hand. If it was closed, what went on then and s, if
// that is of the same episode, make the next one.
func (b *Builder) end(s *detect.Signal) error {
	e := b.cur
	b.cur = nil
	switch {
	case len(e.over) > 0:
		b.cur = b.open(&e.over[0], e.closed[0], e.closed)
		for _, over := range e.over {
			b.take(b.cur, over)
		}
	case s != nil && b.same(e, s):
		// Of several closings the last one parts s from what was before it.
		i, _ := slices.BinarySearchFunc(e.closed, s.First, time.Time.Compare)
		b.cur = b.open(s, e.closed[i-1], e.closed)
		b.cur.detail.Last = s.First
	}
	if b.cur != nil {
		e.related = append(e.related, b.cur.id)
		b.cur.related = []string{e.id}
	}
	return b.emit(e.alert())
}
