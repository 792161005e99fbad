package app_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/config"
	outfile "github.com/entrawatch/entrawatch/internal/notify/file"
	"github.com/entrawatch/entrawatch/internal/notify/webhook"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/source/graph"
	"github.com/entrawatch/entrawatch/internal/source/graph/graphfake"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// examine returns what doctor says, a line for each finding.
func examine(t *testing.T, c *config.Config) []string {
	t.Helper()
	var out []string
	err := (&app.Doctor{Config: c, Limit: 20 * time.Second}).Examine(t.Context(), func(f app.Finding) {
		word, text := "ok", f.Note
		if f.Problem != nil {
			word = "problem"
			if f.Notice {
				word = "notice"
			}
			what, hint := app.Advice(f.Problem)
			if hint == "" {
				t.Errorf("%s: %s: %v has no hint", f.Part, f.What, f.Problem)
			}
			text = what + " → " + hint
		}
		out = append(out, fmt.Sprintf("%s: %s: %s: %s", f.Part, word, f.What, text))
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// matches compares lines with expressions, in order.
func matches(t *testing.T, lines []string, want ...string) {
	t.Helper()
	for i, line := range lines {
		if i >= len(want) || !regexp.MustCompile("^"+want[i]).MatchString(line) {
			t.Errorf("line %d of %d is\n%s\nand should be\n%s", i, len(want), line, strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
		}
	}
	if len(lines) < len(want) {
		t.Errorf("%q is not said", want[len(lines):])
	}
}

// fakeGraph serves a Graph, with real TLS that the program trusts.
func fakeGraph(t *testing.T) (*graphfake.Fake, *graph.Config) {
	t.Helper()
	f := graphfake.New(1)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	before := http.DefaultTransport
	http.DefaultTransport = srv.Client().Transport
	t.Cleanup(func() { http.DefaultTransport = before })
	f.At(srv.URL)
	c := graph.Default()
	c.Entra = azure.Auth{Tenant: graphfake.Tenant, Client: graphfake.Client, Secret: setting.NewSecret(graphfake.Secret)}
	c.Endpoints = azure.Endpoints{Login: srv.URL, Graph: srv.URL, ResourceManager: srv.URL}
	c.Logs, c.Snapshots = []string{"risk-detections"}, []string{"conditional-access-policies"}
	return f, c
}

func doctored(t *testing.T, sources ...setting.Section) *config.Config {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	c.Data = setting.Path(filepath.Join(dir, "data"))
	for i, s := range sources {
		c.Sources = append(c.Sources, config.Source{Item: config.Item{Kind: "kind", Name: fmt.Sprint(i + 1), Section: s}})
	}
	c.Outlets = []config.Outlet{{Item: config.Item{Kind: "file", Section: &outfile.Config{Path: setting.Path(filepath.Join(dir, "alerts.jsonl"))}}}}
	return c
}

// TestDoctorNew: before the first start all is well, and nothing is made.
func TestDoctorNew(t *testing.T) {
	f, g := fakeGraph(t)
	f.Put("/identity/conditionalAccess/policies", `{"id":"1"}`)
	follow := file.DefaultFollow()
	follow.Paths = []setting.Path{setting.Path(t.TempDir())}
	c := doctored(t, g, follow)
	matches(t, examine(t, c),
		"data: ok: writing to .*/data: it does not exist yet; serve makes it$",
		"data: ok: room: .* free; how much comes in is known after a day$",
		"state: ok: sqlite: there is none yet",
		"lake: ok: files: there is no lake yet",
		"source 1: ok: token: tenant 11111111-2222-3333-4444-555555555555, permissions ",
		"source 1: ok: permission IdentityRiskEvent.Read.All: $",
		"source 1: ok: reading risk-detections: $",
		"source 1: ok: permission Policy.Read.All: $",
		"source 1: ok: reading conditional-access-policies: $",
		"source 1: ok: clock: $",
		"source 2: ok: reading /.*: no files in this folder yet",
		"outlet file: ok: file: it can be reached; nothing was sent",
	)
	if entries, err := os.ReadDir(filepath.Dir(string(c.Data))); err != nil || len(entries) > 0 {
		t.Errorf("doctor left %v, %v", entries, err)
	}
}

// TestDoctorTroubles: each trouble comes with what mends it.
func TestDoctorTroubles(t *testing.T) {
	f, g := fakeGraph(t)
	f.License("P1")
	f.Grant("IdentityRiskEvent.Read.All")
	f.Be(graphfake.Moods{Skew: time.Hour})
	c := doctored(t, g)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	hook := webhook.Default()
	hook.URL, hook.Secrets = setting.PlainURL(gone.URL), []setting.Secret{setting.NewSecret("0123456789abcdef")}
	c.Outlets = append(c.Outlets, config.Outlet{Item: config.Item{Kind: "webhook", Section: hook}})

	// The state is in use, and a file of the lake is lost.
	if err := os.MkdirAll(filepath.Join(string(c.Data), "lake"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), filepath.Join(string(c.Data), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	lost := state.File{Path: "tenant=a/kind=signin/day=" + yesterday + "/x.parquet", Tenant: "a", Kind: "signin", Day: yesterday, Rows: 7, Bytes: 1 << 50}
	if err := s.Apply(t.Context(), &state.Changes{Files: []state.File{lost}}); err != nil {
		t.Fatal(err)
	}
	matches(t, examine(t, c),
		"data: (ok|notice): writing to .*/data: ",
		"data: problem: room: .* free, which last for about 0 days at .* a day; .* → give the disk more room, or shorten lake.retention$",
		"state: ok: sqlite: in use by a running service$",
		"lake: ok: files: 1 files with 7 events",
		"lake: problem: damage: tenant=a/.*: damaged: the file is missing → restore the file",
		"source 1: ok: token: ",
		"source 1: ok: permission IdentityRiskEvent.Read.All: $",
		"source 1: problem: reading risk-detections: .*without the licence Microsoft Entra ID P2.* → get the licence",
		"source 1: problem: permission Policy.Read.All: .* → add the application permission",
		"source 1: problem: reading conditional-access-policies: .* → add the application permission",
		"source 1: problem: clock: the clock of this machine is .* behind .* → set it",
		"outlet file: ok: file: ",
		"outlet webhook: problem: webhook: http://127.0.0.1:.*refused → check that the receiver runs",
	)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(string(c.Data), "state.db")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(string(c.Data), "lake", filepath.FromSlash(filepath.Dir(lost.Path))), 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(string(c.Data), "lake", filepath.FromSlash(filepath.Dir(lost.Path)), strings.Repeat("0", 10)+".parquet")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Login.Refuse("AADSTS7000222: The provided client secret keys are expired.")
	c.Outlets = nil
	matches(t, examine(t, c),
		"data: ", "data: ok: room",
		"state: ok: sqlite: there is none yet",
		"lake: ok: files: ", "lake: notice: strangers: 1 files are not of the lake: .* → move",
		"source 1: problem: token: the client secret has expired \\(AADSTS7000222\\) → make a new one",
	)
}

// TestDoctorHangs: what does not answer is told of when its time is over, and the
// rest as well.
func TestDoctorHangs(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	_, g := fakeGraph(t)
	g.Endpoints.Login = "https://" + mute.Addr().String()
	var waited []string
	var found []app.Finding
	d := &app.Doctor{Config: doctored(t, g), Limit: 2 * time.Second, Waiting: func(parts []string, _ time.Duration) {
		waited = append(waited, strings.Join(parts, " "))
	}}
	if err := d.Examine(t.Context(), func(f app.Finding) { found = append(found, f) }); err != nil {
		t.Fatal(err)
	}
	if n := len(found); n < 2 || found[n-1].Part != "outlet file" || found[n-2].Problem == nil || !strings.Contains(found[n-2].Problem.Error(), "took too long") {
		t.Errorf("%+v", found)
	}
	if !slices.Contains(waited, "source 1") || slices.Contains(waited, "") {
		t.Errorf("it waited for %q", waited)
	}
}
