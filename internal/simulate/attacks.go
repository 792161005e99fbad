package simulate

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// An attack is one way to do harm, as an attacker does it and as Entra logs it.
// Adding one costs an entry in the table of its area.
type attack struct {
	slug string
	// rows are the rows of the guides that must alert.
	rows []string
	// limit is the number that must be reached, for attacks that have one: they
	// come in a variant that stays a tenth below, for which rows must be
	// silent, and in one a tenth above.
	limit int
	// grows says what must grow instead, and how much.
	grows *growth
	// history is how many days of logs come before it, for what is new or more
	// than usual. An attack is left out of shorter logs.
	history int
	// hour of the day, UTC, at which it starts; 0 = 10.
	hour int
	// run writes it down. n is how often, for attacks with a limit and such that grow.
	run func(s *scene, n int)
}

// attacks are all of them, by area.
func attacks() []attack {
	return slices.Concat(signinAttacks, privilegedAttacks, auditAttacks, riskAttacks, appAttacks, activityAttacks, b2cAttacks, postureAttacks, stories, historyAttacks)
}

// AttackSlugs lists the names of all attacks in the order of the table.
func AttackSlugs() []string {
	var out []string
	for _, a := range attacks() {
		out = append(out, a.slug)
	}
	return out
}

// AttackRows lists the rows of the guides that some attack must raise, sorted.
func AttackRows() []string {
	set := map[string]bool{}
	for _, a := range attacks() {
		for _, row := range a.rows {
			set[row] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// A Label says what one attack, or one step of a story, left in the logs, and whether it must alert.
type Label struct {
	Attack   string              `json:"attack"` // its name; of a story with that of the step behind a slash
	Rows     []string            `json:"rows"`
	Variant  string              `json:"variant"` // "", "under" or "over" the limit
	First    time.Time           `json:"first"`
	Last     time.Time           `json:"last"`
	Entities map[string][]string `json:"entities"`
	Must     string              `json:"must"` // "alert" or "silent"
}

// What a label's Must says.
const (
	MustAlert  = "alert"
	MustSilent = "silent"
)

// Attack plays the chosen attacks on working days of the logs, the first day
// left alone where there are more. It returns their records by time, and their
// labels in the order of their starts.
func (c *Company) Attack() (records []Record, labels []Label, err error) {
	n := 0
	for _, a := range attacks() {
		if !slices.Contains(c.opt.Attacks, a.slug) {
			continue
		}
		days := c.attackDays(a.history)
		if len(days) == 0 && a.history == 0 {
			return nil, nil, fmt.Errorf("attacks need a working day; none is among the days from %s", c.opt.Start.Format(time.DateOnly))
		}
		variants := []string{""}
		if a.limit > 0 || a.grows != nil {
			variants = []string{"under", "over"}
		}
		first := n
		for i, variant := range variants {
			n++
			s, count := c.stage(&a, i, first, days, records)
			if s == nil {
				c.leftOut = append(c.leftOut, a.slug)
				break
			}
			s.ip = attackAddress(n)
			a.run(s, count)
			labels = append(labels, c.labels(&a, variant, s)...)
			records = append(append(records, s.records...), s.usual...)
		}
	}
	byTime(records)
	slices.SortStableFunc(labels, func(a, b Label) int { return a.First.Compare(b.First) })
	return records, labels, nil
}

// LeftOut lists the attacks that Attack left out, or whose second variant it
// did, because the logs tell too little of the time before.
func (c *Company) LeftOut() []string { return c.leftOut }

// stage is where and when the variant i of an attack takes place, and how often
// something happens in it. nil = it cannot be played.
func (c *Company) stage(a *attack, i, first int, days []time.Time, played []Record) (s *scene, n int) {
	for try := range days {
		// On different days where there are some, and hours apart anyway.
		day := days[(first+i+try)%len(days)]
		start := day.Add(time.Duration(cmp.Or(a.hour, 10)+4*i)*time.Hour + time.Duration(first*7%50)*time.Minute)
		switch {
		case a.grows != nil:
			if i == 1 && len(days) > 1 && day.Equal(days[first%len(days)]) {
				continue // what grows, grows for the day
			}
			start = start.Truncate(time.Hour)
			if n = c.amount(a.grows, day, start.Hour()+1, i == 1, played); n == 0 {
				continue
			}
		case a.limit > 0 && i == 0:
			n = min(a.limit-1, a.limit*9/10)
		case a.limit > 0:
			n = (a.limit*11 + 9) / 10
		}
		// Each attack draws from a source of its own, so that adding one leaves
		// the others as they were.
		return c.newScene(rand.New(rand.NewPCG(c.opt.Seed, mix(hashText(a.slug), uint64(i)))), start), n
	}
	return nil, 0
}

// labels says what an attack left: one label, or one for each step of a story.
func (c *Company) labels(a *attack, variant string, s *scene) []Label {
	if len(s.chapters) == 0 {
		return []Label{c.label(a.slug, variant, chapter{rows: a.rows, entities: s.entities}, s.records)}
	}
	var out []Label
	for i, ch := range s.chapters {
		end := len(s.records)
		if i+1 < len(s.chapters) {
			end = s.chapters[i+1].from
		}
		if len(ch.rows) > 0 {
			out = append(out, c.label(a.slug+"/"+ch.name, variant, ch, s.records[ch.from:end]))
		}
	}
	return out
}

func (c *Company) label(name, variant string, ch chapter, records []Record) Label {
	l := Label{Attack: name, Rows: ch.rows, Variant: variant, First: c.opt.Start, Last: c.end(), Entities: ch.entities, Must: MustAlert}
	for i, r := range records { // without any it stands in the directory
		at := eventTime(r)
		if i == 0 || at.Before(l.First) {
			l.First = at
		}
		if i == 0 || at.After(l.Last) {
			l.Last = at
		}
	}
	if variant == "under" {
		l.Must = MustSilent
	}
	return l
}

// attackDays lists the working days before which there are so many days of
// logs; the first one only if there is no other.
func (c *Company) attackDays(history int) []time.Time {
	var out []time.Time
	for day := range c.opt.Days {
		if t := c.opt.Start.AddDate(0, 0, day); t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			out = append(out, t)
		}
	}
	if len(out) > 1 {
		out = out[1:]
	}
	return slices.DeleteFunc(out, func(day time.Time) bool { return day.Before(c.opt.Start.AddDate(0, 0, history)) })
}

// attackAddress is from where the n-th attack comes.
func attackAddress(n int) string {
	if n > 254 {
		return fmt.Sprintf("2001:db8:bad:%x::1", n&0xffff)
	}
	return fmt.Sprintf("192.0.2.%d", 1+n%254)
}

func hashText(s string) uint64 {
	h := uint64(len(s))
	for _, b := range []byte(s) {
		h = mix(h, uint64(b))
	}
	return h
}
