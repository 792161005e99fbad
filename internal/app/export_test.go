package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// UpkeepAt does all duties of upkeep, as they are due at a time.
func (s *Service) UpkeepAt(ctx context.Context, now time.Time) { s.newUpkeeper().work(ctx, now) }

// Problems are what the service says of its store and its duties.
func (s *Service) Problems() (duties map[string]error, store error) {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	if s.health.store.Problem != "" {
		store = errors.New(s.health.store.Problem)
		if s.health.store.Damaged {
			store = fmt.Errorf("%w: %s", state.ErrCorrupt, s.health.store.Problem)
		}
	}
	return maps.Clone(s.health.duties), store
}

// SpareBackups is spareBackups.
func SpareBackups(all []Backup) []Backup { return spareBackups(all) }
