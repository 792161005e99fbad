package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/entrawatch/entrawatch/internal/source/azure"
)

const (
	patience = 2 * time.Minute // for one answer
	largest  = 64 << 20        // bytes of one answer
)

// A client asks Graph and Resource Manager.
type client struct {
	auth     azure.Auth
	ends     azure.Endpoints
	gate     *gate
	login    *gate
	cred     azcore.TokenCredential
	graph    runtime.Pipeline
	arm      runtime.Pipeline
	skew     time.Duration // by how much the server's clock is ahead of ours
	skewSeen bool
}

func newClient(auth azure.Auth, ends azure.Endpoints, transport http.RoundTripper) (*client, error) {
	c := &client{auth: auth, ends: ends, gate: newGate(transport, ends.Login, ends.Graph, ends.ResourceManager)}
	c.login = c.gate
	if auth.By() == azure.ByManagedIdentity {
		// It is asked for on the machine, at an address that Azure sets.
		c.login = &gate{http: c.gate.http, open: true}
	}
	return c, c.renew()
}

// renew forgets all tokens.
func (c *client) renew() error {
	cred, err := azure.Credential(c.auth, c.ends, c.login)
	if err != nil {
		return err
	}
	c.cred = cred
	pipeline := func(endpoint string) runtime.Pipeline {
		return runtime.NewPipeline("entrawatch", "", runtime.PipelineOptions{
			PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(cred, []string{scope(endpoint)}, nil)},
		}, &policy.ClientOptions{
			Transport: c.gate,
			Retry:     policy.RetryOptions{MaxRetries: -1}, // Run decides when to ask again
			Telemetry: policy.TelemetryOptions{ApplicationID: "entrawatch"},
		})
	}
	c.graph, c.arm = pipeline(c.ends.Graph), pipeline(c.ends.ResourceManager)
	return nil
}

func scope(endpoint string) string { return endpoint + "/.default" }

// claims returns what the token for an endpoint says.
func (c *client) claims(ctx context.Context, endpoint string) (azure.Claims, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	token, err := c.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope(endpoint)}, EnableCAE: true})
	if err != nil {
		return azure.Claims{}, err
	}
	claims, _ := azure.ReadClaims(token.Token)
	return claims, nil
}

// now is the time by the server's clock, as far as it is known.
func (c *client) now() time.Time { return time.Now().Add(c.skew).UTC() }

// A page is a whole answer.
type page struct {
	body []byte
	next string // address of the page behind it; "" = it is the last
	at   time.Time
}

// A refusal is an answer that holds no page.
type refusal struct {
	status        int
	code, message string
	wait          time.Duration // how long the server wants to be left alone
	waits         bool
}

func (r *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s: %s", r.status, r.code, r.message))
}

// errBroken means an answer that did not arrive whole, or is not what it should be.
var errBroken = errors.New("the answer is broken")

// get asks for a page. When its token is not accepted, the next question gets a
// fresh one.
func (c *client) get(ctx context.Context, address string) (*page, error) {
	p, err := c.once(ctx, address)
	if r := (*refusal)(nil); errors.As(err, &r) && r.status == http.StatusUnauthorized {
		if err := c.renew(); err != nil {
			return nil, err
		}
	}
	if err == nil && p.next == address {
		return nil, fmt.Errorf("%w: it names itself as the next page", errBroken)
	}
	return p, err
}

func (c *client) once(ctx context.Context, address string) (*page, error) {
	pipeline := c.graph
	if azure.Same(address, c.ends.ResourceManager) && !azure.Same(c.ends.Graph, c.ends.ResourceManager) {
		pipeline = c.arm
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := runtime.NewRequest(limited, http.MethodGet, address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	runtime.SkipBodyDownload(req) // it would be read without a limit
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	at := c.clock(resp.Header.Get("Date"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, refuse(resp, body, at)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	case len(body) > largest:
		return nil, fmt.Errorf("%w: it is larger than %d MiB", errBroken, largest>>20)
	}
	return c.read(body, at)
}

// clock notes the server's time, to the second.
func (c *client) clock(header string) time.Time {
	t, ok := azure.Date(header)
	if !ok {
		return c.now()
	}
	// Both clocks cut off what is below a second.
	if skew := t.Sub(time.Now()); skew < -time.Second || skew > time.Second {
		c.skew = skew
	} else {
		c.skew = 0
	}
	c.skewSeen = true
	return c.now()
}

// read checks that a body is a whole page and finds what follows.
func (c *client) read(body []byte, at time.Time) (*page, error) {
	var p struct {
		Next  string          `json:"@odata.nextLink"`
		More  string          `json:"nextLink"` // of Resource Manager
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	if !bytes.HasPrefix(p.Value, []byte("[")) {
		return nil, fmt.Errorf("%w: there is no list in it", errBroken)
	}
	next := p.Next + p.More
	if next != "" && !c.gate.allows(next) {
		return nil, fmt.Errorf("%w: it names %s as the next page, which is not among the configured hosts", errBroken, hostOf(next))
	}
	return &page{body: body, next: next, at: at}, nil
}

func refuse(resp *http.Response, body []byte, now time.Time) error {
	r := &refusal{status: resp.StatusCode, code: http.StatusText(resp.StatusCode)}
	var e struct {
		Error struct{ Code, Message string } `json:"error"`
	}
	if json.Unmarshal(body, &e) == nil && e.Error.Code != "" {
		r.code, r.message = e.Error.Code, e.Error.Message
	}
	r.wait, r.waits = azure.RetryAfter(resp.Header.Get("Retry-After"), now)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return fmt.Errorf("%w: it leads to %s", errBroken, hostOf(resp.Header.Get("Location")))
	}
	return r
}

func hostOf(address string) string {
	if host, ok := azure.Host(address); ok {
		return host
	}
	return "an address that is not https"
}

// A gate is the transport of all requests. It lets through those to the
// configured hosts and follows no redirects, so that no answer can send us, and
// our token, elsewhere.
type gate struct {
	http  *http.Client
	hosts []string
	open  bool
}

func newGate(transport http.RoundTripper, addresses ...string) *gate {
	g := &gate{http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, a := range addresses {
		if host, ok := azure.Host(a); ok {
			g.hosts = append(g.hosts, host)
		}
	}
	return g
}

// allows reports whether an address is at one of the hosts.
func (g *gate) allows(address string) bool {
	host, ok := azure.Host(address)
	return ok && slices.Contains(g.hosts, host)
}

// Do implements [policy.Transporter].
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	if !g.allows(req.URL.String()) && !g.open {
		return nil, fmt.Errorf("%s is not among the configured hosts", req.URL.Host)
	}
	return g.http.Do(req)
}
