package graphfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// login gets a token for the audience of Graph.
func login(t *testing.T, f *Fake) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {Client}, "client_secret": {Secret}, "scope": {f.Graph + "/.default"}}
	r := httptest.NewRequest(http.MethodPost, "https://example.com/"+Tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Token == "" {
		t.Fatalf("%s", w.Body)
	}
	return answer.Token
}

func get(f *Fake, token, address string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, strings.ReplaceAll(address, " ", "%20"), http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	return w.Code, string(body)
}

// TestRefuses: what is not documented is refused, what is has the right answer.
func TestRefuses(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f := New(1)
	f.Now = func() time.Time { return at.Add(time.Hour) }
	f.Login.Now = f.Now
	f.Add("auditLogs/signIns",
		Record{At: at, JSON: []byte(`{"id":"interactive"}`)},
		Record{At: at, JSON: []byte(`{"id":"silent","signInEventTypes":["nonInteractiveUser"]}`)},
		Record{At: at, Appears: at.Add(2 * time.Hour), JSON: []byte(`{"id":"late"}`)})
	f.Add("auditLogs/provisioning", Record{At: at, JSON: []byte(`{"id":"p"}`)})
	tok := login(t, f)
	const signIns = "https://example.com/beta/auditLogs/signIns?$filter=createdDateTime ge 2026-11-30T11:00:00Z and createdDateTime le 2026-11-30T13:00:00Z"
	for _, tc := range []struct {
		address, says string
		status        int
	}{
		{signIns, `"interactive"`, 200},
		{signIns + " and signInEventTypes/any(t: t eq 'nonInteractiveUser')", `"silent"`, 200},
		{strings.Replace(signIns, "beta", "v1.0", 1) + " and signInEventTypes/any(t: t eq 'nonInteractiveUser')", "Invalid filter", 400},
		{signIns + "&$orderby=createdDateTime", "$orderby", 400},
		{signIns + "&$top=1001", "page size", 400},
		{signIns + "&$skip=1", "not recognized", 400},
		{strings.Replace(signIns, " ge ", " gt ", 1), "Invalid filter", 400},
		{strings.Replace(signIns, "createdDateTime ge", "activityDateTime ge", 1), "Invalid filter", 400},
		{"https://example.com/v1.0/auditLogs/provisioning?$filter=activityDateTime gt 2026-11-30T11:00:00Z and activityDateTime lt 2026-11-30T13:00:00Z", `"p"`, 200},
		{"https://example.com/v1.0/auditLogs/provisioning?$filter=activityDateTime ge 2026-11-30T11:00:00Z", "Invalid filter", 400},
		{"https://example.com/v1.0/users?$filter=x eq 1", "UnsupportedQuery", 400},
		{"https://example.com/v1.0/groups?$expand=owners", "owners", 400},
		{"https://example.com/v1.0/nothing", "segment", 400},
		{"https://example.com/v1.0/users?$skiptoken=x", "token", 400},
	} {
		f.requests = nil // for the budget
		status, body := get(f, tok, tc.address)
		if status != tc.status || !strings.Contains(body, tc.says) || strings.Contains(body, "late") {
			t.Errorf("%s: %d %s", tc.address, status, body)
		}
	}
	if status, _ := get(f, "x", signIns); status != 401 {
		t.Errorf("without a token: %d", status)
	}
}

func TestBudget(t *testing.T) {
	f := New(1)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	f.Now = func() time.Time { return now }
	f.Login.Now = f.Now
	tok := login(t, f)
	for i := range 6 {
		want := 200
		if i == 5 {
			want = 429
		}
		if status, body := get(f, tok, "https://example.com/v1.0/auditLogs/directoryAudits"); status != want {
			t.Errorf("request %d: %d %s", i, status, body)
		}
	}
	now = now.Add(10 * time.Second)
	if status, _ := get(f, tok, "https://example.com/v1.0/auditLogs/directoryAudits"); status != 200 || f.Overruns() != 1 {
		t.Errorf("ten seconds later: %d, %d overruns", status, f.Overruns())
	}
}

// TestSeed: equal seeds and requests have equal answers.
func TestSeed(t *testing.T) {
	answers := func(seed uint64) string {
		f := New(seed)
		now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		f.Now = func() time.Time { return now }
		f.Login.Now = f.Now
		f.Be(Moods{Throttle: .2, Fail: .2, Garble: .2})
		tok := login(t, f)
		var out strings.Builder
		for range 30 {
			now = now.Add(3 * time.Second)
			status, body := get(f, tok, "https://example.com/v1.0/auditLogs/directoryAudits")
			fmt.Fprintln(&out, status, body)
		}
		return out.String()
	}
	if first, again := answers(7), answers(7); first != again || first == answers(8) {
		t.Error("the seed does not decide")
	}
}
