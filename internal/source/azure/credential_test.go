package azure

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
)

const (
	tenantID = "11111111-2222-3333-4444-555555555555"
	clientID = "66666666-7777-8888-9999-000000000000"
)

// login returns a token endpoint and a client of it for an application.
func login(t *testing.T, a Auth) (*loginfake.Login, *Client) {
	t.Helper()
	l := loginfake.New(tenantID, clientID, "secret")
	transport, end := loginfake.Serve(l, "example.com")
	t.Cleanup(end)
	hc := &http.Client{Transport: transport}
	a.Tenant, a.Client = tenantID, clientID
	if p := a.Problems(); p != nil {
		t.Fatalf("%+v", p)
	}
	c, err := NewClient(a, Endpoints{Login: "https://example.com", Graph: "https://graph.example"}, hc, hc, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return l, c
}

// granted checks that there is a token.
func granted(t *testing.T, c *Client) {
	t.Helper()
	claims, err := c.Claims(t.Context(), c.Ends.Graph)
	if err != nil || claims.Tenant != tenantID || claims.Client != clientID {
		t.Errorf("%+v, %v", claims, err)
	}
}

func TestSecret(t *testing.T) {
	_, c := login(t, Auth{Secret: setting.NewSecret("secret")})
	granted(t, c)
	_, c = login(t, Auth{Secret: setting.NewSecret("wrong")})
	_, err := c.Claims(t.Context(), c.Ends.Graph)
	if err == nil || !strings.Contains(Explain("Graph", err).Error(), "not its id") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong secret: %v", err)
	}
}

// pair makes a certificate with its key, in PEM.
func pair(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "entrawatch"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return out.Bytes()
}

func TestCertificate(t *testing.T) {
	l, c := login(t, Auth{Certificate: setting.NewSecret(string(pair(t)))})
	var header string
	l.Assertion = func(jwt string) bool {
		data, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[0])
		header = string(data)
		return err == nil
	}
	granted(t, c)
	if !strings.Contains(header, "x5t") {
		t.Errorf("the assertion's header %q names no certificate", header)
	}
	l.Assertion = nil
	if err := c.renew(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Claims(t.Context(), c.Ends.Graph); err == nil || !strings.Contains(Explain("Graph", err).Error(), "upload its public part") {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
	for _, bad := range []string{"x", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", base64.StdEncoding.EncodeToString([]byte("no PFX"))} {
		if _, err := Credential(Auth{Tenant: tenantID, Client: clientID, Certificate: setting.NewSecret(bad)}, Endpoints{Login: "https://example.com"}, nil); err == nil || !strings.Contains(err.Error(), "PEM or PFX") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWorkloadIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("token of the cluster"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, c := login(t, Auth{Method: ByWorkloadIdentity, TokenFile: setting.Path(file)})
	l.Assertion = func(jwt string) bool { return jwt == "token of the cluster" }
	granted(t, c)
}

func TestManagedIdentity(t *testing.T) {
	asked := ""
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"tid":%q,"appid":%q}`, tenantID, clientID))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query().Get("client_id") + " " + r.Header.Get("X-IDENTITY-HEADER")
		fmt.Fprintf(w, `{"access_token":"x.%s.x","expires_on":%q,"resource":"https://graph.example","token_type":"Bearer"}`, payload, fmt.Sprint(time.Now().Add(time.Hour).Unix()))
	}))
	t.Cleanup(srv.Close)
	t.Setenv("IDENTITY_ENDPOINT", srv.URL)
	t.Setenv("IDENTITY_HEADER", "of the host")
	c, err := NewClient(Auth{Tenant: tenantID, Client: clientID, Method: ByManagedIdentity}, Endpoints{Login: "https://example.com", Graph: "https://graph.example"}, srv.Client(), nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	granted(t, c)
	if asked != clientID+" of the host" {
		t.Errorf("asked for %q", asked)
	}
}

func TestPFX(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl to make a PFX with")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pem"), filepath.Join(dir, "out.pfx")
	if err := os.WriteFile(in, pair(t), 0o600); err != nil {
		t.Fatal(err)
	}
	export := func(args ...string) string {
		args = append([]string{"pkcs12", "-export", "-in", in, "-out", out, "-passout", "pass:open sesame"}, args...)
		if text, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
			t.Skipf("openssl makes no such PFX: %s", text)
		}
		pfx, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(pfx)
	}
	old := export("-macalg", "sha1", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES")
	for name, text := range map[string]string{"PFX": old, "PFX in Base64": base64.StdEncoding.EncodeToString([]byte(old)) + "\n"} {
		l, c := login(t, Auth{Certificate: setting.NewSecret(text), CertificatePassword: setting.NewSecret("open sesame")})
		l.Assertion = func(string) bool { return true }
		t.Log(name)
		granted(t, c)
	}
	if _, _, err := certificate(old, "wrong"); err == nil {
		t.Error("a wrong password opens it")
	}
	if _, _, err := certificate(export("-macalg", "sha256"), "open sesame"); err == nil || !strings.Contains(err.Error(), "-nodes") {
		t.Errorf("a PFX of a newer program: %v", err)
	}
}
