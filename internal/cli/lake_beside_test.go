package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// TestLakeBesideService: while something holds the state, commands that read
// work, and those that write say why they do not.
func TestLakeBesideService(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (int, string, string) {
		var out, talk bytes.Buffer
		code := Main(args, nil, &out, &talk)
		return code, out.String(), talk.String()
	}
	if code, _, talk := run("simulate", "-people", "20", "-days", "1", "-attacks", "none", "-seed", "1", "-o", filepath.Join(dir, "logs")); code != exitDone {
		t.Fatal(talk)
	}
	for _, until := range []string{"2026-11-02T12:00:00Z", "2026-11-04"} { // two files of a day
		if code, _, talk := run("lake", "import", "-until", until, "-data", dir, filepath.Join(dir, "logs", "logs")); code != exitDone {
			t.Fatal(talk)
		}
	}
	held, err := sqlite.Open(t.Context(), filepath.Join(dir, stateName))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	for _, args := range [][]string{
		{"hunt", "-data", dir, "SELECT count(*) AS n FROM events"},
		{"lake", "files", "-data", dir},
		{"lake", "verify", "-data", dir},
		{"lake", "export", "-data", dir, "-kind", "audit"},
		{"lake", "erase", "-data", dir, "-user", "nobody"},
	} {
		if code, _, talk := run(args...); code != exitDone {
			t.Errorf("%v: %d, %s", args, code, talk)
		}
	}
	for _, args := range [][]string{
		{"lake", "compact", "-data", dir},
		{"lake", "verify", "-set-aside", "-data", dir},
		{"lake", "import", "-data", dir, filepath.Join(dir, "logs")},
		{"lake", "erase", "-data", dir, "-user", "nobody", "-yes"},
	} {
		if code, _, talk := run(args...); code != exitFailed || !strings.Contains(talk, "the service, or another command, is writing there; stop it first") {
			t.Errorf("%v: %d, %s", args, code, talk)
		}
	}

	// Files that a query knows of are replaced before it reads them.
	var out, talk bytes.Buffer
	e := &env{stdout: &out, stderr: &talk, now: time.Now}
	h := &hunt{flagSet: newFlags(e, "hunt", huntHelp), query: "SELECT count(*) AS n FROM audit", format: "csv", limit: 10}
	d, err := openLake(t.Context(), dir, reading)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	l, err := lake.Open(filepath.Join(dir, "lake"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	compactAll(t, l, held)
	if err := h.ask(t.Context(), d); err != nil || talk.Len() > 0 {
		t.Errorf("%v, %s", err, talk.String())
	}
	if got := out.String(); got == "\"n\"\n\"0\"\n" || len(d.files) == 0 {
		t.Errorf("answer: %s", got)
	}
}

// compactAll writes every file anew and deletes the old ones at once.
func compactAll(t *testing.T, l *lake.Lake, s state.Store) {
	t.Helper()
	ctx := context.Background()
	files, err := s.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		added, removed, err := l.Compact(ctx, files, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(added) == 0 {
			return
		}
		if err := s.Apply(ctx, &state.Changes{Files: added, Removed: removed}); err != nil {
			t.Fatal(err)
		}
		if err := l.Publish(added); err != nil {
			t.Fatal(err)
		}
		if err := l.Delete(removed); err != nil {
			t.Fatal(err)
		}
		if files, err = s.Files(ctx); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("it does not end")
}
