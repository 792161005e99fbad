package sigma

import (
	"cmp"
	"math"
	"slices"
)

// choice settles on one anchor for each rule so that all of them together are
// cheap: each field that is looked at for every record has its price once,
// however many rules it serves, and each rule costs its effort as often as it is
// woken. The least sum is hard to find; this finds a good one by moving rules,
// one at a time and then all of one field, as long as something is gained.
type choice struct {
	sets   [][]anchor // of each rule
	effort []float64
	price  func(hotKey) float64

	at    []int // the set that a rule has, -1 for none
	users map[hotKey]int
	sum   float64 // what is to be small
}

func (c *choice) settle() {
	order := make([]int, len(c.sets))
	for i := range order {
		order[i] = i
	}
	// Rules without a choice go first: the others then prefer fields that are
	// looked at anyway.
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(c.sets[i]), len(c.sets[j])) })
	for range 8 {
		moved := false
		for _, i := range order {
			moved = c.move(i, nil) || moved
		}
		for _, k := range c.fields() {
			moved = c.clear(k) || moved
		}
		if !moved {
			return
		}
	}
}

// move gives a rule its cheapest set among those that need nothing of the
// avoided fields and reports whether that changed anything.
func (c *choice) move(i int, avoid *hotKey) bool {
	was := c.at[i]
	c.take(i, -1)
	best, least := -1, math.Inf(1)
	for j, s := range c.sets[i] {
		cost := s.odds * c.effort[i]
		for _, k := range s.work {
			if c.users[k] == 0 {
				cost += c.price(k)
			}
			if avoid != nil && *avoid == k {
				cost = math.Inf(1)
			}
		}
		if cost < least || cost == least && j == was {
			best, least = j, cost
		}
	}
	c.take(i, best)
	return best != was
}

// take changes the set of a rule.
func (c *choice) take(i, j int) {
	if was := c.at[i]; was >= 0 {
		s := &c.sets[i][was]
		c.sum -= s.odds * c.effort[i]
		for _, k := range s.work {
			if c.users[k]--; c.users[k] == 0 {
				c.sum -= c.price(k)
			}
		}
	}
	if c.at[i] = j; j >= 0 {
		s := &c.sets[i][j]
		c.sum += s.odds * c.effort[i]
		for _, k := range s.work {
			if c.users[k]++; c.users[k] == 1 {
				c.sum += c.price(k)
			}
		}
	}
}

// fields lists the work that is done for every record, in order.
func (c *choice) fields() []hotKey {
	var out []hotKey
	for k, n := range c.users {
		if n > 0 {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b hotKey) int { return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.level, b.level)) })
	return out
}

// clear moves all rules away from some work, if that pays.
func (c *choice) clear(k hotKey) bool {
	const worth = 1e-6 // more than errors of rounding
	var moved, was []int
	before := c.sum
	for i, j := range c.at {
		if j < 0 || !slices.Contains(c.sets[i][j].work, k) {
			continue
		}
		moved, was = append(moved, i), append(was, j)
		if c.move(i, &k); c.at[i] < 0 {
			break
		}
	}
	if len(moved) > 0 && c.users[k] == 0 && c.sum < before-worth {
		return true
	}
	for n, i := range moved {
		c.take(i, was[n])
	}
	return false
}
