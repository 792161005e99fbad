package app_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
