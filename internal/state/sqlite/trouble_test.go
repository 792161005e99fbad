package sqlite

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/smalldisk"
	"github.com/entrawatch/entrawatch/internal/state"
)

func TestDamage(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.db")
	s := start(t, whole)
	apply(t, s, segments(100, 20_000))
	marked := bytes.Repeat([]byte("mark"), 5000)
	apply(t, s, &state.Changes{Segments: []state.Segment{{Class: "day", Body: marked}}})
	s.Close()
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		damage func(b []byte) []byte
	}{
		{"pages overwritten", func(b []byte) []byte {
			for i := range b[len(b)/2 : len(b)/2+5*4096] {
				b[len(b)/2+i] = byte(rand.Uint32())
			}
			return b
		}},
		{"pages of zeros", func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+5*4096]); return b }},
		{"one bit of a body", func(b []byte) []byte {
			b[bytes.Index(b, []byte("markmark"))] ^= 1
			return b
		}},
		{"head overwritten", func(b []byte) []byte { copy(b, "something else than a database"); return b }},
		{"first page but its head", func(b []byte) []byte { clear(b[100:4096]); return b }},
		{"half of it", func(b []byte) []byte { return b[:len(b)/2] }},
		{"all but the last page", func(b []byte) []byte { return b[:len(b)-4096] }},
		{"half a page", func(b []byte) []byte { return b[:2000] }},
		{"nothing", func([]byte) []byte { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := os.WriteFile(path, test.damage(bytes.Clone(content)), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), path)
			if err == nil {
				defer s.Close()
				err = s.Check(t.Context())
				// Nothing is added to it from now on.
				says(t, s.Apply(t.Context(), segments(1, 1)), state.ErrCorrupt, path)
			}
			says(t, err, state.ErrCorrupt, path, "entrawatch state restore")
		})
	}
}

// TestDamageWhileOpen: whoever finds it, nothing is added any more.
func TestDamageWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := start(t, path)
	apply(t, s, segments(50, 20_000))
	s.Close() // it is all in one file
	s = start(t, path)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	if _, err := f.WriteAt(make([]byte, info.Size()/2), info.Size()/4/4096*4096); err != nil {
		t.Fatal(err)
	}
	for _, err = range s.Segments(t.Context(), "day", time.Time{}, time.Time{}) {
		if err != nil {
			break
		}
	}
	says(t, err, state.ErrCorrupt, path)
	says(t, s.Apply(t.Context(), segments(1, 1)), state.ErrCorrupt, path)
	says(t, s.Backup(t.Context(), path+".backup"), state.ErrCorrupt, path)
	if _, err := os.Stat(path + ".backup"); err == nil {
		t.Error("there is a backup of a damaged state")
	}
}

func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := start(t, path)
	apply(t, s, segments(10, 100_000))
	if _, err := s.writer.Exec("PRAGMA max_page_count = 200"); err != nil {
		t.Fatal(err)
	}
	says(t, s.Apply(t.Context(), segments(10, 100_000)), state.ErrFull, path, "make room on the disk of "+filepath.Dir(path))
	if n := counted(t, s); n != 10 {
		t.Errorf("%d segments are there", n)
	}
	if _, err := s.writer.Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	apply(t, s, segments(10, 100_000))
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func disk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	smalldisk.Mount(t, dir, "size=3m")
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := disk(t)
	path := filepath.Join(dir, "state.db")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, path)
	n := 0
	for ; n < 1000; n++ {
		err := s.Apply(t.Context(), segments(1, 50_000))
		if err == nil {
			continue
		}
		says(t, err, state.ErrFull, path, "make room on the disk of "+dir)
		break
	}
	says(t, s.Apply(t.Context(), segments(1, 50_000)), state.ErrFull)
	says(t, s.Backup(t.Context(), filepath.Join(dir, "backup.db")), state.ErrFull, "backup.db")
	if got := counted(t, s); got != n {
		t.Errorf("%d segments were kept, %d are there", n, got)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	apply(t, s, segments(1, 50_000)) // without being opened again
	s.Close()
	s = start(t, path)
	if got := counted(t, s); got != n+1 {
		t.Errorf("%d segments were kept, %d are there", n+1, got)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db") // on another disk
	if err := s.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	s.Close()

	// A new one, where there is no room at all.
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		_ = os.Remove(name) // some are gone already
	}
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	second := filepath.Join(dir, "second.db")
	_, err = Open(t.Context(), second)
	says(t, err, state.ErrFull, second)
	says(t, Restore(backup, second), state.ErrFull, second)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	apply(t, start(t, second), segments(1, 10))
}

func TestReadOnlyDisk(t *testing.T) {
	dir := disk(t)
	path := filepath.Join(dir, "state.db")
	s := start(t, path)
	apply(t, s, segments(1, 100))
	s.Close()
	remount := func(how string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,"+how, dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	remount("ro")
	for _, p := range []string{path, filepath.Join(dir, "new.db")} {
		_, err := Open(t.Context(), p)
		if err == nil || !strings.Contains(err.Error(), p) || !strings.Contains(err.Error(), "must be able to write to "+dir) {
			t.Errorf("got %v", err)
		}
		if errors.Is(err, state.ErrCorrupt) || errors.Is(err, state.ErrFull) || errors.Is(err, state.ErrInUse) {
			t.Errorf("%v is of the wrong kind", err)
		}
	}
	remount("rw")
	if n := counted(t, start(t, path)); n != 1 {
		t.Errorf("%d segments are there", n)
	}
}
