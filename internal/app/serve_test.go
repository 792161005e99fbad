package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// A post is a sink that remembers what was delivered.
type post struct {
	mu    sync.Mutex
	facts map[string]int // revisions by id
	last  map[string][]byte
	fails int // so many times first
}

func newPost() *post { return &post{facts: map[string]int{}, last: map[string][]byte{}} }

func (p *post) Notify(_ context.Context, body []byte, id string, revision int) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails > 0 {
		p.fails--
		return true, errors.New("not now")
	}
	if revision >= p.facts[id] {
		p.facts[id], p.last[id] = revision, bytes.Clone(body)
	}
	return false, nil
}

// A station is a service in a folder of its own, which may be started again.
type station struct {
	t       *testing.T
	dir     string
	config  app.ServeConfig
	sink    *post
	service *app.Service
	state   state.Store
	stop    context.CancelFunc
	ended   chan error
}

func newStation(t *testing.T, c app.ServeConfig) *station {
	t.Helper()
	s := &station{t: t, dir: t.TempDir(), config: c, sink: newPost()}
	if s.config.Rules == nil {
		s.config.Rules, s.config.Baseline = library(t), declared(t)
	}
	s.config.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	if s.config.Lateness == 0 {
		s.config.Lateness = 72 * time.Hour
	}
	s.config.Flush = 100 * time.Millisecond
	s.config.Retry = func(_, now time.Time, _ int, _ string, _ error) (time.Time, bool) {
		return now.Add(10 * time.Millisecond), true
	}
	s.config.Sinks = map[string]notify.Sink{"post": s.sink}
	return s
}

func (s *station) start() {
	s.t.Helper()
	s.open()
	s.run()
}

func (s *station) run() {
	ctx, stop := context.WithCancel(s.t.Context())
	s.stop, s.ended = stop, make(chan error, 1)
	go func() { s.ended <- s.service.Run(ctx) }()
}

// open makes the service, of what the folder holds.
func (s *station) open() {
	s.t.Helper()
	var err error
	if s.state, err = sqlite.Open(s.t.Context(), filepath.Join(s.dir, "state.db")); err != nil {
		s.t.Fatal(err)
	}
	s.config.State = s.state
	if s.config.Lake, err = lake.Open(filepath.Join(s.dir, "lake"), s.config.Log); err != nil {
		s.t.Fatal(err)
	}
	if s.service, err = app.NewService(s.t.Context(), s.config); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for so many events in the state.
func (s *station) until(events int64) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, _ := s.counts()
		if n == events {
			return
		}
		if time.Now().After(deadline) || n > events {
			s.t.Fatalf("%d events are stored, want %d", n, events)
		}
	}
}

func (s *station) counts() (events, duplicates int64) {
	s.t.Helper()
	for h, err := range s.state.Hours(s.t.Context(), time.Time{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		events, duplicates = events+h.Events, duplicates+h.Duplicates
	}
	return events, duplicates
}

// end stops the service, and everything that it holds.
func (s *station) end() {
	s.t.Helper()
	s.stop()
	if err := <-s.ended; err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(s.state.Close(), s.config.Lake.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// alerts are those that the state has, comparable with those of a scan.
func (s *station) alerts() string {
	s.t.Helper()
	store, err := sqlite.Open(s.t.Context(), filepath.Join(s.dir, "state.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	var all []*alert.Alert
	for f, err := range store.Alerts(s.t.Context(), state.AlertQuery{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		var body struct{ Alert *alert.Alert }
		if err := json.Unmarshal(f.Body, &body); err != nil {
			s.t.Fatal(err)
		}
		if body.Alert.Live() {
			all = append(all, body.Alert)
		}
	}
	return asText(s.t, all)
}

// asText is alerts as they compare: without where copies of events stood, how
// often they were revised, and whom else they concern.
func asText(t *testing.T, all []*alert.Alert) string {
	t.Helper()
	slices.SortFunc(all, func(a, b *alert.Alert) int { return strings.Compare(a.ID, b.ID) })
	var out strings.Builder
	for _, a := range all {
		c := *a
		c.Revision, c.Incident, c.Related = 0, "", nil
		c.Evidence = slices.Clone(c.Evidence)
		for i := range c.Evidence {
			c.Evidence[i].Source = ""
		}
		text, err := json.MarshalIndent(&c, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	return out.String()
}

func following(dir string) map[string]app.Source {
	c := file.DefaultFollow()
	c.Paths, c.Poll, c.Settle = []setting.Path{setting.Path(dir)}, 20*time.Millisecond, 0
	return map[string]app.Source{"files": file.NewFollower(c, slog.New(slog.DiscardHandler))}
}

// TestServeLikeScan: a service that is fed bit by bit, in any order and twice, and
// is started anew meanwhile, has the alerts that a scan of everything makes.
func TestServeLikeScan(t *testing.T) {
	recs := traffic(1500)
	rules, base := library(t), declared(t)
	one := folder(t)
	byKind(t, one, "all", event.Diagnostic, simulate.NDJSON, recs)
	res := scan(t, app.ScanConfig{Paths: []string{one}, Rules: rules, Baseline: base, Workers: 1})
	want := asText(t, alerts(t, res))

	in := folder(t)
	s := newStation(t, app.ServeConfig{Rules: rules, Baseline: base, Sources: following(in)})
	s.start()
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
	parts := 5
	for i := range parts {
		some := recs[i*len(recs)/parts : (i+1)*len(recs)/parts]
		byKind(t, in, fmt.Sprint(i), event.Diagnostic, simulate.NDJSON, slices.Concat(some, some[:len(some)/3]))
		if i == 2 {
			s.end()
			s.start()
		}
	}
	s.until(int64(len(recs)))
	s.end()
	if got := s.alerts(); got != want {
		t.Errorf("-scan +serve\n%s", cmp.Diff(want, got))
	}
	if len(s.sink.facts) == 0 {
		t.Error("nothing was delivered")
	}
	t.Logf("%d events, %d bytes of alerts, %d delivered", len(recs), len(want), len(s.sink.facts))
}

// TestServeForgets: what a service gives up over the days, and brings back after it
// was started anew, makes no difference to its alerts.
func TestServeForgets(t *testing.T) {
	recs := traffic(1500)
	rules, base := library(t), declared(t)
	one := folder(t)
	byKind(t, one, "all", event.Diagnostic, simulate.NDJSON, recs)
	res := scan(t, app.ScanConfig{Paths: []string{one}, Rules: rules, Baseline: base, Workers: 1})
	want := asText(t, alerts(t, res))

	in := folder(t)
	s := newStation(t, app.ServeConfig{Rules: rules, Baseline: base, Sources: following(in), Lateness: 2 * time.Hour, Forget: time.Millisecond, Workers: 1})
	s.start()
	rng := rand.New(rand.NewPCG(1, 1))
	arrival := map[int]time.Time{}
	order := make([]int, len(recs))
	for i, r := range recs {
		at, ok := r.Time()
		if !ok {
			t.Fatal("a record without a time")
		}
		order[i], arrival[i] = i, at.Add(time.Duration(rng.Int64N(int64(110*time.Minute))))
	}
	slices.SortFunc(order, func(a, b int) int { return arrival[a].Compare(arrival[b]) })
	const parts = 12
	for i := range parts {
		var some []simulate.Record
		for _, j := range order[i*len(recs)/parts : (i+1)*len(recs)/parts] {
			some = append(some, recs[j])
		}
		byKind(t, in, fmt.Sprintf("%02d", i), event.Diagnostic, simulate.NDJSON, some)
		s.until(int64((i + 1) * len(recs) / parts))
		if i%3 == 1 {
			s.end()
			s.start()
		}
	}
	s.end()
	if got := s.alerts(); got != want {
		t.Errorf("-scan +serve\n%s", cmp.Diff(want, got))
	}
}

// TestServeChangedRules: rules that change between two runs find what they would
// have found had they always been such.
func TestServeChangedRules(t *testing.T) {
	recs := signins(t, 300)
	versions := [][]string{
		{failedRule, failedOften},
		{failedRule, strings.Replace(failedOften, "condition: {gte: 3}, generate", "condition: {gte: 2}, generate", 1)},
		{strings.Replace(failedRule, "outcome: failure", "userId|endswith: ['1', '3', '5', '6']", 1), failedOften},
		{strings.Replace(failedRule, "period: 1h", "period: 2h", 1), failedOften + "---" + strings.ReplaceAll(strings.Replace(failedRule, "name: failed", "name: failed-too", 1), "title: Failed", "title: Also failed")},
	}
	in := folder(t)
	s := newStation(t, app.ServeConfig{Sources: following(in), Rules: rulesFrom(t, versions[0]...)})
	for i, text := range versions {
		s.config.Rules = rulesFrom(t, text...)
		s.start()
		byKind(t, in, fmt.Sprint(i), event.Diagnostic, simulate.NDJSON, recs[i*len(recs)/len(versions):(i+1)*len(recs)/len(versions)])
		so := recs[:(i+1)*len(recs)/len(versions)]
		s.until(int64(len(so)))
		s.end()
		one := folder(t)
		byKind(t, one, "all", event.Diagnostic, simulate.NDJSON, so)
		res := scan(t, app.ScanConfig{Paths: []string{one}, Rules: s.config.Rules, Workers: 1})
		want := asText(t, alerts(t, res))
		if got := s.alerts(); got != want {
			t.Fatalf("version %d: -scan +serve\n%s", i, cmp.Diff(want, got))
		}
		if len(want) < 1000 {
			t.Fatalf("version %d: %d bytes of alerts; that tests little", i, len(want))
		}
	}
}

// A lister lists the directory, and then has records.
type lister struct {
	pages []string
	then  []byte
}

func (l *lister) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	round := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if cursors["groups"] == "" {
		for i, page := range l.pages {
			d := &source.Delivery{Stream: "groups", Name: "groups", Body: strings.NewReader(page), Round: round}
			if i == len(l.pages)-1 {
				d.Last, d.Cursor = true, "done"
			}
			if err := in.Deliver(ctx, d); err != nil {
				return err
			}
		}
	} else if err := in.Deliver(ctx, &source.Delivery{Stream: "log", Name: "log", Body: bytes.NewReader(l.then), Cursor: "done"}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// TestServeDirectory: once the directory is listed to its end, the baseline knows
// who is in a group.
func TestServeDirectory(t *testing.T) {
	base := parseBaseline(t, "vip_accounts: ['group:Board']\n")
	var log bytes.Buffer
	if err := simulate.Write(&log, event.Diagnostic, simulate.NDJSON, signins(t, 30)); err != nil {
		t.Fatal(err)
	}
	const rule = `
title: Of the board
name: board
logsource: {product: azure, service: signinlogs}
detection: {s: {baseline.user.vip: 'true'}, condition: s}
level: low
`
	page := `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#groups","value":[{"id":"b0000000-0000-4000-8000-000000000001","displayName":"Board","members":[{"id":"a0000000-0000-4000-8000-000000000003"}]}]}`
	src := &lister{[]string{page}, log.Bytes()}
	s := newStation(t, app.ServeConfig{Rules: rulesFrom(t, rule), Baseline: base, Sources: map[string]app.Source{"graph": src}, Settle: time.Millisecond})
	s.config.Snapshots = filepath.Join(s.dir, "snapshots")
	s.open()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	changed, err := s.service.RunUntilChanged(ctx, nil, func() bool { return true })
	if err := errors.Join(err, s.state.Close(), s.config.Lake.Close()); err != nil || !changed {
		t.Fatalf("changed: %t, %v", changed, err)
	}
	s.start()
	s.until(30)
	s.end()
	if got := s.alerts(); strings.Count(got, `"rule": "board"`) != 1 || !strings.Contains(got, "a0000000-0000-4000-8000-000000000003") {
		t.Errorf("alerts of the board:\n%s", got)
	}
}

// A roundup lists several sorts of objects, and again when it is told to.
type roundup struct {
	pages map[string][]byte
	at    time.Time
}

func (r *roundup) Run(ctx context.Context, _ map[string]string, in source.Intake) error {
	for name, page := range r.pages {
		d := &source.Delivery{Stream: name, Name: name, Body: bytes.NewReader(page), Round: r.at, Last: true, Cursor: r.at.String()}
		if err := in.Deliver(ctx, d); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// TestServePosture: what the directory shows is raised once, stands while it is
// shown, and is taken back when it is not shown any more.
func TestServePosture(t *testing.T) {
	c, err := simulate.NewCompany(simulate.Options{Seed: 1, People: 60, Days: 1, Start: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	// Findings come with time: at this one the next hours bring none.
	src := &roundup{pages: map[string][]byte{}, at: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)}
	dir := folder(t)
	for name, recs := range c.Directory() {
		var page bytes.Buffer
		if err := simulate.Write(&page, event.Graph, simulate.Page, recs); err != nil {
			t.Fatal(err)
		}
		src.pages[name] = page.Bytes()
		if err := os.WriteFile(filepath.Join(dir, name+".json"), page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base := declared(t) // which is another company's
	s := newStation(t, app.ServeConfig{Rules: library(t), Baseline: base, Sources: map[string]app.Source{"graph": src}, Settle: time.Second})
	s.config.Snapshots = filepath.Join(s.dir, "snapshots")
	s.config.Upkeep.Tick = 20 * time.Millisecond
	looked := func() string { // which listings were looked at
		mark, err := s.state.Value(t.Context(), "posture")
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	live := func() (ids []string) {
		for f, err := range s.state.Alerts(t.Context(), state.AlertQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			if f.Status == "new" {
				ids = append(ids, f.ID)
			}
		}
		slices.Sort(ids)
		return ids
	}
	run := func(want []string) {
		t.Helper()
		s.start()
		before := looked()
		for deadline := time.Now().Add(20 * time.Second); looked() == before && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
		got := live()
		s.end()
		if !slices.Equal(got, want) {
			t.Fatalf("alerts %v, want %v", got, want)
		}
	}
	found := func() (ids []string) {
		res := scan(t, app.ScanConfig{Paths: []string{dir}, Rules: library(t), Baseline: base, Workers: 1, AsOf: src.at})
		for _, a := range alerts(t, res) {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		return ids
	}
	want := found()
	if len(want) < 2 {
		t.Fatalf("%d findings; that tests little", len(want))
	}
	run(want)
	src.at = src.at.Add(time.Hour)
	run(want) // nothing is raised twice
	for _, revision := range s.sink.facts {
		if revision != 1 {
			t.Errorf("a finding that stands was told %d times", revision)
		}
	}
	// Most people are gone.
	src.at = src.at.Add(time.Hour)
	var page bytes.Buffer
	if err := simulate.Write(&page, event.Graph, simulate.Page, c.Directory()["users"][:3]); err != nil {
		t.Fatal(err)
	}
	src.pages["users"] = page.Bytes()
	if err := os.WriteFile(filepath.Join(dir, "users.json"), page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	fewer := found()
	if len(fewer) == len(want) {
		t.Fatal("the same findings; that tests little")
	}
	run(fewer)
}

// TestServeUrgent: of alerts that wait for an outlet the most severe come first.
func TestServeUrgent(t *testing.T) {
	in := folder(t)
	s := newStation(t, app.ServeConfig{Sources: following(in)})
	s.sink.fails = 1 << 30
	s.config.Retry = func(_, now time.Time, _ int, _ string, _ error) (time.Time, bool) { return now.Add(time.Hour), true }
	s.start()
	recs := traffic(50)
	byKind(t, in, "all", event.Diagnostic, simulate.NDJSON, recs)
	s.until(int64(len(recs)))
	var order []int
	eventually(t, "alerts of several severities", func() bool {
		due, err := s.state.Pending(t.Context(), "post", time.Now().Add(24*time.Hour), 1000)
		if err != nil {
			t.Fatal(err)
		}
		order = nil
		for _, d := range due {
			var f struct{ Alert alert.Alert }
			if err := json.Unmarshal(d.Body, &f); err != nil {
				t.Fatal(err)
			}
			order = append(order, alert.Rank(f.Alert.Severity))
		}
		return len(order) > 3 && slices.Max(order) > slices.Min(order)
	})
	if !slices.IsSorted(order) {
		t.Errorf("they come in the order of %v", order)
	}
	s.end()
}
