package mgmtapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A Source reads one tenant.
type Source struct {
	config Config
	log    *slog.Logger
	client *client
}

// New returns the source. transport makes the connections; nil = that of the
// standard library, which knows the proxy of the environment.
func New(config Config, log *slog.Logger, transport http.RoundTripper) (*Source, error) {
	ends, ok := azure.Cloud(config.Entra.Cloud, config.Endpoints)
	if !ok || ends.Management == "" {
		return nil, errors.New("cloud " + config.Entra.Cloud + " has no Management Activity API")
	}
	c, err := newClient(config, ends, transport)
	if err != nil {
		return nil, err
	}
	return &Source{config: config, log: log, client: c}, nil
}

// Run reads until ctx ends, or in wants nothing more. cursors are those of the
// streams, by name. The streams take turns, a question each.
func (s *Source) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	var readers []*reader
	for _, content := range s.config.Content {
		readers = append(readers, newReader(s, content, cursors[content]))
	}
	if len(readers) == 0 {
		return errors.New("there is nothing to read")
	}
	for {
		r := slices.MinFunc(readers, func(a, b *reader) int { return a.At.Compare(b.At) })
		if err := azure.Sleep(ctx, time.Until(r.At)); err != nil {
			return err
		}
		if err := r.step(ctx, in); err != nil {
			return err
		}
		s.client.ReportClock(in)
	}
}

// Check looks at the token, and at each type of content: its subscription and a
// listing of the last hour. It starts no subscription.
func (s *Source) Check(ctx context.Context) []source.Check {
	out := s.config.Entra.CheckEnd(time.Now())
	claims, err := s.client.Claims(ctx, s.client.Ends.Management)
	if err == nil {
		err = s.client.identify(ctx)
	}
	if err != nil {
		return append(out, source.Check{What: "token", Problem: explain(err)})
	}
	out = append(out, source.Check{What: "token", Note: "tenant " + claims.Tenant})
	permission := source.Check{What: "permission ActivityFeed.Read"}
	if !claims.Has("ActivityFeed.Read") {
		permission.Problem = explain(&azure.Refusal{Status: http.StatusForbidden, Code: "AF10001"})
	}
	out = append(out, permission)
	now := s.client.Now()
	for _, content := range s.config.Content {
		check := source.Check{Stream: content, What: "reading " + content}
		ok, err := s.client.subscribed(ctx, content)
		switch {
		case err == nil && ok:
			_, _, err = s.client.list(ctx, s.listing(content, now.Add(-time.Hour), now))
		case err == nil:
			check.Note = "there is no subscription yet; serve starts one, and the first content can take 12 hours"
		}
		if err != nil {
			check.Problem = explain(err)
		}
		out = append(out, check)
	}
	return append(out, s.client.CheckClock())
}

func (s *Source) listing(content string, from, to time.Time) string {
	const form = "2006-01-02T15:04:05"
	return s.client.address("subscriptions/content", url.Values{
		"contentType": {content}, "startTime": {from.UTC().Format(form)}, "endTime": {to.UTC().Format(form)},
	})
}
