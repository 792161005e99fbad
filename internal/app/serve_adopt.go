package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// When the state was restored from a backup, the lake has events that it does not
// know of. Where their sources bring them again they are known already, and where
// not they are not lost: they are matched anew, and what they mean to rules is
// stored together with the files that hold them, before the service begins.

// adopt finds what the state does not know of the lake, and returns the files
// that the lake has.
func (k *keeper) adopt(ctx context.Context, files []state.File) ([]state.File, error) {
	s := k.s
	if len(files) == 0 {
		return files, nil // Recover says what that means
	}
	later, err := s.Lake.Later(ctx, files)
	if err != nil || len(later) == 0 {
		return files, err
	}
	s.Log.Warn("the state is older than the lake, as after a restore: what it does not know of is taken in", "files", len(later))
	a, err := s.Lake.Adopt(ctx, files)
	if err != nil {
		return nil, err
	}
	for _, d := range a.Damaged {
		s.Log.Error("a file of the lake that the state does not know of is damaged; it is set aside", "error", d)
		if err := s.Lake.SetAside(d.Path); err != nil {
			return nil, err
		}
	}
	gone := map[string]bool{}
	for _, path := range a.Removed {
		gone[path] = true
	}
	var out []state.File
	for _, f := range files {
		if !gone[f.Path] {
			out = append(out, f)
		}
	}
	s.Log.Info("taken in", "files", len(a.Files), "events", a.Rows(), "replaced", len(a.Removed), "doubled", len(a.Doubled))
	k.adopted, k.had = a, map[event.Key]bool{}
	return append(out, a.Files...), nil
}

// rematch adds what the events of adopted files mean to rules, apart from those
// whose hits the state has, and from rules that have read the lake by now.
func (k *keeper) rematch(ctx context.Context, read map[int]bool) error {
	if k.adopted == nil {
		return nil
	}
	w := k.s.newServeWorker()
	var hits []byte
	changed := 0
	err := k.s.Lake.Read(ctx, k.adopted.Files, lake.Query{}, func(r *lake.Row) error {
		if k.had[r.Key] {
			return nil
		}
		rules, reason := w.again(r, func(rule int) bool { return !read[rule] })
		if reason != "" || w.ev.Key != r.Key {
			changed++
			return nil
		}
		if hits = w.match.Hits(hits[:0], rules, w.ev, []byte(r.Origin)); len(hits) == 0 {
			return nil
		}
		return k.give(k.live.Add, r.Key, r.Time, hits)
	})
	if err != nil {
		return fmt.Errorf("read what the lake has and the state does not know: %w", err)
	}
	if changed > 0 {
		k.s.Log.Error("records of the lake are read differently than when they were stored; no rule has seen them", "events", changed)
	}
	k.buffer.adopted = k.adopted
	k.adopted, k.had = nil, nil
	return nil
}

// give adds the hits of an event to what is correlated and stored. One without a
// time is found again under that of now.
func (k *keeper) give(add func(event.Key, []byte) (time.Duration, error), key event.Key, at time.Time, hits []byte) error {
	// Hits are recalled from where they are kept: the class is not known before.
	need, err := add(key, hits)
	if err != nil {
		return fmt.Errorf("correlate: %w", err)
	}
	if at.IsZero() {
		at = time.Now()
	}
	k.buffer.hits[classOf(need)].add(key, at, hits)
	k.fresh = true
	return nil
}

// record adds an adoption to what is stored.
func record(changes *state.Changes, a *lake.Adoption, now time.Time) {
	if a == nil {
		return
	}
	changes.Files, changes.Removed = a.Files, a.Removed
	changes.Audit = append(changes.Audit, state.AuditEntry{
		At: now.UTC(), Actor: "service", Action: "take in files of the lake that the state did not know of",
		Object: fmt.Sprintf("%d files", len(a.Files)), Result: fmt.Sprintf("%d events; %d recorded files were gone", a.Rows(), len(a.Removed)),
	})
}
