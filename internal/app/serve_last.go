package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/health"
)

// LastKnown says from the state how a service fared before it ended; nil = it
// never ran. The state must not be in use.
func LastKnown(ctx context.Context, c *config.Config, now time.Time) (_ *health.Health, err error) {
	if c.State.Kind == "sqlite" {
		if _, err := os.Stat(filepath.Join(string(c.Data), stateFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	store, err := OpenState(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	sources, sinks := map[string]Source{}, map[string]chan struct{}{}
	for _, s := range c.Sources {
		sources[s.Label()] = nil
	}
	for _, o := range c.Outlets {
		sinks[o.Label()] = nil
	}
	s := &Service{ServeConfig: ServeConfig{Data: string(c.Data), Lateness: c.Lateness}, health: newPulse(sources, sinks)}
	if err := s.health.recall(ctx, store, now); err != nil {
		return nil, err
	}
	cursors, err := store.Cursors(ctx)
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	for _, x := range cursors {
		s.health.store.LastFlush = newest(s.health.store.LastFlush, x.At)
		if src := s.health.sources[x.Source]; src != nil {
			st := src.stream(x.Stream)
			st.LastArrival = newest(st.LastArrival, x.At)
		}
	}
	out := s.Health(now)
	out.Memory = health.Memory{} // it is that of whoever asks
	return out, nil
}
