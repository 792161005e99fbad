package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/state"
)

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "state.db"), filepath.Join(dir, "it's a backup.db")
	s := start(t, path)
	apply(t, s, segments(30, 50_000))
	ctx, stop := context.WithCancel(t.Context())
	written := make(chan error)
	go func() {
		for ctx.Err() == nil {
			if err := s.Apply(t.Context(), segments(3, 1000)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), copied); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written over: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "missing", "b.db")); err == nil || !strings.Contains(err.Error(), "make the folder") {
		t.Errorf("got %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(canceled, copied+"2"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*backup*"))
	if err != nil || len(names) != 1 {
		t.Errorf("left are %q", names)
	}
	b := start(t, copied)
	if n := counted(t, b); n < 30 || n%3 != 0 {
		t.Errorf("%d segments in the backup", n)
	}
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// damagedState makes a state with 20 segments, a backup with 10 of them, and
// damages the state.
func damagedState(t *testing.T) (path, backup string) {
	t.Helper()
	dir := t.TempDir()
	path, backup = filepath.Join(dir, "state.db"), filepath.Join(dir, "backup.db")
	s := start(t, path)
	apply(t, s, segments(10, 20_000))
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	apply(t, s, segments(10, 20_000))
	s.Close()
	if err := os.Truncate(path, 100_000); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path)
	says(t, err, state.ErrCorrupt, path)
	return path, backup
}

func TestRestore(t *testing.T) {
	path, backup := damagedState(t)
	if err := os.WriteFile(path+"-wal", []byte("a log that must not be read"), 0o600); err != nil {
		t.Fatal(err)
	}
	for round, want := range []string{"a log that must not be read", ""} {
		if err := Restore(backup, path); err != nil {
			t.Fatal(err)
		}
		aside := path + ".damaged-" + string(rune('1'+round))
		if _, err := os.Stat(aside); err != nil {
			t.Error(err)
		}
		if log, _ := os.ReadFile(aside + "-wal"); string(log) != want {
			t.Errorf("the log is %q", log)
		}
		s := start(t, path)
		if n := counted(t, s); n != 10 {
			t.Errorf("%d segments are there", n)
		}
		apply(t, s, segments(1, 10))
		s.Close()
	}
	if err := Restore(backup, filepath.Join(t.TempDir(), "elsewhere.db")); err != nil { // where nothing was
		t.Error(err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	path, backup := damagedState(t)
	before, _ := os.ReadFile(path)
	broken := backup + ".broken"
	content, _ := os.ReadFile(backup)
	if err := os.WriteFile(broken, content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, Restore(broken, path), state.ErrCorrupt, broken, "use another one")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, Restore(broken, path), state.ErrCorrupt, broken, "use another one")
	if err := Restore(broken+"x", path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), broken+"x") {
		t.Errorf("got %v", err)
	}
	running := filepath.Join(t.TempDir(), "running.db")
	s := start(t, running)
	apply(t, s, segments(1, 1))
	if err := Restore(running, path); err == nil || !strings.Contains(err.Error(), "not a backup") {
		t.Errorf("got %v", err)
	}
	says(t, Restore(backup, running), state.ErrInUse, running)
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the state was changed")
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 1 { // the lock
		t.Errorf("left are %q", left)
	}
}

// TestInterruptedRestore stops a restore after each of its steps: the next one who
// opens the state finishes it.
func TestInterruptedRestore(t *testing.T) {
	for _, test := range []struct {
		name     string
		done     func(path string) error
		restored bool
	}{
		{"copied", func(path string) error { return os.Rename(path+".copy", path+".new") }, false},
		{"complete", func(path string) error { return os.Rename(path+".copy", path+".restored") }, true},
		{"old one aside", func(path string) error {
			return errors.Join(os.Rename(path+".copy", path+".restored"), os.Rename(path, path+".damaged-1"))
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path, backup := damagedState(t)
			if err := errors.Join(copyFile(backup, path+".copy"), test.done(path)); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if !test.restored {
				says(t, err, state.ErrCorrupt, path)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if n := counted(t, s); n != 10 {
				t.Errorf("%d segments are there", n)
			}
		})
	}
}
