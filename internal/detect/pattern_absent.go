package detect

import (
	"bytes"
	"math"
	"strings"
	"time"
)

// absent finds members of the first rule that none of the others follows
// within the span. It says so only where the watermark of the awaited logs has
// passed the end of the span.
type absent struct {
	p       *Pattern
	emit    func(*Found) error
	until   int64
	waiting []Member // of the first rule, oldest first
}

func (a *absent) counts(*Member) bool { return true }

func (a *absent) add(m *Member) error {
	if err := a.expire(m.At); err != nil {
		return err
	}
	if m.Input == 0 {
		w := *m
		w.Values, w.Detail = nil, bytes.Clone(m.Detail)
		a.waiting = append(a.waiting, w)
		return nil
	}
	// Whoever waited before this moment waited for it.
	n := 0
	for n < len(a.waiting) && a.waiting[n].At < m.At {
		n++
	}
	a.waiting = a.waiting[n:]
	return nil
}

func (a *absent) moment() error { return nil }

// expire reports who has waited in vain when it is at.
func (a *absent) expire(at int64) error {
	n := 0
	for n < len(a.waiting) && a.deadline(&a.waiting[n]) < at {
		if err := a.report(&a.waiting[n]); err != nil {
			return err
		}
		n++
	}
	a.waiting = a.waiting[n:]
	return nil
}

func (a *absent) deadline(m *Member) int64 {
	if d := m.At + int64(a.p.Span); d >= m.At {
		return d
	}
	return math.MaxInt64
}

func (a *absent) report(m *Member) error {
	if a.until == never || a.deadline(m) > a.until {
		return nil // it may still come
	}
	f := &Found{At: m.At, Sub: string(m.ID[:]), Detail: a.p.detail()}
	f.Measure = SpanText(a.p.Span)
	if err := a.p.take(&f.Detail, m); err != nil {
		return err
	}
	return a.emit(f)
}

func (a *absent) end() error {
	for i := range a.waiting {
		if err := a.report(&a.waiting[i]); err != nil {
			return err
		}
	}
	return nil
}

// firstSeen finds values that are new for a group which has been known for the
// learning period. Some inputs only teach what is known.
type firstSeen struct {
	p       *Pattern
	emit    func(*Found) error
	started bool
	first   int64
	known   map[string]int64 // since when
	told    map[string]bool  // reported
}

func (s *firstSeen) counts(m *Member) bool { return len(m.Values) > 0 }

func (s *firstSeen) add(m *Member) error {
	if !s.started {
		s.started, s.first, s.known, s.told = true, m.At, map[string]int64{}, map[string]bool{}
	}
	for _, v := range m.Values {
		since, known := s.known[v]
		if known && (since != m.At || s.told[v]) {
			continue
		}
		v = strings.Clone(v)
		s.known[v] = m.At
		// What others bring at the same moment makes nothing known.
		if len(s.p.Teach) > 0 && s.p.Teach[m.Input] || m.At-s.first < int64(s.p.Learning) {
			continue
		}
		s.told[v] = true
		f := &Found{At: m.At, Sub: v, Detail: s.p.detail()}
		f.Measure = "known for " + SpanText(time.Duration(m.At-s.first))
		if err := s.p.take(&f.Detail, m); err != nil {
			return err
		}
		if err := s.emit(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *firstSeen) moment() error { return nil }

func (s *firstSeen) end() error { return nil }
