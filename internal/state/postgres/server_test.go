//go:build unix

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/statetest"
)

func TestMain(m *testing.M) {
	statetest.Helper(func(place string) (state.Store, error) { return openURL(context.Background(), place) })
	code := m.Run()
	if s := server(); s.err == nil && s.cmd != nil {
		s.stop(syscall.SIGINT)
		_ = os.RemoveAll(s.dir) // it is in the folder for such things
	}
	os.Exit(code)
}

func openURL(ctx context.Context, url string) (*Store, error) {
	return Open(ctx, Config{URL: setting.NewSecret(url)})
}

// A cluster is a server of PostgreSQL of the tests' own, on a socket in a
// temporary folder.
type cluster struct {
	dir   string
	bin   func(name string) string
	owner *syscall.Credential // PostgreSQL does not run as root
	cmd   *exec.Cmd
	err   error
}

var server = sync.OnceValue(func() *cluster {
	c := &cluster{}
	c.err = c.make()
	return c
})

// want gives the server, or skips the test.
func want(t testing.TB) *cluster {
	t.Helper()
	c := server()
	if errors.Is(c.err, exec.ErrNotFound) {
		t.Skipf("skipped: %v", c.err)
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c
}

// find looks for the programs of the server, as Debian keeps them too.
func find() (func(name string) string, error) {
	if _, err := exec.LookPath("initdb"); err == nil {
		if _, err := exec.LookPath("postgres"); err == nil {
			return func(name string) string { return name }, nil
		}
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if len(folders) == 0 {
		return nil, fmt.Errorf("no PostgreSQL server is installed (initdb, postgres): %w", exec.ErrNotFound)
	}
	dir := filepath.Dir(folders[len(folders)-1])
	return func(name string) string { return filepath.Join(dir, name) }, nil
}

func (c *cluster) make() (err error) {
	if c.bin, err = find(); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "pg"); err != nil { // short: paths of sockets have a limit
		return err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("nobody")
		if err != nil {
			return fmt.Errorf("PostgreSQL does not run as root, and there is no user nobody: %w", exec.ErrNotFound)
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32) // numbers on unix
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(c.dir, int(uid), int(gid)); err != nil {
			return err
		}
	}
	out, err := c.command("initdb", "-D", c.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale",
		"--no-sync", "--data-checksums").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	hba := filepath.Join(c.dir, "data", "pg_hba.conf")
	rules, err := os.ReadFile(hba)
	if err != nil {
		return err
	}
	rules = append([]byte("local all locked scram-sha-256\n"), rules...)
	if err := os.WriteFile(hba, rules, 0o600); err != nil {
		return err
	}
	return c.start()
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(c.bin(name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return cmd
}

func (c *cluster) start() error {
	var log bytes.Buffer
	c.cmd = c.command("postgres", "-D", c.dir+"/data", "-k", c.dir, "-c", "listen_addresses=", "-c", "max_connections=40")
	c.cmd.Stdout, c.cmd.Stderr = &log, &log
	if err := c.cmd.Start(); err != nil {
		return err
	}
	var err error
	for range 400 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(context.Background(), c.url("")); err == nil {
			return conn.Close(context.Background())
		}
		time.Sleep(25 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer: %w: %s", err, log.String())
}

// stop ends the server: SIGINT in order, SIGQUIT as if it had crashed.
func (c *cluster) stop(how syscall.Signal) {
	_ = c.cmd.Process.Signal(how) // it may have ended
	_ = c.cmd.Wait()
}

// url leads to a schema.
func (c *cluster) url(schema string) string {
	return "host=" + c.dir + " user=postgres dbname=postgres search_path=" + schema
}

// admin does what a test needs beside the store.
func (c *cluster) admin(t testing.TB, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.url(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

var schemas atomic.Int64

// schema makes a new one and gives its URL.
func (c *cluster) schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("s%d", schemas.Add(1))
	c.admin(t, "CREATE SCHEMA "+name)
	return c.url(name)
}

// clear empties a state.
func (c *cluster) clear(t testing.TB, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, table := range regexp.MustCompile(`CREATE TABLE (\w+)`).FindAllStringSubmatch(strings.Join(steps, ""), -1) {
		if table[1] == "writer" {
			continue // has a row
		}
		if _, err := conn.Exec(t.Context(), "DELETE FROM "+table[1]); err != nil {
			t.Fatal(err)
		}
	}
}

func start(t *testing.T, url string) *Store {
	t.Helper()
	s, err := openURL(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func apply(t *testing.T, s *Store, c *state.Changes) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// segments gives a change that adds n segments of so many bytes.
func segments(n, size int) *state.Changes {
	c := &state.Changes{}
	for range n {
		c.Segments = append(c.Segments, state.Segment{Class: "day", Body: bytes.Repeat([]byte("x"), size)})
	}
	return c
}

// counted is how many segments there are.
func counted(t *testing.T, s *Store) int {
	t.Helper()
	all, err := list(s.Segments(t.Context(), "day", time.Time{}, time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// says checks that an error is of a kind and holds these texts.
func says(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	if err == nil || kind != nil && !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
}
