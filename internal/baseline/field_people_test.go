package baseline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFieldTable(t *testing.T) {
	cat := newCatalogue()
	seen := map[string]bool{}
	empty := (&Baseline{}).View("", nil)
	full := parseEvery(t).View("", nil)
	for _, f := range Fields() {
		if seen[f.Name] || !strings.HasPrefix(f.Name, "baseline.") || f.Doc == "" || strings.Contains(f.Doc, "\n") {
			t.Errorf("field %q: twice, or its name or documentation is not in order", f.Name)
		}
		seen[f.Name] = true
		met := true
		for _, need := range f.Needs {
			either := false
			for input := range strings.SplitSeq(need, "|") {
				if cat.find(input) == nil {
					t.Errorf("%s needs %s, which is no input", f.Name, input)
				}
				either = either || empty.Has(input)
				if !full.Has(input) {
					t.Errorf("%s: %s is not set by the full file", f.Name, input)
				}
			}
			met = met && either
		}
		some := facts{
			user: user("a@b.example"), actor: user("a@b.example"), targets: []Principal{user("a@b.example")},
			country: "SE", ip: "192.0.2.1", deviceID: "d", time: noonUTC, app: "x", home: "h", resTenant: "r", client: "POP3", protocol: "ropc",
		}
		if _, ok := f.Compute(empty, some); ok && !met {
			t.Errorf("%s has a value although its inputs are not set", f.Name)
		}
		f.Compute(full, facts{}) // a record without any fact
	}
	for _, class := range actorClasses() {
		if !seen["baseline.actor.approved."+class] {
			t.Errorf("no field for approved_actors.%s", class)
		}
	}
}

// listener notes which properties it is asked for.
type listener struct {
	facts
	asked map[string]bool
}

func (l listener) Property(name string, _ int) (string, bool) { l.asked[name] = true; return "", false }

func (l listener) PropertyOld(name string, _ int) (string, bool) {
	l.asked[name] = true
	return "", false
}

func TestProperties(t *testing.T) {
	b := parseEvery(t)
	v, asked := b.View("", nil), map[string]bool{}
	for _, targets := range [][]Principal{nil, {user("ann@acme.example")}} {
		for _, f := range Fields() {
			f.Compute(v, listener{facts{user: user("a@b.example"), targets: targets}, asked})
		}
	}
	if diff := cmp.Diff(sorted(asked), b.Properties()); diff != "" {
		t.Errorf("asked for, and announced:\n%s", diff)
	}
}

func TestPeopleFields(t *testing.T) {
	v := parseEvery(t).View("", nil)
	const id = "bbbbbbbb-0000-4000-8000-000000000001"
	admin, ann, glass := user("ADM-Ann@acme.example"), user("ann@acme.example"), user("glass@acme.onmicrosoft.com")
	ceo, sync := user("ceo@acme.example"), user("Sync_SRV1@acme.onmicrosoft.com")
	role := Principal{Name: "Some role", Type: "role"}
	runFieldCases(t, v, []fieldCase{
		{"by pattern", "baseline.user.privileged", facts{user: admin}, "true"},
		{"by id", "baseline.user.privileged", facts{user: Principal{ID: id}}, "true"},
		{"other", "baseline.user.privileged", facts{user: ann}, "false"},
		{"nearly", "baseline.user.privileged", facts{user: user("xadm-ann@acme.example")}, "false"},
		{"other domain", "baseline.user.privileged", facts{user: user("adm-ann@acme.example.org")}, "false"},
		{"nobody", "baseline.user.privileged", facts{}, absent},
		{"display name", "baseline.user.privileged", facts{user: Principal{Name: "adm-ann@acme.example"}}, "false"},
		{"in", "baseline.user.break_glass", facts{user: glass}, "true"},
		{"out", "baseline.user.break_glass", facts{user: admin}, "false"},
		{"from a file", "baseline.user.vip", facts{user: ceo}, "true"},
		{"out", "baseline.user.vip", facts{user: ann}, "false"},
		{"holder", "baseline.user.approved.user_lifecycle", facts{user: user("hr@acme.example")}, "true"},
		{"through another input", "baseline.user.conditional_access_exception", facts{user: sync}, "true"},
		{"emergency", "baseline.user.conditional_access_exception", facts{user: glass}, "true"},
		{"out", "baseline.user.conditional_access_exception", facts{user: ann}, "false"},
		{"emergency", "baseline.user.standing_access_allowed", facts{user: glass}, "true"},
		{"out", "baseline.user.standing_access_allowed", facts{user: admin}, "false"},

		{"in", "baseline.actor.privileged", facts{actor: admin}, "true"},
		{"user is not actor", "baseline.actor.privileged", facts{user: admin, actor: ann}, "false"},
		{"in", "baseline.actor.break_glass", facts{actor: glass}, "true"},
		{"account", "baseline.actor.approved.user_lifecycle", facts{actor: user("HR@acme.example")}, "true"},
		{"app", "baseline.actor.approved.user_lifecycle", facts{actor: appNamed("hr")}, "true"},
		{"a person called like the app", "baseline.actor.approved.user_lifecycle", facts{actor: Principal{UPN: "x@acme.example", Name: "HR"}}, "false"},
		{"by app id", "baseline.actor.approved.app_management", facts{actor: Principal{App: true, AppID: "CCCCCCCC-0000-4000-8000-000000000001"}}, "true"},
		{"other class", "baseline.actor.approved.app_management", facts{actor: user("hr@acme.example")}, "false"},
		{"bare name", "baseline.actor.approved_source", facts{actor: appNamed("entitlement management")}, "true"},
		{"bare name of a person", "baseline.actor.approved_source", facts{actor: Principal{UPN: "x@acme.example", Name: "Entitlement Management"}}, "false"},
		{"in", "baseline.actor.sync_service", facts{actor: sync}, "true"},
		{"in", "baseline.actor.purge_allowed", facts{actor: user("purge@acme.example")}, "true"},
		{"out", "baseline.actor.purge_allowed", facts{actor: ann}, "false"},

		{"second target", "baseline.target.privileged", facts{targets: []Principal{role, admin}}, "true"},
		{"none", "baseline.target.privileged", facts{targets: []Principal{role, ann}}, "false"},
		{"no target", "baseline.target.privileged", facts{}, absent},
		{"in", "baseline.target.break_glass", facts{targets: []Principal{glass}}, "true"},
		{"in", "baseline.target.vip", facts{targets: []Principal{ceo}}, "true"},
		{"emergency", "baseline.target.standing_access_allowed", facts{targets: []Principal{glass}}, "true"},
		{"out", "baseline.target.standing_access_allowed", facts{targets: []Principal{ann}}, "false"},
		{"app", "baseline.target.high_value_app", facts{targets: []Principal{{Name: "payroll", Type: "application"}}}, "true"},
		{"a user called so", "baseline.target.high_value_app", facts{targets: []Principal{{Name: "Payroll", UPN: "x@acme.example", Type: "user"}}}, "false"},
		{"no target", "baseline.target.high_value_app", facts{}, absent},
	})
}

func TestStationary(t *testing.T) {
	v := mustView(t, `
stationary_groups:
  - {members: ["plant-*@acme.example"], countries: [SE], ips: [198.51.100.0/24]}
  - {members: ["plant-two@acme.example"], countries: [DE]}
`, nil)
	one, two := user("plant-one@acme.example"), user("plant-two@acme.example")
	const field = "baseline.user.stationary_violation"
	runFieldCases(t, v, []fieldCase{
		{"at work", field, facts{user: one, country: "SE", ip: "198.51.100.9"}, "false"},
		{"other network", field, facts{user: one, country: "SE", ip: "198.51.101.9"}, "true"},
		{"other country", field, facts{user: one, country: "DE", ip: "198.51.100.9"}, "true"},
		{"other network, country unknown", field, facts{user: one, ip: "198.51.101.9"}, "true"},
		{"right network, country unknown", field, facts{user: one, ip: "198.51.100.9"}, absent},
		{"nothing known", field, facts{user: one}, absent},
		{"second place", field, facts{user: two, country: "DE", ip: "192.0.2.1"}, "false"},
		{"neither place", field, facts{user: two, country: "FR", ip: "192.0.2.1"}, "true"},
		{"free to travel", field, facts{user: user("ann@acme.example"), country: "FR"}, "false"},
		{"nobody", field, facts{country: "FR"}, absent},
	})
}
