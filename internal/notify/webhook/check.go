package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/entrawatch/entrawatch/internal/notify"
)

var _ notify.Checker = (*Sink)(nil)

// Check connects to the receiver, up to its certificate, and sends nothing.
func (s *Sink) Check(ctx context.Context) error {
	u, ok := s.url.Parse()
	if !ok {
		return fmt.Errorf("%s is not an address", s.url)
	}
	ctx, cancel := context.WithTimeout(ctx, s.client.Timeout)
	defer cancel()
	conn, err := s.dial(ctx, u)
	if err == nil {
		return conn.Close()
	}
	if ctx.Err() != nil {
		err = &url.Error{Err: ctx.Err()} // its reason is the time, whatever it waited for
	}
	err = s.explain(err)
	if hint := reason(err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

func (s *Sink) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	if u.Scheme != "https" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{Config: s.client.Transport.(*http.Transport).TLSClientConfig}).DialContext(ctx, "tcp", address)
}

// reason says what to do about an error that was explained.
func reason(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "no such host"):
		return "check the address and this machine's DNS"
	case strings.Contains(text, "certificate"):
		return "name the authority that vouches for the receiver with ca, or mend its certificate"
	case strings.Contains(text, "refused"), strings.Contains(text, "did not answer"), strings.Contains(text, "unreachable"):
		return "check that the receiver runs, and that no firewall stands between"
	}
	return ""
}
