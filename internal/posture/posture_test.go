package posture

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

var asOf = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

func ago(days int) time.Time { return asOf.AddDate(0, 0, -days) }

// TestIdle: what is said is never more than the snapshot and the log prove.
func TestIdle(t *testing.T) {
	log := Span{ago(30), ago(2)}
	for _, tc := range []struct {
		name     string
		user     user
		known    bool // in the snapshot of users
		activity bool // which asked for signInActivity
		log      Span
		signIn   time.Time // in the log
		want     any
	}{
		{name: "signInActivity", user: user{last: ago(40)}, known: true, activity: true, want: 40},
		{name: "a later sign-in in the log", user: user{last: ago(40)}, known: true, activity: true, log: log, signIn: ago(5), want: 5},
		{name: "never, since it was made", user: user{created: ago(100)}, known: true, activity: true, want: 100},
		{name: "never, and nobody knows since when", known: true, activity: true, want: nil},
		{name: "only the log: to its end, not to now", log: log, signIn: ago(10), want: 8},
		{name: "not in the log", log: log, want: 28},
		{name: "not in the log, but younger", user: user{created: ago(6)}, known: true, log: log, want: 4},
		{name: "nothing tells", want: nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u := tc.user
			u.id = "u"
			s := NewSnapshot()
			s.activity = tc.activity
			if tc.known {
				s.users["u"] = &u
			}
			w := &Watch{people: map[string]*use{"u": {signIn: tc.signIn}}, signIns: tc.log}
			rec := map[string]any{}
			(&Join{Snapshot: s, Watch: w, AsOf: asOf}).idle(rec, &u)
			if !cmp.Equal(rec["idleDays"], tc.want) {
				t.Errorf("idle for %v days, want %v", rec["idleDays"], tc.want)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	page := func(context string, more bool) decode.Page {
		return decode.Page{Context: "https://graph.microsoft.com/v1.0/$metadata#" + context, More: more}
	}
	for _, tc := range []struct {
		name  string
		pages []decode.Page
		want  bool
	}{
		{"the last page", []decode.Page{page("users", true), page("users", false)}, true},
		{"in any order, with columns", []decode.Page{page("users(id)", false), page("users(id)", true)}, true},
		{"only the first", []decode.Page{page("users", true)}, false},
		{"nothing", nil, false},
	} {
		s := NewSnapshot()
		for _, p := range tc.pages {
			s.Page(p)
		}
		if got := s.Complete(event.User); got != tc.want {
			t.Errorf("%s: complete is %v", tc.name, got)
		}
	}
}

func TestEmergency(t *testing.T) {
	b, err := baseline.Parse("b.yaml", []byte("break_glass_accounts: [bg1@contoso.com, bg2@contoso.com, bg3@contoso.com, bg4@contoso.com, bg5@contoso.com, bg6@contoso.com]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSnapshot()
	dir := baseline.NewDirectory()
	for i, u := range []user{{}, {enabled: "false"}, {synced: true}, {}, {}} {
		u.id, u.upn = string(rune('a'+i)), "bg"+string(rune('1'+i))+"@contoso.com"
		s.users[u.id] = &u
		dir.AddUser(baseline.User{ID: u.id, UPN: u.upn})
		how := permanent
		if i == 3 {
			how = eligible
		}
		s.holdings[holdingKey{u.id, "r"}] = &holding{principal: u.id, role: "r", roleName: "Global Administrator", how: map[string]bool{how: true}}
	}
	s.methods["e"] = []string{"mobilePhone", "microsoftAuthenticatorPush"}
	got := (&Join{Snapshot: s, Directory: dir, View: b.View("", dir)}).emergency()
	want := map[string]any{"declared": 6, "sound": 1, "flaws": []string{
		"bg2@contoso.com is disabled", "bg3@contoso.com is synchronised from on premises",
		"bg4@contoso.com is Global Administrator, but not for good", "bg5@contoso.com has a telephone as a factor", "bg6@contoso.com does not exist",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHosts(t *testing.T) {
	for uri, want := range map[string]string{
		"https://App.Contoso.com./x": "app.contoso.com", "http://localhost:8080": "", "https://10.0.0.1/x": "", "myapp://auth": "",
		"https://*.contoso.com/": "", "https://intranet/": "", "https://[::1]/": "", "urn:ietf:wg:oauth:2.0:oob": "", "%": "",
	} {
		if got := hostOf(uri); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}

// TestDomains: what was not looked up, or whose domains are not declared, is
// absent.
func TestDomains(t *testing.T) {
	s := NewSnapshot()
	s.apps["a"] = &application{id: "a", appID: "b", name: "Portal", uris: []string{"https://gone.contoso.com/x", "https://gone.contoso.com/y", "https://other.example/"}}
	write := func(declared string) string {
		b, err := baseline.Parse("b.yaml", []byte(declared), nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := (&Join{Snapshot: s, Directory: baseline.NewDirectory(), View: b.View("", nil), Hosts: map[string]Resolution{"gone.contoso.com": Gone}}).Write()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	got := write("")
	if !strings.Contains(got, `"redirectUris":["https://gone.contoso.com/x","https://gone.contoso.com/y"],"resolution":"gone"`) ||
		!strings.Contains(got, `"redirectUris":["https://other.example/"]}`) || strings.Contains(got, "owned") {
		t.Error(got)
	}
	got = write("owned_domains: [contoso.com]")
	if !strings.Contains(got, `"id":"a|gone.contoso.com","owned":true`) || !strings.Contains(got, `"id":"a|other.example","owned":false`) {
		t.Error(got)
	}
}

func TestReviews(t *testing.T) {
	for _, tc := range []struct {
		name, status string
		end          time.Time
		asOf         time.Time
		want         any
	}{
		{"in progress after its end", "InProgress", ago(3), asOf, 3},
		{"in progress", "InProgress", ago(-3), asOf, nil},
		{"never begun", "NotStarted", ago(3), asOf, 3},
		{"completed", "completed", ago(3), asOf, nil},
		{"applied", "Applied", ago(3), asOf, nil},
		{"decided by default", "AutoReviewed", ago(3), asOf, nil},
		{"no status", "", ago(3), asOf, nil},
		{"nobody knows when the snapshot was taken", "InProgress", ago(3), time.Time{}, nil},
	} {
		s := NewSnapshot()
		s.instances["i"] = &instance{id: "i", name: "Roles", status: tc.status, end: tc.end, ofRoles: true}
		got := (&Join{Snapshot: s, AsOf: tc.asOf}).reviews()
		if len(got) != 1 || !cmp.Equal(got[0]["overdueDays"], tc.want) {
			t.Errorf("%s: %v, want overdue for %v days", tc.name, got, tc.want)
		}
	}
}

// TestInstancesAreNoSeries: a listing of the instances of one review is none of
// reviews, and its last page not theirs.
func TestInstancesAreNoSeries(t *testing.T) {
	s := NewSnapshot()
	s.Page(decode.Page{Context: "https://graph.microsoft.com/v1.0/$metadata#identityGovernance/accessReviews/definitions('2b83cc42')/instances"})
	if s.Complete(event.AccessReview) || s.Empty() {
		t.Errorf("complete: %v, empty: %v", s.Complete(event.AccessReview), s.Empty())
	}
	s.Page(decode.Page{Context: "https://graph.microsoft.com/v1.0/$metadata#identityGovernance/accessReviews/definitions", More: true})
	if s.Complete(event.AccessReview) {
		t.Error("complete without the last page")
	}
	s.Page(decode.Page{Context: "https://graph.microsoft.com/v1.0/$metadata#identityGovernance/accessReviews/definitions(instances())"})
	if !s.Complete(event.AccessReview) {
		t.Error("not complete with all pages")
	}
}
