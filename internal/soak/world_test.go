package soak

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A world is what the service finds around it: a folder of its own, Kafka, and a
// webhook that hook answers for.
type world struct {
	t       testing.TB
	dir     string
	address string // the service answers for health there
	cluster *kfake.Cluster
	client  *kgo.Client
	leaving sync.WaitGroup // members of the Kafka group
	hook    string
}

const (
	topic      = "insights-logs"
	partitions = 3
	group      = "entrawatch"
)

func newWorld(t testing.TB, baseline string, hook http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), address: "127.0.0.1:" + freePort(t)}
	var err error
	if w.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cluster.Close)
	if w.client, err = kgo.NewClient(kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.DefaultProduceTopic(topic)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	t.Cleanup(w.leaving.Wait)
	srv := httptest.NewServer(hook)
	t.Cleanup(srv.Close)
	w.hook = srv.URL
	w.write("secret", "open sesame, but not as one word")
	w.write("baseline.yaml", baseline)
	return w
}

// configure writes the configuration: what is the same in all, and more.
func (w *world) configure(settings, sources string) {
	w.t.Helper()
	w.write("entrawatch.yaml", fmt.Sprintf(`
tenant: %s
baseline: baseline.yaml
data: data
listen: %s
%s
sources:
  - kafka: {brokers: [%q], topics: [%s], tls: {off: true}}
%s
outlets:
  - webhook: {url: %q, secrets: [{file: secret}]}
`, simulate.Tenant, w.address, settings, w.cluster.ListenAddrs()[0], topic, sources, w.hook))
}

// freePort is a port that nobody uses at the moment.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// expel takes the members out of the Kafka group that a killed process had in it.
// A broker does that when their sessions are over; kfake forgets those that died
// while they waited to join, and what they were to read is read by nobody.
func (w *world) expel() {
	w.t.Helper()
	time.Sleep(50 * time.Millisecond) // what the process sent last may be on its way
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
