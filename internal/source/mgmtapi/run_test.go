package mgmtapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
	"github.com/entrawatch/entrawatch/internal/source/mgmtapi/mgmtfake"
)

const host = "https://example.com"

func settings(content ...string) *Config {
	c := Default()
	c.Entra = azure.Auth{Tenant: mgmtfake.Tenant, Client: mgmtfake.Client, Secret: setting.NewSecret(mgmtfake.Secret)}
	c.Endpoints = azure.Endpoints{Login: host, Management: host}
	c.Content = content
	return c
}

func serve(t *testing.T, f *mgmtfake.Fake) http.RoundTripper {
	transport, end := loginfake.Serve(f, "example.com")
	t.Cleanup(end)
	return transport
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

var errCrash = errors.New("crash")

// A store takes deliveries as app does; when it crashes it keeps the delivery
// without its cursor, or neither.
type store struct {
	t        *testing.T
	cursors  map[string]string
	seen     map[string]int
	reports  map[string][]error
	crash    *rand.Rand
	chance   float64
	restarts int
}

func newStore(t *testing.T) *store {
	return &store{t: t, cursors: map[string]string{}, seen: map[string]int{}, reports: map[string][]error{}}
}

func (s *store) Deliver(_ context.Context, d *source.Delivery) error {
	body, err := io.ReadAll(d.Body)
	if err != nil {
		return err
	}
	if s.crash != nil && s.crash.Float64() < s.chance {
		return errCrash
	}
	var records []struct{ ID string }
	if err := json.Unmarshal(body, &records); err != nil && len(body) > 0 {
		s.t.Errorf("%s: %v", d.Name, err)
	}
	for _, r := range records {
		s.seen[r.ID]++
	}
	if d.Tenant != mgmtfake.Tenant {
		s.t.Errorf("%s: tenant %q", d.Name, d.Tenant)
	}
	if s.crash != nil && s.crash.Float64() < s.chance {
		return errCrash
	}
	if d.Cursor != "" {
		s.cursors[d.Stream] = d.Cursor
	}
	return nil
}

func (s *store) Report(stream string, problem error) {
	s.reports[stream] = append(s.reports[stream], problem)
}

func (s *store) last(stream string) error {
	list := s.reports[stream]
	if len(list) == 0 {
		return errors.New("silence")
	}
	return list[len(list)-1]
}

func (s *store) run(t *testing.T, d time.Duration, source func() *Source) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for {
		err := source().Run(ctx, maps.Clone(s.cursors), s)
		switch {
		case errors.Is(err, errCrash):
			s.restarts++
			time.Sleep(5 * time.Second)
			continue
		case errors.Is(err, context.DeadlineExceeded):
			return
		}
		t.Fatalf("Run ended with %v", err)
	}
}

// fill adds n blobs of two records, spread over a time; some are listed late.
func fill(f *mgmtfake.Fake, rnd *rand.Rand, content string, n int, from, to time.Time) (ids []string) {
	for k := range n {
		created := from.Add(time.Duration(rnd.Int64N(int64(to.Sub(from)))))
		appears := created
		if rnd.IntN(4) == 0 {
			appears = created.Add(time.Duration(rnd.Int64N(int64(6 * time.Hour))))
		}
		id := fmt.Sprintf("%s$%d", content, k)
		f.Add(content, mgmtfake.Blob{ID: id, Created: created, Appears: appears, JSON: fmt.Appendf(nil, `[{"Id":"%[1]s.a"},{"Id":"%[1]s.b"}]`, id)})
		ids = append(ids, id+".a", id+".b")
	}
	return ids
}

func (s *store) missing(ids []string) (out []string) {
	for _, id := range ids {
		if s.seen[id] == 0 && len(out) < 5 {
			out = append(out, id)
		}
	}
	return out
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		f.Most = 7
		rnd := rand.New(rand.NewPCG(1, 1))
		now := time.Now()
		ids := fill(f, rnd, directory, 100, now.Add(-6*24*time.Hour), now.Add(6*time.Hour))
		ids = append(ids, fill(f, rnd, "Audit.General", 100, now.Add(-6*24*time.Hour), now.Add(6*time.Hour))...)
		st := newStore(t)
		transport := serve(t, f)
		st.run(t, 14*time.Hour, func() *Source { return newSource(t, slowly(directory, "Audit.General"), transport) })
		if m := st.missing(ids); m != nil {
			t.Errorf("%v are missing", m)
		}
		for id, n := range st.seen {
			if n != 1 {
				t.Errorf("%s was delivered %d times", id, n)
			}
		}
		for _, content := range []string{directory, "Audit.General"} {
			if !f.Subscribed(content) || st.last(content) != nil {
				t.Errorf("%s: subscribed %v, reported %v", content, f.Subscribed(content), st.last(content))
			}
			if n := len(st.cursors[content]); n > 4000 {
				t.Errorf("the cursor of %s has %d bytes", content, n)
			}
		}
	})
}

func TestMoods(t *testing.T) {
	all := mgmtfake.Moods{Throttle: .1, Fail: .1, Truncate: .05, Garble: .05, Revoke: .05, StalePage: .1, Lure: .02, Skew: -7 * time.Minute}
	for i, m := range []struct {
		name string
		mood mgmtfake.Moods
	}{
		{"throttle", mgmtfake.Moods{Throttle: .6}},
		{"fail", mgmtfake.Moods{Fail: .4}},
		{"truncate", mgmtfake.Moods{Truncate: .4}},
		{"garble", mgmtfake.Moods{Garble: .4}},
		{"revoke", mgmtfake.Moods{Revoke: .3}},
		{"stale pages", mgmtfake.Moods{StalePage: .2}},
		{"lure", mgmtfake.Moods{Lure: .3}},
		{"clock ahead", mgmtfake.Moods{Skew: 40 * time.Minute}},
		{"clock behind", mgmtfake.Moods{Skew: -40 * time.Minute}},
		{"all", all},
		{"all again", all},
	} {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := mgmtfake.New(uint64(i), host)
				f.Most = 7
				rnd := rand.New(rand.NewPCG(uint64(i), 1))
				now := time.Now()
				ids := fill(f, rnd, directory, 120, now.Add(-20*time.Hour), now.Add(4*time.Hour))
				f.Be(m.mood)
				st := newStore(t)
				st.crash, st.chance = rnd, .02
				transport := serve(t, f)
				c := slowly(directory)
				open := func() *Source { return newSource(t, c, transport) }
				st.run(t, 6*time.Hour, open)
				f.Be(mgmtfake.Moods{})
				st.run(t, 7*time.Hour, open)
				if m := st.missing(ids); m != nil {
					t.Errorf("%v are missing after %d requests and %d restarts", m, f.Requests(), st.restarts)
				}
				if p := st.last(directory); p != nil {
					t.Errorf("still reports %v", p)
				}
				for _, p := range st.reports[directory] {
					if p != nil {
						hints(t, p)
					}
				}
			})
		})
	}
}

func hints(t *testing.T, p error) {
	t.Helper()
	problem := (*source.Problem)(nil)
	if !errors.As(p, &problem) || problem.What == "" || problem.Hint == "" || strings.HasSuffix(problem.What, ".") {
		t.Errorf("%v is not a problem with a hint", p)
	}
}
