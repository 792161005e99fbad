package azure

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
)

// direct hands requests to any host to one handler, and notes the hosts.
type direct struct {
	http.Handler
	hosts []string
}

func (d *direct) Do(req *http.Request) (*http.Response, error) {
	d.hosts = append(d.hosts, req.URL.Host)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

var graphScope = policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}}

// TestClouds: the section's cloud says who is asked for tokens, and nobody else is.
func TestClouds(t *testing.T) {
	for cloud, host := range map[string]string{"": "login.microsoftonline.com", "us-gov-l5": "login.microsoftonline.us", "china": "login.partner.microsoftonline.cn"} {
		d := &direct{Handler: loginfake.New(tenantID, clientID, "secret")}
		cred, err := Auth{Tenant: tenantID, Client: clientID, Secret: setting.NewSecret("secret"), Cloud: cloud}.Credential(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cred.GetToken(t.Context(), graphScope); err != nil || slices.ContainsFunc(d.hosts, func(h string) bool { return h != host }) || d.hosts == nil {
			t.Errorf("%s: asked %v, %v", cloud, d.hosts, err)
		}
	}
	if _, err := (Auth{Cloud: "mars"}).Credential(nil); err == nil || !strings.Contains(err.Error(), "entra.cloud") {
		t.Error(err)
	}
	if _, err := (Auth{}).Credential(nil); err == nil {
		t.Error("there is a credential without a method")
	}
}

func TestExplainSignIn(t *testing.T) {
	l := loginfake.New(tenantID, clientID, "secret")
	cred, err := Auth{Tenant: tenantID, Client: clientID, Secret: setting.NewSecret("hunter2")}.Credential(&direct{Handler: l})
	if err != nil {
		t.Fatal(err)
	}
	_, err = cred.GetToken(t.Context(), graphScope)
	p := ExplainSignIn(fmt.Errorf("ask: %w", err))
	if p == nil || !p.Final || !strings.Contains(p.What, "AADSTS7000215") || strings.Contains(p.Error(), "hunter2") {
		t.Errorf("%+v", p)
	}
	if p := ExplainSignIn(errors.New("connection refused")); p != nil {
		t.Error(p)
	}
	if p := ExplainSignIn(errors.New("ManagedIdentityCredential authentication unavailable")); p == nil || !strings.Contains(p.Error(), "no managed identity") {
		t.Error(p)
	}
}

// TestAuthKeys: what is wrong is told by the key that must be changed.
func TestAuthKeys(t *testing.T) {
	secret := setting.NewSecret("x")
	good := setting.NewSecret(string(pair(t)))
	for _, tc := range []struct {
		auth Auth
		keys string
	}{
		{Auth{Method: ByManagedIdentity}, ""},
		{Auth{Method: ByManagedIdentity, Client: clientID, Cloud: "china"}, ""},
		{Auth{Method: ByManagedIdentity, Secret: secret}, "entra.method"},
		{Auth{Method: ByManagedIdentity, Cloud: "germany"}, "entra.cloud"},
		{Auth{Method: "managed_identity"}, "entra.method"},
		{Auth{Method: ByWorkloadIdentity}, ""},
		{Auth{Tenant: tenantID, Client: clientID, Secret: secret}, ""},
		{Auth{Method: BySecret}, "entra.tenant entra.client entra.secret"},
		{Auth{Tenant: tenantID}, "entra.client entra.secret"},
		{Auth{Tenant: tenantID, Client: clientID, Certificate: secret}, "entra.certificate"},
		{Auth{Tenant: tenantID, Client: clientID, Certificate: good}, ""},
	} {
		var keys []string
		for _, p := range tc.auth.Problems() {
			keys = append(keys, p.Key)
			if p.Hint == "" {
				t.Errorf("%+v has no hint", p)
			}
		}
		if got := strings.Join(keys, " "); got != tc.keys {
			t.Errorf("%+v: problems with %q, want %q", tc.auth, got, tc.keys)
		}
		if !tc.auth.Configured() {
			t.Errorf("%+v is not configured", tc.auth)
		}
	}
	if (Auth{}).Configured() {
		t.Error("nothing is configured")
	}
}

func TestCheckEnd(t *testing.T) {
	if c := (Auth{Secret: setting.NewSecret("x")}).CheckEnd(time.Now()); c != nil {
		t.Errorf("a secret: %+v", c)
	}
	a := Auth{Certificate: setting.NewSecret(string(pair(t)))} // valid for an hour
	for ahead, want := range map[time.Duration]string{0: "in less than a day", 2 * time.Hour: "has ended on", -90 * 24 * time.Hour: ""} {
		c := a.CheckEnd(time.Now().Add(ahead))
		if len(c) != 1 || (c[0].Problem == nil) != (want == "") || c[0].Notice != (ahead == 0) {
			t.Errorf("%v: %+v", ahead, c)
			continue
		}
		if want != "" && (!strings.Contains(c[0].Problem.Error(), want) || !strings.Contains(c[0].Problem.Error(), "upload")) {
			t.Errorf("%v: %v", ahead, c[0].Problem)
		}
		if want == "" && !strings.Contains(c[0].Note, ", 90 days") {
			t.Errorf("%v: %q", ahead, c[0].Note)
		}
	}
}
