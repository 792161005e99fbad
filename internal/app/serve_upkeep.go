package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// An Upkeep says how a service looks after what it keeps. The zero value keeps
// everything for ever and makes no backups.
type Upkeep struct {
	// Retention is how long events are kept, by kind; nil = for ever.
	Retention lake.Policy
	// Backups is the folder of backups of the state; "" = none are made.
	Backups string
	// Tick is how often duties are looked at; default: 15 s.
	Tick time.Duration
	// Quiet is how long a day must have got nothing new before its files become as
	// few as can be; default: 6 h.
	Quiet time.Duration
	// Grace is how long a file of the lake that was replaced stays for those who
	// read it; default: 10 min.
	Grace time.Duration
}

// keepHistory is how long hours, done deliveries and facts of alerts that are not
// the newest are kept.
const keepHistory = 400 * 24 * time.Hour

// valueChecked is the value of the state that says when all of it was last read.
const valueChecked = "checked"

// A duty is something to be done now and then.
type duty struct {
	name  string
	every time.Duration
	do    func(ctx context.Context, now time.Time) error
	next  time.Time
	wait  time.Duration // after the last failure
}

// An upkeeper does the duties of upkeep, one after the other, in one goroutine.
// What it changes in the manifest it records in the state first, as the keeper
// does; both may at the same time, because files of the lake never change.
type upkeeper struct {
	s      *Service
	duties []*duty
}

func (s *Service) newUpkeeper() *upkeeper {
	u := &upkeeper{s: s}
	u.duties = []*duty{
		{name: "directory", every: u.s.Settle, do: u.posture},
		{name: "retention", every: 5 * time.Minute, do: u.retain},
		{name: "compaction", every: time.Minute, do: u.compact},
		{name: "files", every: time.Minute, do: u.look},
		{name: "cleaning", every: time.Minute, do: u.clean},
		{name: "history", every: time.Hour, do: u.forget},
		{name: "backup", every: time.Minute, do: u.backup}, // it knows when one is due
		{name: "check", every: time.Hour, do: u.check},     // likewise
	}
	return u
}

func (u *upkeeper) run(ctx context.Context) {
	for pause(ctx, u.s.Upkeep.Tick) {
		u.work(ctx, time.Now())
	}
}

// work does what is due. What fails is done again soon; the service goes on.
func (u *upkeeper) work(ctx context.Context, now time.Time) {
	const longest = time.Hour
	for _, d := range u.duties {
		if now.Before(d.next) {
			continue
		}
		err := d.do(ctx, now)
		if ctx.Err() != nil {
			return
		}
		u.s.health.upkeep(d.name, err)
		if err == nil {
			d.wait, d.next = 0, now.Add(d.every)
			continue
		}
		d.wait = min(max(2*d.wait, time.Minute), longest)
		d.next = now.Add(d.wait)
		u.s.Log.Error("upkeep failed", "duty", d.name, "error", err, "again_in", d.wait)
	}
}

// exchange records which files replace others, and carries it out.
func (u *upkeeper) exchange(ctx context.Context, added []state.File, removed []string) error {
	s := u.s
	if err := s.State.Apply(ctx, &state.Changes{Files: added, Removed: removed}); err != nil {
		// Only what is surely not recorded is deleted; the next start sees to the rest.
		if files, failed := s.State.Files(ctx); failed == nil && !slices.ContainsFunc(files, func(f state.File) bool { return slices.Contains(added, f) }) {
			s.Lake.Discard(added)
		}
		return fmt.Errorf("record the files of the lake: %w", err)
	}
	s.manifest.naming.Lock()
	defer s.manifest.naming.Unlock()
	// What is recorded counts, under either name.
	s.manifest.change(added, removed)
	s.Lake.Retire(removed)
	return s.Lake.Publish(added)
}

// compact brings small files into few, as long as there is something to do.
func (u *upkeeper) compact(ctx context.Context, _ time.Time) error {
	for ctx.Err() == nil {
		added, removed, err := u.s.Lake.Compact(ctx, u.s.soundFiles(), u.s.Upkeep.Quiet)
		damages := lake.Damages(err)
		if u.s.damaged(damages); err != nil && len(damages) == 0 {
			return err
		}
		if len(added) == 0 {
			return nil
		}
		if err := u.exchange(ctx, added, removed); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// mostReread is how many damaged files are read again at a time.
const mostReread = 8

// look compares the sizes of the lake's files with the manifest, and reads some of
// those again that could not be read.
func (u *upkeeper) look(ctx context.Context, _ time.Time) error {
	s := u.s
	other, err := s.Lake.Sizes(ctx, s.manifest.all())
	if err != nil {
		return err
	}
	s.damaged(other)
	read := 0
	for _, path := range s.health.damagedFiles() { // in no order
		f, there := s.manifest.file(path)
		if !there {
			s.health.sound(path) // it was given up
			continue
		}
		if slices.ContainsFunc(other, func(d *lake.Damage) bool { return d.Path == path }) {
			continue
		}
		if read++; read > mostReread {
			break
		}
		err := s.Lake.VerifyFile(ctx, f)
		if err != nil && len(lake.Damages(err)) == 0 {
			return err
		}
		if err == nil {
			s.health.sound(path)
			s.Log.Info("a file of the lake can be read again", "path", path)
		}
	}
	return nil
}

// retain gives up the days that are over for longer than they are to be kept.
func (u *upkeeper) retain(ctx context.Context, now time.Time) error {
	if u.s.Upkeep.Retention == nil {
		return nil
	}
	old := u.s.Lake.Retain(u.s.manifest.all(), now, u.s.Upkeep.Retention)
	if len(old) == 0 {
		return nil
	}
	u.s.Log.Info("retention: files of the lake are deleted", "files", len(old))
	return u.exchange(ctx, nil, old)
}

// clean deletes files that were replaced or given up, when nobody can be reading
// them any more. No file may get its name meanwhile.
func (u *upkeeper) clean(ctx context.Context, _ time.Time) error {
	m := u.s.manifest
	m.naming.Lock()
	defer m.naming.Unlock()
	_, err := u.s.Lake.Clean(ctx, m.all(), u.s.Upkeep.Grace)
	return err
}

func (u *upkeeper) forget(ctx context.Context, now time.Time) error {
	return u.s.State.Apply(ctx, &state.Changes{HistoryBefore: now.Add(-keepHistory)})
}

// check reads all of the state once a day. Damage is noticed before it is needed.
func (u *upkeeper) check(ctx context.Context, now time.Time) error {
	text, err := u.s.State.Value(ctx, valueChecked)
	if err != nil {
		return err
	}
	if last, err := time.Parse(time.RFC3339, text); err == nil && now.Sub(last) < 24*time.Hour && !last.After(now) {
		return nil
	}
	if err := u.s.State.Check(ctx); err != nil {
		return err
	}
	return u.s.State.Apply(ctx, &state.Changes{Values: []state.Value{{Name: valueChecked, Text: now.UTC().Format(time.RFC3339)}}})
}
