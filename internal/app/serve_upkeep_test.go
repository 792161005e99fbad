package app_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/state"
)

// parquets counts the files on disk below a lake.
func (s *station) parquets() int {
	s.t.Helper()
	n := 0
	if err := filepath.WalkDir(filepath.Join(s.dir, "lake"), func(p string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".parquet") {
			n++
		}
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// files are those of the manifest, which must all be as they were written.
func (s *station) files() []state.File {
	s.t.Helper()
	files, err := s.state.Files(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := s.config.Lake.Verify(s.t.Context(), files, nil)
	if err != nil || len(v.Damaged) > 0 {
		s.t.Fatalf("%+v, %v", v, err)
	}
	return files
}

func rowsOf(files []state.File) (n int64) {
	for _, f := range files {
		n += f.Rows
	}
	return n
}

// upkept does all duties, which must succeed.
func (s *station) upkept(now time.Time) {
	s.t.Helper()
	s.service.UpkeepAt(s.t.Context(), now)
	duties, _ := s.service.Problems()
	if len(duties) != 8 {
		s.t.Errorf("%d duties", len(duties))
	}
	for name, err := range duties {
		if err != nil {
			s.t.Errorf("%s: %v", name, err)
		}
	}
}

// TestServeUpkeep: many small files become few, old days go, and what is known
// stays known.
func TestServeUpkeep(t *testing.T) {
	recs := traffic(300)
	in := folder(t)
	s := newStation(t, app.ServeConfig{Sources: following(in)})
	s.config.Upkeep = app.Upkeep{Tick: time.Hour, Quiet: time.Nanosecond, Grace: time.Nanosecond, Backups: filepath.Join(s.dir, "backups")}
	s.start()
	const parts = 6
	for i := range parts {
		byKind(t, in, fmt.Sprint(i), event.Diagnostic, simulate.NDJSON, recs[i*len(recs)/parts:(i+1)*len(recs)/parts])
		s.until(int64((i + 1) * len(recs) / parts))
	}
	before := s.files()
	s.upkept(time.Now())
	after := s.files()
	if len(after) >= len(before) || rowsOf(after) != rowsOf(before) {
		t.Errorf("%d files with %d rows became %d with %d", len(before), rowsOf(before), len(after), rowsOf(after))
	}
	if n := s.parquets(); n != len(after) {
		t.Errorf("%d files are on disk, %d recorded", n, len(after))
	}
	for range 2 { // what is in memory, and after a restart what the lake knows
		byKind(t, in, fmt.Sprint("again", time.Now().UnixNano()), event.Diagnostic, simulate.NDJSON, recs[:len(recs)/2])
		_, had := s.counts()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if events, doubles := s.counts(); doubles >= had+int64(len(recs)/2) || time.Now().After(deadline) {
				if events != int64(len(recs)) || doubles != had+int64(len(recs)/2) {
					t.Errorf("%d events, %d duplicates", events, doubles)
				}
				break
			}
		}
		s.end()
		s.start()
	}
	if got := s.files(); rowsOf(got) != int64(len(recs)) {
		t.Errorf("%d rows", rowsOf(got))
	}
	all, err := app.Backups(s.config.Upkeep.Backups)
	if err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}

	// Days that are over for longer than they are kept go, and no others.
	oldest, newest := "9999", ""
	for _, f := range after {
		if f.Day != "unknown" {
			oldest, newest = min(oldest, f.Day), max(newest, f.Day)
		}
	}
	if oldest == newest {
		t.Fatalf("all events are of %s", oldest)
	}
	day, _ := time.Parse(time.DateOnly, oldest)
	now := day.AddDate(0, 0, 1).Add(30*24*time.Hour + time.Minute)
	s.end()
	s.config.Upkeep.Retention = lake.Policy(func(event.Kind) time.Duration { return 30 * 24 * time.Hour })
	s.start()
	s.upkept(now)
	for _, f := range s.files() {
		if f.Day == oldest {
			t.Errorf("%s is still there", f.Path)
		}
	}
	if left := rowsOf(s.files()); left == 0 || left >= int64(len(recs)) || s.parquets() != len(s.files()) {
		t.Errorf("%d rows are left", left)
	}
	s.end()
}

func TestBackups(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for hours := range 24 * 12 { // every hour of twelve days
		if err := os.WriteFile(filepath.Join(dir, app.BackupName(at.Add(-time.Duration(hours)*time.Hour))), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"state-yesterday.db", "notes.txt", app.BackupName(at) + ".1234.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := app.Backups(dir)
	if err != nil || len(all) != 24*12 || !all[0].At.Equal(at) {
		t.Fatalf("%d backups, %v", len(all), err)
	}
	for _, b := range app.SpareBackups(all) {
		if err := os.Remove(b.Path); err != nil {
			t.Fatal(err)
		}
	}
	left, err := app.Backups(dir)
	if err != nil {
		t.Fatal(err)
	}
	days := map[string]bool{}
	for _, b := range left {
		days[b.At.Format(time.DateOnly)] = true
	}
	if len(left) != 24+5 || len(days) != 7 || !left[23].At.Equal(at.Add(-23*time.Hour)) || !left[28].At.Equal(time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)) {
		t.Errorf("%d backups of %d days are left: %v", len(left), len(days), left)
	}
	if more := app.SpareBackups(left); len(more) > 0 {
		t.Errorf("%d of them are too many at once", len(more))
	}
}
