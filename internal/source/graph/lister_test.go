package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
)

// tenant fills a fake with a directory.
func tenant(f *graphfake.Fake) {
	many := func(n int, form string) []string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf(form, i))
		}
		return out
	}
	members := func(n int) string { return "[" + strings.Join(many(n, `{"id":"m%d"}`), ",") + "]" }
	f.Put("users", many(25, `{"id":"u%d","userPrincipalName":"u@contoso.com","accountEnabled":true}`)...)
	f.Put("groups",
		`{"id":"g0","displayName":"small","securityEnabled":true,"members":`+members(3)+`}`,
		`{"id":"g1","displayName":"large","securityEnabled":true,"members":`+members(57)+`}`,
		`{"id":"g2","displayName":"empty","securityEnabled":true,"members":[]}`)
	f.Put("applications", many(3, `{"id":"a%d","appId":"b","signInAudience":"AzureADMyOrg","owners":[{"id":"o"}]}`)...)
	f.Put("servicePrincipals", many(3, `{"id":"s%d","servicePrincipalType":"Application"}`)...)
	f.Put("roleManagement/directory/roleDefinitions", many(3, `{"id":"r%d","displayName":"Role","isBuiltIn":true}`)...)
	for _, name := range []string{"roleAssignments", "roleAssignmentScheduleInstances", "roleEligibilityScheduleInstances"} {
		f.Put("roleManagement/directory/"+name, many(3, `{"id":"x%d","principalId":"u1","roleDefinitionId":"r1","principal":{"id":"u1"},"roleDefinition":{"id":"r1"}}`)...)
	}
	f.Put("reports/authenticationMethods/userRegistrationDetails", many(3, `{"id":"u%d","isMfaRegistered":true}`)...)
	f.Put("identity/conditionalAccess/policies", many(3, `{"id":"p%d","state":"enabled","grantControls":null,"conditions":{}}`)...)
	f.Put("identity/conditionalAccess/namedLocations", many(3, `{"id":"l%d","isTrusted":true}`)...)
	f.Put("identityGovernance/accessReviews/definitions", many(2, `{"id":"d%d","displayName":"Review","descriptionForReviewers":""}`)...)
	f.Put("identityGovernance/accessReviews/definitions/d0/instances", many(12, `{"id":"i%d","startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-02-01T00:00:00Z"}`)...)
	f.Put("identityGovernance/accessReviews/definitions/d1/instances", `{"id":"i12","endDateTime":"2026-02-01T00:00:00Z"}`)
	f.Put("/subscriptions", `{"subscriptionId":"sub1"}`, `{"subscriptionId":"sub2"}`)
	f.Put("/providers/Microsoft.Authorization/roleDefinitions", many(15, `{"id":"/d%d","type":"Microsoft.Authorization/roleDefinitions","properties":{"roleName":"Owner"}}`)...)
	for _, sub := range []string{"sub1", "sub2"} {
		root := "/subscriptions/" + sub + "/providers/Microsoft.Authorization/"
		f.Put(root+"roleAssignments", many(12, `{"id":"/`+sub+`/%d","type":"Microsoft.Authorization/roleAssignments","properties":{"principalId":"u1","roleDefinitionId":"/d1"}}`)...)
		f.Put(root + "roleDefinitions")
	}
}

// counts are how many objects the listings of tenant have.
var counts = map[string]int{
	"users": 25, "groups": 3, "role-definitions": 3, "role-assignments": 3, "role-assignment-schedules": 3, "role-eligibility-schedules": 3,
	"registration-details": 3, "applications": 3, "service-principals": 3, "conditional-access-policies": 3, "named-locations": 3,
	"access-reviews": 15, "azure-role-assignments": 39,
}

func snapshots() *Config {
	c := settings()
	c.Logs, c.Snapshots = nil, Default().Snapshots
	return c
}

func TestListings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		f.Most = 10
		st := newStore(t)
		transport := serve(t, f)
		st.run(t, 13*time.Hour, func() *Source { return newSource(t, snapshots(), transport) })
		for stream, want := range counts {
			rounds := st.rounds[stream]
			if len(rounds) != 3 {
				t.Errorf("%s: %d rounds in 13 hours", stream, len(rounds))
			}
			if got := len(st.seen[stream]); got != want {
				t.Errorf("%s: %d objects, want %d: %v", stream, got, want, slices.Sorted(maps.Keys(st.seen[stream])))
			}
			for _, r := range rounds {
				if !r.last {
					t.Errorf("%s: the listing of %v has no last page", stream, r.begun)
				}
			}
			if p, ok := st.last(stream); !ok || p != nil {
				t.Errorf("%s: reported %v, %v", stream, p, ok)
			}
		}
		if n := f.Overruns(); n > 0 {
			t.Errorf("the budget was exceeded %d times", n)
		}
	})
}

// What decode makes of the pages is what the service sees.
func TestKinds(t *testing.T) {
	want := map[string]event.Kind{
		"users": event.User, "groups": event.Group, "role-definitions": event.RoleDefinition, "role-assignments": event.RoleAssignment,
		"role-assignment-schedules": event.RoleAssignment, "role-eligibility-schedules": event.RoleAssignment,
		"registration-details": event.RegistrationDetails, "applications": event.Application, "service-principals": event.ServicePrincipal,
		"conditional-access-policies": event.ConditionalAccessPolicy, "named-locations": event.NamedLocation, "access-reviews": event.AccessReview,
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		st := newStore(t)
		transport := serve(t, f)
		st.run(t, time.Hour, func() *Source { return newSource(t, snapshots(), transport) })
		for stream, kind := range want {
			for _, body := range st.rounds[stream][0].bodies {
				var p struct {
					Context string `json:"@odata.context"`
				}
				if err := json.Unmarshal([]byte(body), &p); err != nil {
					t.Fatal(err)
				}
				if k, _, ok := decode.KindOfContext(p.Context); !ok || k != kind {
					t.Errorf("%s: decode reads %q as %v, want %v", stream, p.Context, k, kind)
				}
			}
		}
	})
}

func TestMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		f.Most = 30
		st := newStore(t)
		transport := serve(t, f)
		st.run(t, time.Hour, func() *Source { return newSource(t, snapshots(), transport) })
		got := map[string]int{}
		for _, body := range st.rounds["groups"][0].bodies {
			var p struct {
				Value []struct {
					ID      string
					Members []struct{ ID string }
				}
			}
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				t.Fatal(err)
			}
			for _, g := range p.Value {
				ids := map[string]bool{}
				for _, m := range g.Members {
					ids[m.ID] = true
				}
				got[g.ID] = len(ids)
			}
		}
		if diff := cmp.Diff(map[string]int{"g0": 3, "g1": 57, "g2": 0}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestListingsInMoods(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(seed)
			tenant(f)
			f.Most = 5
			f.Be(graphfake.Moods{Throttle: .1, Fail: .1, Truncate: .1, Garble: .1, Revoke: .05, Stale: .05, Lure: .02, Redirect: .02})
			st := newStore(t)
			transport := serve(t, f)
			open := func() *Source { return newSource(t, snapshots(), transport) }
			st.run(t, 4*time.Hour, open)
			f.Be(graphfake.Moods{})
			st.run(t, 7*time.Hour, open)
			for stream, want := range counts {
				whole := 0
				for _, r := range st.rounds[stream] {
					ids := map[string]bool{}
					for _, body := range r.bodies {
						var p struct{ Value []struct{ ID string } }
						_ = json.Unmarshal([]byte(body), &p)
						for _, v := range p.Value {
							ids[v.ID] = true
						}
					}
					if r.last {
						whole++
						if len(ids) != want {
							t.Errorf("%s: a listing with a last page has %d objects, want %d", stream, len(ids), want)
						}
					}
				}
				if whole < 2 {
					t.Errorf("%s: %d whole listings in 11 hours", stream, whole)
				}
			}
		})
	}
}

// A restart within the interval does not list again, one within a listing does.
func TestListingCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		st := newStore(t)
		transport := serve(t, f)
		open := func() *Source { return newSource(t, snapshots(), transport) }
		st.run(t, time.Hour, open)
		st.run(t, time.Hour, open)
		if n := len(st.rounds["users"]); n != 1 {
			t.Errorf("%d listings in two hours", n)
		}
		delete(st.cursors, "users")
		st.run(t, time.Hour, open)
		if n := len(st.rounds["users"]); n != 2 {
			t.Errorf("%d listings without a cursor", n)
		}
	})
}

// A tenant without subscriptions has a listing too, which is empty.
func TestListingOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		f.Put("/subscriptions")
		st := newStore(t)
		c := snapshots()
		c.Snapshots = []string{"azure-role-assignments"}
		transport := serve(t, f)
		st.run(t, time.Hour, func() *Source { return newSource(t, c, transport) })
		if r := st.rounds["azure-role-assignments"]; len(r) != 1 || !r[0].last {
			t.Errorf("%+v", r)
		}
	})
}

func TestListingRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		f.License()                                                                       // none
		f.Put("/subscriptions", `{"subscriptionId":"sub1"}`, `{"subscriptionId":"sub3"}`) // of sub3 we may read nothing
		st := newStore(t)
		transport := serve(t, f)
		st.run(t, 30*time.Minute, func() *Source { return newSource(t, snapshots(), transport) })
		for stream, hint := range map[string]string{
			"role-assignment-schedules": "ID P2", "role-eligibility-schedules": "ID P2", "access-reviews": "ID P2", "registration-details": "ID P1",
			"azure-role-assignments": "Reader",
		} {
			p, _ := st.last(stream)
			hints(t, p)
			if p == nil || !strings.Contains(p.Error(), hint) {
				t.Errorf("%s: %v does not name %s", stream, p, hint)
			}
			if r := st.rounds[stream]; len(r) > 0 && r[0].last {
				t.Errorf("%s: the listing has a last page", stream)
			}
		}
		if len(st.seen["azure-role-assignments"]) != 27 {
			t.Errorf("%d objects of Azure, want those of the other subscription and the roles", len(st.seen["azure-role-assignments"]))
		}
		// Users are listed without their last sign-ins.
		if r := st.rounds["users"]; len(r) != 1 || !r[0].last || len(st.seen["users"]) != 25 {
			t.Errorf("users: %d of 25", len(st.seen["users"]))
		}
	})
}
