package simulate

import (
	"slices"
	"testing"
	"time"
)

// TestAmount: growth stays a tenth of the limit below it, or above it.
func TestAmount(t *testing.T) {
	limit := increase{percent: 60, minimum: 100}
	before := firstMonday.AddDate(0, 0, 6) // a Sunday: nothing else fails then, nor the day before
	day := before.AddDate(0, 0, 7)
	for _, tc := range []struct {
		name        string
		then, now   [24]int // by hour
		under, over int
	}{
		{"by per cent", [24]int{3: 200}, [24]int{3: 190}, 308 - 190, 332 + 1 - 190},
		{"the minimum counts among few", [24]int{3: 10}, [24]int{3: 12}, 90 - 12, 110 - 12},
		{"later hours count as well", [24]int{3: 200, 20: 100}, [24]int{3: 190, 20: 250}, 462 - 440, 332 + 1 - 190},
		{"nothing to compare with", [24]int{20: 200}, [24]int{3: 1}, 0, 0},
		{"too many already", [24]int{3: 200}, [24]int{3: 330}, 0, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := NewCompany(Options{People: MinPeople, Days: 14, Start: before.AddDate(0, 0, -1)})
			if err != nil {
				t.Fatal(err)
			}
			c.hours = map[bool]map[time.Time][24]int{true: {before: tc.then, day: tc.now}}
			if c.known(&growth{Tenant, true, limit}, before) {
				t.Error("known before anything happened")
			}
			c.hours[true][before.AddDate(0, 0, -1)] = [24]int{5: 1}
			g := &growth{Tenant, true, limit}
			if under, over := c.amount(g, day, 16, false, nil), c.amount(g, day, 16, true, nil); under != tc.under || over != tc.over {
				t.Errorf("%d and %d, want %d and %d", under, over, tc.under, tc.over)
			}
		})
	}
}

// TestHistory: attacks that are only news beside a habit wait for it, and are
// left out of logs that do not reach back.
func TestHistory(t *testing.T) {
	var slugs []string
	for _, a := range historyAttacks {
		slugs = append(slugs, a.slug)
	}
	for _, tc := range []struct{ days, played int }{{8, 0}, {10, 4 * 2}, {18, 3 + 4*2}} {
		c, err := NewCompany(Options{People: 60, Customers: 60, Days: tc.days, Start: firstMonday, Attacks: slugs})
		if err != nil {
			t.Fatal(err)
		}
		records, labels, err := c.Attack()
		if err != nil {
			t.Fatal(err)
		}
		if len(labels) != tc.played || len(slugs)-len(c.LeftOut()) != (tc.played+1)/2+tc.played/11 {
			t.Errorf("%d days: %d labels, left out: %v", tc.days, len(labels), c.LeftOut())
		}
		if tc.days < 18 {
			continue
		}
		for _, l := range labels {
			if l.Attack != "admin-from-new-device" {
				continue
			}
			before := 0
			for _, r := range records {
				if id, _ := r.Get("userId"); slices.Contains(l.Entities["user"], text(id)) && eventTime(r).Before(l.First) {
					before++
				}
			}
			if before != 11 || len(l.Entities["ip"]) != 1 {
				t.Errorf("%d sign-ins before, from %v", before, l.Entities["ip"])
			}
		}
	}
}
