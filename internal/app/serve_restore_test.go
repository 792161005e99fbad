package app_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// damage overwrites pages in the middle of the state.
func (s *station) damage() {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, "state.db"), os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, info.Size()/2), info.Size()/4/8192*8192); err != nil {
		s.t.Fatal(err)
	}
}

// once fails unless every event is in the lake, and none twice.
func (s *station) once(events int) {
	s.t.Helper()
	store, err := sqlite.OpenRead(s.t.Context(), filepath.Join(s.dir, "state.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	files, err := store.Files(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := lake.Open(filepath.Join(s.dir, "lake"), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer l.Close()
	v, err := l.Verify(s.t.Context(), files, nil)
	if err != nil || len(v.Damaged) > 0 {
		s.t.Fatalf("%+v, %v", v, err)
	}
	keys := map[event.Key]int{}
	if err := l.Read(s.t.Context(), files, lake.Query{}, func(r *lake.Row) error { keys[r.Key]++; return nil }); err != nil {
		s.t.Fatal(err)
	}
	if len(keys) != events || v.Rows != int64(events) {
		s.t.Errorf("%d rows of %d events, want %d", v.Rows, len(keys), events)
	}
}

// TestServeRestored: after a restore from a backup nothing is lost and nothing is
// twice, whether the sources bring again what came since, or not, and whatever
// upkeep did meanwhile. The alerts are those of a scan.
func TestServeRestored(t *testing.T) {
	recs := traffic(150)
	rules, base := library(t), declared(t)
	one := folder(t)
	byKind(t, one, "all", event.Diagnostic, simulate.NDJSON, recs)
	res := scan(t, app.ScanConfig{Paths: []string{one}, Rules: rules, Baseline: base, Workers: 1})
	want := asText(t, alerts(t, res))
	for _, again := range []bool{true, false} {
		t.Run(fmt.Sprint("brought again ", again), func(t *testing.T) {
			in := folder(t)
			s := newStation(t, app.ServeConfig{Rules: rules, Baseline: base, Sources: following(in)})
			s.config.Upkeep = app.Upkeep{Tick: time.Hour, Quiet: time.Nanosecond, Grace: time.Nanosecond}
			s.start()
			half := len(recs) / 2
			byKind(t, in, "1", event.Diagnostic, simulate.NDJSON, recs[:half])
			s.until(int64(half))
			time.Sleep(5 * time.Millisecond)
			backup := filepath.Join(s.dir, "backup.db")
			if err := s.state.Backup(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
			byKind(t, in, "2", event.Diagnostic, simulate.NDJSON, recs[half:])
			s.until(int64(len(recs)))
			s.upkept(time.Now()) // files of before and since become one
			s.end()

			s.damage()
			if err := sqlite.Restore(backup, filepath.Join(s.dir, "state.db")); err != nil {
				t.Fatal(err)
			}
			if !again {
				s.config.Sources = following(folder(t))
			}
			s.start()
			if again {
				for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
					events, doubles := s.counts()
					if events > int64(half) || time.Now().After(deadline) {
						t.Fatalf("%d events, %d duplicates", events, doubles)
					}
					if doubles == int64(len(recs)-half) {
						break
					}
				}
			}
			time.Sleep(100 * time.Millisecond) // cursors are read
			trail, err := s.state.Audit(t.Context(), 10)
			if err != nil || len(trail) != 1 {
				t.Errorf("audit: %v, %v", trail, err)
			}
			s.end()
			for range 2 { // and it stays so
				s.once(len(recs))
				if got := s.alerts(); got != want {
					t.Errorf("-scan +serve\n%s", cmp.Diff(want, got))
				}
				s.start()
				time.Sleep(100 * time.Millisecond)
				s.end()
			}
		})
	}
}

// TestServeDamaged: a service whose state is damaged while it runs takes nothing
// more, says what to do, and goes on with a restored state.
func TestServeDamaged(t *testing.T) {
	recs := traffic(400)[:400]
	in := folder(t)
	s := newStation(t, app.ServeConfig{Sources: following(in), Forget: time.Millisecond})
	s.config.Upkeep = app.Upkeep{Tick: time.Hour, Backups: filepath.Join(s.dir, "backups")}
	s.config.Log = slog.New(slog.DiscardHandler)
	s.start()
	byKind(t, in, "1", event.Diagnostic, simulate.NDJSON, recs[:200])
	s.until(200)
	s.upkept(time.Now())
	s.end() // it is all in one file
	s.start()
	s.damage()
	s.service.UpkeepAt(t.Context(), time.Now().Add(25*time.Hour)) // the daily check
	duties, store := s.service.Problems()
	if !errors.Is(store, state.ErrCorrupt) || !errors.Is(duties["check"], state.ErrCorrupt) {
		t.Fatalf("store: %v, check: %v", store, duties["check"])
	}
	byKind(t, in, "2", event.Diagnostic, simulate.NDJSON, recs[200:])
	time.Sleep(500 * time.Millisecond) // longer than a flush
	if _, store := s.service.Problems(); !errors.Is(store, state.ErrCorrupt) {
		t.Errorf("after new events: %v", store)
	}
	s.stop()
	if err := <-s.ended; !errors.Is(err, state.ErrCorrupt) || !strings.Contains(err.Error(), "entrawatch state restore") {
		t.Errorf("it ended with %v", err)
	}
	_ = s.state.Close()
	_ = s.config.Lake.Close()
	all, err := app.Backups(s.config.Upkeep.Backups)
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if err := sqlite.Restore(all[0].Path, filepath.Join(s.dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.until(400)
	s.end()
	s.once(400)
}
