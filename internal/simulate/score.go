package simulate

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An Alert is what of an alert Judge looks at: the fields of `scan -json`.
type Alert struct {
	Schema   int       `json:"schema"`
	Rule     string    `json:"rule"`
	Severity string    `json:"severity"`
	Guide    []string  `json:"guide"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Entities []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"entities"`
	Summary string `json:"summary"`
}

// A Verdict says how alerts and labels agree.
type Verdict struct {
	// Attacks that must alert, and how many did. Recall is their ratio, 1 when
	// there are none.
	Attacks int     `json:"attacks"`
	Found   int     `json:"found"`
	Recall  float64 `json:"recall"`
	Missed  []Label `json:"missed"`
	// Partly lists attacks that were found, with the rows that did not alert.
	Partly []Partly `json:"partly"`
	// Loud lists attacks below a limit whose rows alerted all the same.
	Loud   []Label `json:"loud"`
	Silent int     `json:"silent"`
	// False alerts belong to no label, by rule and day.
	Alerts      int          `json:"alerts"`
	FalseAlerts int          `json:"false_alerts"`
	False       []FalseCount `json:"false"`
}

// Partly is an attack of which only some rows alerted.
type Partly struct {
	Attack  string   `json:"attack"`
	Variant string   `json:"variant"`
	Rows    []string `json:"rows_missed"`
}

// A FalseCount is how often a rule alerted on a day about nothing.
type FalseCount struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Day      string `json:"day"` // "" of the directory
	Count    int    `json:"count"`
	Example  string `json:"example"` // the sentence of the first one
}

// Judge compares alerts with labels. An attack is found if an alert names one
// of its rows and one of its entities (or no entity at all), within its time and
// the span that the rule takes together. An alert that shares entity and time with some label
// belongs to it, whatever its rows; the others are false.
func Judge(alerts []Alert, labels []Label, span func(rule string) time.Duration) Verdict {
	v := Verdict{Alerts: len(alerts), Missed: []Label{}, Loud: []Label{}, Partly: []Partly{}, False: []FalseCount{}}
	owned := make([]bool, len(alerts))
	names := make([]map[string]bool, len(alerts))
	for i, a := range alerts {
		names[i] = map[string]bool{}
		for _, e := range a.Entities {
			names[i][strings.ToLower(e.ID)], names[i][strings.ToLower(e.Name)] = true, true
		}
	}
	for _, l := range labels {
		rows := map[string]bool{}
		for i, a := range alerts {
			slack := span(a.Rule)
			if l.Must == MustSilent {
				slack = 0 // what alerts must be the attempt itself
			}
			if !near(a, l, slack) || !l.names(names[i]) {
				continue
			}
			if len(names[i]) == 0 && !slices.ContainsFunc(a.Guide, func(row string) bool { return slices.Contains(l.Rows, row) }) {
				continue
			}
			owned[i] = true
			for _, row := range a.Guide {
				rows[row] = rows[row] || slices.Contains(l.Rows, row)
			}
		}
		missed := slices.DeleteFunc(slices.Clone(l.Rows), func(row string) bool { return rows[row] })
		found := len(missed) < len(l.Rows)
		switch {
		case l.Must == MustSilent:
			v.Silent++
			if found {
				v.Loud = append(v.Loud, l)
			}
		case found:
			v.Attacks, v.Found = v.Attacks+1, v.Found+1
			if len(missed) > 0 {
				v.Partly = append(v.Partly, Partly{l.Attack, l.Variant, missed})
			}
		default:
			v.Attacks++
			v.Missed = append(v.Missed, l)
		}
	}
	v.Recall = 1
	if v.Attacks > 0 {
		v.Recall = float64(v.Found) / float64(v.Attacks)
	}
	for i, a := range alerts {
		if !owned[i] {
			v.count(a)
		}
	}
	slices.SortFunc(v.False, func(a, b FalseCount) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Severity, b.Severity))
	})
	return v
}

func (v *Verdict) count(a Alert) {
	v.FalseAlerts++
	day := ""
	if !a.First.IsZero() {
		day = a.First.UTC().Format(time.DateOnly)
	}
	i := slices.IndexFunc(v.False, func(f FalseCount) bool { return f.Rule == a.Rule && f.Day == day && f.Severity == a.Severity })
	if i < 0 {
		i = len(v.False)
		v.False = append(v.False, FalseCount{Rule: a.Rule, Severity: a.Severity, Day: day, Example: a.Summary})
	}
	v.False[i].Count++
}

// near reports whether alert and attack are close in time. Alerts about the
// directory have no time.
func near(a Alert, l Label, span time.Duration) bool {
	return a.First.IsZero() || !a.First.After(l.Last.Add(span)) && !a.Last.Before(l.First.Add(-span))
}

// names reports whether an alert that has these names shares an entity with l.
func (l Label) names(of map[string]bool) bool {
	if len(of) == 0 { // nobody can tell
		return true
	}
	for _, ids := range l.Entities {
		for _, id := range ids {
			if of[strings.ToLower(id)] {
				return true
			}
		}
	}
	return false
}
