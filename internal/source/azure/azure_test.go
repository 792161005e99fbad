package azure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		header string
		want   time.Duration
		ok     bool
	}{
		{"10", 10 * time.Second, true},
		{" 2.128 ", 2128 * time.Millisecond, true},
		{"0", 0, true},
		{"Mon, 30 Nov 2026 12:00:30 GMT", 30 * time.Second, true},
		{"Mon, 30 Nov 2026 11:00:00 GMT", 0, true},
		{"Tue, 30 Nov 2027 12:00:30 GMT", time.Hour, true},
		{"1e300", time.Hour, true},
		{"86400", time.Hour, true},
		{"-5", 0, false},
		{"NaN", 0, false},
		{"soon", 0, false},
		{"", 0, false},
	} {
		if got, ok := RetryAfter(tc.header, now); got != tc.want || ok != tc.ok {
			t.Errorf("%q: %v, %v, want %v, %v", tc.header, got, ok, tc.want, tc.ok)
		}
	}
}

func TestBackoff(t *testing.T) {
	before := time.Duration(0)
	for failures := range 100 {
		least, most := Backoff(failures, 0), Backoff(failures, 1)
		if least < time.Second || most > 5*time.Minute || least*2 != most || most < before {
			t.Errorf("after %d failures %v to %v", failures, least, most)
		}
		before = most
	}
	if Backoff(math.MaxInt, 1) != 5*time.Minute {
		t.Error("many failures")
	}
}

func TestPulse(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	throttled := fmt.Errorf("x: %w", &Refusal{Status: 429, Wait: time.Minute, Waits: true})
	for _, tc := range []struct {
		name     string
		err      error
		final    bool
		failures int
		want     time.Duration
		telling  bool
	}{
		{"throttled", throttled, false, 0, time.Minute, false},
		{"throttled for long", throttled, false, 2, time.Minute, true},
		{"refused", &Refusal{Status: 403}, true, 0, 15 * time.Minute, true},
		{"a token that expired", &Refusal{Status: 401}, false, 0, 0, false},
		{"no fresh token helps", &Refusal{Status: 401}, false, 1, 2 * time.Second, false},
		{"no connection", errors.New("refused"), false, 0, time.Second, false},
		{"a secret that expired", errors.New("AADSTS7000222"), true, 0, time.Second, true},
	} {
		p := Pulse{Failures: tc.failures}
		p.Failed(tc.err, tc.final, now, 0)
		if got := p.At.Sub(now); got != tc.want || p.Telling(tc.final) != tc.telling {
			t.Errorf("%s: again after %v, want %v; telling %v", tc.name, got, tc.want, p.Telling(tc.final))
		}
		if p.Well(now); p.Failures != 0 || p.At != now {
			t.Errorf("%s: after an answer %+v", tc.name, p)
		}
	}
}

func TestCloud(t *testing.T) {
	for _, name := range append(Clouds(), "") {
		e, ok := Cloud(name, Endpoints{})
		if !ok {
			t.Errorf("%q is not known", name)
		}
		for _, address := range []string{e.Login, e.Graph, e.ResourceManager} {
			if host, ok := Host(address); !ok || address != "https://"+host {
				t.Errorf("%s: %q", name, address)
			}
		}
	}
	if _, ok := Cloud("mars", Endpoints{}); ok {
		t.Error("mars is known")
	}
	e, _ := Cloud("china", Endpoints{Graph: "https://graph.example/"})
	if e.Graph != "https://graph.example" || e.Login != "https://login.partner.microsoftonline.cn" {
		t.Errorf("%+v", e)
	}
}

func TestSame(t *testing.T) {
	for address, want := range map[string]bool{
		"https://graph.microsoft.com/x": true, "https://GRAPH.microsoft.com": true, "http://graph.microsoft.com/x": false,
		"https://graph.microsoft.com.attacker.example": false, "https://graph.microsoft.com@attacker.example": false,
		"https://attacker.example/https://graph.microsoft.com": false, "https://graph.microsoft.com:8443/": false,
		"//graph.microsoft.com": false, "https://user@graph.microsoft.com/": false, "": false, "https:graph.microsoft.com": false,
	} {
		if got := Same(address, "https://graph.microsoft.com"); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestReadClaims(t *testing.T) {
	// {"tid":"t","appid":"a","roles":["AuditLog.Read.All"]}
	c, ok := ReadClaims("x.eyJ0aWQiOiJ0IiwiYXBwaWQiOiJhIiwicm9sZXMiOlsiQXVkaXRMb2cuUmVhZC5BbGwiXX0.x")
	if !ok || c.Tenant != "t" || c.Client != "a" || !c.Has("Other", "auditlog.read.all") || c.Has("Other") {
		t.Errorf("%+v, %v", c, ok)
	}
	for _, bad := range []string{"", "opaque", "a.b.c", "a.e30", "....", "a.bnVsbA==.c.d"} {
		if _, ok := ReadClaims(bad); ok {
			t.Errorf("%q has claims", bad)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, r := range refusals {
		p := Explain("Graph", errors.New("invalid_client: "+r.code+": text of Microsoft"))
		if !p.Final || p.Hint == "" || !strings.Contains(p.What, r.code) || strings.Contains(p.Error(), "text of Microsoft") {
			t.Errorf("%s: %v", r.code, p)
		}
	}
	for text, says := range map[string]string{
		"dial tcp: lookup graph.microsoft.com: no such host": "DNS", "tls: failed to verify certificate: x509: unknown": "authority",
		"AADSTS123: new": "AADSTS123", "connection refused": "firewall",
	} {
		if p := Explain("Graph", errors.New(text)); p.Final || !strings.Contains(p.Error(), says) {
			t.Errorf("%s: %v", text, p)
		}
	}
	inner := &source.Problem{What: "known"}
	if p := Explain("Graph", fmt.Errorf("x: %w", inner)); p != inner {
		t.Errorf("%v", p)
	}
	if p := Explain("Graph", errors.New(strings.Repeat("ä", 5000))); len(p.Error()) > 1000 {
		t.Errorf("an error of %d bytes", len(p.Error()))
	}
}

func TestExplainSkew(t *testing.T) {
	for skew, says := range map[time.Duration]string{5 * time.Minute: "", time.Hour: "behind", -time.Hour: "ahead of"} {
		if err := ExplainSkew(skew); (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", skew, err)
		}
	}
}

func TestAuthProblems(t *testing.T) {
	good := Auth{Tenant: "contoso.onmicrosoft.com", Client: "66666666-7777-8888-9999-000000000000", Secret: setting.NewSecret("s")}
	if p := good.Problems(); p != nil {
		t.Errorf("%+v", p)
	}
	if good.By() != BySecret || good.TenantID() != "" {
		t.Errorf("by %s, tenant %q", good.By(), good.TenantID())
	}
	workload := Auth{Tenant: "contoso.com", Method: ByWorkloadIdentity}
	if p := workload.Problems(); p != nil {
		t.Errorf("%+v", p)
	}
	certificate := good
	certificate.Method = ByCertificate
	if p := certificate.Problems(); len(p) != 1 || p[0].Key != "entra.certificate" {
		t.Errorf("%+v", p)
	}
	for _, name := range []string{"common", "organizations", "a b", "https://contoso.com"} {
		bad := good
		bad.Tenant = name
		if !slices.ContainsFunc(bad.Problems(), func(p setting.Problem) bool { return p.Key == "entra.tenant" }) {
			t.Errorf("tenant %s is well", name)
		}
	}
}
