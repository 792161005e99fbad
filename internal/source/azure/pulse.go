package azure

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
)

// A Pulse is when a stream asks again, and how it fared.
type Pulse struct {
	At       time.Time
	Failures int // in a row
}

const (
	// refusedAgain is when refused questions are asked again: a permission may have
	// been granted, a licence bought.
	refusedAgain = 15 * time.Minute
	// Throttling and short outages are daily life: that many failures in a row are
	// not worth telling.
	patient = 2
)

// Well plans the next question after an answer.
func (p *Pulse) Well(next time.Time) { p.At, p.Failures = next, 0 }

// Failed plans the next question after an error at now. final tells that asking
// again is in vain for a while; chance, from 0 to 1, spreads those who wait.
func (p *Pulse) Failed(err error, final bool, now time.Time, chance float64) {
	p.Failures++
	r := (*Refusal)(nil)
	switch {
	case errors.As(err, &r) && final:
		p.At = now.Add(refusedAgain)
	case r != nil && r.Status == statusUnauthorized && p.Failures == 1:
		p.At = now // with a fresh token
	case r != nil && r.Waits:
		p.At = now.Add(r.Wait + time.Duration(chance*float64(time.Second)))
	default:
		p.At = now.Add(Backoff(p.Failures, chance))
	}
}

// Report plans the next question after a failure of a stream, and tells of it if
// that is worth it.
func (p *Pulse) Report(in source.Intake, stream string, err error, problem *source.Problem) {
	p.Failed(err, problem.Final, time.Now(), rand.Float64())
	if p.Telling(problem.Final) {
		in.Report(stream, problem)
	}
}

// Telling reports whether the last failure is worth telling.
func (p *Pulse) Telling(final bool) bool { return final || p.Failures > patient }
