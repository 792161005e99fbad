package blob

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/entrawatch/entrawatch/internal/source"
)

const (
	// openHours is for how long an hour's blob is looked at often once the hour
	// is over. Later changes are found by listing all.
	openHours = 6 * time.Hour
	// restAfter is how long a blob must stay unchanged until what is behind its
	// last line break is taken to be complete.
	restAfter = time.Hour
	// callFor is how long one answer of the account may take, and bodyFor a blob
	// that is read at once.
	callFor = 2 * time.Minute
	bodyFor = time.Hour
	// slack is how much the clocks of a storage account may differ.
	slack = 5 * time.Second
	// shownFor is for how long it is shown that a blob was passed over.
	shownFor = time.Hour
)

// A Source reads the containers of its section.
type Source struct {
	cfg    *Config
	log    *slog.Logger
	client *service.Client

	chunk     int           // how much of a blob is handed on at once
	longest   int           // how long a line may be
	listEvery time.Duration // how often everything is listed
	restAfter time.Duration
	slack     time.Duration
	now       func() time.Time
}

// New returns a source for a section without problems. A nil transport is the
// usual one.
func New(cfg *Config, log *slog.Logger, transport policy.Transporter) (*Source, error) {
	options := &service.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: transport,
		Retry:     policy.RetryOptions{MaxRetries: 3, RetryDelay: time.Second, MaxRetryDelay: 20 * time.Second},
	}}
	client, err := connect(cfg, options)
	if err != nil {
		return nil, err
	}
	return &Source{
		cfg: cfg, log: log, client: client,
		chunk: 4 << 20, longest: 32 << 20, listEvery: 15 * time.Minute, restAfter: restAfter, slack: slack, now: time.Now,
	}, nil
}

func connect(cfg *Config, options *service.ClientOptions) (*service.Client, error) {
	switch {
	case cfg.ConnectionString.Configured():
		return service.NewClientFromConnectionString(strings.TrimSpace(cfg.ConnectionString.Text()), options)
	case cfg.SAS.Configured():
		return service.NewClientWithNoCredential(strings.TrimSpace(cfg.SAS.Text()), options)
	}
	cred, err := cfg.Entra.Credential(options.Transport)
	if err != nil {
		return nil, err
	}
	return service.NewClient(cfg.address(), cred, options)
}

// A run is one Run.
type run struct {
	*Source
	in         source.Intake
	places     map[string]*place // by stream
	containers []string
	scattered  map[string]bool // containers that are quicker to list whole
	reported   map[string]bool // that have a problem
	behind     map[string]int64
	lasting    map[string]lasting // what is shown although reading goes on
	documents  map[string]bool    // blobs that are not made of lines and may still grow
}

// A lasting problem is shown until then.
type lasting struct {
	problem *source.Problem
	until   time.Time
}

func (s *Source) newRun(in source.Intake) *run {
	return &run{
		Source: s, in: in, places: map[string]*place{}, scattered: map[string]bool{}, reported: map[string]bool{},
		behind: map[string]int64{}, lasting: map[string]lasting{}, documents: map[string]bool{},
	}
}

// Run reads until ctx ends, or the intake wants no more. cursors are the streams'
// own, as they were stored.
func (s *Source) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	r := s.newRun(in)
	for stream, text := range cursors {
		p, err := parsePlace(text)
		if err != nil {
			return &source.Problem{
				What:  fmt.Sprintf("the cursor of %s is not one of a folder of blobs", stream),
				Hint:  "another kind of source has used this name before: give the source another name",
				Final: true, Err: err,
			}
		}
		r.places[stream] = p
	}
	next := time.Time{}
	for ctx.Err() == nil {
		whole := !s.now().Before(next)
		more, err := r.look(ctx, whole)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		if whole && !more {
			next = s.now().Add(s.listEvery)
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.cfg.Poll):
		}
	}
	return nil
}

// look reads what is new. more is set when there was too much to do at once. An
// error is the intake's own.
func (r *run) look(ctx context.Context, whole bool) (more bool, err error) {
	l, problem := r.list(ctx, whole)
	if ctx.Err() != nil {
		return false, nil
	}
	if problem != nil {
		r.in.Report("", problem)
		return false, nil
	}
	r.in.Report("", nil)
	l.sort()
	clear(r.behind)
	for _, it := range l.todo {
		r.behind[it.stream()] += it.size - r.places[it.stream()].Open[it.rest].Offset
	}
	settled := l.at.Add(-openHours).UTC().Format(hourLayout)
	stuck := map[string]bool{}
	for _, it := range l.todo {
		stream := it.stream()
		if stuck[stream] {
			continue
		}
		p := r.places[stream]
		if whole && !l.failed[stream] {
			p.reach(it.hour, settled, l.at)
		}
		problem, err := r.read(ctx, p, it, l.at)
		if err != nil || ctx.Err() != nil {
			return false, err
		}
		if problem != nil {
			stuck[stream] = true
			r.report(stream, r.explain(problem))
		}
	}
	for stream := range l.streams {
		if stuck[stream] {
			continue
		}
		if whole && !l.more && !l.failed[stream] {
			r.places[stream].reach("9999", settled, l.at)
		}
		if shown, ok := r.lasting[stream]; ok && r.now().Before(shown.until) {
			r.report(stream, shown.problem)
			continue
		}
		delete(r.lasting, stream)
		r.report(stream, nil)
	}
	return l.more, nil
}

// report tells how a stream or a container fares.
func (r *run) report(stream string, p *source.Problem) {
	if p != nil {
		r.reported[stream] = true
		r.in.Report(stream, p)
		return
	}
	delete(r.reported, stream)
	r.in.Report(stream, nil)
}
