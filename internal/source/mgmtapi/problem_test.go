package mgmtapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/mgmtapi/mgmtfake"
)

// slowly polls every ten minutes.
func slowly(content ...string) *Config {
	c := settings(content...)
	c.Poll = 10 * time.Minute
	return c
}

func TestSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		st := newStore(t)
		transport := serve(t, f)
		s := newSource(t, settings(directory), transport)
		st.run(t, 10*time.Minute, func() *Source { return s })
		// Whoever removes it gets it back.
		f.Forget(directory)
		st.run(t, 10*time.Minute, func() *Source { return s })
		if !f.Subscribed(directory) || st.last(directory) != nil {
			t.Errorf("subscribed %v, reported %v", f.Subscribed(directory), st.last(directory))
		}
		f.Disable(directory)
		st.run(t, 10*time.Minute, func() *Source { return newSource(t, settings(directory), transport) })
		p := st.last(directory)
		hints(t, p)
		if f.Subscribed(directory) || !strings.Contains(p.Error(), "AF20023") {
			t.Errorf("reported %v", p)
		}
	})
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		name, says string
		prepare    func(f *mgmtfake.Fake, c *Config)
	}{
		{"permission", "ActivityFeed.Read", func(f *mgmtfake.Fake, _ *Config) { f.Login.Grant(host) }},
		{"tenant", "entra.tenant", func(_ *mgmtfake.Fake, c *Config) { c.Entra.Tenant = "22222222-2222-3333-4444-555555555555" }},
		{"secret", "has expired", func(f *mgmtfake.Fake, _ *Config) { f.Login.Refuse("AADSTS7000222: expired") }},
		{"throttle", "throttling", func(f *mgmtfake.Fake, _ *Config) { f.Be(mgmtfake.Moods{Throttle: 1}) }},
		{"fail", "AF50000", func(f *mgmtfake.Fake, _ *Config) { f.Be(mgmtfake.Moods{Fail: 1}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := mgmtfake.New(1, host)
				c := settings(directory)
				tc.prepare(f, c)
				st := newStore(t)
				transport := serve(t, f)
				s := newSource(t, c, transport)
				st.run(t, 30*time.Minute, func() *Source { return s })
				p := st.last(directory)
				hints(t, p)
				if !strings.Contains(p.Error(), tc.says) {
					t.Errorf("%v does not say %q", p, tc.says)
				}
				var bad []string
				for _, check := range s.Check(t.Context()) {
					if check.Problem != nil {
						bad = append(bad, check.Problem.Error())
					}
				}
				if !strings.Contains(strings.Join(bad, "\n"), tc.says) {
					t.Errorf("doctor says %q", bad)
				}
			})
		})
	}
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		s := newSource(t, settings(directory), serve(t, f))
		checks := s.Check(t.Context())
		i := slices.IndexFunc(checks, func(c source.Check) bool { return c.Stream == directory })
		if i < 0 || checks[i].Problem != nil || !strings.Contains(checks[i].Note, "no subscription yet") || f.Subscribed(directory) {
			t.Errorf("%+v", checks)
		}
	})
}

// A blob that cannot be had holds nothing up, and is fetched when it can be.
func TestOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		now := time.Now()
		for i := range 10 {
			id := fmt.Sprintf("b%d", i)
			f.Add(directory, mgmtfake.Blob{ID: id, Created: now.Add(time.Duration(i) * 30 * time.Minute), JSON: fmt.Appendf(nil, `[{"Id":%q}]`, id), Fails: map[int]int{2: 20}[i]})
		}
		st := newStore(t)
		transport := serve(t, f)
		open := func() *Source { return newSource(t, slowly(directory), transport) }
		st.run(t, 5*time.Hour, open)
		if st.seen["b2"] != 0 || st.seen["b9"] != 1 {
			t.Fatalf("b2 came %d times, b9 %d times", st.seen["b2"], st.seen["b9"])
		}
		p := st.last(directory)
		hints(t, p)
		if !strings.Contains(p.Error(), "1 content blob") {
			t.Errorf("reported %v", p)
		}
		// It is remembered over restarts, longer than listings reach back.
		st.run(t, 30*time.Hour, open)
		if st.seen["b2"] != 1 || st.last(directory) != nil {
			t.Errorf("b2 came %d times; reported %v", st.seen["b2"], st.last(directory))
		}
	})
}

func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		st := newStore(t)
		transport := serve(t, f)
		open := func() *Source { return newSource(t, slowly(directory), transport) }
		st.run(t, 2*time.Hour, open)
		time.Sleep(9 * 24 * time.Hour) // an outage that is longer than content is kept
		f.Add(directory, mgmtfake.Blob{ID: "new", Created: time.Now(), JSON: []byte(`[{"Id":"new"}]`)})
		st.run(t, 2*time.Hour, open)
		told := slices.ContainsFunc(st.reports[directory], func(err error) bool { return err != nil && strings.Contains(err.Error(), "is lost") })
		if !told || st.seen["new"] != 1 || st.last(directory) != nil {
			t.Errorf("told %v, new came %d times, reported %v", told, st.seen["new"], st.last(directory))
		}
	})
	// A blob that expires while it is owed.
	synctest.Test(t, func(t *testing.T) {
		f := mgmtfake.New(1, host)
		f.Add(directory, mgmtfake.Blob{ID: "b", Created: time.Now(), JSON: []byte(`[]`), Fails: 1 << 30})
		st := newStore(t)
		transport := serve(t, f)
		c := settings(directory)
		c.Poll = time.Hour
		st.run(t, 8*24*time.Hour, func() *Source { return newSource(t, c, transport) })
		told := slices.ContainsFunc(st.reports[directory], func(err error) bool { return err != nil && strings.Contains(err.Error(), "no longer there") })
		if !told || st.last(directory) != nil {
			t.Errorf("told %v, reported %v", told, st.last(directory))
		}
	})
}

func TestExplain(t *testing.T) {
	for code, x := range refusals {
		p := explain(&azure.Refusal{Status: 400, Code: code})
		hints(t, p)
		if p.Final != x.final || !strings.Contains(p.What, code) {
			t.Errorf("%s: %v", code, p)
		}
	}
	for status, final := range map[int]bool{400: false, 401: false, 403: true, 404: false, 429: false, 500: false, 503: false} {
		p := explain(fmt.Errorf("x: %w", &azure.Refusal{Status: status}))
		hints(t, p)
		if p.Final != final {
			t.Errorf("%d: %v", status, p)
		}
	}
	hints(t, explain(errors.New("connection refused")))
	hints(t, explain(fmt.Errorf("%w: half of it", azure.ErrBroken)))
}

func TestProblems(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(c *Config)
		want   []string
	}{
		{"all is well", func(*Config) {}, nil},
		{"nothing", func(c *Config) { *c = Config{} }, []string{"entra.tenant", "entra.client", "entra.secret", "content", "poll"}},
		{"china", func(c *Config) { c.Entra.Cloud, c.Endpoints = "china", azure.Endpoints{} }, []string{"entra.cloud"}},
		{"cloud", func(c *Config) { c.Entra.Cloud = "mars" }, []string{"entra.cloud"}},
		{"content", func(c *Config) { c.Content = []string{"Audit.Exchnge", "DLP.All", "DLP.All"} }, []string{"content", "content"}},
		{"publisher", func(c *Config) { c.Publisher = "contoso" }, []string{"publisher"}},
		{"since", func(c *Config) { c.Since = 8 * 24 * time.Hour }, []string{"since"}},
		{"endpoint", func(c *Config) { c.Endpoints.Management = "https://user@host" }, []string{"endpoints.management"}},
	} {
		c := settings(directory)
		tc.change(c)
		var got []string
		for _, p := range c.Problems() {
			if p.Hint == "" {
				t.Errorf("%+v", p)
			}
			got = append(got, p.Key)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestReadCursor(t *testing.T) {
	for _, bad := range []string{
		"", "{}", "x", `{"mark":1}`, `{"mark":"2026-11-30T00:00:00Z","done":3}`,
		`{"mark":"2026-11-30T00:00:00Z","done":{"2026113000":"abc"}}`, "{\"mark\":\"2026-11-30T00:00:00Z\",\"done\":{\"2026113000\":\"abcdef\x80h\"}}",
	} {
		if c, err := readCursor(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, c)
		}
	}
	c := cursor{Mark: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)}
	b := blob{ID: "x", Created: c.Mark}
	c.finish(b)
	c.finish(b)
	again, err := readCursor(c.text())
	if err != nil || !again.done(b) || again.done(blob{ID: "y", Created: c.Mark}) || len(again.Done[hour(c.Mark)]) != size {
		t.Errorf("%+v, %v", again, err)
	}
}

func FuzzReadCursor(f *testing.F) {
	f.Add(`{"mark":"2026-11-30T00:00:00Z","late":"2026-11-30T00:00:00Z","done":{"2026113000":"abcdefgh"},"owed":[{"contentId":"x"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := readCursor(text)
		if err != nil {
			return
		}
		c.finish(blob{ID: "x", Created: c.Mark})
		if again, err := readCursor(c.text()); err != nil || !again.done(blob{ID: "x", Created: c.Mark}) {
			t.Errorf("%s becomes %s, %v", text, c.text(), err)
		}
	})
}
