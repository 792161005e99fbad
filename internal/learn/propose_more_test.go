package learn

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// holding is a snapshot's entry that gives a user a role.
func holding(user, role string) string {
	id++
	return fmt.Sprintf(`{"id":"h%d","principalId":"44444444-0000-4000-8000-%012d","directoryScopeId":"/","roleDefinitionId":"r1","principal":{"@odata.type":"#microsoft.graph.user","userPrincipalName":"%s@contoso.com"},"roleDefinition":{"displayName":"%s"}}`,
		id, id, user, role)
}

// admins are so many holders of a role, each with a sign-in on so many days.
func admins(n, days int, country, role string) []string {
	var out []string
	for i := range n {
		user := "adm.x." + string(rune('a'+i))
		out = append(out, holding(user, role))
		for day := range days {
			out = append(out, signin(user, day+1, country, egress, ""))
		}
	}
	return out
}

// TestProposeForAdministrators: their names, and when they work.
func TestProposeForAdministrators(t *testing.T) {
	const (
		global = "Global Administrator"
		hours  = `{members: ["role:Global Administrator"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri, sat, sun], from: "09:00", to: "10:00"}`
		form   = `privileged: "^[a-z]+\\.[a-z]+\\.[a-z]+@contoso\\.com$`
	)
	for _, tc := range []struct {
		name    string
		records []string
		input   string
		want    []string
	}{
		{"hours", admins(4, 14, "SE", global), "working_hours", []string{hours}},
		{"hours of too few", admins(3, 13, "SE", global), "working_hours", []string{}},
		{"hours of holders of a role without power", admins(4, 14, "SE", "Directory Readers"), "working_hours", []string{}},
		{"some work where hours cannot be told", append(admins(4, 14, "SE", global), signin("adm.x.a", 3, "US", egress, ""), signin("adm.x.b", 3, "US", egress, ""), signin("adm.x.c", 3, "US", egress, "")), "working_hours", []string{}},
		{"names", admins(3, 0, "", global), "naming_policy", []string{form}},
		{"names of two", admins(2, 0, "", global), "naming_policy", []string{}},
		{"an emergency account has another name", append(admins(3, 0, "", global), holding("breakglass1", global)), "naming_policy", []string{form}},
		{"one who is called otherwise", append(admins(3, 0, "", global), holding("anna", global)), "naming_policy", []string{}},
		{"the role, for those who are given it later", admins(1, 0, "", global), "privileged_accounts", []string{"role:Global Administrator", "adm.x.a@contoso.com"}},
		{"a role without power", admins(1, 0, "", "Directory Readers"), "privileged_accounts", []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			blocks, text := learned(t, tc.records...)
			if d := cmp.Diff(tc.want, values(blocks, tc.input)); d != "" {
				t.Errorf("%s\n%s", d, text)
			}
		})
	}
}

// TestNobody: what is changed by nobody for long enough is to be changed by
// nobody.
func TestNobody(t *testing.T) {
	changes := func(days int) (out []string) {
		for day := range days {
			out = append(out, audit(byUser("hr@contoso.com"), "Update user", day+1))
		}
		return out
	}
	policy := audit(byUser("x@contoso.com"), "Update conditional access policy", 1)
	for _, tc := range []struct {
		name    string
		records []string
		want    []string
	}{
		{"14 days without", changes(14), []string{"[]"}},
		{"13 days without", changes(13), []string{}},
		{"one change, too few to propose", append(changes(14), policy), []string{}},
	} {
		blocks, text := learned(t, tc.records...)
		if d := cmp.Diff(tc.want, values(blocks, "approved_actors.conditional_access")); d != "" {
			t.Errorf("%s: %s\n%s", tc.name, d, text)
		}
	}
}

// TestShortest finds part of a day.
func TestShortest(t *testing.T) {
	hours := [24]int{3: 1, 8: 500, 9: 400, 17: 98, 22: 1}
	for _, tc := range []struct{ share, from, to, inside int }{
		{1000, 3, 23, 1000}, {999, 3, 18, 999}, {998, 8, 18, 998}, {900, 8, 10, 900}, {500, 8, 9, 500},
	} {
		if from, to, inside := shortest(&hours, tc.share*1000); from != tc.from || to != tc.to || inside != tc.inside {
			t.Errorf("%d in 1,000: from %d to %d, %d; want %d to %d, %d", tc.share, from, to, inside, tc.from, tc.to, tc.inside)
		}
	}
}
