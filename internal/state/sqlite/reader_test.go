package sqlite

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/state"
)

func TestOpenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if _, err := OpenRead(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
	s := start(t, path)
	apply(t, s, &state.Changes{Files: []state.File{{Path: "a"}}})
	r, err := OpenRead(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	expect := func(r *Reader, want int) {
		t.Helper()
		files, err := r.Files(t.Context())
		if err != nil || len(files) != want {
			t.Errorf("%d files, %v; want %d", len(files), err, want)
		}
	}
	expect(r, 1)
	apply(t, s, &state.Changes{Files: []state.File{{Path: "b"}}}) // it holds nobody up
	expect(r, 2)
	info, err := r.Info(t.Context())
	if err != nil || info.Version != len(steps) || info.Counts[0].Rows != 2 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := r.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := r.s.readers.Exec("DELETE FROM files"); err == nil {
		t.Error("it can write")
	}
	s.Close()
	after, err := OpenRead(t.Context(), path) // nobody has it open any more
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	expect(after, 2)
}

func TestOpenReadOlder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	start(t, path).Close()
	released := steps
	t.Cleanup(func() { steps = released })
	steps = append(steps[:len(steps):len(steps)], "CREATE TABLE extra (x)")
	_, err := OpenRead(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "start the service once") {
		t.Errorf("got %v", err)
	}
}
