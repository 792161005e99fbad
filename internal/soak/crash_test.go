package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/cli"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
	"github.com/entrawatch/entrawatch/internal/state"
)

var (
	crashRecords = flag.Int("records", 200_000, "how many records TestCrash sends, about")
	crashKills   = flag.Int("kills", 5, "how often TestCrash kills the service")
	crashSeed    = flag.Uint64("seed", 1, "decides what TestCrash sends, and when it kills")
)

// A company is what is sent: lines of logs in the order of their times, and those
// that only Graph has.
type company struct {
	baseline string
	lines    [][]byte
	graph    []graphfake.Record
}

// makeCompany invents a company of so many records in the days before today.
func makeCompany(t testing.TB, seed uint64, records int) *company {
	t.Helper()
	const days = 4
	today := time.Now().UTC().Truncate(24 * time.Hour)
	out := &company{}
	// A person makes some 25 records a day.
	people := max(simulate.MinPeople, records/(25*days))
	c, err := simulate.NewCompany(simulate.Options{Seed: seed, People: people, Days: days, Start: today.AddDate(0, 0, -days), Attacks: simulate.AttackSlugs()})
	if err != nil {
		t.Fatal(err)
	}
	attack, _, err := c.Attack()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*bytes.Buffer{}
	if _, err := c.WriteLogs(event.Diagnostic, attack, func(name string) (io.WriteCloser, error) {
		files[name] = &bytes.Buffer{}
		return closing{files[name]}, nil
	}); err != nil {
		t.Fatal(err)
	}
	out.baseline = c.Baseline()
	type timed struct {
		at   string
		line []byte
	}
	var all []timed
	for name, text := range files {
		if strings.HasPrefix(name, "directory/") {
			continue
		}
		for line := range bytes.Lines(text.Bytes()) {
			var rec struct {
				Time, TimeGenerated string
			}
			if err := json.Unmarshal(line, &rec); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, timed{max(rec.Time, rec.TimeGenerated), line})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return strings.Compare(a.at, b.at) })
	for _, x := range all {
		out.lines = append(out.lines, x.line)
	}
	n := 0
	for r := range simulate.SigninRecords(seed + 100) {
		if n++; n > min(1200, records/20) {
			break
		}
		at := today.Add(-2*24*time.Hour + time.Duration(n)*45*time.Second)
		r = r.WithTime(at).WithID(fmt.Sprintf("6a000000-0000-4000-8000-%012d", n))
		if err := r.Set("signInEventTypes", []any{"interactiveUser"}); err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := simulate.Write(&line, event.Graph, simulate.NDJSON, []simulate.Record{r}); err != nil {
			t.Fatal(err)
		}
		out.graph = append(out.graph, graphfake.Record{At: at, JSON: bytes.TrimSpace(line.Bytes())})
	}
	return out
}

type closing struct{ io.Writer }

func (closing) Close() error { return nil }

// A crash is a world with a file and Graph in it as well, and a webhook that is not
// always well.
type crash struct {
	*world
	company *company
	graph   *graphfake.Fake

	mu    sync.Mutex
	got   map[string]int // by alert: the newest revision that the webhook has
	last  map[string]*alert.Alert
	posts int
}

func newCrash(t testing.TB, c *company) *crash {
	t.Helper()
	w := &crash{company: c, got: map[string]int{}, last: map[string]*alert.Alert{}}
	w.world = newWorld(t, c.baseline, w.take)
	w.graph = graphfake.New(*crashSeed)
	w.graph.Login.Tenant = simulate.Tenant
	srv := httptest.NewTLSServer(w.graph)
	t.Cleanup(srv.Close)
	w.graph.At(srv.URL)
	w.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	w.write("graph-secret", graphfake.Secret)
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.configure("lateness: 20d\ndelay: {default: 0s}\nlake: {flush: 1s}", fmt.Sprintf(`
  - file: {paths: [logs], poll: 100ms, settle: 1s}
  - graph:
      entra: {tenant: %s, client: %s, secret: {file: graph-secret}}
      endpoints: {login: %[3]q, graph: %[3]q, resource_manager: %[3]q}
      logs: [sign-ins]
      snapshots: []
      poll: 10s`, simulate.Tenant, graphfake.Client, srv.URL))
	return w
}

// take is the webhook. It is not always well.
func (w *crash) take(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var a alert.Alert
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.posts++; w.posts%17 == 0 {
		http.Error(rw, "not now", http.StatusInternalServerError)
		return
	}
	if a.Revision >= w.got[a.ID] {
		w.got[a.ID], w.last[a.ID] = a.Revision, &a
	}
}

// feed sends everything, bit by bit, to the source that each record falls to.
func (w *crash) feed(ctx context.Context, pace time.Duration) error {
	file, err := os.OpenFile(filepath.Join(w.dir, "logs", "events.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	w.graph.Add("auditLogs/signIns", w.company.graph...)
	rng := rand.New(rand.NewPCG(*crashSeed, 7))
	rest := w.company.lines
	for len(rest) > 0 {
		n := min(len(rest), 200+rng.IntN(600))
		var text bytes.Buffer
		var messages []*kgo.Record
		for _, line := range rest[:n] {
			h := fnv.New32a()
			h.Write(line)
			if sum := h.Sum32(); sum%2 == 0 {
				text.Write(line)
				if sum%10 > 0 { // the others come through both
					continue
				}
			}
			messages = append(messages, &kgo.Record{Value: bytes.TrimSpace(line)})
		}
		// A writer is not always at the end of a line.
		cut := rng.IntN(text.Len() + 1)
		if _, err := file.Write(text.Bytes()[:cut]); err != nil {
			return err
		}
		if err := w.client.ProduceSync(ctx, messages...).FirstErr(); err != nil {
			return err
		}
		if _, err := file.Write(text.Bytes()[cut:]); err != nil {
			return err
		}
		rest = rest[n:]
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// TestCrash kills the service at any moment while records come from a file, Kafka
// and Graph. All of them are in the lake, once, and the alerts are those of a scan.
func TestCrash(t *testing.T) {
	c := makeCompany(t, *crashSeed, *crashRecords)
	want := int64(len(c.lines) + len(c.graph))
	w := newCrash(t, c)
	pace := 40 * time.Millisecond
	fed := make(chan error, 1)
	go func() { fed <- w.feed(t.Context(), pace) }()
	rng := rand.New(rand.NewPCG(*crashSeed, 3))
	feeding := time.Duration(len(c.lines)/500) * pace
	for range *crashKills {
		p := w.start()
		most := max(feeding/time.Duration(*crashKills), 3*time.Second)
		time.Sleep(200*time.Millisecond + time.Duration(rng.Int64N(int64(most))))
		p.kill(t)
		w.expel()
	}
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p := w.start()
	for events, pending := int64(0), 1; events != want || pending > 0; {
		time.Sleep(200 * time.Millisecond)
		p.runs(t)
		if events, pending = w.stored(); events > want || time.Since(began) > 5*time.Minute {
			t.Fatalf("%d of %d events are stored, %d deliveries wait\n%s", events, want, pending, p.log.String())
		}
	}
	// What was left to say that alerts have grown is said at the end.
	p.end(t)
	p = w.start()
	for pending := 1; pending > 0; time.Sleep(100 * time.Millisecond) {
		p.runs(t)
		if _, pending = w.stored(); time.Since(began) > 6*time.Minute {
			t.Fatalf("%d deliveries wait\n%s", pending, p.log.String())
		}
	}
	p.end(t)
	t.Logf("%d records, %d kills; caught up in %v", want, *crashKills, time.Since(began).Round(time.Millisecond))
	w.checkLake(want)
	w.checkAlerts()
}

// checkLake: every event is there once.
func (w *crash) checkLake(want int64) {
	w.t.Helper()
	store, l := w.open()
	defer l.Close()
	defer store.Close()
	files, err := store.Files(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	keys := map[event.Key]int{}
	if err := l.Read(w.t.Context(), files, lake.Query{}, func(r *lake.Row) error {
		keys[r.Key]++
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	twice := 0
	for _, n := range keys {
		if n > 1 {
			twice++
		}
	}
	if int64(len(keys)) != want || twice > 0 {
		w.t.Errorf("%d different events are in the lake, %d of them more than once; want %d", len(keys), twice, want)
	}
}

// checkAlerts: they are those of a scan, and each was delivered as it is.
func (w *crash) checkAlerts() {
	w.t.Helper()
	t := w.t
	var graph bytes.Buffer
	for _, r := range w.company.graph {
		graph.Write(append(r.JSON, '\n'))
	}
	w.write("InteractiveSignIns.jsonl", graph.String())
	w.write("all.jsonl", string(bytes.Join(w.company.lines, nil)))
	var out, talk bytes.Buffer
	if code := cli.Main([]string{
		"scan", "-json", "-tenant", simulate.Tenant, "-baseline", filepath.Join(w.dir, "baseline.yaml"),
		filepath.Join(w.dir, "all.jsonl"), filepath.Join(w.dir, "InteractiveSignIns.jsonl"),
	}, nil, &out, &talk); code != 0 {
		t.Fatalf("scan: exit %d\n%s", code, talk.String())
	}
	want := map[string]string{}
	dec := json.NewDecoder(&out)
	for {
		var a alert.Alert
		if err := dec.Decode(&a); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		want[a.ID] = comparable(t, &a)
	}
	store, l := w.open()
	defer l.Close()
	defer store.Close()
	got := map[string]string{}
	w.mu.Lock()
	defer w.mu.Unlock()
	for f, err := range store.Alerts(t.Context(), state.AlertQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ Alert *alert.Alert }
		if err := json.Unmarshal(f.Body, &body); err != nil {
			t.Fatal(err)
		}
		a := body.Alert
		if a.Live() && !own(a) {
			got[a.ID] = comparable(t, a)
		}
		if w.got[a.ID] != a.Revision {
			t.Errorf("alert %s %s is at revision %d, the webhook has %d", a.Rule, a.ID, a.Revision, w.got[a.ID])
		}
	}
	for id, a := range w.last {
		if a.Live() && got[id] == "" && !own(a) {
			t.Errorf("the webhook has the alert %s %s, which is not there and was not taken back", a.Rule, id)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-scan +serve\n%s", diff)
	}
	if len(want) < 50 {
		t.Errorf("%d alerts; that tests little", len(want))
	}
	t.Logf("%d alerts, %d posts", len(want), w.posts)
}

// own reports whether the service says something of itself, such as that this disk
// is full.
func own(a *alert.Alert) bool { return strings.HasPrefix(a.Rule, "entrawatch-") }

// comparable is an alert without what depends on where and when its events came.
func comparable(t testing.TB, a *alert.Alert) string {
	t.Helper()
	c := *a
	c.Revision, c.Incident, c.Related, c.Status, c.StatusBefore, c.SupersededBy = 0, "", nil, "", "", nil
	c.Evidence = slices.Clone(c.Evidence)
	for i := range c.Evidence {
		c.Evidence[i].Source = ""
	}
	text, err := json.Marshal(&c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
