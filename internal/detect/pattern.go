package detect

import (
	"iter"
	"math"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Pattern is a correlation as one tenant's baseline fills it in. Its method
// Eval is the whole meaning of a correlation: members of one group in order of
// time go in, findings come out, and nothing else counts.
//
// A window ends at each moment t at which there is a member and covers the
// members later than t - Span and no later than t. A finding is a maximal
// union of overlapping windows that satisfy the condition.
type Pattern struct {
	// Type is one of Sigma's correlation types or of entrawatch's.
	Type string
	// Inputs is how many rules the correlation names.
	Inputs int
	Span   time.Duration
	// Terms must all hold; temporal types without any want every rule.
	Terms      []Term
	Percentile float64
	// Learning is how much history of its group first_seen wants before a
	// value counts as new.
	Learning time.Duration
	// Teach says, by input, whether it only teaches first_seen what is known.
	Teach []bool
	// Minimum is the least count of period_change, the least distance of
	// travel in kilometres.
	Minimum float64
	// Zone says when the days of period_change begin; nil = UTC.
	Zone *time.Location
	// grouped tells that there is a group-by.
	grouped bool
	// Versioned members may come in several versions of one identity, which
	// count once: the first that counts at all does.
	Versioned bool

	// least is how many events a group has at least in which there is a
	// finding, as far as Filters count them; 0 = unknown.
	least int

	// sources says, for each input and each slot of the correlation, in which
	// slot of the input the values are.
	sources [][]int
	// slots are what details of findings collect.
	slots []slot
}

// A Term is a comparison with a number.
type Term struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Limit float64
}

// A Member is what a correlation sees of a signal, or of a finding of the
// correlation below it.
type Member struct {
	At    int64     // Unix nanoseconds, within half the range of the type
	ID    event.Key // tells members of one moment apart
	Input int       // which of the correlation's rules it comes from
	// Values are those of the condition's fields: one for each combination,
	// none if a field is missing. Like Detail they are valid until the next
	// member is asked for.
	Values []string
	Place  Place
	Detail []byte // encoded
	// again: the event is a member of this moment already, for another of the
	// rules. It may add values to a finding, but it is no further event.
	again bool
}

// A Found is a finding of one group.
type Found struct {
	At  int64  // when the condition first held
	Sub string // tells findings of one moment apart
	Detail
}

// never is the watermark of a log of which nothing was seen.
const never = math.MinInt64

// Eval gives the findings of one group to emit, in order of time. members come
// in order of time, then of identity, then of input. until is the watermark of
// the logs that absent waits for and that period_change counts, or never.
//
// Types that count, add or compare events take an event that satisfies several
// of the rules once. For those that tell rules or values apart it is a member
// for each rule, and one event in what a finding shows.
func (p *Pattern) Eval(members iter.Seq2[Member, error], until int64, emit func(*Found) error) error {
	return p.eval(nil, members, until, emit, nil)
}

// eval is Eval from a base on, which stands for what was before. If base is
// given and settled too, the members are the last of what it is to stand for from
// now on, and settled gets the window that is open behind them.
func (p *Pattern) eval(base *Base, members iter.Seq2[Member, error], until int64, emit func(*Found) error, settled func(*window)) error {
	var e evaluator
	switch p.Type {
	case "first_seen":
		e = &firstSeen{p: p, emit: emit}
	case "period_change":
		e = &periodChange{p: p, emit: emit, until: until}
	case "travel":
		e = &travel{p: p, emit: emit}
	case "absent":
		e = &absent{p: p, emit: emit, until: until}
	default:
		e = &window{p: p, emit: emit, agg: p.aggregate(), base: base}
	}
	type counted struct {
		id    event.Key
		input int
	}
	var seen map[counted]bool
	byRule := p.Type == "value_count" || p.Type == "first_seen" || p.Type == "absent" || strings.HasPrefix(p.Type, "temporal")
	_, windowed := e.(*window)
	var last Member // of the moment at hand
	open := false   // there is one
	for m, err := range members {
		if err != nil {
			return err
		}
		counts := e.counts(&m)
		if !counts && p.Type != "first_seen" { // which minds how long it knows a group
			continue
		}
		if p.Versioned {
			is := counted{id: m.ID}
			if byRule {
				is.input = m.Input
			}
			if seen[is] {
				continue
			}
			if seen == nil {
				seen = map[counted]bool{}
			}
			if counts {
				seen[is] = true
			}
		}
		if open && last.At != m.At {
			if err := e.moment(); err != nil {
				return err
			}
			open = false
		}
		if open && last.ID == m.ID {
			if !byRule {
				continue
			}
			m.again = windowed
		}
		open, last.At, last.ID = true, m.At, m.ID
		if err := e.add(&m); err != nil {
			return err
		}
	}
	if open {
		if err := e.moment(); err != nil {
			return err
		}
	}
	if w, ok := e.(*window); ok && settled != nil {
		settled(w)
		return nil
	}
	return e.end()
}

// An evaluator takes the members of one group.
type evaluator interface {
	// counts reports whether a member counts at all.
	counts(*Member) bool
	// add takes a member that counts. What is kept of it must be copied.
	add(*Member) error
	// moment tells that the members of a moment are all there.
	moment() error
	end() error
}

// holds reports whether an aggregate satisfies every term.
func (p *Pattern) holds(v float64) bool {
	for _, t := range p.Terms {
		ok := false
		switch t.Op {
		case "gt":
			ok = v > t.Limit
		case "gte":
			ok = v >= t.Limit
		case "lt":
			ok = v < t.Limit
		case "lte":
			ok = v <= t.Limit
		case "eq":
			ok = v == t.Limit
		case "neq":
			ok = v != t.Limit
		}
		if !ok {
			return false
		}
	}
	return true
}

// take adds a member to the detail of a finding.
func (p *Pattern) take(d *Detail, m *Member) error {
	return d.take(p.slots, p.sources[m.Input], m.Detail, m.again)
}
