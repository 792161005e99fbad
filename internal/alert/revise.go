package alert

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
)

// What becomes of alerts that a later evaluation does not find any more.
const (
	Superseded = "superseded" // another alert holds its events
	Withdrawn  = "withdrawn"  // its rule does not hold, now that more is known
)

// Live reports whether the last evaluation found the alert.
func (a *Alert) Live() bool { return a.Status != Superseded && a.Status != Withdrawn }

// Revise compares the alerts of two evaluations of the same groups: the newest
// record of each alert ever delivered, and what an evaluation over more data
// gives now. It returns the records that are to be stored and delivered,
// first those of alerts that are there, then those of alerts that are gone.
//
// New alerts come as they are, and changed ones with the next revision and
// whatever people made of them. An alert that is gone becomes superseded by the
// one of its tenant, rule and group that overlaps it, else withdrawn; should it
// come back it is again what it was before. A new alert that takes the place of
// others takes over their status, if they agree on one.
func Revise(before, now []*Alert) []*Alert {
	old := map[string]*Alert{}
	for _, a := range before {
		old[a.ID] = a
	}
	current := map[string]bool{}
	groups := map[string][]*Alert{}
	for _, a := range now {
		current[a.ID] = true
		g := a.groupKey()
		groups[g] = append(groups[g], a)
	}
	var gone []*Alert
	replaced := map[string][]string{} // by the id of an alert: the status of those that it supersedes
	for _, a := range sorted(before) {
		if current[a.ID] || !a.Live() {
			continue
		}
		r := *a
		r.Revision++
		r.StatusBefore, r.Status = a.Status, Withdrawn
		if by := successor(a, groups[a.groupKey()]); by != nil {
			r.Status, r.SupersededBy = Superseded, &by.ID
			replaced[by.ID] = append(replaced[by.ID], a.Status)
		}
		gone = append(gone, &r)
	}
	var out []*Alert
	for _, a := range sorted(now) {
		was := old[a.ID]
		r := *a
		switch {
		case was == nil:
			if s := replaced[a.ID]; len(s) > 0 && slices.Max(s) == slices.Min(s) {
				r.Status = s[0]
			}
		case was.Live() && was.same(a):
			continue
		default:
			r.keep(was)
		}
		out = append(out, &r)
	}
	return append(out, gone...)
}

// keep takes over from the record before what evaluations do not know.
func (a *Alert) keep(was *Alert) {
	a.Revision, a.Status = was.Revision+1, was.Status
	if !was.Live() {
		a.Status = was.StatusBefore
	}
	if a.Incident == "" {
		a.Incident = was.Incident
	}
	a.Related = slices.Clone(a.Related)
	for _, id := range was.Related {
		if len(a.Related) < MaxRelated && !slices.Contains(a.Related, id) {
			a.Related = append(a.Related, id)
		}
	}
}

// same reports whether two records of an alert tell people the same. To which
// others it belongs, and where copies of its events were read, is no news.
func (a *Alert) same(b *Alert) bool { return a.content() == b.content() }

func (a *Alert) content() string {
	c := *a
	c.Revision, c.Status, c.StatusBefore, c.SupersededBy, c.Incident, c.Related, c.Change = 0, "", "", nil, "", nil, ""
	c.Evidence = slices.Clone(a.Evidence)
	for i := range c.Evidence {
		c.Evidence[i].Source = ""
	}
	text, _ := json.Marshal(c) // there is nothing in it that has no JSON
	return string(text)
}

// successor is the first alert of a group that overlaps an earlier one.
func successor(a *Alert, group []*Alert) *Alert {
	var found *Alert
	for _, b := range group {
		if b.overlaps(a) && (found == nil || b.beginsBefore(found)) {
			found = b
		}
	}
	return found
}

// overlaps reports whether two alerts have a moment in common. Those of objects
// without a time have.
func (a *Alert) overlaps(b *Alert) bool {
	if a.First == nil || b.First == nil {
		return a.First == b.First
	}
	return !a.First.After(*b.Last) && !b.First.After(*a.Last)
}

func (a *Alert) beginsBefore(b *Alert) bool {
	if a.First == nil || b.First == nil || a.First.Equal(*b.First) {
		return a.ID < b.ID
	}
	return a.First.Before(*b.First)
}

// groupKey tells tenants, rules and groups apart.
func (a *Alert) groupKey() string {
	var key []byte
	for _, s := range append([]string{a.Tenant, a.Rule}, a.Group...) {
		key = append(binary.AppendUvarint(key, uint64(len(s))), s...)
	}
	return string(key)
}

func sorted(alerts []*Alert) []*Alert {
	return slices.SortedFunc(slices.Values(alerts), func(a, b *Alert) int { return strings.Compare(a.ID, b.ID) })
}
