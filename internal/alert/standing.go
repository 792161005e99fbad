package alert

import (
	"fmt"
	"time"
)

// What became of a posture finding since an earlier scan.
const (
	New      = "new"
	Standing = "standing"
	Resolved = "resolved"
)

// A Comparison compares the posture alerts of a scan with those of an earlier one.
// Such alerts keep their ids whenever the objects are looked at.
type Comparison struct {
	before map[string]*Alert
	seen   map[string]bool
}

// NewComparison takes the alerts of the earlier scan; only those of posture rules
// count, and not those that were resolved then.
func NewComparison(before []*Alert, posture func(rule string) bool) *Comparison {
	s := &Comparison{before: map[string]*Alert{}, seen: map[string]bool{}}
	for _, a := range before {
		if posture(a.Rule) && a.Change != Resolved {
			s.before[a.ID] = a
		}
	}
	return s
}

// Mark says of a posture alert whether it is new, and what changed.
func (s *Comparison) Mark(a *Alert) {
	old := s.before[a.ID]
	s.seen[a.ID] = true
	a.Change = New
	if old == nil {
		return
	}
	a.Change, a.Revision = Standing, old.Revision
	if old.First != nil && (a.First == nil || old.First.Before(*a.First)) {
		a.First = old.First
	}
	if old.Summary != a.Summary {
		a.Was = append(a.Was, old.Summary)
	}
	if old.Severity != a.Severity {
		a.Was = append(a.Was, "severity "+old.Severity)
	}
	if old.Count != a.Count {
		a.Was = append(a.Was, fmt.Sprintf("count %d", old.Count))
	}
	if len(a.Was) > 0 {
		a.Revision++
	}
}

// Gone returns the earlier alerts that were not found again: those that are
// resolved, and those of which that cannot be said. known reports whether a rule
// worked on complete snapshots.
func (s *Comparison) Gone(known func(rule string) bool, asOf *time.Time) (resolved, unknown []*Alert) {
	for _, a := range s.before {
		if s.seen[a.ID] {
			continue
		}
		if !known(a.Rule) {
			unknown = append(unknown, a)
			continue
		}
		r := *a
		r.Change, r.Was, r.Updated = Resolved, nil, asOf
		r.Revision++
		resolved = append(resolved, &r)
	}
	return sorted(resolved), sorted(unknown)
}
