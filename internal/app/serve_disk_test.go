package app_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/smalldisk"
)

func mount(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v: %s", err, out)
	}
}

// TestServeDisk: a service whose disk is full, or cannot be written to, is red, says
// what to do, and goes on by itself when that is done. Nothing is lost.
func TestServeDisk(t *testing.T) {
	recs := traffic(400)[:400]
	for _, tc := range []struct {
		name  string
		says  string
		spoil func(t *testing.T, dir string) (mend func())
	}{
		{"full", "no space", func(t *testing.T, dir string) func() {
			t.Helper()
			ballast := filepath.Join(dir, "ballast")
			f, err := os.Create(ballast)
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
			_ = f.Close() // which was full
			return func() {
				if err := os.Remove(ballast); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"read-only", "read-only", func(t *testing.T, dir string) func() {
			t.Helper()
			dir = filepath.Join(dir, "lake")
			mount(t, "--bind", dir, dir)
			mount(t, "-o", "remount,ro,bind", dir)
			return func() {
				if out, err := exec.CommandContext(t.Context(), "umount", "-l", dir).CombinedOutput(); err != nil {
					t.Fatalf("unmount: %v: %s", err, out)
				}
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			smalldisk.Mount(t, dir, "size=32m")
			in := folder(t)
			s := newStation(t, app.ServeConfig{Sources: following(in), Data: dir})
			s.dir = dir
			s.config.Log = slog.New(slog.DiscardHandler)
			s.start()
			byKind(t, in, "1", event.Diagnostic, simulate.NDJSON, recs[:200])
			s.until(200)
			mend := tc.spoil(t, dir)
			byKind(t, in, "2", event.Diagnostic, simulate.NDJSON, recs[200:])
			var reason health.Reason
			eventually(t, "red", func() bool {
				h := s.service.Health(time.Now())
				for _, r := range h.Reasons {
					if r.State == health.Red && r.Part == "store" && r.Hint != "" {
						reason = r
						return true
					}
				}
				return false
			})
			t.Logf("%s; %s", reason.What, reason.Hint)
			if !strings.Contains(reason.What+reason.Hint, tc.says) {
				t.Errorf("%q, %q does not say %q", reason.What, reason.Hint, tc.says)
			}
			mend()
			s.until(400)
			eventually(t, "no more trouble with the store", func() bool {
				for _, r := range s.service.Health(time.Now()).Reasons {
					if r.Part == "store" {
						return false
					}
				}
				return true
			})
			s.end()
			s.once(400)
		})
	}
}

// TestServeDamagedFile: a file of the lake that cannot be read makes the service
// red, and it says which and what to do; it goes on meanwhile, and when the file is
// back all is well and nothing is lost or twice.
func TestServeDamagedFile(t *testing.T) {
	recs := traffic(400)[:400]
	in := folder(t)
	s := newStation(t, app.ServeConfig{Sources: following(in)})
	s.config.Log = slog.New(slog.DiscardHandler)
	s.config.Upkeep.Tick = 20 * time.Millisecond
	s.start()
	byKind(t, in, "1", event.Diagnostic, simulate.NDJSON, recs[:200])
	s.until(200)
	s.end()
	found, err := filepath.Glob(filepath.Join(s.dir, "lake", "*", "*", "*", "*.parquet"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	whole, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], append(make([]byte, 1000), whole[1000:]...)[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	// It asks the lake for what it has, because it has forgotten what came before, and
	// rules for which the baseline has changed read what can be read.
	var said bytes.Buffer
	s.config.Log = slog.New(slog.NewTextHandler(&said, nil))
	s.config.BaselineText = []byte("another")
	s.open()
	if log := said.String(); !strings.Contains(log, "warmed up") || !strings.Contains(log, "cannot be read") {
		t.Errorf("it said\n%s", log)
	}
	s.run()
	byKind(t, in, "2", event.Diagnostic, simulate.NDJSON, recs)
	red := func() *health.Reason {
		for _, r := range s.service.Health(time.Now()).Reasons {
			if r.State == health.Red && r.Part == "store" {
				return &r
			}
		}
		return nil
	}
	eventually(t, "red", func() bool { return red() != nil })
	if r := red(); !strings.Contains(r.What, filepath.Base(found[0])) || !strings.Contains(r.Hint, "restore it") {
		t.Errorf("%q, %q", r.What, r.Hint)
	}
	eventually(t, "an alert", func() bool {
		for _, a := range own(t, s.sink) {
			if a.Rule == health.LakeDamaged && a.Status == alert.New {
				return true
			}
		}
		return false
	})
	eventually(t, "all events, and some twice", func() bool { n, _ := s.counts(); return n > 400 })
	s.end()
	if err := os.WriteFile(found[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s.config.Upkeep.Quiet = time.Nanosecond // what is twice comes together
	s.start()
	eventually(t, "no more trouble with the store", func() bool { return red() == nil })
	eventually(t, "few files", func() bool {
		files, err := s.state.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		days := map[string]int{}
		for _, f := range files {
			days[f.Tenant+f.Kind+f.Day]++
		}
		for _, n := range days {
			if n > 1 {
				return false
			}
		}
		return true
	})
	s.end()
	s.once(400)
}
