package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
	"github.com/entrawatch/entrawatch/internal/source/graph"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
)

// TestServeGraph: a service that may not read Graph any more, or does not find it,
// is red and says what to click, and when that is mended it goes on by itself with
// what has come meanwhile.
func TestServeGraph(t *testing.T) {
	for _, tc := range []struct {
		name, what, hint string
		spoil, mend      func(f *graphfake.Fake, lost *atomic.Bool)
	}{
		{
			"expired secret", "has expired", "Certificates & secrets",
			func(f *graphfake.Fake, _ *atomic.Bool) {
				f.Login.Refuse("AADSTS7000222: The provided client secret keys are expired.")
			},
			func(f *graphfake.Fake, _ *atomic.Bool) { f.Login.Refuse("") },
		},
		{
			"revoked permission", "AuditLog.Read.All", "admin consent",
			func(f *graphfake.Fake, _ *atomic.Bool) { f.Grant("User.Read.All") },
			func(f *graphfake.Fake, _ *atomic.Bool) { f.Grant(graphfake.Permissions()...) },
		},
		{
			"no such host", "no such host", "DNS",
			func(_ *graphfake.Fake, lost *atomic.Bool) { lost.Store(true) },
			func(_ *graphfake.Fake, lost *atomic.Bool) { lost.Store(false) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			emptyPools()
			defer emptyPools()
			synctest.Test(t, func(t *testing.T) { serveGraph(t, tc.what, tc.hint, tc.spoil, tc.mend) })
		})
	}
}

// emptyPools takes from the pools of the process what is in them: the encoders of
// Parquet pages have channels, and those made in a bubble end the process when
// they are used outside of it. Two collections do it.
func emptyPools() {
	runtime.GC()
	runtime.GC()
}

func serveGraph(t *testing.T, what, hint string, spoil, mend func(*graphfake.Fake, *atomic.Bool)) {
	t.Helper()
	const host = "https://example.com"
	f := graphfake.New(1)
	f.At(host)
	transport, end := loginfake.Serve(f, "example.com")
	defer end()
	var lost atomic.Bool
	dial := transport.DialTLSContext
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if lost.Load() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "example.com", IsNotFound: true}}
		}
		return dial(ctx, network, address)
	}
	c := graph.Default()
	c.Entra = azure.Auth{Tenant: graphfake.Tenant, Client: graphfake.Client, Secret: setting.NewSecret(graphfake.Secret)}
	c.Endpoints = azure.Endpoints{Login: host, Graph: host, ResourceManager: host}
	c.Logs, c.Snapshots, c.Poll = []string{"sign-ins"}, nil, time.Minute
	src, err := graph.New(*c, slog.New(slog.DiscardHandler), transport)
	if err != nil {
		t.Fatal(err)
	}
	s := newStation(t, app.ServeConfig{Sources: map[string]app.Source{"entra": src}, Workers: 1})
	s.config.Log = slog.New(slog.DiscardHandler)
	s.start()
	recs := traffic(40)[:40]
	sign := func(recs []simulate.Record) {
		for i, r := range recs {
			at := time.Now().Add(time.Duration(i-len(recs)) * time.Second)
			var line bytes.Buffer
			if err := simulate.Write(&line, event.Graph, simulate.NDJSON, []simulate.Record{r.WithTime(at)}); err != nil {
				t.Fatal(err)
			}
			f.Add("auditLogs/signIns", graphfake.Record{At: at, JSON: bytes.TrimSpace(line.Bytes())})
		}
	}
	sign(recs[:20])
	s.within(2*time.Hour, "the first sign-ins", func() bool { n, _ := s.counts(); return n == 20 })
	red := func() *health.Reason {
		for _, r := range s.service.Health(time.Now()).Reasons {
			if r.State == health.Red && r.Name == "entra" {
				return &r
			}
		}
		return nil
	}
	if r := red(); r != nil {
		t.Errorf("red at the beginning: %+v", r)
	}
	spoil(f, &lost)
	transport.CloseIdleConnections()
	s.within(2*time.Hour, "red", func() bool { return red() != nil })
	sign(recs[20:])
	r := red()
	t.Log(r.What, "|", r.Hint)
	if !strings.Contains(r.What, what) || !strings.Contains(r.Hint, hint) {
		t.Errorf("%q, %q", r.What, r.Hint)
	}
	if code, body := ask(t, s.service, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, what) {
		t.Errorf("/healthz: %d %s", code, body)
	}
	mend(f, &lost)
	s.within(2*time.Hour, "the sign-ins of meanwhile", func() bool { n, _ := s.counts(); return n == 40 })
	s.within(time.Minute, "no more red", func() bool { return red() == nil })
	s.end()
	s.once(40)
}

// within waits, in the time of a bubble.
func (s *station) within(most time.Duration, what string, ok func() bool) {
	s.t.Helper()
	for began := time.Now(); !ok(); time.Sleep(20 * time.Second) {
		if time.Since(began) > most {
			s.t.Fatal("in vain: ", what)
		}
	}
}
