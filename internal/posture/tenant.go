package posture

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// tenant makes the record of what the tenant as a whole has and lacks. Each part
// is there only if its snapshots are complete.
func (j *Join) tenant() []map[string]any {
	s := j.Snapshot
	if s.Empty() {
		return nil
	}
	rec := map[string]any{"id": "tenant"}
	if !j.AsOf.IsZero() {
		rec["asOf"] = stamp(j.AsOf)
	}
	if s.Complete(event.User) && s.Complete(event.RoleAssignment) && j.View.Has("break_glass_accounts") {
		rec["emergency"] = j.emergency()
	}
	if s.Complete(event.ConditionalAccessPolicy) {
		rec["riskPolicies"] = map[string]int{
			"userRisk":          s.count(func(p *policy) bool { return p.userRisk }),
			"signInRisk":        s.count(func(p *policy) bool { return p.signInRisk }),
			"blockHighUserRisk": s.count(func(p *policy) bool { return p.everywhere && p.blocksHigh }),
		}
	}
	if s.Complete(event.AccessReview) {
		n := 0
		for _, ofRoles := range s.reviews {
			if ofRoles {
				n++
			}
		}
		rec["accessReviews"] = map[string]int{"ofRoles": n}
	}
	return []map[string]any{rec}
}

// count counts the policies that are enforced and pass a test.
func (s *Snapshot) count(test func(*policy) bool) int {
	n := 0
	for _, p := range s.policies {
		if p.enabled && test(p) {
			n++
		}
	}
	return n
}

// emergency looks at each account of break_glass_accounts.
func (j *Join) emergency() map[string]any {
	s := j.Snapshot
	declared, sound := 0, 0
	flaws := []string{}
	known := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[id]
		if !j.View.InList("break_glass_accounts", baseline.Principal{ID: id, UPN: u.upn}) {
			continue
		}
		known[id], known[lower(u.upn)] = true, true
		declared++
		if why := j.unsound(u); len(why) > 0 {
			flaws = append(flaws, cmp.Or(u.upn, id)+" "+strings.Join(why, ", "))
		} else {
			sound++
		}
	}
	for _, text := range j.View.Declared("break_glass_accounts") {
		if !known[lower(text)] {
			declared++
			flaws = append(flaws, text+" does not exist")
		}
	}
	return map[string]any{"declared": declared, "sound": sound, "flaws": flaws}
}

func (j *Join) unsound(u *user) (why []string) {
	if u.enabled == "false" {
		why = append(why, "is disabled")
	}
	if u.synced {
		why = append(why, "is synchronised from on premises")
	}
	role := "is not Global Administrator"
	for _, h := range j.Snapshot.holdings {
		if !h.globalAdministrator() || !j.holds(h, u.id) {
			continue
		}
		switch how := h.held(); {
		case how == permanent || how == assigned && !j.Snapshot.schedules:
			role = ""
		case role != "":
			role = "is Global Administrator, but not for good"
		}
	}
	if role != "" {
		why = append(why, role)
	}
	for _, m := range j.Snapshot.methods[u.id] {
		if m = lower(m); strings.Contains(m, "phone") && !strings.Contains(m, "authenticator") {
			why = append(why, "has a telephone as a factor")
			break
		}
	}
	return why
}

// holds reports whether a user has a role, himself or through a group.
func (j *Join) holds(h *holding, id string) bool {
	members, isGroup := j.Directory.Members(h.principal)
	return h.principal == id || isGroup && slices.Contains(members, id)
}
