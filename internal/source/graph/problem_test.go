package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
)

// Each missing permission and licence is named, the stream asks again once an
// hour, and the others go on.
func TestRefused(t *testing.T) {
	without := func(f *graphfake.Fake, permission string) {
		f.Grant(slices.DeleteFunc(graphfake.Permissions(), func(p string) bool { return p == permission })...)
	}
	for _, tc := range []struct {
		name, stream, says string
		prepare            func(f *graphfake.Fake)
	}{
		{"no P1", "sign-ins", "ID P1", func(f *graphfake.Fake) { f.License("P2", "Workload") }},
		{"no P1", "provisioning", "ID P1", func(f *graphfake.Fake) { f.License("P2", "Workload") }},
		{"no P2", "risk-detections", "ID P2", func(f *graphfake.Fake) { f.License("P1", "Workload") }},
		{"no P2", "risky-users", "ID P2", func(f *graphfake.Fake) { f.License("P1", "Workload") }},
		{"no workload licence", "risky-service-principals", "Workload ID Premium", func(f *graphfake.Fake) { f.License("P1", "P2") }},
		{"no permission", "directory-audits", "AuditLog.Read.All", func(f *graphfake.Fake) { without(f, "AuditLog.Read.All") }},
		{"no permission", "risk-detections", "IdentityRiskEvent.Read.All", func(f *graphfake.Fake) { without(f, "IdentityRiskEvent.Read.All") }},
		{"no permission", "risky-users", "IdentityRiskyUser.Read.All", func(f *graphfake.Fake) { without(f, "IdentityRiskyUser.Read.All") }},
		{"no permission", "service-principal-risk-detections", "IdentityRiskyServicePrincipal.Read.All", func(f *graphfake.Fake) { without(f, "IdentityRiskyServicePrincipal.Read.All") }},
	} {
		t.Run(tc.name+"/"+tc.stream, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(1)
				tc.prepare(f)
				st := newStore(t)
				transport := serve(t, f)
				c := settings()
				c.Poll = 30 * time.Minute
				st.run(t, 90*time.Minute, func() *Source { return newSource(t, c, transport) })
				p, _ := st.last(tc.stream)
				hints(t, p)
				problem := (*source.Problem)(nil)
				if !errors.As(p, &problem) || !problem.Final || !strings.Contains(problem.What+problem.Hint, tc.says) {
					t.Errorf("%v does not name %s", p, tc.says)
				}
				asked := 0
				for _, r := range f.Requests() {
					if r.Path == paths[tc.stream][0] && r.Status == http.StatusForbidden {
						asked++
					}
				}
				streams := 0
				for _, p := range paths {
					if p[0] == paths[tc.stream][0] {
						streams++
					}
				}
				if asked != 6*streams {
					t.Errorf("asked %d times in 90 minutes for %d streams", asked, streams)
				}
				working := 0
				for stream := range paths {
					if p, ok := st.last(stream); ok && p == nil {
						working++
					}
				}
				if working < 4 {
					t.Errorf("only %d other streams work", working)
				}
				// Granted, or bought.
				f.License("P1", "P2", "Workload")
				f.Grant(graphfake.Permissions()...)
				st.run(t, 2*time.Hour, func() *Source { return newSource(t, c, transport) })
				if p, _ := st.last(tc.stream); p != nil {
					t.Errorf("still %v", p)
				}
			})
		})
	}
}

func TestTokenRefused(t *testing.T) {
	for _, tc := range []struct{ message, says string }{
		{"AADSTS7000222: The provided client secret keys are expired.", "has expired"},
		{"AADSTS7000215: Invalid client secret provided.", "not its id"},
		{"AADSTS700016: Application was not found in the directory.", "entra.client"},
		{"AADSTS53003: Access has been blocked by Conditional Access policies.", "Conditional Access"},
		{"AADSTS99999999: something new", "AADSTS99999999"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(1)
			f.Login.Refuse(tc.message)
			st := newStore(t)
			transport := serve(t, f)
			c := settings()
			c.Poll = 10 * time.Minute
			open := func() *Source { return newSource(t, c, transport) }
			st.run(t, 10*time.Minute, open)
			p, _ := st.last("sign-ins")
			hints(t, p)
			if p == nil || !strings.Contains(p.Error(), tc.says) {
				t.Errorf("%v does not say %q", p, tc.says)
			}
			checks := open().Check(t.Context())
			if len(checks) != 1 || checks[0].Problem == nil || !strings.Contains(checks[0].Problem.Error(), tc.says) {
				t.Errorf("doctor says %+v", checks)
			}
			f.Login.Refuse("")
			st.run(t, time.Hour, open)
			if p, _ := st.last("sign-ins"); p != nil {
				t.Errorf("still %v", p)
			}
		})
	}
}

// A secret that expires while the service runs: what was issued goes on to the
// end of its life, then every stream tells, and works once it is mended.
func TestSecretExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		st := newStore(t)
		c := settings()
		c.Logs, c.Poll = []string{"sign-ins", "directory-audits"}, 5*time.Minute
		s := newSource(t, c, serve(t, f))
		go func() {
			time.Sleep(30 * time.Minute)
			f.Login.Refuse("AADSTS7000222: The provided client secret keys are expired.")
			time.Sleep(2 * time.Hour)
			f.Login.Refuse("")
		}()
		st.run(t, 4*time.Hour, func() *Source { return s })
		list := st.reports["directory-audits"]
		if len(list) != 3 || list[0] != nil || list[1] == nil || list[2] != nil {
			t.Errorf("reported %v", list)
		}
	})
}

func TestClock(t *testing.T) {
	for _, skew := range []time.Duration{4 * time.Minute, 6 * time.Minute, -6 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(1)
			f.Be(graphfake.Moods{Skew: skew})
			st := newStore(t)
			s := newSource(t, settings(), serve(t, f))
			st.run(t, 10*time.Minute, func() *Source { return s })
			p, ok := st.last("clock")
			if want := skew.Abs() > 5*time.Minute; want != ok || want != (p != nil) {
				t.Fatalf("skew %v: reported %v, %v", skew, p, ok)
			}
			if !ok {
				return
			}
			hints(t, p)
			f.Be(graphfake.Moods{})
			st.run(t, 10*time.Minute, func() *Source { return s })
			if p, _ := st.last("clock"); p != nil {
				t.Errorf("still %v", p)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		c := settings()
		c.Snapshots = Default().Snapshots
		transport := serve(t, f)
		bad := func() map[string]error {
			out := map[string]error{}
			for _, check := range newSource(t, c, transport).Check(t.Context()) {
				if check.Problem != nil {
					out[check.Stream+" "+check.What] = check.Problem
				}
			}
			return out
		}
		if p := bad(); len(p) > 0 {
			t.Errorf("all is well, and doctor says %v", p)
		}
		time.Sleep(10 * time.Second) // for the budget
		f.License("P2", "Workload")
		f.Grant("AuditLog.Read.All", "User.Read.All", "Policy.Read.All")
		f.Be(graphfake.Moods{Skew: time.Hour})
		p := bad()
		for _, key := range []string{
			"sign-ins reading sign-ins", "risk-detections permission IdentityRiskEvent.Read.All", "risk-detections reading risk-detections",
			"groups permission GroupMember.Read.All or Group.Read.All or Directory.Read.All", " clock",
		} {
			if p[key] == nil {
				t.Errorf("doctor does not tell of %q", key)
			} else {
				hints(t, p[key])
			}
		}
		for _, key := range []string{"directory-audits reading directory-audits", "users reading users", "named-locations reading named-locations", "sign-ins permission AuditLog.Read.All"} {
			if p[key] != nil {
				t.Errorf("doctor says %v", p[key])
			}
		}
		if n := f.Overruns(); n > 0 {
			t.Errorf("the budget was exceeded %d times", n)
		}
	})
}

// With real TLS, and with the errors of real connections.
func TestTLS(t *testing.T) {
	f := graphfake.New(1)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	f.At(srv.URL)
	tenant(f)
	c := settings()
	c.Logs, c.Snapshots = nil, []string{"users"}
	c.Endpoints = azure.Endpoints{Login: srv.URL, Graph: srv.URL, ResourceManager: srv.URL}
	for _, check := range newSource(t, c, srv.Client().Transport).Check(t.Context()) {
		if check.Problem != nil {
			t.Errorf("%s: %v", check.What, check.Problem)
		}
	}
	checks := newSource(t, c, nil).Check(t.Context())
	if p := checks[0].Problem; p == nil || !strings.Contains(p.Error(), "not trusted") {
		t.Errorf("a certificate nobody trusts: %v", p)
	}
	c.Endpoints.Login = "https://nowhere.invalid"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	checks = newSource(t, c, srv.Client().Transport).Check(ctx)
	if p := checks[0].Problem; p == nil {
		t.Error("a host that does not exist is well")
	} else {
		hints(t, p)
	}
}

func TestExplain(t *testing.T) {
	n := need{what: "the log x", any: []string{"A.Read"}, licence: "L"}
	for _, tc := range []struct {
		err   error
		final bool
		says  string
	}{
		{&azure.Refusal{Status: 403, Code: "Authorization_RequestDenied"}, true, "grant admin consent"},
		{&azure.Refusal{Status: 403, Code: "Forbidden", Claims: azure.Claims{Roles: []string{"A.Read"}}}, true, "licence is missing (L)"},
		{&azure.Refusal{Status: 403, Message: "Neither tenant is B2C or tenant doesn't have premium license"}, true, "without the licence L"},
		{&azure.Refusal{Status: 400, Code: "AadPremiumLicenseRequired"}, true, "without the licence L"},
		{&azure.Refusal{Status: 400, Message: "Resource not found for the segment 'x'."}, true, "this cloud"},
		{&azure.Refusal{Status: 400, Message: "Invalid filter clause"}, true, "fault of entrawatch"},
		{&azure.Refusal{Status: 401}, false, "clock"},
		{&azure.Refusal{Status: 429}, false, "throttling"},
		{&azure.Refusal{Status: 503}, false, "service health"},
		{fmt.Errorf("%w: half", azure.ErrBroken), false, "proxy"},
		{context.DeadlineExceeded, false, "too long"},
	} {
		p := explain(fmt.Errorf("x: %w", tc.err), n)
		hints(t, p)
		if p.Final != tc.final || !strings.Contains(p.Error(), tc.says) {
			t.Errorf("%v: %v does not say %q", tc.err, p, tc.says)
		}
	}
}

func TestGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		st := newStore(t)
		c := settings()
		c.Logs = []string{"directory-audits"}
		transport := serve(t, f)
		open := func() *Source { return newSource(t, c, transport) }
		st.run(t, time.Hour, open)
		time.Sleep(20 * day)
		at := time.Now().Add(-10 * day)
		f.Add("auditLogs/directoryAudits", graphfake.Record{At: at, JSON: []byte(`{"id":"a"}`)})
		st.run(t, time.Hour, open)
		list := st.reports["directory-audits"]
		if len(list) != 3 || list[1] == nil || !strings.Contains(list[1].Error(), "20 days ago") || list[2] != nil {
			t.Errorf("reported %v", list)
		}
		if st.seen["directory-audits"]["a"] == 0 {
			t.Error("what happened in the gap was not read")
		}
	})
}

// Whatever answers and cursors say, no other host is asked.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		tenant(f)
		f.Most = 1
		f.Be(graphfake.Moods{Lure: 1})
		st := newStore(t)
		st.cursors["sign-ins"] = fmt.Sprintf(`{"mark":%q,"from":%[1]q,"to":%[1]q,"next":"https://attacker.example/x"}`, time.Now().Format(time.RFC3339))
		c := settings()
		c.Snapshots = Default().Snapshots
		transport := serve(t, f) // which fails the test when another host is dialled
		st.run(t, 10*time.Minute, func() *Source { return newSource(t, c, transport) })
		p, _ := st.last("users")
		hints(t, p)
		if p == nil || !strings.Contains(p.Error(), "attacker.example") {
			t.Errorf("reported %v", p)
		}
		if len(st.seen["users"]) > 0 {
			t.Error("a page whose link leads elsewhere was handed on")
		}
		f.Be(graphfake.Moods{Redirect: 1})
		st.run(t, 10*time.Minute, func() *Source { return newSource(t, c, transport) })
	})
}

func TestProblems(t *testing.T) {
	keys := func(change func(c *Config)) []string {
		c := settings()
		change(c)
		var out []string
		for _, p := range c.Problems() {
			if p.What == "" || p.Hint == "" {
				t.Errorf("%+v", p)
			}
			out = append(out, p.Key)
		}
		return out
	}
	for _, tc := range []struct {
		name   string
		change func(c *Config)
		want   []string
	}{
		{"all is well", func(*Config) {}, nil},
		{"nothing", func(c *Config) { *c = Config{} }, []string{"entra.tenant", "entra.client", "entra.secret", "logs", "poll", "snapshot_every"}},
		{"cloud", func(c *Config) { c.Entra.Cloud = "mars" }, []string{"entra.cloud"}},
		{"log", func(c *Config) { c.Logs = []string{"sign-ins", "sign-inns", "sign-ins"} }, []string{"logs", "logs"}},
		{"snapshot", func(c *Config) { c.Snapshots = []string{"usres"} }, []string{"snapshots"}},
		{"endpoint", func(c *Config) { c.Endpoints.Graph = "http://graph" }, []string{"endpoints.graph"}},
		{"since", func(c *Config) { c.Since = 400 * 24 * time.Hour }, []string{"since"}},
		{"poll", func(c *Config) { c.Poll = time.Second }, []string{"poll"}},
		{"secret's id", func(c *Config) { c.Entra.Secret = setting.NewSecret("66666666-7777-8888-9999-000000000000") }, []string{"entra.secret"}},
		{"two ways", func(c *Config) { c.Entra.Certificate = setting.NewSecret("x") }, []string{"entra.method"}},
		{"managed identity", func(c *Config) { c.Entra = azure.Auth{Tenant: graphfake.Tenant, Method: azure.ByManagedIdentity} }, nil},
		{"method", func(c *Config) { c.Entra.Method = "password" }, []string{"entra.method"}},
		{"tenant", func(c *Config) { c.Entra.Tenant = "common" }, []string{"entra.tenant"}},
		{"client", func(c *Config) { c.Entra.Client = "my app" }, []string{"entra.client"}},
	} {
		if got := keys(tc.change); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
