package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// Headers of a request.
const (
	headerID        = "Entrawatch-Id"
	headerTimestamp = "Entrawatch-Timestamp"
	headerSignature = "Entrawatch-Signature"
)

// A Sink posts alerts.
type Sink struct {
	url     setting.URL
	secrets [][]byte
	client  *http.Client
	now     func() time.Time
	hidden  *strings.Replacer
}

// Notify posts an alert. An answer of 2xx means that it was taken. Everything
// else is tried again: also what a receiver refuses, because a path that was
// mistyped or a key that ran out must cost no alert; but that slowly.
func (s *Sink) Notify(ctx context.Context, alert []byte, id string, revision int) (retry bool, err error) {
	if !json.Valid(alert) {
		return false, errors.New("the alert is not JSON")
	}
	req, err := s.request(ctx, alert, id, revision)
	if err != nil {
		return true, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return true, s.explain(err)
	}
	defer resp.Body.Close()
	// The whole of a short answer is read, so that the connection can be used again.
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return false, nil
	}
	problem := fmt.Errorf("%s answered %s%s", s.url, status(resp.StatusCode), s.said(text, err))
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		if wait := retryAfter(resp, s.now()); wait > 0 {
			return true, &notify.Busy{For: wait, Err: problem}
		}
	case code == http.StatusRequestTimeout, code == http.StatusConflict, code == http.StatusTooEarly, code >= 500:
	default:
		return true, &notify.Busy{For: notify.Slow, Err: fmt.Errorf("%w; %s", problem, advice(code))}
	}
	return true, problem
}

// advice says what to do about an answer that will not change by itself.
func advice(code int) string {
	switch code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "does the receiver know the secret, and this address of ours?"
	case http.StatusNotFound, http.StatusGone, http.StatusMethodNotAllowed:
		return "is the address right?"
	case http.StatusRequestEntityTooLarge:
		return "let the receiver take larger requests"
	}
	return "look into the log of the receiver"
}

// Close gives up idle connections.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

func (s *Sink) request(ctx context.Context, alert []byte, id string, revision int) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.Text(), bytes.NewReader(alert))
	if err != nil {
		return nil, fmt.Errorf("%s is not an address", s.url) // err shows it
	}
	timestamp := strconv.FormatInt(s.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "entrawatch")
	req.Header.Set(headerID, fmt.Sprintf("%s/%d", id, revision))
	req.Header.Set(headerTimestamp, timestamp)
	req.Header.Set(headerSignature, signature(s.secrets, timestamp, alert))
	return req, nil
}

// signature signs a request with each of the secrets.
func signature(secrets [][]byte, timestamp string, body []byte) string {
	var all []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(timestamp + "."))
		mac.Write(body)
		all = append(all, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, ",")
}

var errRedirect = errors.New("redirects to another host, to another method or without end, which is not followed; configure the address that it means")

// redirect follows only what leads to the same host with the same request.
func (s *Sink) redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || req.Method != first.Method || len(via) > 3 {
		return errRedirect
	}
	return nil
}

// explain says what went wrong without the address, whose query may be secret.
func (s *Sink) explain(err error) error {
	if errors.Is(err, errRedirect) {
		return &notify.Busy{For: notify.Slow, Err: fmt.Errorf("%s %w", s.url, errRedirect)}
	}
	timeout := false
	if ue := (*url.Error)(nil); errors.As(err, &ue) {
		err, timeout = ue.Err, ue.Timeout()
	}
	if timeout {
		return fmt.Errorf("%s did not answer within %s", s.url, setting.FormatSpan(s.client.Timeout))
	}
	return fmt.Errorf("%s: %s", s.url, escaped(s.hidden.Replace(err.Error())))
}

// status is a code with its name; the receiver's own words are not trusted.
func status(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// said quotes the beginning of an answer.
func (s *Sink) said(text []byte, err error) string {
	switch {
	case len(text) > 0:
		return ": " + escaped(s.hidden.Replace(string(text)))
	case err != nil:
		return ", and the answer broke off"
	}
	return ""
}

// hide returns what takes secrets out of texts. Receivers like to quote what they
// were asked for.
func hide(address setting.URL, secrets [][]byte) *strings.Replacer {
	var words []string
	for _, secret := range secrets {
		words = append(words, string(secret))
	}
	if u, ok := address.Parse(); ok && address.Secret.Configured() {
		words = append(words, u.RequestURI(), u.Path, u.RawQuery)
		for _, part := range append(strings.Split(u.Path, "/"), strings.Split(u.RawQuery, "&")...) {
			words = append(words, part)
			if _, value, ok := strings.Cut(part, "="); ok {
				plain, _ := url.QueryUnescape(value)
				words = append(words, value, plain)
			}
		}
		password, _ := u.User.Password()
		words = append(words, u.User.Username(), password)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 4 }) // else every text has holes
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, w := range words {
		pairs = append(pairs, w, "…")
	}
	return strings.NewReplacer(pairs...)
}

// escaped makes a text one short line of printable characters.
func escaped(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	q := strconv.Quote(s)
	if q[1:len(q)-1] == s {
		return s
	}
	return q
}

// retryAfter reads how long the receiver wants to be left alone: seconds, or a
// date.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = date // by the receiver's own clock
		}
		return at.Sub(now)
	}
	return 0
}
