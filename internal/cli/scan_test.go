package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// newEnv returns an env whose outputs are kept.
func newEnv(s screen) (e *env, out, talk *bytes.Buffer) {
	out, talk = &bytes.Buffer{}, &bytes.Buffer{}
	now := func() time.Time { return time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC) }
	return &env{stdout: out, stderr: talk, now: now, out: s, talk: screen{width: plainWidth}}, out, talk
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"2026-11-02T08:00:00Z":      "2026-11-02T08:00:00Z",
		"2026-11-02T08:00:00+01:00": "2026-11-02T07:00:00Z",
		"2026-11-02":                "2026-11-02T00:00:00Z",
		"7d":                        "2026-10-29T12:00:00Z",
		"36h":                       "2026-11-04T00:00:00Z",
		"90m":                       "2026-11-05T10:30:00Z",
	} {
		got, err := moment(in, now)
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"7", "d", "-7d", "0d", "yesterday", "2026-13-01", "2026-11-02T08:00", "02.11.2026"} {
		if got, err := moment(in, now); err == nil {
			t.Errorf("%s: %v, want an error", in, got)
		}
	}
}

// TestSinceSpan scans a span back from a clock that stands.
func TestSinceSpan(t *testing.T) {
	e, out, talk := newEnv(screen{width: 100})
	code := runScan(e, []string{"-since", "2d", "-no-builtin", "-rules", "testdata/files/rules", "testdata/files/logs"})
	if code != exitDone || strings.Contains(out.String(), "disabled-account") || !strings.Contains(out.String(), "wrong-password") {
		t.Errorf("code %d\n%s%s", code, out, talk)
	}
	if !strings.Contains(talk.String(), "5 events outside -since and -until were left out.") {
		t.Error(talk)
	}
}

func TestColour(t *testing.T) {
	e, out, _ := newEnv(screen{terminal: true, colour: true, width: 80})
	if code := runScan(e, []string{"-no-builtin", "-rules", "testdata/files/rules", "testdata/files/logs"}); code != exitDone {
		t.Fatal("exit code", code)
	}
	for _, want := range []string{"\x1b[1;31mhigh\x1b[0m", "\x1b[33mmedium\x1b[0m", "\x1b[36mlow\x1b[0m", "\x1b[1mdisabled-account\x1b[0m"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out.String()) {
		line = strings.NewReplacer("\x1b[1;31m", "", "\x1b[33m", "", "\x1b[36m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "", "\n", "").Replace(line)
		if columns(line) > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("%q", line)
		}
	}
}

func TestScreenOf(t *testing.T) {
	var buf bytes.Buffer
	t.Setenv("COLUMNS", "")
	if got := screenOf(&buf); got != (screen{width: plainWidth}) {
		t.Errorf("no terminal: %+v", got)
	}
	t.Setenv("COLUMNS", "132")
	if got := screenOf(&buf); got != (screen{width: 132}) {
		t.Errorf("COLUMNS: %+v", got)
	}
	for in, want := range map[string]int{"5": minWidth, "5000": maxWidth, "wide": plainWidth, "-1": plainWidth} {
		t.Setenv("COLUMNS", in)
		if got := screenOf(&buf).width; got != want {
			t.Errorf("COLUMNS=%s: %d, want %d", in, got, want)
		}
	}
	if runtime.GOOS != "linux" {
		t.Skip("the terminal of this test is Linux's")
	}
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminal: ", err)
	}
	defer pty.Close()
	t.Setenv("COLUMNS", "")
	for _, c := range []struct {
		term, noColor    string
		terminal, colour bool
	}{
		{"xterm", "", true, true}, {"xterm", "1", true, false}, {"dumb", "", false, false}, {"", "", true, true},
	} {
		t.Setenv("TERM", c.term)
		t.Setenv("NO_COLOR", c.noColor)
		if got := screenOf(pty); got.terminal != c.terminal || got.colour != c.colour {
			t.Errorf("TERM=%q NO_COLOR=%q: %+v", c.term, c.noColor, got)
		}
	}
}

func TestProgress(t *testing.T) {
	for _, c := range []struct {
		p    app.Progress
		want string
	}{
		{app.Progress{Read: 400e6, Total: 1600e6, Events: 240_000, Elapsed: 10 * time.Second}, "Reading 25%, 400 MB of 1.6 GB, 24,000 events/s, 30 s left"},
		{app.Progress{Read: 1e6, Total: 40e9, Events: 300, Elapsed: 2 * time.Second}, "Reading 0%, 1.0 MB of 40.0 GB, 150 events/s"},
		{app.Progress{Read: 10e9, Total: 40e9, Events: 3e6, Elapsed: time.Hour}, "Reading 25%, 10.0 GB of 40.0 GB, 833 events/s, 3 h 00 min left"},
		{app.Progress{Read: 1600e6, Total: 1600e6, Events: 960_000, Elapsed: 40 * time.Second}, "Reading 100%, 1.6 GB, 960,000 events, putting alerts in order"},
		{app.Progress{Read: 5e6, Events: 2000, Elapsed: 100 * time.Second}, "Reading 5.0 MB read, 2,000 events, 20 events/s, 1 min 40 s"},
	} {
		if got := progressText(c.p, 200); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got := progressText(c.p, 39); columns(got) > 39 {
			t.Errorf("%q does not fit", got)
		}
	}
	e, _, talk := newEnv(screen{width: 80})
	l := progressLine{e: e}
	l.show(app.Progress{Elapsed: 200 * time.Millisecond, Total: 1})
	l.clear()
	if talk.Len() > 0 {
		t.Errorf("a short scan shows %q", talk)
	}
	l.show(app.Progress{Elapsed: 2 * time.Second, Total: 1e9, Read: 1e8})
	l.clear()
	if got := talk.String(); !strings.HasPrefix(got, "\rReading 10%") || !strings.HasSuffix(got, "\x1b[K\r\x1b[K") || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}

// TestPageLeavesOut checks that a page with many alerts says what is missing.
func TestPageLeavesOut(t *testing.T) {
	res := &app.Result{Summary: app.Summary{Alerts: map[string]int{"high": 600, "low": 1500}, Events: map[string]int{"signin": 2100}}}
	p := newPage(time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC), res)
	for i := range 2100 {
		level := "high"
		if i >= 600 {
			level = "low"
		}
		p.add(&alert.Alert{ID: fmt.Sprint(i), Severity: level, Rule: "r", Title: "T", Count: 1, Summary: fmt.Sprintf("alert %d.", i)})
	}
	var b strings.Builder
	if err := p.write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<h1>2,100 alerts</h1>", "This page shows the most severe 1,000 of 2,100 alerts;", "1,100 are left out", "<code>entrawatch scan -csv</code>",
		"</span>High <small>600</small>", "</span>Low <small>400 of 1,500</small>", "alert 999.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, "<article"); n != 1000 || strings.Contains(page, "alert 1000.") {
		t.Errorf("%d alerts on the page", n)
	}
}

func TestReasons(t *testing.T) {
	got := reasons([]detect.Inactive{
		{Rule: "c", Reason: "no data: no audit events in the input"},
		{Rule: "b", Reason: "inactive: baseline input vip_accounts is not set"},
		{Rule: "a", Reason: "inactive: baseline inputs allowed_countries|egress_ips, vip_accounts are not set"},
		{Rule: "d", Reason: "no data: no audit events in the input"},
		{Rule: "e", Reason: "no data: no audit events in the input"},
	})
	want := []reasonGroup{
		{Reason: "no data: no audit events in the input", Rules: []string{"c", "d", "e"}},
		{Reason: "need baseline inputs that are not set", Rules: []string{"a", "b"}, Parts: []reasonGroup{
			{Reason: "vip_accounts", Rules: []string{"a", "b"}},
			{Reason: "allowed_countries or egress_ips", Rules: []string{"a"}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, want := want[1].text(1), "need baseline inputs that are not set: vip_accounts (2), allowed_countries or egress_ips (1)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMoreTimes(t *testing.T) {
	at := func(s string) *time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	first := at("2026-11-02T08:15:04Z")
	for _, c := range []struct {
		count int
		last  *time.Time
		want  string
	}{
		{1, first, ""},
		{2, first, "×2"},
		{14, at("2026-11-02T09:02:11Z"), "×14 until 09:02:11"},
		{12345, at("2026-11-03T10:02:11+01:00"), "×12,345 until 2026-11-03 09:02:11"},
		{3, nil, "×3"},
	} {
		if got := moreTimes(&alert.Alert{First: first, Last: c.last, Count: c.count}); got != c.want {
			t.Errorf("%d: %q, want %q", c.count, got, c.want)
		}
	}
}

// TestInterrupt interrupts a scan that waits for its input: it ends with a word
// and leaves no temporary files behind.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("interrupts cannot be sent on Windows")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	temp, out := t.TempDir(), filepath.Join(t.TempDir(), "s.json")
	cmd := &exec.Cmd{
		Path: self, Args: []string{"entrawatch", "scan", "-summary", out, "-no-builtin", "-rules", "testdata/files/rules", "-"},
		Env: append(os.Environ(), "TMPDIR="+temp),
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile("testdata/files/logs/signins.json")
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 { // more than a pipe holds: once it is written, the scan reads
		if _, err := in.Write(log); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	// The reader waits for its input until the pipe is closed.
	time.Sleep(200 * time.Millisecond)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code is %d\n%s", code, &stderr)
	}
	if !strings.Contains(stderr.String(), "entrawatch scan: interrupted, stopping") || !strings.Contains(stderr.String(), "no files were written") {
		t.Errorf("stderr: %s", &stderr)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout: %s", &stdout)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("%s: %v", out, err)
	}
}

// TestBrokenOutput checks that alerts that could not be printed are no success.
func TestBrokenOutput(t *testing.T) {
	for _, format := range []string{"-json", "-csv", "-workers=2"} {
		e, _, talk := newEnv(screen{width: 80})
		e.stdout = brokenWriter{}
		code := runScan(e, []string{format, "-no-builtin", "-rules", "testdata/files/rules", "testdata/files/logs"})
		if code != exitFailed || !strings.Contains(talk.String(), "print the alerts: "+io.ErrClosedPipe.Error()) {
			t.Errorf("%s: code %d\n%s", format, code, talk)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
