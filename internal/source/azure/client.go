package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/entrawatch/entrawatch/internal/source"
)

// Patience is how long an answer may take. A source waits for one at a time.
const Patience = 2 * time.Minute

const largest = 64 << 20 // bytes of one answer

const (
	statusOK           = 200
	statusUnauthorized = 401
	statusForbidden    = 403
)

// A Client asks the endpoints of a cloud, as the application of a section.
type Client struct {
	Ends Endpoints
	// Skew is by how much the server's clock is ahead of ours, once an answer told
	// the time.
	Skew time.Duration

	compared  bool // an answer told the time
	skewed    bool // that was reported
	auth      Auth
	login     policy.Transporter
	transport policy.Transporter
	clock     func() time.Time
	cred      azcore.TokenCredential
	pipelines map[string]runtime.Pipeline // by endpoint
}

// NewClient returns a client. login is the way to tokens, transport that to the
// endpoints, and clock tells the time.
func NewClient(auth Auth, ends Endpoints, login, transport policy.Transporter, clock func() time.Time) (*Client, error) {
	c := &Client{Ends: ends, auth: auth, login: login, transport: transport, clock: clock}
	return c, c.renew()
}

// renew forgets all tokens.
func (c *Client) renew() error {
	cred, err := Credential(c.auth, c.Ends, c.login)
	if err != nil {
		return err
	}
	c.cred, c.pipelines = cred, map[string]runtime.Pipeline{}
	return nil
}

func (c *Client) pipeline(endpoint string) runtime.Pipeline {
	if p, ok := c.pipelines[endpoint]; ok {
		return p
	}
	p := runtime.NewPipeline("entrawatch", "", runtime.PipelineOptions{
		PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(c.cred, []string{endpoint + "/.default"}, nil)},
	}, &policy.ClientOptions{
		Transport: c.transport,
		Retry:     policy.RetryOptions{MaxRetries: -1}, // whoever asks decides when to ask again
		Telemetry: policy.TelemetryOptions{ApplicationID: "entrawatch"},
	})
	c.pipelines[endpoint] = p
	return p
}

// Claims returns what the token for an endpoint says.
func (c *Client) Claims(ctx context.Context, endpoint string) (Claims, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	token, err := c.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{endpoint + "/.default"}, EnableCAE: true})
	if err != nil {
		return Claims{}, err
	}
	claims, _ := ReadClaims(token.Token)
	return claims, nil
}

// Now is the time by the server's clock, as far as it is known.
func (c *Client) Now() time.Time { return c.clock().Add(c.Skew).UTC() }

// An Answer arrived whole.
type Answer struct {
	Body   []byte
	Header func(name string) string
	At     time.Time // by the server's clock
}

// A Refusal is an answer with another status than 200.
type Refusal struct {
	Status        int
	Code, Message string
	Wait          time.Duration // how long the server wants to be left alone
	Waits         bool          // it said so
	Claims        Claims        // of the token that was not enough
}

func (r *Refusal) Error() string {
	return brief(strings.TrimSpace(fmt.Sprintf("%d %s %s", r.Status, r.Code, r.Message)))
}

// ErrBroken means an answer that did not arrive whole, or is not what it should be.
var ErrBroken = errors.New("the answer is broken")

// Ask asks an endpoint for an address at it. A token that is not accepted, or is
// not enough, is forgotten, so that the next question takes a fresh one: what was
// granted since is in no older one.
func (c *Client) Ask(ctx context.Context, method, endpoint, address string) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	req, err := runtime.NewRequest(ctx, method, address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	runtime.SkipBodyDownload(req) // it would be read without a limit
	req.Raw().Header.Set("Accept", "application/json")
	resp, err := c.pipeline(endpoint).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	at := c.note(resp.Header.Get("Date"))
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest+1))
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return nil, fmt.Errorf("%w: it leads to %s", ErrBroken, HostOf(resp.Header.Get("Location")))
	case resp.StatusCode != statusOK:
		r := &Refusal{Status: resp.StatusCode}
		r.Code, r.Message = failure(body)
		r.Wait, r.Waits = RetryAfter(resp.Header.Get("Retry-After"), at)
		if r.Status == statusUnauthorized || r.Status == statusForbidden {
			token, _ := strings.CutPrefix(resp.Request.Header.Get("Authorization"), "Bearer ")
			r.Claims, _ = ReadClaims(token)
			if err := c.renew(); err != nil {
				return nil, err
			}
		}
		return nil, r
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	case len(body) > largest:
		return nil, fmt.Errorf("%w: it is larger than %d MiB", ErrBroken, largest>>20)
	}
	return &Answer{Body: body, Header: resp.Header.Get, At: at}, nil
}

// note compares the clocks, which both leave out what is below a second.
func (c *Client) note(date string) time.Time {
	if t, ok := Date(date); ok {
		c.Skew, c.compared = t.Sub(c.clock()), true
		if c.Skew.Abs() <= time.Second {
			c.Skew = 0
		}
	}
	return c.Now()
}

// ReportClock tells once when our clock is off, and once when it is right again.
func (c *Client) ReportClock(in source.Intake) {
	if off := c.Skew.Abs() > Tolerance; off != c.skewed {
		c.skewed = off
		in.Report("clock", ExplainSkew(c.Skew))
	}
}

// CheckClock compares our clock with that of the last answer.
func (c *Client) CheckClock() source.Check {
	out := source.Check{What: "clock", Problem: ExplainSkew(c.Skew)}
	if !c.compared {
		out.Note = "not compared: no answer told the time"
	}
	return out
}

// failure reads the error object of an answer. There are two forms of it.
func failure(body []byte) (code, message string) {
	var e struct {
		Error         struct{ Code, Message string } `json:"error"`
		Code, Message string
	}
	if json.Unmarshal(body, &e) != nil {
		return "", ""
	}
	if e.Error.Code != "" {
		return e.Error.Code, e.Error.Message
	}
	return e.Code, e.Message
}

// HostOf names the host of an address, for messages.
func HostOf(address string) string {
	if host, ok := Host(address); ok {
		return host
	}
	return "an address that is not https"
}
