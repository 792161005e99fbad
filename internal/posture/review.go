package posture

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// An instance is one round of an access review.
type instance struct {
	id, review, name, status string
	start, end               time.Time
	ofRoles                  bool
}

func isInstances(collection string) bool {
	return strings.HasSuffix(collection, "/instances") && strings.Contains(collection, "accessreviews/definitions")
}

// ofRoles reports whether a review is about Entra roles.
func ofRoles(e *event.Event) bool {
	return slices.ContainsFunc(append(texts(e, "scope.query"), texts(e, "scope.resourcescopes.query")...), func(q string) bool {
		return strings.Contains(lower(q), "rolemanagement/directory")
	})
}

// addInstance takes an instance out of a listing of them, which does not name
// the series.
func (s *Snapshot) addInstance(e *event.Event, id string) {
	if id == "" || s.instances[id] != nil { // with its series it tells more
		return
	}
	name := text(e, event.FDisplayName)
	if q := append(texts(e, "scope.resourcescopes.query"), texts(e, "scope.query")...); name == "" && len(q) > 0 {
		name = q[0]
	}
	s.instances[id] = &instance{
		id: id, name: name, status: get(e, "status"), start: timeOf(get(e, "startdatetime")), end: timeOf(get(e, "enddatetime")), ofRoles: ofRoles(e),
	}
}

// addInstances takes those that stand in their series.
func (s *Snapshot) addInstances(e *event.Event, review string) {
	field := func(name string, i int) string {
		return strings.Clone(e.TextAt(e.Schema().MustID("instances."+name), i))
	}
	for i := range e.Elems(e.Schema().MustID("instances.id")) {
		id := lower(field("id", i))
		if id == "" {
			continue
		}
		s.instances[id] = &instance{
			id: id, review: review, name: text(e, event.FDisplayName), status: field("status", i),
			start: timeOf(field("startdatetime", i)), end: timeOf(field("enddatetime", i)), ofRoles: ofRoles(e),
		}
	}
}

// reviews makes a record for each instance.
func (j *Join) reviews() []map[string]any {
	var out []map[string]any
	for _, id := range slices.Sorted(maps.Keys(j.Snapshot.instances)) {
		in := j.Snapshot.instances[id]
		rec := map[string]any{"id": id, "displayName": cmp.Or(in.name, id), "status": in.status, "ofRoles": in.ofRoles}
		if in.review != "" {
			rec["reviewId"] = in.review
		}
		for key, t := range map[string]time.Time{"startDateTime": in.start, "endDateTime": in.end, "asOf": j.AsOf} {
			if !t.IsZero() {
				rec[key] = stamp(t)
			}
		}
		over := contains([]string{"Completed", "AutoReviewed", "Applied"}, in.status)
		if !j.AsOf.IsZero() && !in.end.IsZero() && in.end.Before(j.AsOf) && in.status != "" && !over {
			rec["overdueDays"] = daysBetween(in.end, j.AsOf)
		}
		out = append(out, rec)
	}
	return out
}
