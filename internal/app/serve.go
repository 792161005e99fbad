package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A Source reads records from somewhere until ctx is done. It starts where
// cursors say, by stream.
type Source interface {
	Run(ctx context.Context, cursors map[string]string, in source.Intake) error
}

// A ServeConfig is what a service is made of.
type ServeConfig struct {
	Rules    []*detect.Rule
	Baseline *baseline.Baseline // nil: nothing is declared
	// BaselineText is what Baseline was read from: another one changes what rules
	// mean that ask it.
	BaselineText []byte
	Tenant       string // of records without one; default: the baseline's home tenant
	Sources      map[string]Source
	Sinks        map[string]notify.Sink
	// Retry says when a delivery is offered again; default: notify.Next.
	Retry func(stored, now time.Time, attempts int, id string, err error) (at time.Time, ok bool)
	State state.Store
	Lake  *lake.Lake
	// TempDir is where temporary files go; default: that of the system.
	TempDir string
	// Snapshots is the folder of directory listings.
	Snapshots string
	// Lateness is how late an event may come and still be placed exactly.
	Lateness time.Duration
	// Delay is how long an event of a kind is awaited before its absence counts;
	// nil = not at all.
	Delay func(event.Kind) time.Duration
	// Flush is after how long at most events are written to the lake.
	Flush time.Duration
	// Forget is how often what can change no more is given up; default: 30 s.
	Forget time.Duration
	// Settle is how long after the last listing the directory is read again;
	// default: 2 minutes.
	Settle  time.Duration
	Workers int // default: every core
	// Data is the folder whose disk is watched; "" = none.
	Data string
	// Listen is the address that answers for health; "" = nobody answers.
	Listen string
	Upkeep Upkeep
	Log    *slog.Logger
}

// A Service watches.
type Service struct {
	ServeConfig
	engine  *detect.Engine
	decoder *decode.Decoder
	keeper  *keeper
	// hitRules are the rules that hits name by number, and fingerprint stands for them.
	hitRules    []detect.HitRule
	fingerprint string
	snapshots   *snapshots
	// manifest is what the state says of the lake.
	manifest *manifest
	health   *pulse

	jobs    chan *delivered
	results chan *matched
	batches sync.Pool                // of *decode.Batch
	spare   sync.Pool                // of *matched
	wake    map[string]chan struct{} // of outboxes
	closers []io.Closer
}

// NewService compiles the rules and brings the state of the last run back.
func NewService(ctx context.Context, c ServeConfig) (*Service, error) {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	up := &c.Upkeep
	up.Tick, up.Quiet, up.Grace = cmp.Or(up.Tick, 15*time.Second), cmp.Or(up.Quiet, 6*time.Hour), cmp.Or(up.Grace, 10*time.Minute)
	if c.Settle <= 0 {
		c.Settle = 2 * time.Minute
	}
	if c.Forget <= 0 {
		c.Forget = 30 * time.Second
	}
	if c.Delay == nil {
		c.Delay = func(event.Kind) time.Duration { return 0 }
	}
	if c.Retry == nil {
		c.Retry = notify.Next
	}
	if c.Tenant == "" && c.Baseline != nil {
		c.Tenant = c.Baseline.HomeTenantID()
	}
	s := &Service{
		ServeConfig: c,
		jobs:        make(chan *delivered, c.Workers), results: make(chan *matched, 2*c.Workers), wake: map[string]chan struct{}{},
	}
	for name := range c.Sinks {
		s.wake[name] = make(chan struct{}, 1)
	}
	s.health = newPulse(c.Sources, s.wake)
	s.batches.New = func() any { return &decode.Batch{} }
	s.snapshots = newSnapshots(c.Snapshots)
	dir, err := s.snapshots.directory()
	if err != nil {
		return nil, err
	}
	if s.engine, err = detect.New(detect.Config{Rules: c.Rules, Baseline: c.Baseline, Directory: dir.dir}); err != nil {
		return nil, err
	}
	s.hitRules = s.engine.HitRules(c.BaselineText)
	s.fingerprint = fingerprint(s.hitRules)
	s.spare.New = func() any { return newMatched(s.engine.Schema) }
	wanted := s.engine.Wanted()
	for k, ids := range lake.Columns(s.engine.Schema) {
		wanted[k] = union(wanted[k], ids)
	}
	for k, ids := range s.engine.Compared() {
		wanted[k] = union(wanted[k], ids)
	}
	if s.decoder, err = decode.NewDecoder(s.engine.Schema, wanted); err != nil {
		return nil, err
	}
	if s.keeper, err = s.openKeeper(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func union(a, b []int) []int {
	seen := make(map[int]bool, len(a)+len(b))
	var out []int
	for _, list := range [][]int{a, b} {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}

// Run watches until ctx is done, and then stores what has arrived.
func (s *Service) Run(ctx context.Context) error {
	web, err := s.listen()
	if err != nil {
		return err
	}
	cursors, err := s.State.Cursors(ctx)
	if ctx.Err() != nil {
		web.close()
		return nil // it was told to end before it began
	}
	if err != nil {
		web.close()
		return fmt.Errorf("read cursors: %w", err)
	}
	// What is under way when ctx is done is still stored.
	finishing, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	reading, halt := context.WithCancelCause(ctx)
	defer halt(nil)

	var sources, workers, outboxes sync.WaitGroup
	for name, src := range s.Sources {
		from := map[string]string{}
		for _, c := range cursors {
			if c.Source == name {
				from[c.Stream] = c.Text
			}
		}
		sources.Go(func() { s.runSource(reading, name, src, from) })
	}
	for range s.Workers {
		w := s.newServeWorker()
		workers.Go(func() { w.run(finishing) })
	}
	for name, sink := range s.Sinks {
		outboxes.Go(func() { s.runOutbox(reading, name, sink) })
	}
	s.health.begin(time.Now())
	upkeep := s.newUpkeeper()
	outboxes.Go(func() { upkeep.run(reading) })
	outboxes.Go(func() { boundMemory(reading) })
	kept := make(chan error, 1)
	go func() {
		err := s.keeper.run(finishing)
		if errors.Is(err, state.ErrCorrupt) {
			s.standStill(ctx, err)
		}
		if err != nil {
			stop(err) // nobody takes what the workers make
		}
		kept <- err
	}()

	var failed error
	select {
	case <-ctx.Done():
	case failed = <-kept: // it cannot keep anything any more
		kept <- failed
	}
	s.health.end()
	halt(failed)
	if failed != nil {
		stop(failed)
	}
	sources.Wait()
	close(s.jobs)
	workers.Wait()
	close(s.results)
	failed = errors.Join(failed, <-kept)
	outboxes.Wait()
	web.close()
	return failed
}

// runSource runs a source, and again after a pause when it fails.
func (s *Service) runSource(ctx context.Context, name string, src Source, cursors map[string]string) {
	in := &intake{s: s, source: name, cursors: cursors}
	const longest = time.Minute
	for wait := time.Second; ; wait = min(2*wait, longest) {
		began := time.Now()
		err := src.Run(ctx, in.now(), in)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			s.health.stop(name, nil)
			s.Log.Info("source has nothing more", "source", name)
			return
		}
		s.health.stop(name, err)
		s.Log.Error("source stopped", "source", name, "error", err)
		if time.Since(began) > longest {
			wait = time.Second
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// pause waits, and reports whether it did to the end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// newest is the largest of times.
func newest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
