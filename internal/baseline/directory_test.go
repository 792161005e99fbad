package baseline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	idAnn   = "aaaaaaaa-1111-4000-8000-00000000000a"
	idBob   = "aaaaaaaa-1111-4000-8000-00000000000b"
	idCyd   = "aaaaaaaa-1111-4000-8000-00000000000c"
	idBot   = "bbbbbbbb-1111-4000-8000-00000000000b"
	appBot  = "bbbbbbbb-2222-4000-8000-00000000000b"
	group1  = "cccccccc-1111-4000-8000-000000000001"
	group2  = "cccccccc-1111-4000-8000-000000000002"
	group3  = "cccccccc-1111-4000-8000-000000000003"
	globalA = "62e90394-69f5-4237-9190-012177145e10"
	custom  = "dddddddd-1111-4000-8000-000000000001"
)

// steps fill the directory of the tests: Ann and Bot are in Inner, Inner is in
// Outer and Outer in Inner; two groups are called Twin; Bob is Global
// Administrator by template id, Outer holds a custom role.
func steps() []func(*Directory) {
	return []func(*Directory){
		func(d *Directory) { d.AddUser(User{ID: idAnn, UPN: "Ann@acme.example"}) },
		func(d *Directory) { d.AddUser(User{ID: strings.ToUpper(idAnn), DisplayName: "Ann"}) },
		func(d *Directory) { d.AddUser(User{ID: idBob, UPN: "bob_partner.example#EXT#@acme.example"}) },
		func(d *Directory) { d.AddUser(User{ID: idCyd, UPN: "adm-cyd@acme.example"}) },
		func(d *Directory) { d.AddGroup(group1, "Inner") },
		func(d *Directory) { d.AddGroup(group2, "Outer") },
		func(d *Directory) { d.AddMember(group1, strings.ToUpper(idAnn)) },
		func(d *Directory) { d.AddMember(group1, idBot) },
		func(d *Directory) { d.AddMember(group2, group1) },
		func(d *Directory) { d.AddMember(group1, group2) },
		func(d *Directory) { d.AddGroup(group3, "Twin") },
		func(d *Directory) { d.AddMember(group3, idCyd) },
		func(d *Directory) { d.AddGroup("cccccccc-1111-4000-8000-000000000004", "twin") },
		func(d *Directory) { d.AddMember("cccccccc-1111-4000-8000-000000000004", idBob) },
		func(d *Directory) { d.AddGroup("cccccccc-1111-4000-8000-000000000005", "Empty") },
		func(d *Directory) { d.AddRoleAssignment(globalA, "", idBob, false) },
		func(d *Directory) { d.AddRoleAssignment(custom, "", group2, true) },
		func(d *Directory) { d.AddRoleName(custom, "Account Operator") },
		func(d *Directory) { d.AddRoleName("dddddddd-1111-4000-8000-000000000002", "Unheld") },
		func(d *Directory) { d.AddServicePrincipal(idBot, appBot, "Bot") },
		func(d *Directory) { d.AddServicePrincipal("bbbbbbbb-1111-4000-8000-00000000000c", "x1", "Double") },
		func(d *Directory) { d.AddServicePrincipal("bbbbbbbb-1111-4000-8000-00000000000d", "x2", "double") },
	}
}

func testDirectory() *Directory {
	d := NewDirectory()
	for _, step := range steps() {
		step(d)
	}
	return d
}

func TestReferences(t *testing.T) {
	ann, bob, cyd := Principal{ID: idAnn}, Principal{ID: idBob}, Principal{ID: idCyd}
	bot := Principal{AppID: appBot, App: true}
	for _, c := range []struct {
		entry string
		in    []Principal
		out   []Principal
		note  string
	}{
		{"group:inner", []Principal{ann, bot, user("ANN@acme.example")}, []Principal{bob, cyd, {Name: "Ann"}}, ""},
		{"group:Outer", []Principal{ann, bot}, []Principal{bob}, ""},
		{"group:" + group2, []Principal{ann}, []Principal{bob}, ""},
		{"group:Nobody", nil, []Principal{ann}, "group:Nobody: no such group in the input"},
		{"group:Empty", nil, []Principal{ann}, "group:Empty: no members of that group in the input"},
		{"group:Twin", []Principal{bob, cyd}, []Principal{ann}, "group:Twin: 2 groups have that name, write group:ID"},
		{"role:Global Administrator", []Principal{bob, user("bob@partner.example")}, []Principal{ann}, ""},
		{"role:" + globalA, []Principal{bob}, []Principal{ann}, ""},
		{"role:Account Operator", []Principal{ann, bot}, []Principal{bob}, ""},
		{"role:Unheld", nil, []Principal{ann}, ""},
		{"role:Exchange Administrator", nil, []Principal{ann}, ""}, // built in, so known without a definition
		{"role:Operator", nil, []Principal{ann}, "role:Operator: no such role in the input"},
		{"app:bot", []Principal{bot, {ID: idBot, App: true}, appNamed("BOT")}, []Principal{{Name: "Bot"}, user("bot")}, ""},
		{"app:" + appBot, []Principal{bot, {ID: idBot, App: true}}, []Principal{appNamed("Bot")}, ""},
		{"app:B*", []Principal{appNamed("bot")}, []Principal{appNamed("robot"), user("b@acme.example")}, ""},
		{"app:Double", []Principal{appNamed("Double")}, []Principal{{AppID: "x1", App: true}}, "app:Double: several applications have that name, write app:APPID"},
		{"ann@acme.example", []Principal{ann, user("ANN@ACME.example")}, []Principal{user("joann@acme.example"), user("ann@acme.example.evil")}, ""},
		{"adm-*@acme.example", []Principal{cyd, user("Adm-x@acme.example")}, []Principal{ann, user("xadm-x@acme.example")}, ""},
		{"bob@partner.example", []Principal{user("bob_partner.example#EXT#@acme.example"), user("bob@partner.example")}, []Principal{user("bob_partner.example@acme.example")}, ""},
		{"bob_partner.example#EXT#@acme.example", []Principal{bob, user("bob@partner.example")}, []Principal{ann}, ""},
		{idAnn, []Principal{ann, user("ann@acme.example"), {ID: strings.ToUpper(idAnn)}}, []Principal{bob}, ""},
		{"*", []Principal{ann, bot, {Name: "anything"}}, []Principal{{}}, ""},
	} {
		t.Run(c.entry, func(t *testing.T) {
			v := mustView(t, "privileged_accounts: ['"+c.entry+"']", testDirectory())
			for _, p := range c.in {
				if !v.people["privileged_accounts"].has(p) {
					t.Errorf("%+v is not in", p)
				}
			}
			for _, p := range c.out {
				if v.people["privileged_accounts"].has(p) {
					t.Errorf("%+v is in", p)
				}
			}
			var want []string
			if c.note != "" {
				want = []string{"privileged_accounts: " + c.note}
			}
			if diff := cmp.Diff(want, v.Unresolved()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAmbiguousGroupGrantsNothing: whoever may create groups must not be able to
// make himself an approved actor by choosing a name.
func TestAmbiguousGroupGrantsNothing(t *testing.T) {
	v := mustView(t, `approved_actors: {sync: ["group:Twin"]}`, testDirectory())
	if v.people["approved_actors.sync"].has(Principal{ID: idBob}) {
		t.Error("a group of which there are two approves its members")
	}
	want := []string{"approved_actors.sync: group:Twin: 2 groups have that name, write group:ID"}
	if diff := cmp.Diff(want, v.Unresolved()); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutDirectory(t *testing.T) {
	v := mustView(t, `
privileged_accounts: ["role:Global Administrator", "group:Tier 0"]
vip_accounts: ["group:Board"]
conditional_access_exceptions: [vip_accounts]
`, nil)
	want := []string{
		"privileged_accounts: role:Global Administrator: no role assignments in the input",
		"privileged_accounts: group:Tier 0: no groups in the input",
		"vip_accounts: group:Board: no groups in the input",
	}
	if diff := cmp.Diff(want, v.Unresolved()); diff != "" {
		t.Error(diff)
	}
}

func TestDeletedUsers(t *testing.T) {
	v := mustView(t, "break_glass_accounts: [glass@acme.example]", nil)
	hex := strings.ReplaceAll(idAnn, "-", "")
	set := v.people["break_glass_accounts"]
	for _, c := range []struct {
		p    Principal
		want bool
	}{
		{Principal{ID: strings.ToUpper(idAnn), UPN: hex + "glass@acme.example"}, true},
		{Principal{UPN: strings.ToUpper(hex) + "glass@acme.example"}, true},
		{Principal{ID: idBob, UPN: hex + "glass@acme.example"}, false}, // the prefix is not his id: a name that somebody chose
		{Principal{ID: idAnn, UPN: hex + "brass@acme.example"}, false},
	} {
		if got := set.has(c.p); got != c.want {
			t.Errorf("%+v: %v", c.p, got)
		}
	}
}

// TestOrderOfAdding fills the directory in random orders, parts of it twice.
func TestOrderOfAdding(t *testing.T) {
	text := `
privileged_accounts: ["group:Outer", "group:Twin", "role:Global Administrator", "app:Bot", "adm-*@acme.example"]
privileged_roles: [Account Operator]
high_value_apps: [Bot, Double]
`
	b := mustParse(t, text)
	state := func(d *Directory) []any {
		v := b.View("", d)
		people, _ := v.Expand("privileged_accounts")
		apps, _ := v.Expand("high_value_apps")
		ann, _ := d.User(idAnn)
		return []any{people, apps, v.names["privileged_roles"].exact, v.people["privileged_accounts"].keys, v.Unresolved(), ann}
	}
	want := state(testDirectory())
	rapid.Check(t, func(t *rapid.T) {
		all := append(steps(), rapid.SliceOfN(rapid.SampledFrom(steps()), 0, 5).Draw(t, "again")...)
		d := NewDirectory()
		for _, step := range rapid.Permutation(all).Draw(t, "order") {
			step(d)
		}
		if diff := cmp.Diff(want, state(d)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestUserMerge(t *testing.T) {
	yes, no := true, false
	d := NewDirectory()
	d.AddUser(User{ID: idAnn, Enabled: &no})
	d.AddUser(User{ID: idAnn, UPN: "ann@acme.example", UserType: "Member"})
	d.AddUser(User{ID: idAnn, Enabled: &yes})
	u, ok := d.User(strings.ToUpper(idAnn))
	if !ok || u.UPN != "ann@acme.example" || u.UserType != "Member" || u.Enabled == nil || !*u.Enabled {
		t.Errorf("%+v %v", u, ok)
	}
	if _, ok := d.User("nobody"); ok {
		t.Error("found nobody")
	}
}
