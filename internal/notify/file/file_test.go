package file

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/smalldisk"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("APPEND_ALERTS"); path != "" {
		appendAlerts(path)
	}
	os.Exit(m.Run())
}

// appendAlerts appends until it is killed, and prints the number of each alert
// once it is delivered.
func appendAlerts(path string) {
	first, _ := strconv.Atoi(os.Getenv("FIRST"))
	s := &Sink{path: path}
	for i := first; ; i++ {
		if _, err := s.Notify(context.Background(), alert(i), fmt.Sprint(i), 1); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func alert(i int) []byte {
	return fmt.Appendf(nil, `{"id": "%d", "summary": "%s"}`, i, strings.Repeat("x", 50+i%2000))
}

func open(t *testing.T, path string) notify.Sink {
	t.Helper()
	s, err := (&Config{Path: setting.Path(path)}).Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.(io.Closer).Close() })
	return s
}

func send(t *testing.T, s notify.Sink, i int) {
	t.Helper()
	if _, err := s.Notify(t.Context(), alert(i), fmt.Sprint(i), 1); err != nil {
		t.Fatal(err)
	}
}

// ids lists the alerts of a file, with ? for each line that is not one.
func ids(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		var a struct{ ID string }
		if err := json.Unmarshal([]byte(line), &a); err != nil || !strings.HasSuffix(line, "\n") {
			a.ID = "?"
		}
		out = append(out, a.ID)
	}
	return out
}

func wantIDs(t *testing.T, path, want string) {
	t.Helper()
	if got := strings.Join(ids(t, path), " "); got != want {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, want)
	}
}

func TestAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	s := open(t, path)
	send(t, s, 1)
	send(t, s, 2)
	if retry, err := s.Notify(t.Context(), []byte("{"), "3", 1); retry || err == nil {
		t.Error(retry, err)
	}
	s = open(t, path)
	send(t, s, 3)
	wantIDs(t, path, "1 2 3")
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		t.Errorf("everybody can read it: %v %v", info.Mode(), err)
	}
}

// TestHeals: what a crash left of a line stands alone.
func TestHeals(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	if err := os.WriteFile(path, []byte("{\"id\":\"1\"}\n{\"id\":\"2"), 0o600); err != nil {
		t.Fatal(err)
	}
	send(t, open(t, path), 3)
	wantIDs(t, path, "1 ? 3")
}

// TestRotation: the file may be renamed, removed and emptied from outside.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	s := open(t, path)
	send(t, s, 1)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	send(t, s, 2)
	wantIDs(t, path+".1", "1")
	wantIDs(t, path, "2")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	send(t, s, 3)
	wantIDs(t, path, "3")
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	send(t, s, 4)
	wantIDs(t, path, "4")
}

// TestTroubles: each is told with what to do, and passes once mended.
func TestTroubles(t *testing.T) {
	dir := t.TempDir()
	fails := func(s notify.Sink, want string) {
		t.Helper()
		retry, err := s.Notify(t.Context(), alert(1), "1", 1)
		if !retry || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("retry %v, %v, want %s", retry, err, want)
		}
	}
	path := filepath.Join(dir, "later", "alerts.jsonl")
	s := open(t, path)
	fails(s, path+": no such file or directory; make the folder "+filepath.Join(dir, "later"))
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	send(t, s, 1)
	wantIDs(t, path, "1")

	fails(open(t, dir), dir+": is not a file; name a file, or a new one")

	if os.Geteuid() != 0 && runtime.GOOS != "windows" {
		if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
			t.Fatal(err)
		}
		fails(open(t, filepath.Join(filepath.Dir(path), "other")), "permission denied; let the user of the service write there")
		os.Chmod(filepath.Dir(path), 0o755)
	}
}

// TestFullDisk needs a file system of its own, which root can have.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	smalldisk.Mount(t, dir, "size=64k")
	path := filepath.Join(dir, "alerts.jsonl")
	s := open(t, path)
	n, retry, err := 0, false, error(nil)
	for ; err == nil; n++ {
		retry, err = s.Notify(t.Context(), alert(1900), fmt.Sprint(n), 1)
	}
	if !retry {
		t.Error("is not tried again")
	}
	if !strings.Contains(err.Error(), "no space left on device; make room on the disk") {
		t.Error(err)
	}
	if got := ids(t, path); len(got) != n-1 || strings.Contains(strings.Join(got, ""), "?") {
		t.Errorf("%d lines of %d deliveries: %q", len(got), n-1, got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	send(t, s, 7)
	wantIDs(t, path, "7")
	s.(io.Closer).Close()
	if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot be made read-only: %s", out)
	}
	retry, err = open(t, path).Notify(t.Context(), alert(8), "8", 1)
	if !retry || err == nil || !strings.Contains(err.Error(), "read-only file system; name a file on a disk that can be written") {
		t.Error(retry, err)
	}
}

// TestKilled: whatever was delivered when the program is killed is in the file,
// once in a whole line.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	next, told := 0, map[string]bool{}
	for round := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "APPEND_ALERTS="+path, fmt.Sprint("FIRST=", next))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(50+17*round)*time.Millisecond, func() { cmd.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); next++ {
			told[lines.Text()] = true
		}
		cmd.Wait()
	}
	if len(told) == 0 {
		t.Fatal("nothing was written")
	}
	have := map[string]bool{}
	for _, id := range ids(t, path) {
		have[id] = true
	}
	for id := range told {
		if !have[id] {
			t.Errorf("alert %s was delivered and is not there", id)
		}
	}
}

func TestProblems(t *testing.T) {
	if p := Default().Problems(); len(p) != 1 || p[0].Key != "path" {
		t.Error(p)
	}
}

// TestCheck: what keeps alerts from being written is told, and nothing is written.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("half a line"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		there: "", filepath.Join(dir, "new"): "", filepath.Join(dir, "no", "new"): "make the folder " + filepath.Join(dir, "no"), dir: "is not a file",
	} {
		err := open(t, path).(notify.Checker).Check(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	entries, err := os.ReadDir(dir)
	text, _ := os.ReadFile(there)
	if err != nil || len(entries) != 1 || string(text) != "half a line" {
		t.Errorf("%v, %v, %q", entries, err, text)
	}
}
