package simulate

import (
	"encoding/json"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	at := func(hour int) time.Time { return firstMonday.Add(time.Duration(hour) * time.Hour) }
	spray := Label{Attack: "spray", Rows: []string{"U30", "UX39"}, First: at(10), Last: at(11), Entities: map[string][]string{"user": {"A"}, "ip": {"192.0.2.1"}}, Must: MustAlert}
	quiet := Label{Attack: "spray", Variant: "under", Rows: []string{"U30"}, First: at(40), Last: at(41), Entities: map[string][]string{"user": {"B"}}, Must: MustSilent}
	alert := func(rule, row, first, entity string) Alert {
		text := `{"rule":"` + rule + `","guide":["` + row + `"],"first":` + first + `,"last":` + first
		if entity != "" {
			text += `,"entities":[{"id":"` + entity + `"}]`
		}
		var a Alert
		if err := json.Unmarshal([]byte(text+"}"), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	const ten, later, forty = `"2026-11-02T10:30:00Z"`, `"2026-11-02T20:00:00Z"`, `"2026-11-03T16:30:00Z"`
	for _, tc := range []struct {
		name                       string
		alert                      Alert
		found, partly, loud, false int
	}{
		{"its row, its user", alert("r", "U30", ten, "a"), 1, 1, 0, 0},
		{"its row, its address", alert("r", "UX39", ten, "192.0.2.1"), 1, 1, 0, 0},
		{"its row, somebody else", alert("r", "U30", ten, "c"), 0, 0, 0, 1},
		{"its user, another row: not found, not false", alert("r", "U01", ten, "a"), 0, 0, 0, 0},
		{"too late", alert("r", "U30", later, "a"), 0, 0, 0, 1},
		{"too late, but the rule takes its time", alert("slow", "U30", later, "a"), 1, 1, 0, 0},
		{"nobody named", alert("r", "U30", ten, ""), 1, 1, 0, 0},
		{"nobody named, another row", alert("r", "U01", ten, ""), 0, 0, 0, 1},
		{"about the directory", alert("r", "U30", "null", "a"), 1, 1, 0, 0},
		{"below the limit", alert("r", "U30", forty, "b"), 0, 0, 1, 0},
		{"below the limit, another row", alert("r", "U01", forty, "b"), 0, 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]Alert{tc.alert}, []Label{spray, quiet}, func(rule string) time.Duration {
				if rule == "slow" {
					return 24 * time.Hour
				}
				return time.Hour
			})
			if v.Found != tc.found || len(v.Partly) != tc.partly || len(v.Loud) != tc.loud || v.FalseAlerts != tc.false || len(v.Missed) != 1-tc.found {
				t.Errorf("found %d, partly %d, loud %d, false %d, missed %d", v.Found, len(v.Partly), len(v.Loud), v.FalseAlerts, len(v.Missed))
			}
			if v.Recall != float64(tc.found) || v.Attacks != 1 || v.Silent != 1 {
				t.Errorf("recall %g of %d, silent %d", v.Recall, v.Attacks, v.Silent)
			}
		})
	}
	if v := Judge(nil, nil, nil); v.Recall != 1 {
		t.Errorf("nothing to find, recall %g", v.Recall)
	}
	noise := []Alert{{Rule: "r", Severity: "low"}, {Rule: "r", Severity: "high"}, {Rule: "r", Severity: "low"}}
	if v := Judge(noise, nil, nil); len(v.False) != 2 || v.False[0].Severity != "high" || v.False[1].Count != 2 {
		t.Errorf("false alerts are not told apart by severity: %+v", v.False)
	}
}
