package learn

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as in main

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

// list is a Sorter in memory.
type list [][]byte

func (l *list) Add(rec []byte) error { *l = append(*l, slices.Clone(rec)); return nil }

func (l *list) Sorted() iter.Seq2[[]byte, error] {
	slices.SortFunc(*l, slices.Compare)
	return func(yield func([]byte, error) bool) {
		for _, rec := range *l {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

const home = "4bbb79f7-5724-4c9e-95f3-de075f6ec090"

// learned reads records of Microsoft Graph and proposes.
func learned(t testing.TB, records ...string) ([]Block, []byte) {
	t.Helper()
	return learnedWith(t, 0, records...)
}

// learnedWith holds so many counts at a time.
func learnedWith(t testing.TB, held int, records ...string) ([]Block, []byte) {
	t.Helper()
	schema := event.NewSchema()
	var wanted [event.NumKinds][]int
	for k, names := range Fields() {
		for _, name := range names {
			wanted[k] = append(wanted[k], schema.Resolve(k, name).ID)
		}
	}
	d, err := decode.NewDecoder(schema, wanted)
	if err != nil {
		t.Fatal(err)
	}
	in, out := &list{}, &list{}
	o := NewObserver(schema, baseline.NewDirectory(), in)
	w, ev := d.NewWorker(decode.Entra), event.New(schema)
	w.Tenant = home
	fr := decode.NewFramer(strings.NewReader(strings.Join(records, "\n")), "test")
	for {
		var b decode.Batch
		if fr.Next(&b) != nil {
			break
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				t.Fatal(reason)
			}
			if err := o.Observe(ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	roles, err := baseline.Parse("template", baseline.Template(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tally := o.Tally()
	profiles, err := (&Digest{Home: home, View: roles.View(home, nil), Held: held}).Profiles(in, out)
	if err != nil {
		t.Fatal(err)
	}
	draft := &Draft{Home: home, Kinds: map[string]string{home: Kind(profiles[home])}, Period: [2]time.Time{tally.First, tally.Last}}
	powers, _ := roles.View(home, nil).Expand("privileged_roles")
	draft.Blocks = Propose(profiles[home], &tally, powers, true)
	return draft.Blocks, draft.Write()
}

// values returns what is proposed for an input.
func values(blocks []Block, input string) []string {
	out := []string{}
	for _, b := range blocks {
		for _, l := range b.Lines {
			if b.Input == input && l.Text != "" {
				out = append(out, strings.Trim(strings.TrimPrefix(l.Text, "- "), `"`))
			}
		}
	}
	return out
}

// signin is a successful sign-in of a user on a day; more fields may follow.
func signin(user string, day int, country, ip, more string) string {
	id++
	return fmt.Sprintf(`{"id":"11111111-0000-4000-8000-%012d","createdDateTime":"2026-11-%02dT08:%02d:00Z","userPrincipalName":"%s@contoso.com","userId":"22222222-0000-4000-8000-%012x","appId":"4765445b-32c6-49b0-83e6-1d93765276ca","appDisplayName":"OfficeHome","ipAddress":"%s","isInteractive":true,"clientAppUsed":"Browser","location":{"countryOrRegion":"%s"},"status":{"errorCode":0}%s}`,
		id, day, id%60, user, member(user)&0xffffffffff, ip, country, more)
}

// audit is a change by somebody on a day.
func audit(actor, activity string, day int) string {
	id++
	return fmt.Sprintf(`{"id":"Directory_%d","activityDateTime":"2026-11-%02dT09:%02d:00Z","activityDisplayName":%q,"category":"UserManagement","result":"success","loggedByService":"Core Directory","operationType":"Add","initiatedBy":{%s},"targetResources":[{"id":"33333333-0000-4000-8000-%012d","type":"User","userPrincipalName":"new%d@contoso.com"}]}`,
		id, day, id%60, activity, actor, id, id)
}

var id int

// many repeats a sign-in for users and days.
func many(users, days int, country, ip, more string) []string {
	var out []string
	for u := range users {
		for d := range days {
			out = append(out, signin(fmt.Sprintf("user%c.name", 'a'+u), d+1, country, ip, more))
		}
	}
	return out
}

// withoutID leaves out the ids of users, as some formats do.
func withoutID(records []string) []string {
	for i, r := range records {
		records[i] = regexp.MustCompile(`"userId":"[^"]*",`).ReplaceAllString(r, "")
	}
	return records
}

const (
	egress = "8.8.8.8"
	byApp  = `"app":{"appId":"55555555-0000-4000-8000-000000000001","displayName":"Workday","servicePrincipalId":"66666666-0000-4000-8000-000000000001"}`
)

func byUser(name string) string {
	return fmt.Sprintf(`"user":{"id":"77777777-0000-4000-8000-000000000001","userPrincipalName":%q}`, name)
}

func TestPropose(t *testing.T) {
	failed := `,"status":{"errorCode":50126}`
	risky := `,"riskLevelDuringSignIn":"medium","riskState":"atRisk"`
	detection := `{"id":"d1","activityDateTime":"2026-11-01T08:00:00Z","detectedDateTime":"2026-11-01T08:00:00Z","lastUpdatedDateTime":"2026-11-01T08:00:00Z","riskEventType":"maliciousIPAddress","riskLevel":"high","riskState":"atRisk","ipAddress":"8.8.8.8","userPrincipalName":"a@contoso.com","userId":"22222222-0000-4000-8000-000000000001","activity":"signin"}`
	cases := []struct {
		name    string
		records []string
		input   string
		want    []string
	}{
		{"country", many(3, 5, "SE", egress, ""), "allowed_countries", []string{"SE"}},
		{"country of users without an id", withoutID(many(3, 5, "SE", egress, "")), "allowed_countries", []string{"SE"}},
		{"country of two users, each with and without an id", append(many(2, 5, "SE", egress, ""), withoutID(many(2, 5, "SE", egress, ""))...), "allowed_countries", []string{}},
		{"country of two users", many(2, 5, "SE", egress, ""), "allowed_countries", []string{}},
		{"country of four days", many(9, 4, "SE", egress, ""), "allowed_countries", []string{}},
		{"one loud day", many(20, 1, "RU", egress, ""), "allowed_countries", []string{}},
		{"one loud user", many(1, 20, "RU", egress, ""), "allowed_countries", []string{}},
		{"failures", many(5, 9, "RU", egress, failed), "allowed_countries", []string{}},
		{"risky sign-ins", many(5, 9, "RU", egress, risky), "allowed_countries", []string{}},
		{"risk that is hidden", many(5, 9, "SE", egress, `,"riskLevelDuringSignIn":"hidden"`), "allowed_countries", []string{"SE"}},
		{"an address that a detection names", append(many(5, 9, "RU", egress, ""), detection), "allowed_countries", []string{}},
		{"an address with one risky sign-in", append(many(5, 9, "RU", egress, ""), signin("x", 3, "RU", egress, risky)), "egress_ips", []string{}},
		{"no country at all", many(5, 9, "ZZ", egress, ""), "allowed_countries", []string{}},
		{"egress", many(5, 5, "SE", egress, ""), "egress_ips", []string{egress}},
		{"egress of four users", many(4, 5, "SE", egress, ""), "egress_ips", []string{}},
		{"egress network", append(many(5, 5, "SE", egress, ""), many(5, 5, "SE", "8.8.8.9", "")...), "egress_ips", []string{"8.8.8.0/24"}},
		{"egress of IPv6", many(5, 5, "SE", "2001:4860:1:2::3", ""), "egress_ips", []string{"2001:4860:1:2::3"}},
		{"private addresses", many(5, 5, "SE", "10.1.2.3", ""), "egress_ips", []string{}},
		{"domain", many(3, 5, "SE", egress, ""), "approved_domains", []string{"contoso.com"}},
		{"domain of guests", many(3, 5, "SE", egress, `,"userType":"guest"`), "approved_domains", []string{}},
		{"partner", many(3, 5, "SE", egress, `,"homeTenantId":"99999999-0000-4000-8000-000000000001"`), "partner_organizations", []string{"99999999-0000-4000-8000-000000000001", "contoso.com"}},
		{"personal accounts have no domain of their own", many(3, 5, "SE", egress, `,"homeTenantId":"9188040d-6c67-4c5b-b112-36a304b66dad"`), "partner_organizations", []string{"9188040d-6c67-4c5b-b112-36a304b66dad"}},
		{"partner of two users", many(2, 5, "SE", egress, `,"homeTenantId":"99999999-0000-4000-8000-000000000001"`), "partner_organizations", []string{}},
		{"own tenant is no partner", many(3, 5, "SE", egress, `,"homeTenantId":"`+home+`","resourceTenantId":"`+home+`"`), "partner_organizations", []string{}},
		{"names", many(10, 1, "SE", egress, ""), "naming_policy", []string{`user: "^[a-z]+\\.[a-z]+@contoso\\.com$`}},
		{"too few names", many(9, 1, "SE", egress, ""), "naming_policy", []string{}},
		{"password flow", many(3, 5, "SE", egress, `,"authenticationProtocol":"ropc"`), "ropc_allowed_apps", []string{"4765445b-32c6-49b0-83e6-1d93765276ca"}},
		{"password flow of two users", many(2, 5, "SE", egress, `,"authenticationProtocol":"ropc"`), "ropc_allowed_apps", []string{}},
		{"protocols unused for 14 days", many(3, 14, "SE", egress, `,"authenticationProtocol":"oAuth2"`), "unused_protocols", []string{"deviceCode", "ropc", "authenticationTransfer"}},
		{"13 days are too few", many(3, 13, "SE", egress, `,"authenticationProtocol":"oAuth2"`), "unused_protocols", []string{}},
		{"a failure uses a protocol", append(many(3, 14, "SE", egress, `,"authenticationProtocol":"oAuth2"`), signin("x", 2, "SE", egress, `,"authenticationProtocol":"deviceCode"`+failed)), "unused_protocols", []string{"ropc", "authenticationTransfer"}},
		{"hours", many(10, 10, "SE", egress, ""), "working_hours", []string{`{countries: ["SE"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri, sat, sun], from: "09:00", to: "10:00"}`}},
		{"hours of too few", many(9, 11, "SE", egress, ""), "working_hours", []string{}},
		{"hours of a country with many zones", many(10, 10, "US", egress, ""), "working_hours", []string{}},
		{"log sources", many(1, 5, "SE", egress, ""), "expected_log_sources", []string{"signin"}},
		{"log sources of four days", many(1, 4, "SE", egress, ""), "expected_log_sources", []string{}},
		{"actor", []string{audit(byUser("hr@contoso.com"), "Update user", 1), audit(byUser("hr@contoso.com"), "Add user", 2), audit(byUser("hr@contoso.com"), "Delete user", 3)}, "approved_actors.user_lifecycle", []string{"hr@contoso.com"}},
		{"actor of two days", []string{audit(byUser("hr@contoso.com"), "Update user", 1), audit(byUser("hr@contoso.com"), "Add user", 2), audit(byUser("hr@contoso.com"), "Delete user", 2)}, "approved_actors.user_lifecycle", []string{}},
		{"actor of another kind of change", []string{audit(byUser("hr@contoso.com"), "Update user", 1), audit(byUser("hr@contoso.com"), "Update policy", 2), audit(byUser("hr@contoso.com"), "Invite external user", 3)}, "approved_actors.user_lifecycle", []string{}},
		{"application by its id", []string{audit(byApp, "Add user", 1), audit(byApp, "Add user", 2), audit(byApp, "Add user", 3)}, "approved_actors.user_lifecycle", []string{"app:55555555-0000-4000-8000-000000000001"}},
		{"source", []string{audit(byApp, "Add user", 1), audit(byApp, "Add user", 2), audit(byApp, "Add user", 3)}, "approved_sources", []string{"app:55555555-0000-4000-8000-000000000001"}},
		{"people are no source", []string{audit(byUser("hr@contoso.com"), "Add user", 1), audit(byUser("hr@contoso.com"), "Add user", 2), audit(byUser("hr@contoso.com"), "Add user", 3)}, "approved_sources", []string{}},
		{"synchronisation", []string{audit(byUser("Sync_S1@contoso.onmicrosoft.com"), "Update user", 1), audit(byUser("Sync_S1@contoso.onmicrosoft.com"), "Update user", 2), audit(byUser("Sync_S1@contoso.onmicrosoft.com"), "Update user", 3)}, "sync_service_accounts", []string{"Sync_S1@contoso.onmicrosoft.com"}},
		{"an application called *", []string{audit(`"app":{"displayName":"*"}`, "Add user", 1), audit(`"app":{"displayName":"*"}`, "Add user", 2), audit(`"app":{"displayName":"*"}`, "Add user", 3)}, "approved_actors.user_lifecycle", []string{}},
		{"a user called *@contoso.com", []string{audit(byUser("*@contoso.com"), "Add user", 1), audit(byUser("*@contoso.com"), "Add user", 2), audit(byUser("*@contoso.com"), "Add user", 3)}, "approved_actors.user_lifecycle", []string{}},
		{"a user called like a file", []string{audit(byUser("@vips.txt"), "Add user", 1), audit(byUser("@vips.txt"), "Add user", 2), audit(byUser("@vips.txt"), "Add user", 3)}, "approved_actors.user_lifecycle", []string{}},
		{"a user called like a role, by id", []string{audit(byUser("role:x@y"), "Add user", 1), audit(byUser("role:x@y"), "Add user", 2), audit(byUser("role:x@y"), "Add user", 3)}, "approved_actors.user_lifecycle", []string{"77777777-0000-4000-8000-000000000001"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			blocks, text := learned(t, c.records...)
			if d := cmp.Diff(c.want, values(blocks, c.input)); d != "" {
				t.Errorf("%s:\n%s\n%s", c.input, d, text)
			}
			if _, err := baseline.Parse("draft", text, nil); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// TestTwice learns the same from logs that were exported twice, in any order.
func TestTwice(t *testing.T) {
	once := append(many(5, 6, "SE", egress, ""), audit(byApp, "Add user", 1), audit(byApp, "Add user", 2), audit(byApp, "Add user", 3))
	twice := append(slices.Clone(once), once...)
	slices.Reverse(twice)
	_, a := learned(t, once...)
	_, b := learnedWith(t, 2, twice...) // nor does it matter how much is held
	if d := cmp.Diff(string(a), string(b)); d != "" {
		t.Error(d)
	}
}

func TestB2C(t *testing.T) {
	var records []string
	for day := range 3 {
		records = append(records, strings.Replace(audit(byApp, "Add user", day+1), "Core Directory", "B2C", 1))
	}
	blocks, text := learned(t, records...)
	if got := values(blocks, "approved_actors.consumer_lifecycle"); len(got) != 1 {
		t.Errorf("consumer_lifecycle %v", got)
	}
	b, err := baseline.Parse("draft", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b.View(home, nil).Kind() != baseline.B2C {
		t.Errorf("the tenant is not of consumers:\n%s", text)
	}
}
