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
	// hour of the day, UTC, at which it starts; 0 = 10.
	hour int
	// run writes it down. n is how often, for attacks with a limit.
	run func(s *scene, n int)
}

// attacks are all of them, by area.
func attacks() []attack {
	return slices.Concat(signinAttacks, privilegedAttacks, auditAttacks, riskAttacks, appAttacks, activityAttacks, b2cAttacks, postureAttacks, stories)
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

// A Label says what one attack left in the logs, and whether it must alert.
type Label struct {
	Attack   string              `json:"attack"`
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
	days := c.attackDays()
	n := 0
	for _, a := range attacks() {
		if !slices.Contains(c.opt.Attacks, a.slug) {
			continue
		}
		if len(days) == 0 {
			return nil, nil, fmt.Errorf("attacks need a working day; none is among the days from %s", c.opt.Start.Format(time.DateOnly))
		}
		variants := []string{""}
		if a.limit > 0 {
			variants = []string{"under", "over"}
		}
		first := n
		for i, variant := range variants {
			// On different days where there are some, and hours apart anyway.
			day := days[(first+i)%len(days)]
			start := day.Add(time.Duration(cmp.Or(a.hour, 10)+4*i)*time.Hour + time.Duration(first*7%50)*time.Minute)
			// Each attack draws from a source of its own, so that adding one
			// leaves the others as they were.
			s := c.newScene(rand.New(rand.NewPCG(c.opt.Seed, mix(hashText(a.slug), uint64(i)))), start)
			n++
			s.ip = fmt.Sprintf("192.0.2.%d", 1+n%254)
			if n > 254 {
				s.ip = fmt.Sprintf("2001:db8:bad:%x::1", n)
			}
			count := 0
			switch variant {
			case "under":
				count = min(a.limit-1, a.limit*9/10)
			case "over":
				count = (a.limit*11 + 9) / 10
			}
			a.run(s, count)
			byTime(s.records)
			l := Label{Attack: a.slug, Rows: a.rows, Variant: variant, Entities: s.entities, Must: MustAlert}
			if len(s.records) == 0 { // it stands in the directory
				l.First, l.Last = c.opt.Start, c.end()
			} else {
				l.First, l.Last = eventTime(s.records[0]), eventTime(s.records[len(s.records)-1])
			}
			if variant == "under" {
				l.Must = MustSilent
			}
			records, labels = append(records, s.records...), append(labels, l)
		}
	}
	byTime(records)
	slices.SortStableFunc(labels, func(a, b Label) int { return a.First.Compare(b.First) })
	return records, labels, nil
}

func (c *Company) attackDays() []time.Time {
	var out []time.Time
	for day := range c.opt.Days {
		if t := c.opt.Start.AddDate(0, 0, day); t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			out = append(out, t)
		}
	}
	if len(out) > 1 {
		out = out[1:]
	}
	return out
}

func hashText(s string) uint64 {
	h := uint64(len(s))
	for _, b := range []byte(s) {
		h = mix(h, uint64(b))
	}
	return h
}
