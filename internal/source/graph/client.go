package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A client asks Graph and Resource Manager for pages.
type client struct {
	*azure.Client
	gate *gate
}

func newClient(auth azure.Auth, ends azure.Endpoints, transport http.RoundTripper) (*client, error) {
	g := newGate(transport, ends.Login, ends.Graph, ends.ResourceManager)
	login := g
	if auth.By() == azure.ByManagedIdentity {
		// It is asked for on the machine, at an address that Azure sets.
		login = &gate{http: g.http, open: true}
	}
	c, err := azure.NewClient(auth, ends, login, g, time.Now)
	return &client{c, g}, err
}

// A page is a whole answer.
type page struct {
	body []byte
	next string // address of the page behind it; "" = it is the last
	at   time.Time
}

// get asks for a page.
func (c *client) get(ctx context.Context, address string) (*page, error) {
	endpoint := c.Ends.Graph
	if !azure.Same(address, endpoint) {
		endpoint = c.Ends.ResourceManager
	}
	a, err := c.Ask(ctx, http.MethodGet, endpoint, address)
	if err != nil {
		return nil, err
	}
	var p struct {
		Next  string          `json:"@odata.nextLink"`
		More  string          `json:"nextLink"` // of Resource Manager
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(a.Body, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", azure.ErrBroken, err)
	}
	next := p.Next + p.More
	switch {
	case !bytes.HasPrefix(p.Value, []byte("[")):
		return nil, fmt.Errorf("%w: there is no list in it", azure.ErrBroken)
	case next == address:
		return nil, fmt.Errorf("%w: it names itself as the next page", azure.ErrBroken)
	case next != "" && !azure.Same(next, address):
		return nil, fmt.Errorf("%w: it names a next page at %s, which nobody configured", azure.ErrBroken, azure.HostOf(next))
	}
	return &page{body: a.Body, next: next, at: a.At}, nil
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

// Do implements [policy.Transporter].
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	if host, ok := azure.Host(req.URL.String()); !g.open && (!ok || !slices.Contains(g.hosts, host)) {
		return nil, fmt.Errorf("%s is not among the configured hosts", azure.HostOf(req.URL.String()))
	}
	return g.http.Do(req)
}
