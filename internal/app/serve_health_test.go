package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
	"github.com/entrawatch/entrawatch/internal/web"
)

// A moody source has a problem until it is mended, and then brings a body, once.
type moody struct {
	mended chan struct{}
	body   string
	brings chan struct{}
}

func (m *moody) Run(ctx context.Context, _ map[string]string, in source.Intake) error {
	select {
	case <-m.mended:
	default:
		in.Report("signIns", &source.Problem{What: "the secret has expired", Hint: "make another", Final: true})
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-m.mended:
	}
	in.Report("signIns", nil)
	in.(source.Gauge).Lag("signIns", 7, time.Now())
	d := &source.Delivery{Stream: "signIns", Name: "signIns", Body: strings.NewReader(m.body), Cursor: "1"}
	select {
	case <-m.brings:
	default:
		close(m.brings)
		if err := in.Deliver(ctx, d); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// own are the revisions of the alerts of the service itself that were delivered.
func own(t *testing.T, p *post) map[string]*alert.Alert {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]*alert.Alert{}
	for id, body := range p.last {
		var a alert.Alert
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(a.Rule, "entrawatch-") {
			out[id] = &a
		}
	}
	return out
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
	}
}

func ask(t *testing.T, s *app.Service, path string) (code int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	web.Handler(s).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// TestServeHealth: a source that fails is told of once, whatever ends meanwhile,
// and so is that it works again.
func TestServeHealth(t *testing.T) {
	recs := traffic(20)
	dir := folder(t)
	byKind(t, dir, "all", event.Diagnostic, simulate.NDJSON, recs)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var body strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		body.Write(text)
	}
	body.WriteString("{\"time\": broken}\n")
	src := &moody{mended: make(chan struct{}), body: body.String(), brings: make(chan struct{})}
	s := newStation(t, app.ServeConfig{Sources: map[string]app.Source{"entra": src}, Workers: 1, Data: dir})
	s.start()
	failing := func() *alert.Alert {
		all := own(t, s.sink)
		for _, a := range all {
			if len(all) == 1 && a.Rule == health.SourceFailing {
				return a
			}
		}
		return nil
	}
	eventually(t, "an alert that the source fails", func() bool { return failing() != nil })
	first := *failing()
	if first.Severity != "high" || first.Status != "new" || first.Entities[0].Type != "source" || first.Entities[0].Name != "entra" ||
		first.Summary != "source entra: signIns: the secret has expired; make another." {
		t.Errorf("got %+v", first)
	}
	if code, body := ask(t, s.service, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "the secret has expired") {
		t.Errorf("/healthz: %d %s", code, body)
	}
	if code, _ := ask(t, s.service, "/readyz"); code != http.StatusOK {
		t.Errorf("/readyz: %d", code)
	}
	s.end()
	if code, body := ask(t, s.service, "/readyz"); code != http.StatusServiceUnavailable || body != "about to end\n" {
		t.Errorf("/readyz: %d %s", code, body)
	}
	s.start()
	eventually(t, "red again", func() bool { return s.service.Health(time.Now()).State == health.Red })
	time.Sleep(1200 * time.Millisecond) // it has looked at itself
	if a := failing(); a == nil || a.ID != first.ID || a.Revision != 1 {
		t.Errorf("told twice: %+v", a)
	}

	close(src.mended)
	eventually(t, "the end of the alert", func() bool { return failing().Status == "closed" })
	if a := failing(); a.ID != first.ID || a.Revision != 2 || !strings.HasPrefix(a.Summary, "It is over: source entra: signIns") {
		t.Errorf("got %+v", a)
	}
	s.until(int64(len(recs)))
	eventually(t, "a stored flush", func() bool { return s.service.Health(time.Now()).Sources[0].Quarantined > 0 })
	h := s.service.Health(time.Now())
	if h.State != health.Yellow || len(h.Reasons) == 0 || h.Disk.Size == 0 || h.Sources[0].Streams[0].Behind != 7 || h.Sources[0].Bytes == 0 {
		t.Errorf("got %+v", h)
	}
	var events int64
	for _, l := range h.Sources[0].Logs {
		events += l.Events
		if l.LastEvent.IsZero() || l.LastArrival.IsZero() {
			t.Errorf("%s has no times: %+v", l.Kind, l)
		}
	}
	if events != int64(len(recs)) {
		t.Errorf("%d events are counted, want %d", events, len(recs))
	}
	if code, body := ask(t, s.service, "/healthz"); code != http.StatusOK || !strings.HasPrefix(body, "yellow\n") {
		t.Errorf("/healthz: %d %s", code, body)
	}
	s.end()

	// What is known when it does not run.
	cfg := config.Default()
	cfg.Data, cfg.Sources = setting.Path(s.dir), []config.Source{{Item: config.Item{Name: "entra"}}}
	last, err := app.LastKnown(t.Context(), cfg, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if last.State != health.Red || last.Reasons[0].What != "the service does not run" || last.Store.LastFlush.IsZero() ||
		len(last.Sources[0].Logs) == 0 || last.Sources[0].Logs[0].LastEvent.IsZero() || len(last.Sources[0].Streams) != 1 {
		t.Errorf("got %+v", last)
	}
}

// TestServeListen: what is listened on answers while the service runs, and a port
// that somebody has is told at once.
func TestServeListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStation(t, app.ServeConfig{Listen: l.Addr().String(), Sources: map[string]app.Source{}})
	s.start()
	if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "name another address with listen") {
		t.Errorf("the port is taken, and it said %v", err)
	}
	if err := errors.Join(s.state.Close(), s.config.Lake.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	s.start()
	eventually(t, "a green answer", func() bool {
		res, err := http.Get("http://" + s.config.Listen + "/status")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var h health.Health
		err = json.NewDecoder(res.Body).Decode(&h)
		return err == nil && h.State == health.Green && !h.Started.IsZero()
	})
	s.end()
	if res, err := http.Get("http://" + s.config.Listen + "/status"); err == nil {
		res.Body.Close()
		t.Error("it answers after its end")
	}
}

// A postman delivers what it is given.
type postman chan string

func (p postman) Run(ctx context.Context, _ map[string]string, in source.Intake) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case body := <-p:
			if err := in.Deliver(ctx, &source.Delivery{Stream: "a", Name: "a", Body: strings.NewReader(body)}); err != nil {
				return err
			}
		}
	}
}

// TestServeBlind: rules whose column goes empty are told of, and that it is back.
func TestServeBlind(t *testing.T) {
	const id = "11111111-0000-4000-8000-000000000000"
	line := func(device any) string {
		rec, _ := simulate.Base("signin")
		set(t, rec, "deviceDetail.trustType", device)
		dir := folder(t)
		write(t, dir, "a.json", event.Diagnostic, simulate.NDJSON, []simulate.Record{rec.WithID(id)})
		text, err := os.ReadFile(filepath.Join(dir, "a.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	full, empty := line("Azure AD joined"), line(nil)
	n := 0
	lines := func(line string, times int) string {
		var b strings.Builder
		for range times {
			n++
			b.WriteString(strings.ReplaceAll(line, id, fmt.Sprintf("11111111-0000-4000-8000-%012d", n)))
		}
		return b.String()
	}
	p := make(postman)
	s := newStation(t, app.ServeConfig{Rules: rulesFrom(t, columnRules), Baseline: parseBaseline(t, "allowed_countries: [NO]"), Sources: map[string]app.Source{"entra": p}, Workers: 1})
	s.start()
	p <- lines(full, 2400)
	s.until(int64(n))
	if got := own(t, s.sink); len(got) > 0 {
		t.Errorf("all is well, but %v", got)
	}
	s.end()
	s.start() // it remembers what there was
	p <- lines(empty, 1200)
	var a *alert.Alert
	eventually(t, "an alert that a rule is blind", func() bool {
		for _, a = range own(t, s.sink) {
			return true
		}
		return false
	})
	const want = "rules signin: 1 rule can find nothing: deviceDetail.trustType is empty in all signin events"
	if a.Rule != health.RuleBlind || a.Severity != "medium" || !strings.HasPrefix(a.Summary, want) || fmt.Sprint(a.Entities) != "[{source  entra} {rule  joined}]" {
		t.Errorf("got %+v", a)
	}
	h := s.service.Health(time.Now())
	if e := h.Sources[0].Logs[0].Empty; len(e) != 1 || e[0].Field != "deviceDetail.trustType" || h.State != health.Yellow {
		t.Errorf("got %s, %v", h.State, e)
	}
	p <- lines(full, 600)
	eventually(t, "the end of the alert", func() bool { return own(t, s.sink)[a.ID].Status == "closed" })
	s.end()
}

// TestServeSilent: a log that brought a thousand events an hour for weeks and
// brings none is told of, with the rules that rest on it.
func TestServeSilent(t *testing.T) {
	s := newStation(t, app.ServeConfig{Rules: rulesFrom(t, columnRules), Baseline: parseBaseline(t, "allowed_countries: [NO]"), Sources: map[string]app.Source{"entra": make(postman)}, Workers: 1})
	s.start()
	eventually(t, "a start", func() bool { return s.service.Ready() == nil })
	s.end()
	now := time.Now().UTC().Truncate(time.Hour)
	var c state.Changes
	for at := now.Add(-28 * 24 * time.Hour); at.Before(now); at = at.Add(time.Hour) {
		c.Hours = append(c.Hours, state.Hour{At: at, Source: "entra", Stream: "a", Kind: "signin", Events: 1000, First: at, Last: at.Add(time.Hour - time.Second)})
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(s.dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Apply(t.Context(), &c), store.Close()); err != nil {
		t.Fatal(err)
	}
	s.start()
	eventually(t, "a start", func() bool { return s.service.Ready() == nil })
	if l := s.service.Health(time.Now()).Sources[0].Logs[0]; !l.Silent.IsZero() || l.UsualPause != 3.6 {
		t.Errorf("it has just begun to watch, but %+v", l)
	}
	h := s.service.Health(now.Add(4 * time.Hour))
	var says []string
	for _, r := range h.Reasons {
		says = append(says, r.Alert, r.What)
	}
	text := strings.Join(says, "\n")
	if !h.Sources[0].Logs[0].Silent.Equal(now) || !strings.Contains(text, health.SourceSilent+"\nsignin: nothing has come since") {
		t.Errorf("since %s: %s", h.Sources[0].Logs[0].Silent, text)
	}
	s.end()
}
