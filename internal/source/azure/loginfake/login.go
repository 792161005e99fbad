// Package loginfake is the token endpoint of Entra, as far as a client secret
// needs it: written from the documentation of the protocol, for the fakes of
// Microsoft Graph and of the Management Activity API. Its tokens are not signed,
// and it takes part in nothing but tests.
package loginfake

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A Login issues tokens to one application of one tenant.
type Login struct {
	Tenant, Client, Secret string
	// Life is how long tokens are valid.
	Life time.Duration
	// Assertion, if not nil, says whether a client assertion is accepted in place of
	// the secret: that of a certificate or of a workload.
	Assertion func(jwt string) bool
	// Now tells the time.
	Now func() time.Time

	mu      sync.Mutex
	roles   map[string][]string // by audience
	tokens  map[string]token
	issued  int
	refusal string
}

type token struct {
	audience string
	roles    []string
	until    time.Time
}

// New returns a login whose tokens are valid for an hour.
func New(tenant, client, secret string) *Login {
	return &Login{
		Tenant: tenant, Client: client, Secret: secret, Life: time.Hour, Now: time.Now,
		roles: map[string][]string{}, tokens: map[string]token{},
	}
}

// Grant sets the application permissions of tokens from now on. An audience is
// what stands before /.default in the scope.
func (l *Login) Grant(audience string, roles ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roles[audience] = roles
}

// Refuse makes the endpoint refuse with a code and a message, such as
// "AADSTS7000222: the secret has expired"; "" ends it.
func (l *Login) Refuse(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusal = message
}

// Revoke makes all tokens invalid that were issued.
func (l *Login) Revoke() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.tokens)
}

// Roles returns the permissions of an audience.
func (l *Login) Roles(audience string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.roles[audience]
}

// Valid reports whether a request carries a valid token, for whom, and with which
// permissions.
func (l *Login) Valid(r *http.Request) (audience string, roles []string, ok bool) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", nil, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.tokens[text]
	return t.audience, t.roles, ok && l.Now().Before(t.until)
}

// Handles reports whether a request is for the login and not for what stands
// beside it on the same host.
func Handles(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") || strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token")
}

func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if tenant != l.Tenant {
		fail(w, http.StatusBadRequest, "invalid_request", "AADSTS90002: Tenant '"+tenant+"' not found.")
		return
	}
	root := "https://" + r.Host + "/" + tenant
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		reply(w, http.StatusOK, map[string]any{
			"issuer": root + "/v2.0", "token_endpoint": root + "/oauth2/v2.0/token", "authorization_endpoint": root + "/oauth2/v2.0/authorize",
		})
	case "oauth2/v2.0/token":
		l.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (l *Login) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.FormValue("grant_type") != "client_credentials" {
		fail(w, http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	audience, ok := strings.CutSuffix(strings.Fields(r.FormValue("scope") + " ")[0], "/.default")
	switch {
	case l.refusal != "":
		fail(w, http.StatusUnauthorized, "invalid_client", l.refusal)
		return
	case r.FormValue("client_id") != l.Client:
		fail(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+r.FormValue("client_id")+"' was not found in the directory.")
		return
	case r.FormValue("client_assertion") != "":
		if r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || l.Assertion == nil || !l.Assertion(r.FormValue("client_assertion")) {
			fail(w, http.StatusUnauthorized, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.")
			return
		}
	case r.FormValue("client_secret") != l.Secret:
		fail(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
		return
	case !ok:
		fail(w, http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The scope is not valid.")
		return
	}
	l.issued++
	now := l.Now()
	until := now.Add(l.Life)
	claims, _ := json.Marshal(map[string]any{
		"aud": audience, "tid": l.Tenant, "appid": l.Client, "roles": l.roles[audience], "exp": until.Unix(), "iat": now.Unix(),
	})
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + b64(claims) + "." + b64(fmt.Appendf(nil, "token %d", l.issued))
	l.tokens[text] = token{audience, l.roles[audience], until}
	reply(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": int(l.Life.Seconds()), "access_token": text})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, map[string]any{"error": code, "error_description": message})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // whoever asked may be gone
}
