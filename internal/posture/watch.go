package posture

import (
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/ascii"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A Watch notes when the holders of roles sign in, activate roles and change
// things. Each worker has one; Merge joins them.
type Watch struct {
	names  map[string]string // user principal name → object id
	people map[string]*use   // by object id

	roleName, template, origin int // fields of audit events

	signIns, audits Span
}

// A Span is from when to when a log was read.
type Span struct{ First, Last time.Time }

func (s *Span) add(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.First.IsZero() || t.Before(s.First) {
		s.First = t
	}
	if t.After(s.Last) {
		s.Last = t
	}
}

// days is how many whole days there are from a time to the span's end, or from
// its beginning if that is later.
func (s *Span) days(since time.Time) (int, bool) {
	if s.First.IsZero() {
		return 0, false
	}
	if since.Before(s.First) {
		since = s.First
	}
	return daysBetween(since, s.Last), true
}

func daysBetween(from, to time.Time) int { return max(0, int(to.Sub(from)/(24*time.Hour))) }

// A use is what one holder did.
type use struct {
	signIn, task time.Time
	activations  map[string]time.Time // by role: name and template id, in lower case
	tasks        map[string]bool      // activities
}

// maxTasks is how many different activities of one holder are kept; the audit
// log knows some hundred.
const maxTasks = 1000

// watched are the fields that a Watch reads.
var watched = map[event.Kind][]string{
	event.Signin: {"outcome", "actor.id", "actor.name"},
	event.Audit:  {"outcome", "actor.id", "actor.name", "activity", "user.id", "user.name", "role.name", "details.TemplateId", "details.RoleDefinitionOriginId"},
}

// Wanted lists the fields that Watches read, by kind. It makes them known to the
// schema, so it comes before the first event.
func Wanted(schema *event.Schema) [event.NumKinds][]int {
	var out [event.NumKinds][]int
	for k, names := range watched {
		for _, name := range names {
			out[k] = append(out[k], schema.Resolve(k, name).ID)
		}
	}
	return out
}

// Watch returns what watches the holders of roles in a snapshot; nil if there
// are none.
func (s *Snapshot) Watch(schema *event.Schema, people []string) *Watch {
	if len(people) == 0 {
		return nil
	}
	w := &Watch{
		names: map[string]string{}, people: map[string]*use{}, roleName: schema.MustID("role.name"),
		template: schema.Resolve(event.Audit, "details.TemplateId").ID, origin: schema.Resolve(event.Audit, "details.RoleDefinitionOriginId").ID,
	}
	for _, id := range people {
		w.people[id] = &use{activations: map[string]time.Time{}, tasks: map[string]bool{}}
		if u := s.users[id]; u != nil && u.upn != "" {
			w.names[lower(u.upn)] = id
		}
	}
	for _, h := range s.holdings {
		if h.upn != "" && w.people[h.principal] != nil {
			w.names[lower(h.upn)] = h.principal
		}
	}
	return w
}

// See takes the next event.
func (w *Watch) See(e *event.Event) {
	switch e.Kind {
	case event.Signin:
		w.signIns.add(e.Time)
		if u := w.find(e, event.FActorID, event.FActorName); u != nil && e.Text(event.FOutcome) == "success" {
			later(&u.signIn, e.Time)
		}
	case event.Audit:
		w.audits.add(e.Time)
		if e.Text(event.FOutcome) != "failure" {
			w.audit(e)
		}
	}
}

func (w *Watch) audit(e *event.Event) {
	activity := e.Text(event.FActivity)
	if activity == "add member to role completed (pim activation)" {
		u := w.find(e, event.FUser, event.FUserName)
		if u == nil {
			u = w.find(e, event.FActorID, event.FActorName)
		}
		if u == nil {
			return
		}
		for _, field := range []int{w.roleName, w.template, w.origin} {
			if role := lower(e.Text(field)); role != "" && e.Time.After(u.activations[role]) {
				u.activations[strings.Clone(role)] = e.Time
			}
		}
		return
	}
	u := w.find(e, event.FActorID, event.FActorName)
	if u == nil || strings.Contains(activity, "pim activation") || strings.Contains(activity, "pim deactivate") ||
		u == w.find(e, event.FUser, event.FUserName) {
		return // elevation, and what people do to their own account, needs no role
	}
	later(&u.task, e.Time)
	if len(u.tasks) < maxTasks && !u.tasks[activity] {
		u.tasks[strings.Clone(activity)] = true
	}
}

// find returns the use of a holder whom an event names.
func (w *Watch) find(e *event.Event, id, name int) *use {
	var room [64]byte // most events name nobody who holds a role
	b := ascii.AppendLower(room[:0], e.Text(id))
	if u := w.people[string(b)]; u != nil {
		return u
	}
	b = ascii.AppendLower(room[:0], e.Text(name))
	return w.people[w.names[string(b)]]
}

func later(t *time.Time, other time.Time) {
	if other.After(*t) {
		*t = other
	}
}

// Merge adds what another Watch of the same snapshot saw.
func (w *Watch) Merge(o *Watch) {
	for _, s := range [][2]*Span{{&w.signIns, &o.signIns}, {&w.audits, &o.audits}} {
		s[0].add(s[1].First)
		s[0].add(s[1].Last)
	}
	for id, theirs := range o.people {
		u := w.people[id]
		later(&u.signIn, theirs.signIn)
		later(&u.task, theirs.task)
		for role, t := range theirs.activations {
			if t.After(u.activations[role]) {
				u.activations[role] = t
			}
		}
		for task := range theirs.tasks {
			u.tasks[task] = true
		}
	}
}
