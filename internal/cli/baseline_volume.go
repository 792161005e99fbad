package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
)

// A volume is how many alerts there would be.
type volume struct {
	Days  int          `json:"days"` // from the first event to the last
	Rules []ruleVolume `json:"rules"`
	// Levels say how many alerts of each level a day had at most.
	Levels []levelVolume `json:"levels"`
}

type ruleVolume struct {
	Rule  string         `json:"rule"`
	Level string         `json:"level"` // the highest of its alerts
	Total int            `json:"total"`
	Weeks map[string]int `json:"weeks"` // by ISO week: 2026-W45
}

type levelVolume struct {
	Level  string `json:"level"`
	Total  int    `json:"total"`
	Most   int    `json:"most"` // on one day
	Day    string `json:"day"`  // which day that was
	Budget int    `json:"budget"`
	Over   int    `json:"over"` // days with more than the budget
}

// noDay stands for alerts without a time, such as those of snapshots.
const noDay = "no time"

// measure counts the alerts of a scan.
func measure(res *app.Result, b *baseline.Baseline) (*volume, error) {
	v := &volume{Rules: []ruleVolume{}, Levels: []levelVolume{}}
	if first, last := res.Summary.First, res.Summary.Last; first != nil {
		v.Days = int(day(*last).Sub(day(*first))/(24*time.Hour)) + 1
	}
	rules := map[string]*ruleVolume{}
	days := map[string]map[string]int{} // by level and day
	for a, err := range res.Alerts() {
		if err != nil {
			return nil, err
		}
		r := rules[a.Rule]
		if r == nil {
			r = &ruleVolume{Rule: a.Rule, Level: a.Severity, Weeks: map[string]int{}}
			rules[a.Rule] = r
		}
		if alert.Rank(a.Severity) < alert.Rank(r.Level) {
			r.Level = a.Severity
		}
		week, on := noDay, noDay
		if a.First != nil {
			year, w := a.First.UTC().ISOWeek()
			week, on = fmt.Sprintf("%d-W%02d", year, w), a.First.UTC().Format(time.DateOnly)
		}
		r.Total++
		r.Weeks[week]++
		if days[a.Severity] == nil {
			days[a.Severity] = map[string]int{}
		}
		days[a.Severity][on]++
	}
	for _, r := range rules {
		v.Rules = append(v.Rules, *r)
	}
	slices.SortFunc(v.Rules, func(a, b ruleVolume) int { return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Rule, b.Rule)) })
	view := b.View(b.HomeTenantID(), nil)
	for _, level := range alert.Levels {
		l := levelVolume{Level: level}
		l.Budget, _ = view.Count("alert_budget." + level + "_per_day")
		for _, on := range slices.Sorted(maps.Keys(days[level])) {
			n := days[level][on]
			l.Total += n
			if on == noDay {
				continue // found once, not every day
			}
			if n > l.Most {
				l.Most, l.Day = n, on
			}
			if l.Budget > 0 && n > l.Budget {
				l.Over++
			}
		}
		if l.Total > 0 {
			v.Levels = append(v.Levels, l)
		}
	}
	return v, nil
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// write prints the volume for people.
func (v *volume) write(e *env) error {
	s := &sheet{screen: e.out}
	total := 0
	for _, l := range v.Levels {
		total += l.Total
	}
	s.head(count(total, "alert") + " in " + count(v.Days, "day") + " of logs")
	for i := range v.Levels {
		s.say("  - ", v.Levels[i].sentence(v.Days))
	}
	s.WriteByte('\n')
	if _, err := e.stdout.Write([]byte(s.String())); err != nil {
		return err
	}
	if len(v.Rules) == 0 {
		return nil
	}
	t := &table{head: []string{"RULE", "LEVEL", "ALERTS", "BY WEEK"}, style: func(column int, text string) style {
		if column == 1 {
			return severityStyle[text]
		}
		return plain
	}}
	for i := range v.Rules {
		r := &v.Rules[i]
		var weeks []string
		for _, w := range slices.Sorted(maps.Keys(r.Weeks)) {
			weeks = append(weeks, w+": "+number(r.Weeks[w]))
		}
		t.row(r.Rule, r.Level, number(r.Total), strings.Join(weeks, ", "))
	}
	return t.write(e.stdout, e.out)
}

// sentence holds a level against the budget.
func (l *levelVolume) sentence(days int) string {
	text := number(l.Total) + " " + l.Level
	if l.Most > 0 {
		text += ", at most " + number(l.Most) + " a day (" + l.Day + ")"
	}
	switch {
	case l.Budget == 0:
		return text
	case l.Over == 0:
		return text + ": within the budget of " + number(l.Budget) + " a day"
	}
	return text + fmt.Sprintf(": more than the budget of %s a day on %s of %s; look at the rules that alert most, and loosen what they compare with", number(l.Budget), number(l.Over), count(days, "day"))
}
