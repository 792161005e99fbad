package detect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

func TestUnescape(t *testing.T) {
	tests := []struct{ in, want string }{
		{``, ``},
		{`plain`, `plain`},
		{`\"a\"`, `"a"`},
		{`\\\"a`, `\"a`},
		{`C:\\temp\\new`, `C:\temp\new`},
		{`a\/b`, `a/b`},
		{`a\nb\tc\r`, "a\nb\tc\r"},
		{`M\u00fcller \u0027x\u0027`, "Müller 'x'"},
		{`\uD83D\uDE00!`, "😀!"},
		{`\ud83d!`, "\uFFFD!"},
		{`\ud83d\u0041`, "\uFFFDA"},
		{`\u12`, `\u12`},
		{`\uzzzz`, `\uzzzz`},
		{`\u+123`, `\u+123`},
		{`\q`, `\q`},
		{`\`, `\`},
		{`a\\`, `a\`},
	}
	for _, tt := range tests {
		if got := unescape(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzUnescape(f *testing.F) {
	f.Add(`\"a\u00fc\ud83d\ude00\`)
	f.Fuzz(func(t *testing.T, s string) {
		got := unescape(s)
		if !strings.Contains(s, `\`) && got != s {
			t.Errorf("%q became %q", s, got)
		}
		if quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s); unescape(quoted) != s {
			t.Errorf("%q is quoted as %q, which reads %q", s, quoted, unescape(quoted))
		}
	})
}

// TestKeywords: keywords see a record as a person would read it, through JSON
// within JSON, and are not tied to a field.
func TestKeywords(t *testing.T) {
	rec := base(t, "audit-update-user",
		changed("Manager", "", `{"name":"Ann \"Annie\" Müller","path":"OU=Staff\\Nord"}`),
		set("resultReason", "said \"no\" to C:\\temp"),
	)
	tests := []struct {
		keyword string
		layers  int // of JSON within the record
		want    bool
	}{
		{`Manager`, 1, true},
		{`manager`, 1, true},
		{`"name":"Ann`, 2, true},
		{`Ann "Annie" Müller`, 3, true},
		{`said "no" to`, 1, true},
		{`C:\temp`, 1, true},
		{`targetResources`, 1, true}, // the names of keys as well
		{`Ann Müller`, 3, false},
	}
	var rules []string
	for _, tt := range tests {
		rules = append(rules, rule("auditlogs", "selection:\n  - '"+strings.ReplaceAll(tt.keyword, `\`, `\\`)+"'"))
	}
	p := newPipe(t, engineOf(t, "", rules...))
	for _, format := range []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics} {
		hits := map[int]bool{}
		for _, i := range p.Match(p.read(t, rec, format)) {
			hits[i] = true
		}
		for i, tt := range tests {
			if tt.layers > 2 && format == event.LogAnalytics {
				continue // there, everything lies one layer deeper
			}
			if hits[i] != tt.want {
				t.Errorf("%s: %s: %t", format, tt.keyword, hits[i])
			}
		}
	}
	// What one record says is forgotten with the next.
	if got := p.Match(p.read(t, base(t, "audit-delete-user"), event.Diagnostic)); cmp.Diff([]int{6}, got) != "" {
		t.Errorf("another record matches %v", got)
	}
}

// A sight is a record as baseline fields see it.
type sight struct {
	base   string
	format event.Format
	change change
}

func (s sight) facts(t *testing.T) *facts {
	t.Helper()
	p := newPipe(t, engineOf(t, "approved_domains: [contoso.com]\nprivileged_accounts: [x@contoso.com]",
		rule("signinlogs", "selection: {baseline.user.privileged: 'true'}"),
		rule("auditlogs", "selection: {baseline.target.domain: unapproved, baseline.actor.privileged: 'true', baseline.user.privileged: 'true'}")))
	p.rec.begin(p.read(t, base(t, s.base, s.change), s.format), p.engine.tenant(home))
	return &p.rec.facts
}

func TestFactsActor(t *testing.T) {
	const (
		bo   = "bo.andersson@contoso.com"
		boID = "098de20a-2dd6-5801-b9ff-641e8244b421"
		app  = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
	)
	b2c := func(name any) change {
		return set("initiatedBy", map[string]any{"user": nil, "app": map[string]any{"appId": nil, "displayName": name, "servicePrincipalId": nil, "servicePrincipalName": name}})
	}
	nobody := set("initiatedBy", map[string]any{"user": nil, "app": nil})
	tests := []struct {
		name string
		rec  sight
		want baseline.Principal
	}{
		{"a user", sight{"audit-update-application", event.Graph, nil}, baseline.Principal{ID: boID, UPN: bo}},
		{"an application", sight{"audit-add-user", event.Graph, byApp.change}, baseline.Principal{ID: "2a3c4b1e-7c97-4fc6-abfa-cff20f704e4b", Name: "Sync", AppID: "00000014-0000-0000-c000-000000000000", App: true}},
		// The user of an audit record is whom it was done to, which is not
		// who did it.
		{"nobody", sight{"audit-add-user", event.Graph, nobody}, baseline.Principal{}},
		{"nobody, diagnostic", sight{"audit-add-user", event.Diagnostic, nobody}, baseline.Principal{}},
		{"a B2C user", sight{"audit-b2c-policy", event.Graph, nil}, baseline.Principal{UPN: bo}},
		{"a B2C user, O365", sight{"audit-b2c-policy", event.O365, nil}, baseline.Principal{UPN: bo}},
		{"a B2C application", sight{"audit-b2c-policy", event.Graph, b2c(app)}, baseline.Principal{ID: app, AppID: app, Name: app, App: true}},
		{"a B2C application, Log Analytics", sight{"audit-b2c-policy", event.LogAnalytics, b2c(app)}, baseline.Principal{ID: app, AppID: app, Name: app, App: true}},
		{"a B2C service", sight{"audit-b2c-policy", event.Graph, b2c("CPIM Service")}, baseline.Principal{Name: "CPIM Service", App: true}},
		{"who signs in", sight{"signin", event.Graph, nil}, baseline.Principal{ID: "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", UPN: "alice.lindqvist@contoso.com"}},
		{
			"a service principal that signs in",
			sight{"signin-service-principal", event.Graph, nil},
			baseline.Principal{ID: "93f095e0-df56-576a-98f6-b5fb7af90cff", Name: "Nightly Export", AppID: "701dd6a5-f40a-5dc5-83e2-81e81a124995", App: true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.rec.facts(t).Actor()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestFactsTarget: id, name and type of one target come together, also where
// targets before it lack some of them.
func TestFactsTarget(t *testing.T) {
	targets := set("targetResources", []any{
		map[string]any{"id": nil, "displayName": "B2C_1A_signin", "type": "Directory", "userPrincipalName": nil},
		map[string]any{"id": "a36b95e2-c3cf-5566-888c-a4d0e0362acc", "displayName": nil, "type": "User", "userPrincipalName": "dan@contoso.com"},
		map[string]any{"id": "fdd86afe-65d6-5a32-91e2-7f0a1dda255e", "displayName": "Global Administrator", "type": "Role", "userPrincipalName": nil},
		map[string]any{"id": "0170df7b-433a-5949-80a7-00eb426cd920", "displayName": "Invoice Portal", "type": "ServicePrincipal", "userPrincipalName": nil},
		map[string]any{"id": "3b1c0c3e-0000-4000-8000-000000000007", "displayName": "Erin", "type": "User", "userPrincipalName": "3b1c0c3e000040008000000000000007erin@contoso.com"},
	})
	want := []baseline.Principal{
		{Name: "B2C_1A_signin", Type: "directory"},
		{ID: "a36b95e2-c3cf-5566-888c-a4d0e0362acc", UPN: "dan@contoso.com", Type: "user"},
		{ID: "fdd86afe-65d6-5a32-91e2-7f0a1dda255e", Name: "Global Administrator", Type: "role"},
		{ID: "0170df7b-433a-5949-80a7-00eb426cd920", Name: "Invoice Portal", Type: "serviceprincipal", App: true},
		{ID: "3b1c0c3e-0000-4000-8000-000000000007", UPN: "erin@contoso.com", Type: "user"},
	}
	for _, format := range []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics} {
		f := sight{"audit-add-member-to-role", format, targets}.facts(t)
		var got []baseline.Principal
		for i := 0; ; i++ {
			p, ok := f.Target(i)
			if !ok {
				break
			}
			got = append(got, p)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", format, diff)
		}
	}
	none := sight{"audit-add-user", event.Graph, set("targetResources", []any{})}.facts(t)
	if p, ok := none.Target(0); ok {
		t.Errorf("a record without targets has %+v", p)
	}
	if u := none.User(); u != (baseline.Principal{}) {
		t.Errorf("a record without targets is about %+v", u)
	}
}

func TestFactsProperty(t *testing.T) {
	f := sight{"audit-update-application", event.Graph, changed("AppAddress", "", `["https://a.example","https://b.example"]`)}.facts(t)
	var got []string
	for i := 0; ; i++ {
		v, ok := f.Property("appaddress", i)
		if !ok {
			break
		}
		got = append(got, v)
	}
	if diff := cmp.Diff([]string{"https://a.example", "https://b.example"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if v, ok := f.PropertyOld("AppAddress", 0); v != "" || !ok {
		t.Errorf("an old value of null is %q, %t", v, ok)
	}
	if v, ok := f.Property("DisplayName", 0); ok {
		t.Errorf("a property that no field looks at is %q", v)
	}
}

// TestSignal: what alerts are told of an event.
func TestSignal(t *testing.T) {
	const selection = "selection: {riskState: atRisk}"
	custom := func(block string) string { return "custom: {entrawatch: " + block + "}" }
	tests := []struct {
		name, block string
		group       []string
		values      [][]string
		severity    string
		change      change
	}{
		{name: "by whom it concerns", block: "{}", group: []string{"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"}},
		{name: "an entity and fields", block: "{alert: {group-by: [user, ip, properties.riskEventType]}}", group: []string{"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", "192.0.2.45", "anonymizedIPAddress"}},
		{name: "an entity by its name", block: "{alert: {group-by: [user]}}", group: []string{"alice.lindqvist@contoso.com"}, change: set("userId", "", "userPrincipalName", "Alice.Lindqvist@contoso.com")},
		{name: "nothing to group by", block: "{alert: {group-by: [target]}}", group: []string{""}},
		{name: "a field of the baseline", block: "{alert: {group-by: [baseline.country.allowed]}}", group: []string{"false"}},
		{
			name: "summary", block: `{summary: "{user} from {ip} ({properties.riskLevel}, {baseline.country.allowed}, {no.such.field}"}`, group: []string{"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"},
			values: [][]string{{"alice.lindqvist@contoso.com"}, {"192.0.2.45"}, {"medium"}, {"false"}, {}},
		},
		{name: "level", block: "{level-from: riskLevel}", group: []string{"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"}, severity: "medium"},
		{name: "level by another name", block: "{level-from: properties.RiskLevel}", group: []string{"e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"}, severity: "medium"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := engineOf(t, "allowed_countries: [SE]", rule("riskdetection", selection, custom(tt.block)))
			p := newPipe(t, e)
			p.w.Tenant = home // Graph names none in risk detections
			ev := p.read(t, base(t, "risk-detection", tt.change), event.Graph)
			if hits := p.Match(ev); len(hits) != 1 {
				t.Fatalf("matches %v", hits)
			}
			got := p.signal(t, e, ev)
			if diff := cmp.Diff(tt.group, got.Group); diff != "" {
				t.Errorf("group: -want +got\n%s", diff)
			}
			var values [][]string
			for _, v := range got.Values {
				values = append(values, v.Texts)
			}
			if diff := cmp.Diff(tt.values, values, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("values: -want +got\n%s", diff)
			}
			if got.Count != 1 || !got.First.Equal(ev.Time) || !got.Last.Equal(ev.Time) || len(got.Evidence) != 1 || got.Evidence[0].Key != ev.Key {
				t.Errorf("detail %+v of one event at %v", got.Detail, ev.Time)
			}
			if got.Severity != tt.severity || got.Tenant != home || got.Version != "2026-11-02T14:53:29Z" || got.Identity == got.Key {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestEntities(t *testing.T) {
	tests := []struct {
		name string
		rec  wanted
		want []Entity
	}{
		{"sign-in", wanted{"signin", nil}, []Entity{
			{"user", "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", "alice.lindqvist@contoso.com"},
			{"ip", "", "203.0.113.24"},
			{"app", "4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"},
		}},
		{"service principal", wanted{"signin-service-principal", nil}, []Entity{
			{"service_principal", "93f095e0-df56-576a-98f6-b5fb7af90cff", "Nightly Export"},
			{"ip", "", "198.51.100.77"},
			{"app", "701dd6a5-f40a-5dc5-83e2-81e81a124995", "Nightly Export"},
		}},
		{"audit", wanted{"audit-add-member-to-role", nil}, []Entity{
			{"user", "0c82dab5-790d-56b6-849b-99ab5d5a47a5", "carla.nyberg@contoso.com"},
			{"user", "a36b95e2-c3cf-5566-888c-a4d0e0362acc", "dan.okafor@contoso.com"},
			{"role", "fdd86afe-65d6-5a32-91e2-7f0a1dda255e", ""},
			{"ip", "", "198.51.100.12"},
		}},
		{"long name", wanted{"signin", set("appDisplayName", strings.Repeat("ö", 150))}, []Entity{
			{"user", "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", "alice.lindqvist@contoso.com"},
			{"ip", "", "203.0.113.24"},
			{"app", "4765445b-32c6-49b0-83e6-1d93765276ca", strings.Repeat("ö", 100) + "…"},
		}},
	}
	p := newPipe(t, engineOf(t, "", rule("signinlogs", "selection: {ResultType: 0}")))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := appendEntities(nil, p.read(t, base(t, tt.rec.base, tt.rec.change), event.Graph))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
