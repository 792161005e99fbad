package posture

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A Join is what records are made of.
type Join struct {
	Snapshot  *Snapshot
	Directory *baseline.Directory
	View      *baseline.View // of the tenant that the snapshot shows
	Watch     *Watch         // nil: nobody holds a role
	AsOf      time.Time      // of the snapshot; zero: not known
	Hosts     map[string]Resolution
}

// The contexts of the pages that Write writes.
var contexts = map[event.Kind]string{
	event.RoleHolding: "entrawatch#entrawatch/roleHoldings", event.TenantPosture: "entrawatch#entrawatch/tenantPosture",
	event.RedirectDomain: "entrawatch#entrawatch/redirectDomains", event.ReviewInstance: "entrawatch#entrawatch/reviewInstances",
}

// Write writes the records, a page for each kind and line.
func (j *Join) Write() ([]byte, error) {
	var out bytes.Buffer
	for _, page := range []struct {
		kind event.Kind
		recs []map[string]any
	}{{event.RoleHolding, j.holdings()}, {event.TenantPosture, j.tenant()}, {event.RedirectDomain, j.domains()}, {event.ReviewInstance, j.reviews()}} {
		if len(page.recs) == 0 {
			continue
		}
		data, err := json.Marshal(struct {
			Context string           `json:"@odata.context"`
			Value   []map[string]any `json:"value"`
		}{contexts[page.kind], page.recs})
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", page.kind, err)
		}
		out.Write(data)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// Holders lists the ids of all who hold a role, members of groups included.
func (s *Snapshot) Holders(dir *baseline.Directory) []string {
	ids := map[string]bool{}
	for _, h := range s.holdings {
		members, isGroup := dir.Members(h.principal)
		if !isGroup {
			ids[h.principal] = true
		}
		for _, id := range members {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// holdings makes a record for each holder and role.
func (j *Join) holdings() []map[string]any {
	var out []map[string]any
	for _, key := range slices.SortedFunc(maps.Keys(j.Snapshot.holdings), func(a, b holdingKey) int {
		return cmp.Or(strings.Compare(a.principal, b.principal), strings.Compare(a.role, b.role))
	}) {
		h := j.Snapshot.holdings[key]
		members, isGroup := j.Directory.Members(h.principal)
		if !isGroup {
			out = append(out, j.holding(h, h.principal, ""))
		}
		for _, id := range members {
			out = append(out, j.holding(h, id, cmp.Or(h.name, h.principal)))
		}
	}
	return out
}

func (j *Join) holding(h *holding, principal, group string) map[string]any {
	rec := map[string]any{"id": principal + "|" + lower(h.role), "principalId": principal, "roleDefinitionId": h.role, "held": h.held()}
	put := func(key, value string) {
		if value != "" {
			rec[key] = value
		}
	}
	put("viaGroup", group)
	if group != "" {
		rec["id"] = principal + "|" + lower(h.role) + "|" + h.principal
	}
	name := cmp.Or(h.roleName, j.Directory.RoleName(h.role))
	if name != "" || h.template != "" {
		def := map[string]any{}
		rec["roleDefinition"] = def
		def["displayName"], def["templateId"] = name, h.template
	}
	who := map[string]any{}
	u := j.Snapshot.users[principal]
	if u == nil {
		u = &user{id: principal}
	}
	if group == "" {
		u = &user{
			id: principal, upn: cmp.Or(u.upn, h.upn), name: cmp.Or(u.name, h.name), enabled: cmp.Or(u.enabled, h.enabled),
			created: u.created, last: u.last, synced: u.synced,
		}
	}
	for key, value := range map[string]string{"userPrincipalName": u.upn, "displayName": u.name, "accountEnabled": u.enabled} {
		if value != "" {
			who[key] = value
		}
	}
	if len(who) > 0 {
		rec["principal"] = who
	}
	isApp := group == "" && strings.Contains(lower(h.typ), "serviceprincipal")
	put("principalType", map[bool]string{true: "servicePrincipal", false: "user"}[isApp])
	p := baseline.Principal{ID: principal, UPN: u.upn, App: isApp}
	put("emergencyAccount", yes(j.View.InList("break_glass_accounts", p)))
	if fits, listed := j.View.FitsResponsibilities(p, h.role, h.template, name); listed {
		put("fitsResponsibilities", yes(fits))
	}
	if !j.AsOf.IsZero() {
		rec["asOf"] = stamp(j.AsOf)
	}
	if isApp { // their sign-ins are another log, which may not be there
		return rec
	}
	j.idle(rec, u)
	j.used(rec, h, principal, name)
	return rec
}

// idle says since when somebody has not signed in, as far as is known.
func (j *Join) idle(rec map[string]any, u *user) {
	var log Span
	last := u.last
	if j.Watch != nil {
		log = j.Watch.signIns
		if use := j.Watch.people[u.id]; use != nil {
			later(&last, use.signIn)
		}
	}
	if !last.IsZero() {
		rec["lastSignIn"] = stamp(last)
	}
	told := j.Snapshot.activity && j.Snapshot.users[u.id] != nil
	switch {
	case told && !j.AsOf.IsZero() && !last.IsZero():
		rec["idleDays"], rec["idleSource"] = daysBetween(last, j.AsOf), "signInActivity"
	case told && !j.AsOf.IsZero() && !u.created.IsZero():
		rec["idleDays"], rec["idleSource"] = daysBetween(u.created, j.AsOf), "signInActivity: never"
	case !log.First.IsZero():
		since := u.created
		later(&since, last)
		days, _ := log.days(since)
		reach, _ := log.days(time.Time{})
		rec["idleDays"], rec["idleSource"] = days, fmt.Sprintf("sign-in log of %d days", reach)
	}
}

// used says when the role was used last, as far as the audit log tells.
func (j *Join) used(rec map[string]any, h *holding, principal, roleName string) {
	if j.Watch == nil || j.Watch.people[principal] == nil {
		return
	}
	use, log := j.Watch.people[principal], &j.Watch.audits
	reach, ok := log.days(time.Time{})
	if !ok {
		return
	}
	rec["auditLogDays"] = reach
	if !use.task.IsZero() {
		rec["lastTask"] = stamp(use.task)
	}
	created := time.Time{}
	if u := j.Snapshot.users[principal]; u != nil {
		created = u.created
	}
	later(&created, use.task)
	rec["noTaskDays"], _ = log.days(created)
	if h.held() == eligible && !h.how[activated] {
		since := h.eligibleSince
		for _, name := range []string{h.role, h.template, roleName} {
			later(&since, use.activations[lower(name)])
		}
		for role, t := range use.activations {
			if baseline.SameRole(role, h.role) || baseline.SameRole(role, roleName) {
				later(&since, t)
			}
		}
		if since.After(h.eligibleSince) {
			rec["lastActivation"] = stamp(since)
		}
		rec["notActivatedDays"], _ = log.days(since)
	}
	j.needed(rec, use, h, roleName)
}

// needed says which roles the tasks of a holder need.
func (j *Join) needed(rec map[string]any, use *use, h *holding, roleName string) {
	roles := map[string]bool{}
	for task, role := range j.View.TaskRoles() {
		if use.tasks[event.NormalActivity(task)] {
			roles[role] = true
		}
	}
	if len(roles) == 0 {
		return
	}
	is := false
	for role := range roles {
		is = is || baseline.SameRole(role, h.role) || baseline.SameRole(role, h.template) || baseline.SameRole(role, roleName)
	}
	rec["neededRoles"], rec["roleNeeded"] = slices.Sorted(maps.Keys(roles)), yes(is)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// TooShort says where the logs do not reach back far enough to call anything
// unused.
func (j *Join) TooShort() []string {
	t, ok := j.View.Threshold("inactive_days")
	if !ok || j.Watch == nil {
		return nil
	}
	var out []string
	for _, log := range []struct {
		name, what string
		span       *Span
		told       bool
	}{
		{"sign-in log", "no privileged account is called unused", &j.Watch.signIns, j.Snapshot.activity},
		{"audit log", "no role is called unused", &j.Watch.audits, false},
	} {
		days, seen := log.span.days(time.Time{})
		switch {
		case log.told || seen && days >= int(t.Value):
		case !seen:
			out = append(out, fmt.Sprintf("there is no %s in the input: %s (thresholds.inactive_days is %g)", log.name, log.what, t.Value))
		default:
			out = append(out, fmt.Sprintf("the %s reaches back %d days, less than thresholds.inactive_days (%g): %s", log.name, days, t.Value, log.what))
		}
	}
	return out
}

// Missing says, by field of the derived records, why it is absent from all of
// them or too small for any rule: rules that name it can find nothing, and prove
// nothing by that.
func (j *Join) Missing() map[string]string {
	out := map[string]string{}
	s := j.Snapshot
	put := func(missing bool, why string, fields ...string) {
		for _, f := range fields {
			if missing {
				out[f] = why
			}
		}
	}
	want := 0
	if t, ok := j.View.Threshold("inactive_days"); ok {
		want = int(t.Value)
	}
	signIns, audits := Span{}, Span{}
	if j.Watch != nil {
		signIns, audits = j.Watch.signIns, j.Watch.audits
	}
	days, seen := signIns.days(time.Time{})
	put(!s.activity && (!seen || days < want), "neither signInActivity nor a sign-in log that is long enough", "idledays")
	days, seen = audits.days(time.Time{})
	put(!seen || days < want, "no audit log that is long enough", "notaskdays", "notactivateddays", "auditlogdays", "roleneeded")
	put(!s.Complete(event.User) || !s.Complete(event.RoleAssignment), "no complete listings of users and role assignments", "emergency.sound")
	put(!s.Complete(event.ConditionalAccessPolicy), "no complete listing of Conditional Access policies", "riskpolicies.userrisk", "riskpolicies.signinrisk", "riskpolicies.blockhighuserrisk")
	put(!s.Complete(event.AccessReview), "no complete listing of access reviews", "accessreviews.ofroles")
	return out
}
