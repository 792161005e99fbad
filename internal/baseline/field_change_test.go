package baseline

import (
	"testing"
	"time"
)

func TestPlannedChanges(t *testing.T) {
	v := mustView(t, `
planned_changes:
  - {id: CHG-1, actors: [ann@acme.example], activities: ["Update conditional access policy"], targets: ["*"], from: 2026-11-10T18:00:00Z, to: 2026-11-10T22:00:00Z}
  - {id: CHG-2, actors: ["app:Pipeline"], activities: ["Update application – Certificates and secrets management "], targets: [Payroll], from: 2026-11-10T18:00:00Z, to: 2026-11-11T22:00:00+02:00}
  - {id: CHG-3, actors: ["*"], activities: ["Delete *"], from: 2026-11-10T18:00:00Z, to: 2026-11-10T22:00:00Z}
`, nil)
	at := func(h, m int) time.Time { return time.Date(2026, 11, 10, h, m, 0, 0, time.UTC) }
	ann, bob, pipe := user("Ann@acme.example"), user("bob@acme.example"), appNamed("Pipeline")
	payroll := []Principal{{Name: "payroll", Type: "application"}}
	const ca, cert = "update conditional access policy", "update application - certificates and secrets management"
	const planned, id = "baseline.change.planned", "baseline.change.id"
	runFieldCases(t, v, []fieldCase{
		{"in", planned, facts{actor: ann, activity: ca, time: at(18, 0)}, "true"},
		{"id", id, facts{actor: ann, activity: ca, time: at(18, 0)}, "CHG-1"},
		{"last moment", planned, facts{actor: ann, activity: ca, time: at(22, 0).Add(-1)}, "true"},
		{"too late", planned, facts{actor: ann, activity: ca, time: at(22, 0)}, "false"},
		{"too early", planned, facts{actor: ann, activity: ca, time: at(17, 59)}, "false"},
		{"other actor", planned, facts{actor: bob, activity: ca, time: at(19, 0)}, "false"},
		{"other activity", planned, facts{actor: ann, activity: "add conditional access policy", time: at(19, 0)}, "false"},
		{"no actor", planned, facts{activity: ca, time: at(19, 0)}, "false"},
		{"dash and blank", planned, facts{actor: pipe, activity: cert, time: at(19, 0), targets: payroll}, "true"},
		{"other target", planned, facts{actor: pipe, activity: cert, time: at(19, 0), targets: []Principal{{Name: "x"}}}, "false"},
		{"a user called so", planned, facts{actor: pipe, activity: cert, time: at(19, 0), targets: []Principal{{Name: "Payroll", UPN: "x@acme.example"}}}, "false"},
		{"no target", planned, facts{actor: pipe, activity: cert, time: at(19, 0)}, "false"},
		{"offset in the file", planned, facts{actor: pipe, activity: cert, time: at(19, 59).AddDate(0, 0, 1), targets: payroll}, "true"},
		{"offset, after", planned, facts{actor: pipe, activity: cert, time: at(20, 0).AddDate(0, 0, 1), targets: payroll}, "false"},
		{"patterns", planned, facts{actor: bob, activity: "delete user", time: at(19, 0)}, "true"},
		{"no id", id, facts{actor: bob, activity: "add user", time: at(19, 0)}, absent},
	})
	runFieldCases(t, mustView(t, "", nil), []fieldCase{{"nothing planned", planned, facts{}, "false"}})
	if got := normalActivity(" Update  application — Certificates and secrets management . "); got != cert {
		t.Errorf("normalActivity = %q", got)
	}
}

func TestPrivilegeFields(t *testing.T) {
	v := mustView(t, `
privileged_roles: [Global Administrator, Account Operator, fe930be7-5e62-47db-91af-98c3a49a38b1]
privileged_groups: [Inner]
elevation_policy: {approval_required_roles: [Global Administrator]}
role_responsibilities: {ann@acme.example: [User Administrator], "group:Inner": [Global Reader]}
`, testDirectory())
	set := func(name string, values ...string) facts { return facts{now: map[string][]string{name: values}} }
	taken := func(name string, values ...string) facts { return facts{old: map[string][]string{name: values}} }
	give := func(to Principal, role string) facts {
		return facts{targets: []Principal{to}, now: map[string][]string{"Role.DisplayName": {role}}}
	}
	ann := Principal{ID: idAnn, UPN: "ann@acme.example"}
	const role, group, fits = "baseline.role.privileged", "baseline.group.privileged", "baseline.role.fits_responsibilities"
	runFieldCases(t, v, []fieldCase{
		{"name", role, set("Role.DisplayName", "global administrator"), "true"},
		{"second value", role, set("Role.DisplayName", "Global Reader", "Global Administrator"), "true"},
		{"template", role, set("Role.TemplateId", globalA), "true"},
		{"well-known name", role, set("Role.WellKnownObjectName", "TenantAdmins"), "true"},
		{"well-known name of a role listed by id", role, set("Role.WellKnownObjectName", "UserAccountAdmins"), "true"},
		{"name of a role listed by id", role, set("Role.DisplayName", "User Administrator"), "true"},
		{"old name", role, set("Role.DisplayName", "Company Administrator"), "true"},
		{"id from the directory", role, set("Role.ObjectID", custom), "true"},
		{"taken away", role, taken("Role.DisplayName", "Global Administrator"), "true"},
		{"other", role, set("Role.DisplayName", "Global Reader"), "false"},
		{"target", role, facts{targets: []Principal{user("a@b.example"), {Name: "Global Administrator", Type: "role"}}}, "true"},
		{"target without type", role, facts{targets: []Principal{{Name: "Global Administrator"}}}, "true"},
		{"other target", role, facts{targets: []Principal{{Name: "Reader", Type: "Role"}}}, "false"},
		{"group of that name", role, facts{targets: []Principal{{Name: "Global Administrator", Type: "group"}}}, absent},
		{"user of that name", role, facts{targets: []Principal{{Name: "Global Administrator", UPN: "x@acme.example"}}}, absent},
		{"nothing", role, facts{}, absent},
		{"needs approval", "baseline.role.approval_required", set("Role.TemplateId", globalA), "true"},
		{"needs none", "baseline.role.approval_required", set("Role.DisplayName", "User Administrator"), "false"},
		{"fits", fits, give(ann, "User Administrator"), "true"},
		{"fits by group", fits, give(ann, "Global Reader"), "true"},
		{"does not fit", fits, give(ann, "Global Administrator"), "false"},
		{"not named", fits, give(user("bob@acme.example"), "Global Administrator"), absent},
		{"no role", fits, facts{targets: []Principal{ann}}, absent},
		{"name", group, set("Group.DisplayName", "inner"), "true"},
		{"id", group, set("Group.ObjectID", group1), "true"},
		{"target", group, facts{targets: []Principal{{ID: group1, Type: "group"}}}, "true"},
		{"other", group, set("Group.DisplayName", "Outer"), "false"},
		{"nothing", group, facts{}, absent},
	})
}
