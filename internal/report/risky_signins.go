package report

import (
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

type riskySignins struct {
	rows   [][]any
	hidden int
}

func (*riskySignins) Fields() map[event.Kind][]string {
	return map[event.Kind][]string{
		event.Signin: {
			"user.id", "user.name", "riskLevelDuringSignIn", "riskLevelAggregated", "riskState", "riskEventTypes_v2", "ip", "country", "appDisplayName", "outcome",
		},
		event.RiskDetection: {"user.id", "user.name", "riskLevel", "riskState", "riskEventType", "ip", "country"},
	}
}

func (s *riskySignins) Add(r *Row) {
	at, who := r.Time.Format(clock), r.who()
	if r.Kind == event.RiskDetection {
		s.rows = append(s.rows, []any{at, "detection", who, r.text(2), "", r.text(3), r.text(4), r.text(5), r.text(6), "", ""})
		return
	}
	during, aggregated, state := r.text(2), r.text(3), r.text(4)
	if strings.EqualFold(during, "hidden") || strings.EqualFold(aggregated, "hidden") {
		s.hidden++
	}
	if !risk(during) && !risk(aggregated) && !strings.EqualFold(state, "atRisk") && !strings.EqualFold(state, "confirmedCompromised") {
		return
	}
	s.rows = append(s.rows, []any{at, "sign-in", who, during, aggregated, state, strings.Join(r.Values[5], ", "), r.text(6), r.text(7), r.text(8), r.text(9)})
}

func risk(level string) bool {
	switch strings.ToLower(level) {
	case "low", "medium", "high":
		return true
	}
	return false
}

func (s *riskySignins) Table() *Table {
	t := &Table{
		Head: []string{"Time", "What", "User", "Level", "Aggregated", "State", "Detections", "IP", "Country", "App", "Outcome"}, Rows: s.rows,
	}
	if s.hidden > 0 {
		t.Notes = append(t.Notes, plural(s.hidden, "sign-in hides its risk", "sign-ins hide their risk")+", which Entra ID P2 would show")
	}
	return t
}

// plural writes a number with the words that fit it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
