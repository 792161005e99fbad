package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// TestNearestRank holds percentiles of 1 to n against whole numbers, which do
// not round.
func TestNearestRank(t *testing.T) {
	for _, n := range []int{1, 3, 7, 20, 100, 250} {
		for percent := 0; percent <= 100; percent++ {
			p := &detect.Pattern{Type: "value_percentile", Inputs: 1, Span: 1, Percentile: float64(percent), Terms: []detect.Term{{Op: "gte", Limit: 0}}}
			p.SetSlots(nil, [][]int{nil})
			m := detect.Member{Detail: (&detect.Detail{Count: 1}).Encode()}
			for i := range n {
				m.Values = append(m.Values, strconv.Itoa(i+1))
			}
			err := p.Eval(func(yield func(detect.Member, error) bool) { yield(m, nil) }, detect.Never, func(f *detect.Found) error {
				if want := max(1, (percent*n+99)/100); f.Measure != strconv.Itoa(want) {
					t.Errorf("%d %% of %d are up to %s, not %d", percent, n, f.Measure, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestZones: in no zone, not even in the odd ones of the past, does a member
// fall out of its day.
func TestZones(t *testing.T) {
	for _, tt := range []struct {
		zone string
		day  time.Time
	}{
		{"America/St_Johns", time.Date(2006, 10, 29, 0, 0, 0, 0, time.UTC)},  // back over midnight
		{"Pacific/Apia", time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC)},      // a day that was not
		{"America/Sao_Paulo", time.Date(2018, 11, 4, 0, 0, 0, 0, time.UTC)},  // no midnight
		{"Asia/Beirut", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)},        // no midnight
		{"America/Havana", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},     // two midnights
		{"Antarctica/Troll", time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)},   // two hours
		{"Africa/Casablanca", time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC)},  // for one month
		{"Pacific/Kwajalein", time.Date(1993, 8, 21, 0, 0, 0, 0, time.UTC)},  // a day that was not
		{"Asia/Manila", time.Date(1845, 1, 1, 0, 0, 0, 0, time.UTC)},         // a day that was not
		{"Atlantic/Azores", time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)},   // two midnights
		{"Africa/Monrovia", time.Date(1972, 1, 7, 0, 0, 0, 0, time.UTC)},     // by 44 minutes and a half
		{"Australia/Lord_Howe", time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC)}, // by half an hour
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		p := &detect.Pattern{Type: "period_change", Inputs: 1, Zone: zone, Terms: []detect.Term{{Op: "gte", Limit: -100}}}
		p.SetSlots(nil, [][]int{nil})
		var at []int64
		for range 4000 {
			at = append(at, tt.day.AddDate(0, 0, -9).UnixNano()+rng.Int64N(int64(18*24*time.Hour)))
		}
		slices.Sort(at)
		counted := 0
		err = p.Eval(func(yield func(detect.Member, error) bool) {
			first := detect.Member{At: at[0] - int64(30*24*time.Hour), Detail: (&detect.Detail{Count: 1}).Encode()}
			if !yield(first, nil) {
				return
			}
			for i, a := range at {
				when := time.Unix(0, a).UTC()
				m := detect.Member{At: a, ID: event.Key{1, byte(i), byte(i >> 8)}, Detail: (&detect.Detail{Count: 1, First: when, Last: when}).Encode()}
				if !yield(m, nil) {
					return
				}
			}
		}, 1<<62, func(f *detect.Found) error { counted += f.Count; return nil })
		if err != nil || counted != len(at) {
			t.Errorf("%s: %d of %d members are in findings, %v", tt.zone, counted, len(at), err)
		}
	}
}

const crowdRules = `
title: Crowd
name: crowd
correlation:
  type: event_count
  rules: [entry]
  group-by: [door]
  timespan: 1h
  condition: {gte: 2}
---
title: Names of a crowd
name: names
correlation:
  type: value_count
  rules: [crowd]
  group-by: [door]
  timespan: 1h
  condition: {field: person, gte: 66000}
---
title: One of a crowd
name: each
correlation:
  type: event_count
  rules: [crowd]
  group-by: [person]
  timespan: 1h
  condition: {gte: 1}
---
title: Entry
name: entry
logsource: {product: x}
detection: {selection: {op: enter}, condition: selection}
`

// TestCrowd: a finding of more values than fit into 16 bits is a member with
// all of them in one group, and a member of as many groups.
func TestCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	const people = 66_000
	e := load(t, crowdRules, detect.Config{Generic: true})
	w := &world{}
	for i := range people {
		w.records = append(w.records, &rec{tenant: "t", at: 1_793_600_000e9 + int64(i), fields: map[string][]string{"op": {"enter"}, "door": {"front"}, "person": {fmt.Sprint("p", i)}}})
	}
	counts := map[string]int{}
	encoded, _ := correlated(t, e, w.hits(e), func(string, event.Kind) (int64, bool) { return 0, false }, false)
	for _, b := range encoded {
		s, err := detect.DecodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		counts[e.Rules()[s.Rule].Slug]++
		if s.Count != people {
			t.Fatalf("%s counts %d", e.Rules()[s.Rule].Slug, s.Count)
		}
	}
	if counts["names"] != 1 || counts["each"] != people || len(counts) != 2 {
		t.Error(counts)
	}
}
