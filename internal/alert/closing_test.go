package alert_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// closedAt closes alerts of a group, so many minutes after noon.
func closedAt(who string, minutes ...int) alert.Closings {
	return func(tenant, rule string, group []string) []time.Time {
		if tenant != "t1" || rule != "r" || group[0] != who {
			return nil
		}
		var out []time.Time
		for _, m := range minutes {
			out = append(out, noon.Add(time.Duration(m)*time.Minute))
		}
		return out
	}
}

// minute is the signal of an event, or of a finding that goes on for a while.
func minute(from int, to ...int) detect.Signal {
	s := at(byte(from), time.Duration(from)*time.Minute)
	for _, m := range to {
		s.Last = noon.Add(time.Duration(m) * time.Minute)
		s.Count = 2
	}
	return s
}

func TestClosings(t *testing.T) {
	tests := []struct {
		name    string
		closed  []int
		signals []detect.Signal
		want    []string // first–last, and the alerts that it is related to
	}{
		{"none", nil, []detect.Signal{minute(0), minute(30)}, []string{"12:00–12:30 []"}},
		{"in the episode", []int{20}, []detect.Signal{minute(0), minute(10), minute(30), minute(40)}, []string{"12:00–12:10 [1]", "12:30–12:40 [0]"}},
		{"an event of that moment is dealt with", []int{10}, []detect.Signal{minute(0), minute(10), minute(11)}, []string{"12:00–12:10 [1]", "12:11–12:11 [0]"}},
		{"late events grow the closed alert", []int{20}, []detect.Signal{minute(0), minute(5), minute(15)}, []string{"12:00–12:15 []"}},
		{"nothing happened since", []int{20}, []detect.Signal{minute(0)}, []string{"12:00–12:00 []"}},
		{"before the episode", []int{-20}, []detect.Signal{minute(0), minute(10)}, []string{"12:00–12:10 []"}},
		{"between two episodes", []int{20}, []detect.Signal{minute(0), minute(90)}, []string{"12:00–12:00 []", "13:30–13:30 []"}},
		{"twice", []int{20, 40}, []detect.Signal{minute(0), minute(30), minute(50)}, []string{"12:00–12:00 [1]", "12:30–12:30 [0 2]", "12:50–12:50 [1]"}},
		{"twice in a gap", []int{20, 25}, []detect.Signal{minute(0), minute(30)}, []string{"12:00–12:00 [1]", "12:30–12:30 [0]"}},
		{"a finding goes on", []int{20}, []detect.Signal{minute(0, 40), minute(10)}, []string{"12:00–12:40 [1]", "12:00–12:40 [0]"}},
		{"a finding goes on, and another follows", []int{20}, []detect.Signal{minute(0, 40), minute(50)}, []string{"12:00–12:40 [1]", "12:00–12:50 [0]"}},
		{"a finding goes on through two", []int{20, 30}, []detect.Signal{minute(0, 40), minute(25)}, []string{"12:00–12:40 [1]", "12:00–12:40 [0 2]", "12:00–12:40 [1]"}},
		{"without time", []int{20}, []detect.Signal{at(1, 0, untimed), at(2, 0, untimed)}, []string{"?–? []"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			alerts := buildClosed(t, ruleWith("r", "1h"), closedAt("alice", tt.closed...), tt.signals...)
			number := map[string]int{}
			for i, a := range alerts {
				number[a.ID] = i
			}
			if len(number) != len(alerts) {
				t.Errorf("%d alerts share %d ids", len(alerts), len(number))
			}
			var got []string
			for _, a := range alerts {
				related := []int{}
				for _, id := range a.Related {
					n, ok := number[id]
					if !ok {
						t.Errorf("related to %s, which is no alert", id)
					}
					related = append(related, n)
				}
				got = append(got, fmt.Sprintf("%s–%s %v", clock(a.First), clock(a.Last), related))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestClosingsConcernOneGroup: others are as they were, ids and all.
func TestClosingsConcernOneGroup(t *testing.T) {
	signals := []detect.Signal{minute(0), minute(30), at(3, 0, group("bob")), at(4, 30*time.Minute, group("bob"))}
	plain := build(t, []*detect.Rule{ruleWith("r", "1h")}, signals...)
	if diff := cmp.Diff(plain, buildClosed(t, ruleWith("r", "1h"), closedAt("carol", 20), signals...)); diff != "" {
		t.Errorf("-without +with closings of another group\n%s", diff)
	}
	closed := buildClosed(t, ruleWith("r", "1h"), closedAt("alice", 20), signals...)
	if len(closed) != 3 || closed[0].ID != plain[0].ID || closed[2].ID != plain[1].ID {
		t.Errorf("%d alerts", len(closed))
	}
	// What a closing parts off is known by the closing, not by what was before.
	other := buildClosed(t, ruleWith("r", "1h"), closedAt("alice", 20), append(signals, minute(15))...)
	if other[1].ID != closed[1].ID {
		t.Error("a late event before the closing changes the id of what came after")
	}
	if later := buildClosed(t, ruleWith("r", "1h"), closedAt("alice", 21), signals...); later[1].ID == closed[1].ID {
		t.Error("two closings give one id")
	}
}

func buildClosed(t testing.TB, r *detect.Rule, closings alert.Closings, signals ...detect.Signal) []*alert.Alert {
	t.Helper()
	var out []*alert.Alert
	b := alert.NewBuilder([]*detect.Rule{r}, nil, func(a *alert.Alert) error { out = append(out, a); return nil })
	b.CloseAt(closings)
	fold(t, b, signals)
	return out
}
