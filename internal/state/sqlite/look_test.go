package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/entrawatch/entrawatch/internal/state"
)

// TestPeek: the manifest is seen beside whoever has the state, and nothing is made.
func TestPeek(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if _, err := Peek(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	s := start(t, path)
	apply(t, s, &state.Changes{Files: []state.File{{Path: "a", Kind: "signin", Day: "2026-11-02", Bytes: 7}}})
	look, err := Peek(t.Context(), path)
	if err != nil || !look.InUse || len(look.Files) != 1 || look.Files[0].Bytes != 7 {
		t.Errorf("%+v, %v", look, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	look, err = Peek(t.Context(), path)
	if err != nil || look.InUse || len(look.Files) != 1 {
		t.Errorf("%+v, %v", look, err)
	}
	start(t, path) // it was let go
	for name, text := range map[string]string{"empty.db": "", "text.db": "this is no database at all, but a text of some length"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Peek(t.Context(), path); !errors.Is(err, state.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
