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
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/cli"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

var (
	crashRecords = flag.Int("records", 200_000, "how many records TestCrash sends, about")
	crashKills   = flag.Int("kills", 5, "how often TestCrash kills the service")
	crashSeed    = flag.Uint64("seed", 1, "decides what TestCrash sends, and when it kills")
)

// asProgram is set in the environment of processes that are the program.
const asProgram = "ENTRAWATCH_SOAK"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

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

// A world is what the service finds around it.
type world struct {
	t       testing.TB
	dir     string
	company *company
	cluster *kfake.Cluster
	client  *kgo.Client
	leaving sync.WaitGroup // members of the Kafka group
	graph   *graphfake.Fake
	hook    *httptest.Server

	mu    sync.Mutex
	got   map[string]int // by alert: the newest revision that the webhook has
	last  map[string]*alert.Alert
	posts int
}

const topic = "insights-logs"

func newWorld(t testing.TB, c *company) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), company: c, got: map[string]int{}, last: map[string]*alert.Alert{}}
	var err error
	if w.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, topic)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cluster.Close)
	if w.client, err = kgo.NewClient(kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.DefaultProduceTopic(topic)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	t.Cleanup(w.leaving.Wait)
	w.graph = graphfake.New(*crashSeed)
	w.graph.Login.Tenant = simulate.Tenant
	srv := httptest.NewTLSServer(w.graph)
	t.Cleanup(srv.Close)
	w.graph.At(srv.URL)
	w.hook = httptest.NewServer(http.HandlerFunc(w.take))
	t.Cleanup(w.hook.Close)
	w.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	w.write("secret", "open sesame, but not as one word")
	w.write("graph-secret", graphfake.Secret)
	w.write("baseline.yaml", c.baseline)
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.write("entrawatch.yaml", fmt.Sprintf(`
tenant: %[1]s
baseline: baseline.yaml
data: data
listen: 127.0.0.1:%[8]d
lateness: 20d
delay: {default: 0s}
lake: {flush: 1s}
sources:
  - file: {paths: [logs], poll: 100ms, settle: 1s}
  - kafka: {brokers: [%[2]q], topics: [%[3]s], tls: {off: true}}
  - graph:
      entra: {tenant: %[4]s, client: %[5]s, secret: {file: graph-secret}}
      endpoints: {login: %[6]q, graph: %[6]q, resource_manager: %[6]q}
      logs: [sign-ins]
      snapshots: []
      poll: 10s
outlets:
  - webhook: {url: %[7]q, secrets: [{file: secret}]}
`, simulate.Tenant, w.cluster.ListenAddrs()[0], topic, simulate.Tenant, graphfake.Client, srv.URL, w.hook.URL, freePort(t)))
	return w
}

// freePort is a port that nobody uses at the moment.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// take is the webhook. It is not always well.
func (w *world) take(rw http.ResponseWriter, r *http.Request) {
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

// A process is a running service.
type process struct {
	cmd   *exec.Cmd
	log   bytes.Buffer
	ended chan error
}

func (w *world) start() *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self, "serve", "-config", "entrawatch.yaml")}
	p.cmd.Dir = w.dir
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "SSL_CERT_FILE="+filepath.Join(w.dir, "ca.pem"))
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }()
	return p
}

// runs fails the test if the service has ended by itself.
func (p *process) runs(t testing.TB) {
	t.Helper()
	select {
	case err := <-p.ended:
		t.Fatalf("the service has ended by itself: %v\n%s", err, p.log.String())
	default:
	}
}

func (p *process) kill(t testing.TB) {
	t.Helper()
	p.runs(t)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	<-p.ended // it was killed
}

// end asks the service to end.
func (p *process) end(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	if err := <-p.ended; err != nil {
		t.Fatalf("the service ended with %v\n%s", err, p.log.String())
	}
}

// expel takes the members out of the Kafka group that a killed process had in it.
// A broker does that when their sessions are over; kfake forgets those that died
// while they waited to join, and what they were to read is read by nobody.
func (w *world) expel() {
	w.t.Helper()
	time.Sleep(50 * time.Millisecond) // what the process sent last may be on its way
	const group = "entrawatch"
	ask := kmsg.NewPtrDescribeGroupsRequest()
	ask.Groups = []string{group}
	found, err := ask.RequestWith(w.t.Context(), w.client)
	if err != nil {
		w.t.Fatal(err)
	}
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = group
	for _, g := range found.Groups {
		for _, m := range g.Members {
			gone := kmsg.NewLeaveGroupRequestMember()
			gone.MemberID = m.MemberID
			leave.Members = append(leave.Members, gone)
		}
	}
	if len(leave.Members) == 0 {
		return
	}
	w.leaving.Go(func() {
		time.Sleep(2 * time.Second) // the session
		if _, err := leave.RequestWith(w.t.Context(), w.client); err != nil && w.t.Context().Err() == nil {
			w.t.Error(err)
		}
	})
}

// feed sends everything, bit by bit, to the source that each record falls to.
func (w *world) feed(ctx context.Context, pace time.Duration) error {
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

func (w *world) open() (state.Store, *lake.Lake) {
	w.t.Helper()
	store, err := sqlite.Open(w.t.Context(), filepath.Join(w.dir, "data", "state.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := lake.Open(filepath.Join(w.dir, "data", "lake"), slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return store, l
}

// stored counts what the state says was stored, and what is to be delivered.
func (w *world) stored() (events int64, pending int) {
	w.t.Helper()
	store, err := sqlite.OpenRead(w.t.Context(), filepath.Join(w.dir, "data", "state.db"))
	if err != nil {
		return 0, 0 // it is not there yet
	}
	defer store.Close()
	for h, err := range store.Hours(w.t.Context(), time.Time{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		events += h.Events
	}
	due, err := store.Pending(w.t.Context(), "webhook", time.Now().Add(24*time.Hour), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return events, len(due)
}

// TestCrash kills the service at any moment while records come from a file, Kafka
// and Graph. All of them are in the lake, once, and the alerts are those of a scan.
func TestCrash(t *testing.T) {
	c := makeCompany(t, *crashSeed, *crashRecords)
	want := int64(len(c.lines) + len(c.graph))
	w := newWorld(t, c)
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
func (w *world) checkLake(want int64) {
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
func (w *world) checkAlerts() {
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
		if a.Live() {
			got[a.ID] = comparable(t, a)
		}
		if w.got[a.ID] != a.Revision {
			t.Errorf("alert %s %s is at revision %d, the webhook has %d", a.Rule, a.ID, a.Revision, w.got[a.ID])
		}
	}
	for id, a := range w.last {
		if a.Live() && got[id] == "" {
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
