package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/source/blob"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/source/graph"
	"github.com/entrawatch/entrawatch/internal/source/kafka"
	"github.com/entrawatch/entrawatch/internal/source/mgmtapi"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/postgres"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// What a data folder holds.
const (
	stateFile  = "state.db"
	lakeFolder = "lake"
	// snapshotFolder holds listings of the directory.
	snapshotFolder = "snapshots"
)

// Open opens what a configuration names: state, lake, sources and outlets, and
// makes a service of them. rules holds what the configuration does not: rules,
// baseline and their fingerprint. stdout is where the outlet of that name writes.
// The service must be closed.
func Open(ctx context.Context, c *config.Config, rules ServeConfig, stdout io.Writer, log *slog.Logger) (_ *Service, err error) {
	var closers []io.Closer
	defer func() {
		if err != nil {
			_ = closeAll(closers)
		}
	}()
	s := rules
	s.Log, s.Tenant, s.Data, s.Listen = log, c.Tenant, string(c.Data), c.Listen
	s.Lateness, s.Delay, s.Flush = c.Lateness, c.Delay.For, c.Lake.Flush
	s.Upkeep.Retention = c.Lake.Retention.For
	if _, ok := c.State.Section.(*config.SQLite); ok {
		s.Upkeep.Backups = filepath.Join(string(c.Data), BackupsFolder)
	}
	if err := os.MkdirAll(string(c.Data), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if s.State, err = OpenState(ctx, c); err != nil {
		return nil, err
	}
	closers = append(closers, s.State)
	if s.Lake, err = lake.Open(filepath.Join(string(c.Data), lakeFolder), log); err != nil {
		return nil, err
	}
	closers = append(closers, s.Lake)
	s.Snapshots = filepath.Join(string(c.Data), snapshotFolder)
	s.Sources = map[string]Source{}
	for _, item := range c.Sources {
		if s.Sources[item.Label()], err = openSource(item, log.With("source", item.Label())); err != nil {
			return nil, fmt.Errorf("source %s: %w", item.Label(), err)
		}
	}
	s.Sinks = map[string]notify.Sink{}
	for _, item := range c.Outlets {
		sink, err := item.Open(stdout)
		if err != nil {
			return nil, fmt.Errorf("outlet %s: %w", item.Label(), err)
		}
		s.Sinks[item.Label()] = sink
		if c, ok := sink.(io.Closer); ok {
			closers = append(closers, c)
		}
	}
	service, err := NewService(ctx, s)
	if err != nil {
		return nil, err
	}
	service.closers = closers
	return service, nil
}

// OpenState opens the state of a configuration.
func OpenState(ctx context.Context, c *config.Config) (state.Store, error) {
	if p, ok := c.State.Section.(*postgres.Config); ok {
		return postgres.Open(ctx, *p)
	}
	return sqlite.Open(ctx, filepath.Join(string(c.Data), stateFile))
}

// openSource makes a source of its section: a line for each kind.
func openSource(item config.Source, log *slog.Logger) (Source, error) {
	switch c := item.Section.(type) {
	case *file.FollowConfig:
		return file.NewFollower(c, log), nil
	case *graph.Config:
		return graph.New(*c, log, nil)
	case *mgmtapi.Config:
		return mgmtapi.New(*c, log, nil)
	case *kafka.Config:
		return kafka.New(c, log)
	case *blob.Config:
		return blob.New(c, log, nil)
	}
	return nil, fmt.Errorf("there is no source %s", item.Kind)
}

// Close gives up what Open has opened.
func (s *Service) Close() error { return closeAll(s.closers) }

func closeAll(closers []io.Closer) error {
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i].Close())
	}
	return errors.Join(errs...)
}
