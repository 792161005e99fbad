package ruletest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// An Event is a base record with changes, once or several times.
type Event struct {
	Overlay `yaml:",inline"`
	// After is how long after the event before it the first one happens, Every
	// how long after the one before it each further one does: 3s, 10m, 2h, 7d.
	After string `yaml:"after"`
	Every string `yaml:"every"`
	// Times is how often it happens; default: once. {n} in a value of set is
	// replaced by the number of the occurrence, from 1, and {n:12} by that
	// number in 12 digits.
	Times int `yaml:"times"`
}

// records are the events of a case. Each of several gets an id of its own, and
// unless the case sets one also a correlation id.
func (c *Case) records() ([]simulate.Record, error) {
	events := c.Events
	switch {
	case len(events) > 0 && c.Base != "":
		return nil, fmt.Errorf("has base and events; write one of them")
	case len(events) == 0:
		events = []Event{c.Event}
	}
	if len(events) == 1 && events[0].Times == 0 {
		rec, err := events[0].Record()
		return []simulate.Record{rec}, err
	}
	var out []simulate.Record
	var now time.Time
	for i := range events {
		e := &events[i]
		if e.Times < 0 || e.Times > maxTimes {
			return nil, fmt.Errorf("times: %d is out of range; write 1 to %d", e.Times, maxTimes)
		}
		after, err := span("after", e.After)
		if err != nil {
			return nil, err
		}
		every, err := span("every", e.Every)
		if err != nil {
			return nil, err
		}
		for n := range max(e.Times, 1) {
			rec, err := e.occurrence(n + 1).Record()
			if err != nil {
				return nil, err
			}
			switch {
			case !e.Time.IsZero() && n == 0:
				now = e.Time
			case now.IsZero():
				now, _ = rec.Time()
			case n == 0:
				now = now.Add(after)
			default:
				now = now.Add(every)
			}
			if rec, err = distinct(rec.WithTime(now), e, i, n); err != nil {
				return nil, err
			}
			out = append(out, rec)
		}
	}
	return out, nil
}

// maxTimes is how often an event of a case may happen.
const maxTimes = 10_000

func span(key, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := detect.ParseSpan(s)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", key, err)
	}
	return d, nil
}

var numbered = regexp.MustCompile(`\{n(?::[0-9]{1,2})?\}`)

// occurrence is the overlay of the n-th time that an event happens.
func (e *Event) occurrence(n int) *Overlay {
	o := e.Overlay
	o.Set = map[string]any{}
	for path, v := range e.Set {
		if text, ok := v.(string); ok {
			v = numbered.ReplaceAllStringFunc(text, func(m string) string {
				width, _ := strconv.Atoi(strings.Trim(m, "{n:}"))
				return fmt.Sprintf("%0*d", width, n)
			})
		}
		o.Set[path] = v
	}
	return &o
}

// distinct gives a record ids of its own, save those that the case sets.
func distinct(rec simulate.Record, e *Event, i, n int) (simulate.Record, error) {
	if rec.Kind.Snapshot() {
		return rec, nil
	}
	if e.Set["id"] == nil {
		rec = rec.WithID(guid("id", i, n))
	}
	if _, has := rec.Get("correlationId"); !has || e.Set["correlationId"] != nil {
		return rec, nil
	}
	return rec, rec.Set("correlationId", guid("correlationId", i, n))
}

// guid makes an id that no other event of the case has.
func guid(key string, i, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", key, i, n))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}
