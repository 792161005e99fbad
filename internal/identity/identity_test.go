package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/entrawatch/entrawatch/internal/setting"
)

func TestProblems(t *testing.T) {
	secret := setting.NewSecret("x")
	for _, tc := range []struct {
		cfg  Config
		keys []string
	}{
		{Config{}, nil},
		{Config{Tenant: "t"}, []string{"method"}},
		{Config{Method: "password"}, []string{"method"}},
		{Config{Method: ManagedIdentity}, nil},
		{Config{Method: ManagedIdentity, Client: "c"}, nil},
		{Config{Method: ManagedIdentity, Secret: secret}, []string{"secret"}},
		{Config{Method: WorkloadIdentity}, nil},
		{Config{Method: ClientSecret, Tenant: "t", Client: "c", Secret: secret}, nil},
		{Config{Method: ClientSecret}, []string{"tenant", "client", "secret"}},
		{Config{Method: Certificate, Tenant: "t", Client: "c"}, []string{"certificate"}},
		{Config{Method: Certificate, Tenant: "t", Client: "c", Certificate: secret}, []string{"certificate"}},
		{Config{Method: Certificate, Tenant: "t", Client: "c", Certificate: setting.NewSecret(certificate(t))}, nil},
		{Config{Method: ManagedIdentity, Cloud: "germany"}, []string{"cloud"}},
		{Config{Method: ManagedIdentity, Cloud: "china"}, nil},
	} {
		var keys []string
		for _, p := range tc.cfg.Problems() {
			keys = append(keys, p.Key)
		}
		if !slices.Equal(keys, tc.keys) {
			t.Errorf("%+v: problems with %v, want %v", tc.cfg, keys, tc.keys)
		}
	}
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// login answers like the sign-in of Microsoft Entra ID.
type login struct {
	hosts []string
	fail  string // error code
}

func (l *login) Do(req *http.Request) (*http.Response, error) {
	l.hosts = append(l.hosts, req.URL.Host)
	host := "https://" + req.URL.Host
	answer := func(status int, body any) (*http.Response, error) {
		text, _ := json.Marshal(body)
		return &http.Response{
			StatusCode: status, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(string(text))),
		}, nil
	}
	switch {
	case strings.HasSuffix(req.URL.Path, "/discovery/instance"):
		return answer(http.StatusOK, map[string]any{"tenant_discovery_endpoint": host + "/t/v2.0/.well-known/openid-configuration"})
	case strings.HasSuffix(req.URL.Path, "openid-configuration"):
		return answer(http.StatusOK, map[string]any{"issuer": host + "/t/v2.0", "authorization_endpoint": host + "/t/authorize", "token_endpoint": host + "/t/token"})
	case l.fail != "":
		return answer(http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": l.fail + ": something about the app"})
	}
	return answer(http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": "token of " + req.URL.Host})
}

func TestCredential(t *testing.T) {
	for cloud, host := range map[string]string{"": "login.microsoftonline.com", "usgovernment": "login.microsoftonline.us", "china": "login.chinacloudapi.cn"} {
		l := &login{}
		cred, err := Config{Method: ClientSecret, Tenant: "t", Client: "c", Secret: setting.NewSecret("x"), Cloud: cloud}.Credential(l)
		if err != nil {
			t.Fatal(err)
		}
		token, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
		if err != nil || token.Token != "token of "+host {
			t.Errorf("%s: %q, %v; asked %v", cloud, token.Token, err, l.hosts)
		}
	}
	if _, err := (Config{}).Credential(nil); err == nil {
		t.Error("there is a credential without a method")
	}
}

func TestExplain(t *testing.T) {
	for code, want := range map[string]string{
		"AADSTS7000215": "the client secret is wrong", "AADSTS7000222": "has expired", "AADSTS700016": "not known in this tenant",
		"AADSTS70021": "service account", "AADSTS99999": "failed",
	} {
		cred, err := Config{Method: ClientSecret, Tenant: "t", Client: "c", Secret: setting.NewSecret("hunter2")}.Credential(&login{fail: code})
		if err != nil {
			t.Fatal(err)
		}
		_, err = cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
		p := Explain(fmt.Errorf("ask: %w", err))
		if p == nil || !strings.Contains(p.What, want) || p.Hint == "" || strings.Contains(p.Error(), "hunter2") {
			t.Errorf("%s: %+v", code, p)
		}
	}
	if p := Explain(errors.New("other")); p != nil {
		t.Errorf("%v", p)
	}
}
