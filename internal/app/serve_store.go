package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// store writes rows to the lake and changes to the state: files first, under
// temporary names, then everything that says that they count, then their names.
// It tries until it has succeeded: there is nothing else to do with what has
// arrived, and the sources wait meanwhile.
func (s *Service) store(ctx context.Context, rows []*matched, changes *state.Changes) error {
	var all []*lake.Rows
	for _, m := range rows {
		all = append(all, m.rows)
	}
	began := time.Now()
	written, applied := false, false
	err := s.insist(ctx, func() error {
		if !written {
			files, err := s.Lake.Write(ctx, all)
			if err != nil {
				return err
			}
			changes.Files, written = append(changes.Files, files...), true
		}
		if !applied {
			if err := s.State.Apply(ctx, changes); err != nil {
				return err
			}
			applied = true
		}
		s.manifest.naming.Lock()
		defer s.manifest.naming.Unlock()
		if err := s.Lake.Publish(changes.Files); err != nil {
			return err
		}
		s.manifest.change(changes.Files, nil) // what an adoption removed is not in it
		return nil
	})
	if err != nil {
		return err
	}
	s.health.flushed(began, time.Now())
	for _, m := range rows {
		s.spare.Put(m)
	}
	return nil
}

// insist does something until it succeeds, and says meanwhile why it does not.
func (s *Service) insist(ctx context.Context, do func() error) error {
	const longest = 30 * time.Second
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, longest) {
		err := do()
		if err == nil {
			s.health.storing(nil)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.health.storing(err)
		s.Log.Error("cannot store", "error", err, "again_in", wait)
		if errors.Is(err, state.ErrCorrupt) {
			return err // trying again is of no use
		}
		if !pause(ctx, wait) {
			return context.Cause(ctx)
		}
	}
}

// damaged takes that files of the lake cannot be read, and reports whether that is
// news of some.
func (s *Service) damaged(list []*lake.Damage) (news bool) {
	for _, d := range list {
		if s.health.damage(d) {
			news = true
			s.Log.Error("a file of the lake cannot be read", "path", d.Path, "error", d.Err)
		}
	}
	return news
}

// soundFiles are those of the lake that can be read, as far as is known.
func (s *Service) soundFiles() []state.File {
	damaged := s.health.damagedFiles()
	return slices.DeleteFunc(s.manifest.all(), func(f state.File) bool { return slices.Contains(damaged, f.Path) })
}

// standStill waits for the end of a service whose state is damaged. Sources wait
// meanwhile, and whoever asks is told why.
func (s *Service) standStill(ctx context.Context, err error) {
	s.health.storing(err)
	s.Log.Error("the state is damaged: nothing is taken any more; stop the service and restore a backup", "error", err, "command", "entrawatch state restore")
	<-ctx.Done()
}
