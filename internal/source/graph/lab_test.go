package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
)

// host is where the fake is.
const host = "https://example.com"

// serve serves a fake in memory and returns the way to it. Whatever else is
// dialled fails the test.
func serve(t *testing.T, fake http.Handler) http.RoundTripper {
	t.Helper()
	transport, end := loginfake.Serve(fake, "example.com")
	t.Cleanup(end)
	dial := transport.DialTLSContext
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil && ctx.Err() == nil {
			t.Errorf("dialled %s: %v", address, err)
		}
		return c, err
	}
	return transport
}

// settings are those of a source that reads the fake.
func settings() *Config {
	c := Default()
	c.Entra = azure.Auth{Tenant: graphfake.Tenant, Client: graphfake.Client, Secret: setting.NewSecret(graphfake.Secret)}
	c.Endpoints = azure.Endpoints{Login: host, Graph: host, ResourceManager: host}
	c.Snapshots = nil
	return c
}

// newFake returns a fake whose address is host.
func newFake(seed uint64) *graphfake.Fake {
	f := graphfake.New(seed)
	f.At(host)
	return f
}

func newSource(t *testing.T, c *Config, transport http.RoundTripper) *Source {
	t.Helper()
	if p := c.Problems(); len(p) > 0 {
		t.Fatalf("%+v", p)
	}
	s, err := New(*c, slog.New(slog.DiscardHandler), transport)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// errCrash is what a store says that went down.
var errCrash = errors.New("crash")

// A store takes deliveries as app does: whole pages with their cursors, or, when
// it crashes, neither or the page alone.
type store struct {
	t        *testing.T
	cursors  map[string]string
	seen     map[string]map[string]int // ids by stream
	rounds   map[string][]round
	names    []string
	reports  map[string][]error
	crash    *rand.Rand // nil = never
	chance   float64
	tenants  map[string]bool
	restarts int
}

type round struct {
	begun  time.Time
	bodies []string
	last   bool
}

func newStore(t *testing.T) *store {
	return &store{t: t, cursors: map[string]string{}, seen: map[string]map[string]int{}, rounds: map[string][]round{}, reports: map[string][]error{}, tenants: map[string]bool{}}
}

func (s *store) Deliver(_ context.Context, d *source.Delivery) error {
	body, err := io.ReadAll(d.Body)
	if err != nil {
		return err
	}
	if s.crash != nil && s.crash.Float64() < s.chance {
		return errCrash
	}
	var p struct{ Value []struct{ ID string } }
	if err := json.Unmarshal(body, &p); err != nil && len(body) > 0 {
		s.t.Errorf("%s: %v in %.200s", d.Name, err, body)
	}
	if s.seen[d.Stream] == nil {
		s.seen[d.Stream] = map[string]int{}
	}
	for _, r := range p.Value {
		s.seen[d.Stream][r.ID]++
	}
	s.names = append(s.names, d.Name)
	s.tenants[d.Tenant] = true
	if !d.Round.IsZero() {
		s.list(d, string(body))
	}
	if s.crash != nil && s.crash.Float64() < s.chance {
		return errCrash // the page is stored, its cursor is not
	}
	if d.Cursor != "" {
		s.cursors[d.Stream] = d.Cursor
	}
	return nil
}

func (s *store) list(d *source.Delivery, body string) {
	list := s.rounds[d.Stream]
	if len(list) == 0 || !list[len(list)-1].begun.Equal(d.Round) {
		list = append(list, round{begun: d.Round})
	}
	r := &list[len(list)-1]
	if r.last {
		s.t.Errorf("%s comes after the last page of its listing", d.Name)
	}
	r.bodies = append(r.bodies, body)
	r.last = d.Last
	s.rounds[d.Stream] = list
}

func (s *store) Report(stream string, problem error) {
	list := s.reports[stream]
	if n := len(list); n == 0 || fmt.Sprint(list[n-1]) != fmt.Sprint(problem) {
		s.reports[stream] = append(list, problem)
	}
}

// last is the newest report of a stream; ok is false if there is none.
func (s *store) last(stream string) (problem error, ok bool) {
	list := s.reports[stream]
	if len(list) == 0 {
		return nil, false
	}
	return list[len(list)-1], true
}

// run runs a source for a while, again after each crash from the stored cursors.
func (s *store) run(t *testing.T, d time.Duration, source func() *Source) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for {
		stored := map[string]string{}
		for k, v := range s.cursors {
			stored[k] = v
		}
		err := source().Run(ctx, stored, s)
		time.Sleep(10 * time.Second) // until the budget of this process is forgotten
		switch {
		case errors.Is(err, errCrash):
			s.restarts++
			continue
		case errors.Is(err, context.DeadlineExceeded):
			return
		}
		t.Fatalf("Run ended with %v", err)
	}
}

// missing lists ids that the store did not get, at most five.
func (s *store) missing(stream string, ids []string) []string {
	var out []string
	for _, id := range ids {
		if s.seen[stream][id] == 0 && len(out) < 5 {
			out = append(out, id)
		}
	}
	return out
}

// paths of the logs, and the field that holds the time.
var paths = map[string][2]string{
	"sign-ins": {"auditLogs/signIns", "interactiveUser"}, "non-interactive-sign-ins": {"auditLogs/signIns", "nonInteractiveUser"},
	"service-principal-sign-ins": {"auditLogs/signIns", "servicePrincipal"}, "managed-identity-sign-ins": {"auditLogs/signIns", "managedIdentity"},
	"directory-audits": {"auditLogs/directoryAudits"}, "provisioning": {"auditLogs/provisioning"},
	"risk-detections":                   {"identityProtection/riskDetections"},
	"service-principal-risk-detections": {"identityProtection/servicePrincipalRiskDetections"},
	"risky-users":                       {"identityProtection/riskyUsers"}, "risky-service-principals": {"identityProtection/riskyServicePrincipals"},
}

// fill puts n records of a log into the fake, spread over a time; some appear
// late, up to what the log is read back for, or most. It returns their ids.
func fill(f *graphfake.Fake, rnd *rand.Rand, stream string, n int, from, to time.Time, most time.Duration) []string {
	i := slices.IndexFunc(logs, func(l log) bool { return l.name == stream })
	l := logs[i]
	var ids []string
	var records []graphfake.Record
	for k := range n {
		at := from.Add(time.Duration(rnd.Int64N(int64(to.Sub(from)))))
		appears := at.Add(time.Duration(rnd.Int64N(int64(2 * time.Minute))))
		if rnd.IntN(4) == 0 {
			appears = at.Add(time.Duration(rnd.Int64N(int64(min(l.late, most)))))
		}
		id := fmt.Sprintf("%s-%d", stream, k)
		types := ""
		if kind := paths[stream][1]; kind != "" {
			types = `,"signInEventTypes":["` + kind + `"]`
		}
		records = append(records, graphfake.Record{At: at, Appears: appears, JSON: fmt.Appendf(nil, `{"id":%q,%q:%q%s}`, id, l.time, at.UTC().Format(time.RFC3339Nano), types)})
		ids = append(ids, id)
	}
	f.Add(paths[stream][0], records...)
	return ids
}

func hints(t *testing.T, p error) {
	t.Helper()
	problem := (*source.Problem)(nil)
	if !errors.As(p, &problem) || problem.What == "" || problem.Hint == "" || strings.HasSuffix(problem.What, ".") {
		t.Errorf("%v is not a problem with a hint", p)
	}
}
