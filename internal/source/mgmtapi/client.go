package mgmtapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A client asks the API.
type client struct {
	*azure.Client
	tenant, publisher string
}

func newClient(config Config, ends azure.Endpoints, transport http.RoundTripper) (*client, error) {
	g := &gate{http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for _, a := range []string{ends.Login, ends.Management} {
		if host, ok := azure.Host(a); ok {
			g.hosts = append(g.hosts, host)
		}
	}
	login := g
	if config.Entra.By() == azure.ByManagedIdentity {
		// It is asked for on the machine, at an address that Azure sets.
		login = &gate{http: g.http, open: true}
	}
	c, err := azure.NewClient(config.Entra, ends, login, g, time.Now)
	return &client{Client: c, tenant: config.Entra.TenantID(), publisher: config.Publisher}, err
}

// address is that of an operation.
func (c *client) address(operation string, q url.Values) string {
	if publisher := c.publisher; publisher != "" {
		q.Set("PublisherIdentifier", publisher)
	} else {
		q.Set("PublisherIdentifier", c.tenant)
	}
	return c.Ends.Management + "/api/v1.0/" + c.tenant + "/activity/feed/" + operation + "?" + q.Encode()
}

// identify finds the id of the tenant, which is part of all addresses.
func (c *client) identify(ctx context.Context) error {
	if c.tenant != "" {
		return nil
	}
	claims, err := c.Claims(ctx, c.Ends.Management)
	if err != nil {
		return err
	}
	if c.tenant = (azure.Auth{Tenant: claims.Tenant}).TenantID(); c.tenant == "" {
		return fmt.Errorf("%w: the token does not name the tenant", azure.ErrBroken)
	}
	return nil
}

// A subscription is to a type of content.
type subscription struct {
	Content string `json:"contentType"`
	Status  string `json:"status"`
}

// subscribed reports whether there is an enabled subscription.
func (c *client) subscribed(ctx context.Context, content string) (bool, error) {
	a, err := c.Ask(ctx, http.MethodGet, c.Ends.Management, c.address("subscriptions/list", url.Values{}))
	if err != nil {
		return false, err
	}
	var list []subscription
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return false, fmt.Errorf("%w: %w", azure.ErrBroken, err)
	}
	return slices.ContainsFunc(list, func(s subscription) bool { return s.Content == content && s.Status != "disabled" }), nil
}

func (c *client) subscribe(ctx context.Context, content string) error {
	_, err := c.Ask(ctx, http.MethodPost, c.Ends.Management, c.address("subscriptions/start", url.Values{"contentType": {content}}))
	return err
}

// list asks for a page of the listing; next is the address of the page behind it.
func (c *client) list(ctx context.Context, address string) (blobs []blob, next string, err error) {
	a, err := c.Ask(ctx, http.MethodGet, c.Ends.Management, address)
	if err != nil {
		return nil, "", err
	}
	var entries []struct {
		blob
		Created stamp `json:"contentCreated"`
		Expires stamp `json:"contentExpiration"`
	}
	if err := json.Unmarshal(a.Body, &entries); err != nil {
		return nil, "", fmt.Errorf("%w: %w", azure.ErrBroken, err)
	}
	for _, e := range entries {
		b := blob{e.ID, e.URI, time.Time(e.Created), time.Time(e.Expires)}
		if b.ID == "" || !azure.Same(b.URI, c.Ends.Management) {
			return nil, "", fmt.Errorf("%w: it names content at %s, which nobody configured", azure.ErrBroken, azure.HostOf(b.URI))
		}
		blobs = append(blobs, b)
	}
	next = strings.ReplaceAll(a.Header("NextPageUri"), "&amp;", "&")
	switch {
	case next == address:
		return nil, "", fmt.Errorf("%w: it names itself as the next page", azure.ErrBroken)
	case next != "" && !azure.Same(next, c.Ends.Management):
		return nil, "", fmt.Errorf("%w: it names a next page at %s, which nobody configured", azure.ErrBroken, azure.HostOf(next))
	}
	return blobs, next, nil
}

// fetch gets a blob: an array of records.
func (c *client) fetch(ctx context.Context, b blob) ([]byte, error) {
	a, err := c.Ask(ctx, http.MethodGet, c.Ends.Management, c.published(b.URI))
	if err != nil {
		return nil, err
	}
	if !json.Valid(a.Body) || !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("[")) {
		return nil, fmt.Errorf("%w: it is not a list of records", azure.ErrBroken)
	}
	return a.Body, nil
}

// published adds the publisher to an address that the API gave.
func (c *client) published(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Query().Has("PublisherIdentifier") {
		return address
	}
	q := u.Query()
	q.Set("PublisherIdentifier", c.publisher)
	if c.publisher == "" {
		q.Set("PublisherIdentifier", c.tenant)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// A stamp is a time of the API, which may lack the zone. It is UTC.
type stamp time.Time

func (s *stamp) UnmarshalJSON(data []byte) error {
	text := strings.TrimSuffix(strings.Trim(string(data), `"`), "Z")
	t, err := time.Parse("2006-01-02T15:04:05.999999999", text)
	*s = stamp(t.UTC())
	return err
}

// A gate is the transport of all requests. It lets through those to the
// configured hosts and follows no redirects.
type gate struct {
	http  *http.Client
	hosts []string
	open  bool
}

// Do implements [policy.Transporter].
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	if host, ok := azure.Host(req.URL.String()); !g.open && (!ok || !slices.Contains(g.hosts, host)) {
		return nil, fmt.Errorf("%s is not among the configured hosts", azure.HostOf(req.URL.String()))
	}
	return g.http.Do(req)
}
