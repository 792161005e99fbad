package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

const columnRules = `
title: Joined devices
name: joined
logsource: {product: azure, service: signinlogs}
detection: {s: {deviceDetail.trustType|contains: joined}, condition: s}
level: low
---
title: Unknown devices
name: unknown
logsource: {product: azure, service: signinlogs}
detection: {s: {deviceDetail.trustType: null}, condition: s}
level: low
---
title: Blank browsers
name: blank
logsource: {product: azure, service: signinlogs}
detection: {s: {deviceDetail.browser: ''}, condition: s}
level: low
---
title: Not from here
name: abroad
logsource: {product: azure, service: signinlogs}
detection: {s: {baseline.country.allowed: 'false'}, condition: s}
level: low
---
title: Changed applications
name: changed
logsource: {product: azure, service: auditlogs}
detection: {s: {changes.AppAddress.new|contains: http}, condition: s}
level: low
---
title: Any sign-in
name: any
logsource: {product: azure, service: signinlogs}
detection: {s: {outcome: success}, condition: s}
---
title: Many countries
name: countries
correlation: {type: value_count, rules: [any], group-by: [user], timespan: 1h, condition: {gte: 2, field: country}}
level: low
`

// TestColumns: a rule whose column is empty in all records has no data, and one
// that asks for emptiness works on it. One record with a value is enough; what
// only tells of changes that did not happen is no column.
func TestColumns(t *testing.T) {
	const (
		device  = "deviceDetail.trustType is empty in all signin events"
		browser = "deviceDetail.browser is empty in all signin events"
		place   = "location.countryOrRegion is empty in all signin events"
	)
	for _, tc := range []struct {
		name   string
		value  any
		second bool // a record with all columns
		want   map[string]string
	}{
		{"null", nil, false, map[string]string{"joined": device, "blank": browser, "abroad": place, "countries": place}},
		{"blank", "", false, map[string]string{"joined": device, "abroad": place, "countries": place}},
		{"one of two", nil, true, map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rec, _ := simulate.Base("signin")
			for _, path := range []string{"deviceDetail.trustType", "deviceDetail.browser", "location.countryOrRegion", "location.city", "location.state"} {
				set(t, rec, path, tc.value)
			}
			recs := []simulate.Record{rec}
			if tc.second {
				full, _ := simulate.Base("signin")
				recs = append(recs, full.WithID("11111111-0000-4000-8000-000000000009"))
			}
			audit, _ := simulate.Base("audit-update-user")
			dir := t.TempDir()
			write(t, dir, "signin.json", event.Graph, simulate.Page, recs)
			write(t, dir, "audit.json", event.Graph, simulate.Page, []simulate.Record{audit})
			c := app.ScanConfig{Paths: []string{dir}, Rules: rulesFrom(t, columnRules), Baseline: parseBaseline(t, "allowed_countries: [NO]"), Workers: 2, Columns: true}
			res := scan(t, c)
			got := map[string]string{}
			for _, r := range res.Summary.Rules.Inactive {
				got[r.Rule] = r.Reason
			}
			want := map[string]string{}
			for rule, why := range tc.want {
				want[rule] = "no data: " + why
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for _, a := range alerts(t, res) {
				if got[a.Rule] != "" {
					t.Errorf("%s alerts all the same", a.Rule)
				}
			}
			c.Columns = false
			if res := scan(t, c); len(res.Summary.Rules.Inactive) > 0 {
				t.Errorf("nobody asked, but %v", res.Summary.Rules.Inactive)
			}
		})
	}
}
