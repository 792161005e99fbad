package learn

import (
	"strings"
	"testing"
	"unicode"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// FuzzDraft writes what an attacker chose into the draft: it must parse, set
// nothing but the value, and hold no character that a terminal acts on.
func FuzzDraft(f *testing.F) {
	for _, s := range []string{
		"a@b.example", "*", "@file", "x\nvip_accounts: [evil@b.example]", "x # y", `"`, "\\", "\x1b[2J", "\u202e", "app:*", "role:Global Administrator",
		"group:x", " a@b.example", "a@b.example ", "app:x: y", "\xff\xfe", "null", "~", "{}", "- x", "app:\u2028x", "é@b.example", "app:日本", "app: x", "app:\ufeffx",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p := &Profile{values: map[dim][]Value{}, more: map[dim]int{}}
		strong := Value{Text: value, Records: 100, Members: 50, Days: 30, Pairs: 1000}
		weak := Value{Text: value, Records: 1, Members: 1, Days: 1}
		for d := dimCountry; d <= dimDisplay; d++ {
			p.values[d] = []Value{strong}
		}
		for _, d := range []dim{dimShape, dimDirShape, dimAdminShape} { // nothing else makes these
			p.values[d] = nil
			if form := shapeOf(value); form != "" {
				p.values[d] = []Value{{Text: form, Members: 50}}
			}
		}
		p.values[dimActor] = []Value{{Text: "user_lifecycle\t" + value, Records: 100, Members: 50, Days: 30}, {Text: "sync\t" + value, Records: 1, Members: 1, Days: 1}}
		p.values[dimHolder] = []Value{{Text: value + "\t" + value, Members: 1}}
		p.values[dimLegacy] = []Value{weak}
		text := (&Draft{From: value, Blocks: Propose(p, &Tally{}, nil, true), Kinds: map[string]string{}}).Write()
		for _, r := range string(text) {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%q reaches the file", r)
			}
		}
		b, err := baseline.Parse("draft", text, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, c := range baseline.Diff(&baseline.Baseline{}, b) {
			for _, got := range c.Added {
				switch {
				case c.Input == "unused_protocols" || c.Input == "naming_policy" || c.Input == "working_hours":
				case !strings.EqualFold(got, value):
					t.Errorf("%s: %q became %q", c.Input, value, got)
				case strings.Contains(got, "*"):
					t.Errorf("%s: %q stands for more than itself", c.Input, got)
				}
			}
		}
	})
}

// TestShape makes forms of names.
func TestShape(t *testing.T) {
	for upn, want := range map[string]string{
		"Anna.Berg@Contoso.com":                   `^[a-z]+\.[a-z]+@contoso\.com$`,
		"ab123@contoso.com":                       `^[a-z]+[0-9]+@contoso\.com$`,
		"adm_x-y@contoso.com":                     `^[a-z]+_[a-z]+-[a-z]+@contoso\.com$`,
		"a_b.com#EXT#@contoso.com":                "",
		"åsa@contoso.com":                         "",
		"a(b@contoso.com":                         "",
		"@contoso.com":                            "",
		strings.Repeat("a", 101) + "@contoso.com": "",
	} {
		if got := shapeOf(upn); got != want {
			t.Errorf("%s: %q, want %q", upn, got, want)
		}
	}
}

// TestTenants writes what other tenants do as their overrides.
func TestTenants(t *testing.T) {
	const other = "9d1c8b8e-0a77-4d6c-8f0e-3a7cf2b4e001"
	countries := func(c string) []Block {
		return []Block{{"allowed_countries", []Line{{Text: `- "` + c + `"`, Remark: "seen"}}}, {"egress_ips", []Line{{Remark: "nothing"}}}}
	}
	d := &Draft{Home: home, Kinds: map[string]string{other: baseline.B2C}, Blocks: countries("SE"), Others: map[string][]Block{other: countries("DE")}}
	b, err := baseline.Parse("draft", d.Write(), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Write())
	}
	for tenant, want := range map[string]string{home: "SE", other: "DE"} {
		if got, _ := b.View(tenant, nil).Expand("allowed_countries"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s\n%s", tenant, got, want, d.Write())
		}
	}
	if b.View(other, nil).Kind() != baseline.B2C || b.View(home, nil).Kind() != baseline.Workforce {
		t.Errorf("the kinds are wrong:\n%s", d.Write())
	}
	d.Decided = func(_, input string) bool { return input == "tenants" }
	if text := string(d.Write()); !strings.Contains(text, `left out, because tenants is decided: "`+other) {
		t.Errorf("nothing is said of the other tenant:\n%s", text)
	}
}

// TestHolders lists who holds a role, from snapshots and from changes.
func TestHolders(t *testing.T) {
	holder := func(name, role, sort string) string {
		id++
		return `{"id":"a` + name + `","principalId":"44444444-0000-4000-8000-00000000000` + string('0'+rune(id%10)) + `","directoryScopeId":"/","roleDefinitionId":"r1","principal":{"@odata.type":"#microsoft.graph.` + sort + `","userPrincipalName":"` + name + `","displayName":"` + name + `"},"roleDefinition":{"displayName":"` + role + `"}}`
	}
	give := strings.Replace(audit(byUser("boss@contoso.com"), "Add member to role", 1), `"userPrincipalName":"new`, `"modifiedProperties":[{"displayName":"Role.DisplayName","oldValue":null,"newValue":"\"Global Administrator\""}],"userPrincipalName":"new`, 1)
	blocks, text := learned(t, holder("adm@contoso.com", "Global Administrator", "user"), holder("reader@contoso.com", "Directory Readers", "user"),
		holder("Tier 0", "Global Administrator", "group"), holder("breakglass1@contoso.com", "Global Administrator", "user"), give)
	got := values(blocks, "privileged_accounts")
	if len(got) != 4 || got[0] != "role:Global Administrator" || !strings.HasPrefix(got[1], "new") || got[2] != "adm@contoso.com" || got[3] != "breakglass1@contoso.com" {
		t.Errorf("privileged_accounts %v\n%s", got, text)
	}
	if got := values(blocks, "privileged_groups"); len(got) != 1 || got[0] != "Tier 0" {
		t.Errorf("privileged_groups %v\n%s", got, text)
	}
	if got := values(blocks, "break_glass_accounts"); len(got) != 0 || !strings.Contains(string(text), `candidate, by its name: "breakglass1@contoso.com"`) {
		t.Errorf("break_glass_accounts must only be a remark: %v\n%s", got, text)
	}
}
