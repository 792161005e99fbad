package detect

import (
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// MaxEvidence is how many events a finding names; all are counted.
const MaxEvidence = 20

// maxEntities is how many entities a finding names.
const maxEntities = 50

// A Detail is what a person is told about events: those of a signal, of a
// finding, of an alert. Details of more than one are merged.
type Detail struct {
	First, Last time.Time // of the events; zero if they carry no time
	Count       int
	// Severity is the level that the records give, from level-from, in their
	// words; LevelOf says what it means.
	Severity string
	Flags    Flags
	// Measure says in words by what the events are remarkable.
	Measure  string
	Entities []Entity
	Evidence []Evidence
	Values   []Distinct // by slot of the rule
}

// Flags say what the baseline knows of the accounts concerned.
type Flags uint8

// The flags, in the order of FlagNames.
const (
	VIP Flags = 1 << iota
	Privileged
	BreakGlass
)

// FlagNames are the words for flags in the key escalate of rules.
var FlagNames = []string{"vip", "privileged", "break_glass"}

// An Entity is a user, address, application, … that events concern.
type Entity struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Evidence is an event that a finding rests on.
type Evidence struct {
	Key    event.Key
	Time   time.Time
	Source string
}

// A slot is a place for values of some fields in the details of a rule.
type slot struct {
	// all keeps every value, for correlations; a sentence shows a few and
	// tells how many there are.
	all bool
}

// A Distinct holds different texts in the order in which they first came.
type Distinct struct {
	Texts []string
	// rest are hashes of the further ones, of which only the number counts.
	rest []uint64
	seen map[uint64]bool // of all, once there are many
}

const (
	maxShown = 8      // texts kept for a sentence
	maxTold  = 10_000 // texts counted for a sentence; beyond it says "more than"
)

// Len is how many different texts there were, up to about 10,000.
func (d *Distinct) Len() int { return len(d.Texts) + len(d.rest) }

// Full reports whether there may have been more than Len.
func (d *Distinct) Full() bool { return len(d.rest) >= maxTold }

func textHash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// has reports whether a text is there, or is taken for one that is.
func (d *Distinct) has(s string, h uint64) bool {
	if d.seen == nil && d.Len() >= maxShown {
		d.seen = make(map[uint64]bool, 2*maxShown)
		for _, t := range d.Texts {
			d.seen[textHash(t)] = true
		}
		for _, r := range d.rest {
			d.seen[r] = true
		}
	}
	if d.seen != nil {
		return d.seen[h]
	}
	return slices.Contains(d.Texts, s)
}

func (d *Distinct) add(s string, all bool) {
	if len(d.Texts) > 0 && d.Texts[len(d.Texts)-1] == s {
		return // as the one before, which is common
	}
	if d.Full() && !all {
		return // it would only be remembered
	}
	var h uint64
	if d.Len() >= maxShown {
		h = textHash(s)
	}
	if d.has(s, h) {
		return
	}
	if d.seen != nil {
		d.seen[h] = true
	}
	if all || len(d.Texts) < maxShown {
		d.Texts = append(d.Texts, strings.Clone(s))
	} else {
		d.rest = append(d.rest, h)
	}
}

func (d *Distinct) addHash(h uint64) {
	if d.Full() || d.has("", h) {
		return
	}
	if d.seen == nil {
		return // cannot be: hashes stand behind at least maxShown texts
	}
	d.seen[h] = true
	d.rest = append(d.rest, h)
}

// detail returns an empty detail with the slots of the pattern.
func (p *Pattern) detail() Detail { return Detail{Values: make([]Distinct, len(p.slots))} }

// count adds events of one moment of which nothing else is kept.
func (d *Detail) count(at int64, n int) {
	d.Count += n
	d.span(time.Unix(0, at).UTC(), time.Unix(0, at).UTC())
}

// clone returns a copy that shares nothing that grows.
func (d *Detail) clone() Detail {
	c := *d
	c.Entities, c.Evidence = slices.Clip(d.Entities), slices.Clip(d.Evidence)
	c.Values = slices.Clone(d.Values)
	for i := range c.Values {
		v := &c.Values[i]
		v.Texts, v.rest, v.seen = slices.Clip(v.Texts), slices.Clip(v.rest), nil
	}
	return c
}

func (d *Detail) span(first, last time.Time) {
	if first.IsZero() {
		return
	}
	if d.First.IsZero() || first.Before(d.First) {
		d.First = first
	}
	if last.After(d.Last) {
		d.Last = last
	}
}

// merge adds what another detail says, save its values and its measure, which
// mean something only to the rule that they belong to.
func (d *Detail) merge(o *Detail) {
	// The first says something even where its record does not: a level that is
	// missing counts as low, which is more than none.
	if d.Count == 0 || rank(LevelOf(o.Severity)) < rank(LevelOf(d.Severity)) {
		d.Severity = o.Severity
	}
	d.span(o.First, o.Last)
	d.Count += o.Count
	d.Flags |= o.Flags
	for i := range o.Entities {
		d.addEntity(o.Entities[i])
	}
	for i := range o.Evidence {
		if len(d.Evidence) == MaxEvidence {
			break
		}
		d.Evidence = append(d.Evidence, o.Evidence[i])
	}
}

// Merge adds what the detail of a later signal of the same rule says.
func (d *Detail) Merge(o *Detail) {
	d.merge(o)
	if d.Measure == "" {
		d.Measure = o.Measure
	}
	d.mergeValues(o, nil)
}

// mergeValues adds the values of another detail of the same rule.
func (d *Detail) mergeValues(o *Detail, slots []slot) {
	for len(d.Values) < len(o.Values) {
		d.Values = append(d.Values, Distinct{})
	}
	for i := range o.Values {
		d.Values[i].merge(&o.Values[i], i < len(slots) && slots[i].all)
	}
}

// take adds a member's encoded detail, or of an event that is there already
// only the values. from gives for each slot the slot of the member that has its
// values, or -1.
func (d *Detail) take(slots []slot, from []int, encoded []byte, again bool) error {
	var o Detail
	r := signalReader{b: encoded}
	if o.read(&r); r.bad {
		return errSignal
	}
	if !again {
		d.merge(&o)
	}
	for i := range slots {
		if j := from[i]; j >= 0 && j < len(o.Values) {
			d.Values[i].merge(&o.Values[j], slots[i].all)
		}
	}
	return nil
}

func (d *Distinct) merge(o *Distinct, all bool) {
	for _, s := range o.Texts {
		d.add(s, all)
	}
	for _, h := range o.rest {
		d.addHash(h)
	}
}

func (d *Detail) addEntity(e Entity) {
	if len(d.Entities) == maxEntities {
		return
	}
	for i := range d.Entities {
		have := &d.Entities[i]
		if have.Type == e.Type && have.ID == e.ID && (e.ID != "" || strings.EqualFold(have.Name, e.Name)) {
			return
		}
	}
	d.Entities = append(d.Entities, e)
}

// levels are the severities, most severe first.
var levels = []string{"critical", "high", "medium", "low", "informational"}

// LevelOf turns a risk level of a record into a severity. "hidden" means that
// the tenant has no licence to see it; the guide counts it as low.
func LevelOf(text string) string {
	l := strings.ToLower(text)
	switch {
	case slices.Contains(levels, l):
		return l
	case l == "none":
		return "informational"
	}
	return "low"
}

// rank orders severities; what is none of them comes last.
func rank(severity string) int {
	if i := slices.Index(levels, strings.ToLower(severity)); i >= 0 {
		return i
	}
	return len(levels)
}

// SpanText writes a span as a person would: 45s, 31m, 3h 5m, 14d 2h.
func SpanText(d time.Duration) string {
	units := []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, u := range units {
		if d < u.unit {
			continue
		}
		out := strconv.FormatInt(int64(d/u.unit), 10) + u.name
		if i+1 < len(units) {
			if rest := d % u.unit / units[i+1].unit; rest > 0 {
				out += " " + strconv.FormatInt(int64(rest), 10) + units[i+1].name
			}
		}
		return out
	}
	return "0s"
}

// Whole writes a number without decimals, its thousands apart.
func Whole(f float64) string {
	s := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// measure writes an aggregate. Beyond what floating point counts one by one it
// gives the magnitude.
func measure(f float64) string {
	if math.Abs(f) >= 1e15 {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	if f == math.Trunc(f) {
		return Whole(f)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}
