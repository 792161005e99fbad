package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/state"
)

const (
	// watchEvery is how often it is looked whether the service itself is well.
	watchEvery = time.Second
	// sayChange is how often at most it is told that such an alert says something else.
	sayChange = 15 * time.Minute
	// mostNamed is how many rules such an alert names.
	mostNamed = 20
)

// An ownRule is what alerts of the service itself have in common. They are not
// about events: no Sigma rule makes them.
type ownRule struct{ id, title, severity string }

var ownRules = map[string]ownRule{
	health.SourceSilent:  {"3d741f7e-66db-47e6-bd7c-1f12c611fb5e", "A log has fallen silent", "high"},
	health.SourceFailing: {"85cac22a-9dc2-44a0-ad1c-883e8d0ed854", "A source cannot be read", "high"},
	health.OutletFailing: {"514d6923-8ee3-400d-86bf-1a0d027c0b19", "Alerts are not delivered", "high"},
	health.RuleBlind:     {"fc6fa2cb-ac82-40a0-adbf-73ab27504643", "Rules can find nothing", "medium"},
	health.DiskFull:      {"de02e196-33b1-48f9-897c-b53e28890c48", "The disk is nearly full", "high"},
	health.LakeDamaged:   {"0d0c9e2b-5d0e-4d0f-8a5c-7a1f6b0c83d4", "Files of the lake cannot be read", "high"},
	health.EventsLate:    {"c62045a5-520c-4d59-8854-a2330039f311", "Many events come too late", "medium"},
}

// closed is the status of an alert whose reason is over.
const closed = "closed"

// A watchBook holds the newest fact of each alert of the service itself, by what
// it is about.
type watchBook struct {
	tenant string
	facts  map[string]*alert.Alert
}

func newWatchBook(tenant string) *watchBook {
	return &watchBook{tenant: tenant, facts: map[string]*alert.Alert{}}
}

// keep takes a stored fact, and reports whether it is one of the service itself.
func (b *watchBook) keep(a *alert.Alert) bool {
	if _, own := ownRules[a.Rule]; !own {
		return false
	}
	if a.First == nil || a.Updated == nil {
		return true // not by us
	}
	about := aboutOf(a.Rule, a.Group)
	if was := b.facts[about]; was == nil || was.First.Before(*a.First) {
		b.facts[about] = a
	}
	return true
}

func aboutOf(rule string, key []string) string {
	return strings.Join(append([]string{rule}, key...), "\x00")
}

// revise makes the facts of what has begun, changed or ended.
func (b *watchBook) revise(h *health.Health) []*alert.Alert {
	var out []*alert.Alert
	stands := map[string]bool{}
	for i := range h.Reasons {
		r := &h.Reasons[i]
		if r.Alert == "" || stands[aboutOf(r.Alert, r.Key)] {
			continue
		}
		about := aboutOf(r.Alert, r.Key)
		stands[about] = true
		a, was := b.make(r, h), b.facts[about]
		switch {
		case was == nil || was.Status == closed && was.ID != a.ID:
		case was.Status == closed: // it has begun again within the hour
			a.Revision = was.Revision + 1
		case saysSame(was, a) || h.Time.Sub(*was.Updated) < sayChange && was.Severity == a.Severity:
			continue
		default:
			a.ID, a.First, a.Revision, a.Status = was.ID, was.First, was.Revision+1, was.Status
		}
		b.facts[about] = a
		out = append(out, a)
	}
	for _, about := range slices.Sorted(maps.Keys(b.facts)) {
		was := b.facts[about]
		if was.Status == closed && h.Time.Sub(*was.Updated) > 24*time.Hour {
			delete(b.facts, about)
		}
		if stands[about] || was.Status == closed {
			continue
		}
		a := *was
		now := h.Time
		a.Revision, a.Status, a.Last, a.Updated = was.Revision+1, closed, &now, &now
		a.Summary = "It is over: " + was.Summary
		b.facts[about] = &a
		out = append(out, &a)
	}
	return out
}

func saysSame(a, b *alert.Alert) bool {
	return a.Summary == b.Summary && a.Severity == b.Severity && slices.Equal(a.Entities, b.Entities)
}

func (b *watchBook) make(r *health.Reason, h *health.Health) *alert.Alert {
	rule := ownRules[r.Alert]
	first, now := r.Since.UTC(), h.Time
	a := &alert.Alert{
		Schema: 1, ID: watchID(b.tenant, r, first), Rule: r.Alert, RuleID: rule.id, Title: rule.title,
		Severity: rule.severity, Status: alert.New, Revision: 1, Updated: &now, Guide: []string{}, Tags: []string{}, Related: []string{},
		Tenant: b.tenant, First: &first, Last: &now, Count: 1, Group: r.Key, Evidence: []alert.Evidence{}, Summary: summaryOf(r),
	}
	a.SeverityReason = "the service itself: " + rule.title
	a.Incident = a.ID
	for _, name := range aboutWhom(r, h) {
		a.Entities = append(a.Entities, detect.Entity{Type: "source", Name: name})
	}
	for i, slug := range r.Rules {
		if i == mostNamed {
			break
		}
		a.Entities = append(a.Entities, detect.Entity{Type: "rule", Name: slug})
	}
	return a
}

// watchID is the same whenever the same thing is found again. Hours are enough:
// what stops and begins again within one is the same trouble.
func watchID(tenant string, r *health.Reason, first time.Time) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{tenant, aboutOf(r.Alert, r.Key), first.Truncate(time.Hour).Format(time.RFC3339)}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func summaryOf(r *health.Reason) string {
	what := r.What
	if r.Name != "" {
		what = fmt.Sprintf("%s %s: %s", r.Part, r.Name, what)
	}
	if r.Hint != "" {
		what += "; " + r.Hint
	}
	return what + "."
}

// aboutWhom names the sources, or the part of the service, that a reason is about.
func aboutWhom(r *health.Reason, h *health.Health) []string {
	if r.Alert != health.RuleBlind {
		if r.Name == "" {
			return []string{"entrawatch"}
		}
		return []string{r.Name}
	}
	var out []string
	for _, s := range h.Sources {
		if slices.ContainsFunc(s.Logs, func(l health.Log) bool { return l.Kind == r.Name }) {
			out = append(out, s.Name)
		}
	}
	return out
}

// watch looks whether the service itself is well, and makes facts of alerts where
// that has changed.
func (k *keeper) watch(now time.Time) error {
	if now.Sub(k.watched) < watchEvery {
		return nil
	}
	k.watched = now
	var size *detect.LiveSize
	if now.Sub(k.measured) >= k.s.Forget {
		k.measured = now
		n := k.live.Size()
		size = &n
	}
	k.s.health.correlated(k.live, size, slices.Sorted(maps.Keys(k.newest)), k.buffer.bytes, now)
	for _, a := range k.book.own.revise(k.s.Health(now)) {
		f, err := storedAlert(a)
		if err != nil {
			return err
		}
		k.buffer.facts = append(k.buffer.facts, f)
		k.remember = true
	}
	return nil
}

// remembering adds to what is stored how the service fares, when it is time to.
func (k *keeper) remembering(changes *state.Changes, now time.Time) error {
	if !k.remember && now.Sub(k.memoed) < k.s.Forget {
		return nil
	}
	k.remember, k.memoed = false, now
	v, err := k.s.health.memo(now)
	if err != nil {
		return err
	}
	changes.Values = append(changes.Values, v)
	return nil
}
