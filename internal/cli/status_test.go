package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/health"
)

func statusOf(t *testing.T, h *health.Health, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/status" {
			http.NotFound(w, r)
			return
		}
		if err := json.NewEncoder(w).Encode(h); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	name := filepath.Join(t.TempDir(), "c.yaml")
	text := fmt.Sprintf("listen: %s\n", strings.TrimPrefix(srv.URL, "http://"))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	code = Main(append([]string{"status", "-config", name}, args...), nil, &out, &talk)
	return code, out.String(), talk.String()
}

// TestStatus: the page says first what is wrong and what to do, and fits 80 columns.
func TestStatus(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	h := &health.Health{
		State: health.Red, Time: now, Started: ago(50 * time.Hour),
		Reasons: []health.Reason{
			{State: health.Red, Part: "source", Name: "entra", What: "signIns: the secret of the application has expired and nothing can be read", Hint: "make another in the Entra admin center, under App registrations \x1b[31m"},
			{State: health.Yellow, Part: "rules", What: "2 rules can find nothing"},
		},
		Sources: []health.Source{{
			Name: "entra", Bytes: 12_345_678, Quarantined: 2, MoreStreams: 3,
			Logs: []health.Log{
				{Kind: "conditional_access_policy", LastEvent: ago(time.Hour), LastArrival: ago(time.Second), Hour: 1234567, WeekBefore: -1},
				{Kind: "signin", LastEvent: ago(2 * time.Minute), LastArrival: ago(3 * time.Second), Hour: 1204, WeekBefore: 1190, Silent: now, Gaps: []health.Gap{{}}, Empty: []health.Column{{}}},
			},
			Streams: []health.Stream{
				{Name: "signIns", Problem: "expired", Since: ago(26 * time.Hour), Behind: -1},
				{Name: "/var/log/entra/exported/by/somebody/2026-11-30/signins.json", LastArrival: ago(4 * 24 * time.Hour), Behind: 1500},
			},
		}, {Name: "files"}},
		Outlets: []health.Outlet{{Name: "soc", Pending: 12, Oldest: ago(time.Minute), Delivered: 1500, Failed: 3, Problem: "refused", Since: ago(time.Minute)}},
		Store:   health.Store{LastFlush: ago(3 * time.Second), FlushSeconds: 0.123, Flushes: 9},
		Disk:    health.Disk{Free: 50e9, Size: 100e9}, Memory: health.Memory{Total: 120e6}, Queues: health.Queues{BufferBytes: 2e6, Batches: 1},
		Rules: health.Rules{Blind: []health.Blind{{}, {}}},
	}
	const want = `red: 2 reasons, watching since 2026-11-28 10:00 UTC
  red     source entra: signIns: the secret of the application has expired and
          nothing can be read
          > make another in the Entra admin center, under App registrations [31m
  yellow  2 rules can find nothing

source entra: 12.3 MB since the start, 2 unreadable records
  LOG                     NEWEST  ARRIVED  HOUR       7D AGO  NOTE
  …itional_access_policy  1h ago  1s ago   1,234,567  -
  signin                  2m ago  3s ago   1,204      1,190   silent gaps empty
  STREAM                                ARRIVED  BEHIND  PROBLEM
  signIns                               -        -       since 26h ago
  …by/somebody/2026-11-30/signins.json  4d ago   1,500
  and 3 others

source files: has brought nothing yet

outlets
  OUTLET  PENDING  OLDEST  DELIVERED  FAILED  PROBLEM
  soc     12       1m ago  1,500      3       since 1m ago

store
  stored    3s ago, in 0.12 s
  disk      50.0 GB of 100 GB free
  memory    120 MB
  waiting   2.0 MB to be stored, 1 batch
  rules     2 rules can find nothing at present
`
	code, got, talk := statusOf(t, h)
	if diff := cmp.Diff(want, got); code != exitFailed || diff != "" || talk != "" {
		t.Errorf("%d %s -want +got\n%s", code, talk, diff)
	}
	for line := range strings.Lines(got) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	var back health.Health
	if code, got, _ = statusOf(t, h, "-json"); code != exitFailed || json.Unmarshal([]byte(got), &back) != nil || len(back.Reasons) != 2 {
		t.Errorf("%d %s", code, got)
	}
	for state, want := range map[health.State]int{health.Green: exitDone, health.Yellow: exitDone, health.Red: exitFailed} {
		if code, out, _ := statusOf(t, &health.Health{State: state, Started: now}); code != want || !strings.HasPrefix(out, string(state)+": all is well") {
			t.Errorf("%s: %d %s", state, code, out)
		}
	}
	if code, _, talk := statusOf(t, &health.Health{}); code != exitFailed || !strings.Contains(talk, "something else answers at 127.0.0.1:") {
		t.Errorf("%d %s", code, talk)
	}
}

func TestDialable(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8070": "127.0.0.1:8070", "0.0.0.0:8070": "127.0.0.1:8070", ":8070": "127.0.0.1:8070", "[::]:8070": "[::1]:8070", "[fd00::1]:1": "[fd00::1]:1", "host:1": "host:1",
	} {
		if got := dialable(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}
