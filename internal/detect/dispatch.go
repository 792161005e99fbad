package detect

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Who reads a signal, when, and whether it can matter to them.

// tenantOf returns what rules are for a tenant.
func (c *Correlator) tenantOf(name string) *tenantSets {
	if c.sets == nil || name != c.tenant {
		c.tenant, c.sets = strings.Clone(name), c.e.tenant(name)
		c.encoded, c.counting = appendText(c.encoded[:0], name), c.counts[c.tenant]
	}
	return c.sets
}

// dispatch hands a signal to whoever reads it.
func (c *Correlator) dispatch(s *Signal) error {
	ts := c.tenantOf(s.Tenant)
	if s.Rule >= len(c.e.rules) {
		return errSignal
	}
	if !ts.needed[s.Rule] {
		return nil
	}
	if r := c.e.rules[s.Rule]; !r.Silent && c.replayed == 0 {
		if r.widespread() {
			if err := c.addSpread(s); err != nil {
				return err
			}
		}
		if err := c.out(s); err != nil {
			return err
		}
	}
	for _, up := range c.e.readers[s.Rule] {
		switch c.task(s.Rule, up, ts) {
		case taskCount:
			at, ok := nanos(s.Time)
			if !ok {
				c.LeftOut[up.rule]++
				continue
			}
			if err := c.count(at, s.Rule, up, &s.Detail); err != nil {
				return err
			}
		case taskTell:
			if at, ok := nanos(s.Time); ok {
				pc := c.counting[up.rule]
				pc.tell(at, &s.Detail, pc.p.sources[up.input])
			}
		case taskWait:
			c.waits[c.e.level[up.rule]] = true
		case taskJoin:
			if err := c.member(s, up); err != nil {
				return err
			}
		}
	}
	return nil
}

// A task is what a correlation does with an event at the moment.
type task uint8

const (
	taskNone  task = iota
	taskCount      // count it
	taskTell       // take of it what a finding tells of what was counted
	taskWait       // nothing yet: it matters only beside findings
	taskJoin       // make it a member of its groups
)

func (c *Correlator) task(rule int, up reader, ts *tenantSets) task {
	level := c.e.level[up.rule]
	switch {
	case ts.patterns[up.rule] == nil, c.replayed > 0 && c.replayed != level:
		return taskNone
	case c.live != nil && (c.e.level[rule] > 0 || c.e.signals[rule].logons):
		return taskJoin // what it was counted as may be taken back
	case c.e.counts[up.rule]:
		switch {
		case c.replayed == 0 && !(c.fetched && c.comesAgain(rule)):
			return taskCount
		case c.telling != nil && c.comesAgain(rule):
			return taskTell
		}
		return taskNone
	case c.telling != nil:
		return taskNone
	case c.filters != nil && c.e.waits[up.rule][up.input] && c.comesAgain(rule):
		// Its signals matter only in groups in which another found something.
		switch {
		case c.replayed == 0:
			return taskWait
		case c.some[up.rule]:
			return taskJoin
		}
		return taskNone
	case c.replayed > 0:
		return taskNone
	}
	return taskJoin
}

// comesAgain reports whether the signals of a rule can be added once more.
// Those of sign-ins cannot: they come out of a sort of their own.
func (c *Correlator) comesAgain(rule int) bool {
	return c.input.Again != nil && c.e.level[rule] == 0 && !c.e.signals[rule].logons
}

// spare reports whether an event of a rule in a group, given by its hash, cannot
// matter to a correlation.
func (c *Correlator) spare(rule int, up reader, ts *tenantSets, at int64, h uint32) bool {
	if c.filters == nil {
		return false
	}
	p := ts.patterns[up.rule]
	return p.Type == "travel" && !c.filters.boxes.apart(h, p.Minimum) ||
		!c.filters.mayReach(up.rule, p, h, at) || c.lonely(rule, up, h)
}

// told hands on the hits of which findings of what was counted may tell: most are
// of other hours.
func (c *Correlator) told(key event.Key, hits []byte) error {
	if at, ok := momentOf(hits); ok && !c.telling.has(uint32(quarterOf(at))) {
		return nil
	}
	return c.AddHits(key, hits)
}

// replay adds the hits once more that have waited for the findings below a
// level.
func (c *Correlator) replay(level int) error {
	if c.filters == nil || !c.waits[level] {
		return nil
	}
	for i, found := range c.some {
		if found && c.e.level[i] == level {
			return c.addAgain(level)
		}
	}
	return nil
}

// addAgain adds all hits once more, for correlations of a level.
func (c *Correlator) addAgain(level int) error {
	c.replayed, c.courses = level, nil
	defer func() { c.replayed, c.courses = 0, nil }()
	add := c.AddHits
	if c.telling != nil {
		add = c.told
	}
	if err := c.input.Again(add); err != nil {
		return err
	}
	return c.readAgain()
}

// lonely reports whether a group lacks something without which an event in it
// does not matter. Findings note that they are there.
func (c *Correlator) lonely(rule int, up reader, h uint32) bool {
	if c.filters == nil {
		return false
	}
	if m := c.e.mark[up.rule][up.input]; m >= 0 && c.e.level[rule] > 0 {
		if !c.findings.groups[m].made() {
			c.findings.groups[m] = newBitmap(groupBits)
		}
		c.findings.mark(m, h)
		c.some[up.rule] = true
	}
	required := c.e.required[up.rule][up.input]
	if c.e.found[up.rule][up.input] {
		return false
	}
	missing := 0
	for _, other := range required {
		m := c.e.mark[up.rule][other]
		if !c.e.found[up.rule][other] {
			if !c.filters.marked(m, h) {
				missing++
			}
		} else if c.replayed > 0 && (!c.findings.groups[m].made() || !c.findings.marked(m, h)) {
			missing++
		}
	}
	if c.e.rules[up.rule].Correlate.Type == "first_seen" {
		return len(required) > 0 && missing == len(required)
	}
	return missing > 0
}
