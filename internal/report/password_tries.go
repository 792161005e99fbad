package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

type tries struct {
	wrong map[string][]time.Time // since the last success, by user
	cases map[string][]int       // tries before a new password, by how it came
}

// before is how long before a new password a wrong one still belongs to it.
const before = 24 * time.Hour

// maxTries bounds what is kept of one user, whom attackers may try without end.
const maxTries = 10_000

func newTries() *tries {
	return &tries{wrong: map[string][]time.Time{}, cases: map[string][]int{}}
}

func (*tries) Fields() map[event.Kind][]string {
	return map[event.Kind][]string{
		event.Signin: {"user.id", "user.name", "status.errorCode", "outcome"},
		event.Audit:  {"user.id", "user.name", "activity", "outcome"},
	}
}

func (t *tries) Add(r *Row) {
	key := r.userKey()
	if key == "" {
		return
	}
	switch {
	case r.Kind == event.Signin && r.text(3) == "success":
		delete(t.wrong, key)
	case r.Kind == event.Signin && r.text(2) == "50126":
		list := slices.DeleteFunc(t.wrong[key], func(at time.Time) bool { return r.Time.Sub(at) > before })
		if len(list) < maxTries {
			list = append(list, r.Time)
		}
		t.wrong[key] = list
	case r.Kind == event.Audit && r.text(3) != "failure":
		how := r.text(2)
		if how != "reset password (self-service)" && how != "reset password (by admin)" {
			return
		}
		n := 0
		for _, at := range t.wrong[key] {
			if r.Time.Sub(at) <= before {
				n++
			}
		}
		delete(t.wrong, key)
		if n > 0 {
			t.cases[how] = append(t.cases[how], n)
		}
	}
}

func (t *tries) Table() *Table {
	out := &Table{Head: []string{"New password", "Cases", "Tries, median", "Tries, 75 %", "Tries, 90 %", "Tries, most"}}
	var all []int
	for _, how := range slices.Sorted(maps.Keys(t.cases)) {
		n := t.cases[how]
		slices.Sort(n)
		all = append(all, n...)
		out.Rows = append(out.Rows, []any{how, len(n), quantile(n, 0.5), quantile(n, 0.75), quantile(n, 0.9), n[len(n)-1]})
	}
	if len(all) > 0 {
		slices.Sort(all)
		out.Notes = append(out.Notes, fmt.Sprintf("nine of ten people gave at most %s before they got a new one; thresholds.failed_signins above that leaves them out",
			plural(quantile(all, 0.9), "wrong password", "wrong passwords")))
		if len(all) < 30 {
			out.Notes = append(out.Notes, fmt.Sprintf("%s: too few to conclude from; read more weeks", plural(len(all), "case", "cases")))
		}
	}
	return out
}
