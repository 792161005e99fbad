package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

type activations struct {
	open  map[string][]*activation // by user
	roles map[string][]*activation
	names map[string]string // of roles as written
}

// An activation is a role from when it was taken until it ended.
type activation struct {
	from, to time.Time // to: as granted; zero = the record does not tell
	used     time.Time // last change of the holder within; zero = none
}

func newActivations() *activations {
	return &activations{open: map[string][]*activation{}, roles: map[string][]*activation{}, names: map[string]string{}}
}

func (*activations) Fields() map[event.Kind][]string {
	return map[event.Kind][]string{event.Audit: {
		"actor.id", "actor.name", "activity", "outcome", "role.name", "user.name", "details.ExpirationTime", "target.name",
	}}
}

func (a *activations) Add(r *Row) {
	activity := r.text(2)
	if strings.EqualFold(r.text(3), "failure") {
		return
	}
	who := r.userKey()
	switch {
	case activity == "add member to role completed (pim activation)":
		if name := strings.ToLower(r.text(5)); name != "" {
			who = name
		}
		role := r.text(4)
		if role == "" {
			role = "(unknown)"
		}
		act := &activation{from: r.Time}
		if t, err := time.Parse(time.RFC3339, r.text(6)); err == nil && t.After(r.Time) {
			act.to = t
		}
		a.open[who] = append(a.open[who], act)
		key := strings.ToLower(role)
		a.names[key] = role
		a.roles[key] = append(a.roles[key], act)
	case strings.HasPrefix(activity, "remove member from role") && strings.Contains(activity, "pim"):
		if name := strings.ToLower(r.text(5)); name != "" {
			who = name
		}
		delete(a.open, who) // whichever of his roles it was, later changes prove nothing
	case strings.Contains(activity, "pim activation"):
	default:
		for _, act := range a.open[who] {
			if act.to.IsZero() && r.Time.Sub(act.from) <= longest || !r.Time.After(act.to) {
				act.used = r.Time
			}
		}
	}
}

// longest is how long PIM lets a role be active at most.
const longest = 24 * time.Hour

func (a *activations) Table() *Table {
	t := &Table{Head: []string{"Role", "Activations", "Granted, median", "Used, median", "Used, 90 %", "Used, longest", "Without a change"}}
	for _, key := range slices.Sorted(maps.Keys(a.roles)) {
		var granted, used []time.Duration
		unused := 0
		for _, act := range a.roles[key] {
			if !act.to.IsZero() {
				granted = append(granted, act.to.Sub(act.from))
			}
			if act.used.IsZero() {
				unused++
			} else {
				used = append(used, act.used.Sub(act.from))
			}
		}
		row := []any{a.names[key], len(a.roles[key]), "", "", "", "", unused}
		if len(granted) > 0 {
			row[2] = span(median(granted))
		}
		if len(used) > 0 {
			row[3] = span(median(used))
			row[4], row[5] = span(quantile(used, 0.9)), span(used[len(used)-1])
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 {
		t.Notes = append(t.Notes, "changes in Exchange, SharePoint, Azure and other services are in other logs and do not count here")
	}
	return t
}
