package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/web"
)

type fixed struct {
	h     health.Health
	ready error
}

func (f *fixed) Health(time.Time) *health.Health { return &f.h }
func (f *fixed) Ready() error                    { return f.ready }

func get(t *testing.T, s web.Service, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	web.Handler(s).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

// line is a sample in the text format of Prometheus.
var line = regexp.MustCompile(`^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)$`)

func TestMetrics(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	s := &fixed{h: health.Health{
		State: health.Yellow, Time: now, Reasons: []health.Reason{{State: health.Yellow, Part: "source"}, {State: health.Yellow, Part: "source"}},
		Sources: []health.Source{{
			Name: "entra", Bytes: 1000, Quarantined: 2,
			Logs:    []health.Log{{Kind: "signin", Events: 10, Duplicates: 3, LastEvent: now.Add(-90 * time.Second), LastArrival: now, Silent: now, Empty: []health.Column{{}}}},
			Streams: []health.Stream{{Name: "a", Problem: "x", Behind: 5}, {Name: "b", Behind: -1}, {Name: "c", Behind: 6}},
		}, {Name: "files", Streams: []health.Stream{{Behind: -1}}}},
		Outlets: []health.Outlet{{Name: "soc", Pending: 4, Oldest: now, Delivered: 5, Failed: 6, GivenUp: 1}},
		Store:   health.Store{LastFlush: now, Flushes: 3, TotalSeconds: 1.5, Problem: "x"},
		Queues:  health.Queues{Batches: 1, Results: 2, BufferBytes: 99},
		Disk:    health.Disk{Free: 7, Size: 8},
		Rules: health.Rules{
			Groups: 11, Members: 12, Alerts: map[string]int64{"high": 2}, Blind: []health.Blind{{}},
			TooLate: []health.Count{{Rule: "r", Events: 13}}, LeftOut: []health.Count{{Rule: "q", Events: 14}},
		},
	}}
	res := get(t, s, http.MethodGet, "/metrics")
	if res.Code != http.StatusOK {
		t.Fatalf("%d: %s", res.Code, res.Body)
	}
	got := map[string]string{}
	for l := range strings.Lines(res.Body.String()) {
		if l = strings.TrimSuffix(l, "\n"); strings.HasPrefix(l, "#") {
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("not a sample: %s", l)
			continue
		}
		got[m[1]] = m[2]
	}
	log := `{kind="signin",source="entra"}`
	for name, want := range map[string]string{
		`entrawatch_health_state{state="yellow"}`: "1", `entrawatch_health_state{state="red"}`: "0", `entrawatch_health_reasons{part="source",state="yellow"}`: "2",
		"entrawatch_events_total" + log: "10", "entrawatch_duplicate_events_total" + log: "3", "entrawatch_event_lag_seconds" + log: "90",
		"entrawatch_log_silent" + log: "1", "entrawatch_empty_columns" + log: "1", "entrawatch_last_arrival_timestamp_seconds" + log: "1.79604e+09",
		`entrawatch_bytes_total{source="entra"}`: "1000", `entrawatch_quarantined_records_total{source="entra"}`: "2",
		`entrawatch_source_problems{source="entra"}`: "1", `entrawatch_source_problems{source="files"}`: "0",
		`entrawatch_source_behind_entries{source="entra"}`: "11", `entrawatch_source_behind_entries{source="files"}`: "",
		"entrawatch_flush_seconds_count": "3", "entrawatch_flush_seconds_sum": "1.5", "entrawatch_store_failing": "1", "entrawatch_buffer_bytes": "99",
		`entrawatch_queue_batches{queue="workers"}`: "1", "entrawatch_disk_free_bytes": "7",
		`entrawatch_alerts_total{severity="high"}`: "2", `entrawatch_alerts_total{severity="low"}`: "0",
		`entrawatch_deliveries_total{outlet="soc",result="delivered"}`: "5", `entrawatch_deliveries_total{outlet="soc",result="failed"}`: "6",
		`entrawatch_deliveries_given_up_total{outlet="soc"}`: "1", `entrawatch_deliveries_pending{outlet="soc"}`: "4",
		"entrawatch_correlation_groups": "11", "entrawatch_correlation_members": "12", "entrawatch_blind_rules": "1",
		`entrawatch_too_late_events_total{rule="r"}`: "13", `entrawatch_left_out_events_total{rule="q"}`: "14",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range got {
		name, _, _ = strings.Cut(name, "{")
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
		if strings.HasPrefix(name, "entrawatch_") && !strings.Contains(string(docs), "`"+name+"`") {
			t.Errorf("docs/operations.md does not explain %s", name)
		}
	}
	if got["go_goroutines"] == "" {
		t.Error("nothing of Go")
	}
}

func TestPages(t *testing.T) {
	s := &fixed{h: health.Health{State: health.Red, Reasons: []health.Reason{{State: health.Red, Part: "disk", Name: "data", What: "<full>"}, {State: health.Yellow, Part: "x", What: "less"}}}}
	for _, test := range []struct {
		method, path string
		code         int
		body         string
	}{
		{http.MethodGet, "/healthz", http.StatusServiceUnavailable, "red\nred: disk data: <full>\n"},
		{http.MethodHead, "/healthz", http.StatusServiceUnavailable, "red\n"},
		{http.MethodGet, "/readyz", http.StatusOK, "ready\n"},
		{http.MethodGet, "/status", http.StatusOK, "\"state\": \"red\""},
		{http.MethodPost, "/status", http.StatusMethodNotAllowed, ""},
		{http.MethodGet, "/", http.StatusNotFound, ""},
	} {
		res := get(t, s, test.method, test.path)
		if res.Code != test.code || !strings.Contains(res.Body.String(), test.body) {
			t.Errorf("%s %s: %d %s", test.method, test.path, res.Code, res.Body)
		}
		if res.Code == test.code && test.code != http.StatusNotFound && test.body != "" && res.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be taken for something else", test.path)
		}
	}
	s.h.State = health.Yellow
	if res := get(t, s, http.MethodGet, "/healthz"); res.Code != http.StatusOK {
		t.Errorf("/healthz: %d while yellow", res.Code)
	}
}

func TestServer(t *testing.T) {
	s := web.NewServer(&fixed{})
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("something is without bounds: %+v", s)
	}
}
