package baseline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoose(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"a /8 and a /16", "egress_ips: [10.0.0.0/8, 203.0.0.0/16]", []string{"egress_ips 10.0.0.0/8"}},
		{"IPv6", "egress_ips: ['2001::/16', '2001:db8::/32']", []string{"egress_ips 2001::/16"}},
		{"everybody", "approved_actors: {sync: ['*', '*@contoso.com', 'sync_*@contoso.com']}", []string{"approved_actors.sync *", "approved_actors.sync *@contoso.com"}},
		{"everybody is privileged", "privileged_accounts: ['*@contoso.com']", nil},
		{"apps", "ropc_allowed_apps: ['*', 'Load*']", []string{"ropc_allowed_apps *"}},
		{"devices", "paw_saw_devices: ['name:*', 'name:PAW-*']", []string{"paw_saw_devices name:*"}},
		{"patterns", "naming_policy: {user: '.*', guest: '#EXT#', service: '^svc_.+$'}", []string{"naming_policy user: .*"}},
		{"the whole week", "working_hours: [{members: ['*'], time_zone: UTC, days: [mon,tue,wed,thu,fri,sat,sun], from: '00:00', to: '24:00'}]", []string{"working_hours *: mon, tue, wed, thu, fri, sat, sun 00:00-24:00 UTC"}},
		{"nearly the whole week", "working_hours: [{members: ['*'], time_zone: UTC, days: [mon,tue,wed,thu,fri,sat,sun], from: '00:00', to: '23:00'}]", nil},
	}
	for _, c := range cases {
		var got []string
		for _, l := range mustParse(t, c.text).Loose() {
			got = append(got, l.Input+" "+l.Text)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s:\n%s", c.name, d)
		}
	}
}

func TestEntries(t *testing.T) {
	b := mustParse(t, `
allowed_countries: [SE, DE]
egress_ips: [203.0.113.0/24]
approved_actors: {user_lifecycle: [hr@contoso.com, "app:HR"]}
break_glass_accounts: [bg@contoso.com]
ropc_allowed_apps: [Load test]
`)
	met := map[string]bool{}
	events := []struct {
		f     facts
		asked []string
	}{
		{facts{user: user("hr@contoso.com"), actor: user("hr@contoso.com"), country: "DE", ip: "198.51.100.1"}, nil},
		{facts{actor: appNamed("HR")}, []string{"approved_actors.user_lifecycle"}},
		{facts{actor: user("hr@contoso.com")}, []string{"approved_actors.sync"}},
	}
	for _, e := range b.Entries("", nil) {
		met[e.Input+" "+e.Text] = false
		for _, ev := range events {
			if e.Meets(ev.f, ev.asked) {
				met[e.Input+" "+e.Text] = true
			}
		}
	}
	want := map[string]bool{
		"allowed_countries SE": false, "allowed_countries DE": true, "egress_ips 203.0.113.0/24": false,
		"approved_actors.user_lifecycle hr@contoso.com": false, // signed in, and changed something else
		"approved_actors.user_lifecycle app:HR":         true, "ropc_allowed_apps Load test": false,
	}
	if d := cmp.Diff(want, met); d != "" {
		t.Error(d)
	}
}

func TestVary(t *testing.T) {
	b := mustParse(t, "allowed_countries: [SE]\ntenants: [{id: 4bbb79f7-5724-4c9e-95f3-de075f6ec090, overrides: {allowed_countries: [DE]}}]")
	bare := b.Without("allowed_countries")
	if bare.View("4bbb79f7-5724-4c9e-95f3-de075f6ec090", nil).Has("allowed_countries") || bare.View("", nil).Has("allowed_countries") {
		t.Error("it is still set")
	}
	if !b.View("", nil).Has("allowed_countries") || !b.Sets("", "allowed_countries") || b.Sets("", "egress_ips") {
		t.Error("the baseline itself has changed")
	}
	over := mustParse(t, "allowed_countries: ['NO']").Over(b.WithThreshold("thresholds.lockouts", Threshold{Count: 7}))
	if got, _ := over.View("", nil).Expand("allowed_countries"); len(got) != 1 || got[0] != "NO" {
		t.Errorf("%v", got)
	}
	if l, _ := over.View("", nil).Threshold("lockouts"); l.Count != 7 {
		t.Errorf("%+v", l)
	}
}
