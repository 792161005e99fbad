package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A Source reads one tenant.
type Source struct {
	config Config
	log    *slog.Logger
	client *client
	// reports is the budget that all logs and reports share.
	reports *rate.Limiter
	quiet   time.Time // until when Graph wants no questions for reports
	tenant  string
}

// Microsoft Graph answers an application 5 requests for logs and reports of a
// tenant in 10 s. Spread evenly, and a little apart because some travel faster
// than others, no ten seconds hold more.
const reportEvery = 2200 * time.Millisecond

// New returns the source. transport makes the connections; nil = that of the
// standard library, which knows the proxy of the environment.
func New(config Config, log *slog.Logger, transport http.RoundTripper) (*Source, error) {
	ends, ok := azure.Cloud(config.Entra.Cloud, config.Endpoints)
	if !ok {
		return nil, errors.New("cloud " + config.Entra.Cloud + " is not known")
	}
	c, err := newClient(config.Entra, ends, transport)
	if err != nil {
		return nil, err
	}
	return &Source{config: config, log: log, client: c, reports: rate.NewLimiter(rate.Every(reportEvery), 1), tenant: config.Entra.TenantID()}, nil
}

// A task is a stream at work: it asks one question at a time, so that the
// streams take turns.
type task interface {
	stream() string
	// due is when the next question may be asked.
	due() time.Time
	// report tells whether the question counts against the budget of reports.
	report() bool
	// step asks. An error means that nothing more is wanted.
	step(ctx context.Context, in source.Intake) error
}

// Run reads until ctx ends, or in wants nothing more. cursors are those of the
// streams, by name.
func (s *Source) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	tasks := s.tasks(cursors)
	if len(tasks) == 0 {
		return errors.New("there is nothing to read")
	}
	for {
		t := slices.MinFunc(tasks, func(a, b task) int { return s.when(a).Compare(s.when(b)) })
		if err := azure.Sleep(ctx, time.Until(s.when(t))); err != nil {
			return err
		}
		if t.report() {
			// The limiter has the last word: doctor may be asking as well.
			if err := s.reports.Wait(ctx); err != nil {
				return err
			}
			s.hush(time.Now().Add(reportEvery))
		}
		if err := t.step(ctx, in); err != nil {
			return err
		}
		s.client.ReportClock(in)
	}
}

func (s *Source) when(t task) time.Time {
	if due := t.due(); !t.report() || due.After(s.quiet) {
		return due
	}
	return s.quiet
}

// hush keeps all reports quiet until a time.
func (s *Source) hush(until time.Time) {
	if until.After(s.quiet) {
		s.quiet = until
	}
}

func (s *Source) tasks(cursors map[string]string) []task {
	var out []task
	for i := range logs {
		if l := &logs[i]; slices.Contains(s.config.Logs, l.name) {
			out = append(out, newReader(s, l, cursors[l.name]))
		}
	}
	for i := range listings {
		if l := &listings[i]; slices.Contains(s.config.Snapshots, l.name) {
			out = append(out, newLister(s, l, cursors[l.name]))
		}
	}
	return out
}

// identify reads in the token whose logs these are.
func (s *Source) identify(ctx context.Context) {
	if s.tenant != "" {
		return
	}
	claims, err := s.client.Claims(ctx, s.client.Ends.Graph)
	if err != nil {
		return // whoever asks for something will tell
	}
	s.tenant = claims.Tenant
}

// A pulse is when a stream asks again.
type pulse struct{ azure.Pulse }

func (p *pulse) due() time.Time { return p.At }
