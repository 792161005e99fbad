//go:build unix

package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/smalldisk"
	"github.com/entrawatch/entrawatch/internal/state"
)

// sever ends the connection that writes, as the server may, and waits until its
// lock is free.
func sever(t *testing.T, c *cluster, s *Store) {
	t.Helper()
	c.admin(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 10000)", s.conn.PgConn().PID()))
}

// TestLostConnection: nothing is lost with it but what was under way.
func TestLostConnection(t *testing.T) {
	c := want(t)
	s := start(t, c.schema(t))
	apply(t, s, segments(1, 10))
	sever(t, c, s)
	if err := s.Apply(t.Context(), segments(1, 10)); err == nil {
		t.Error("applied without a connection")
	}
	apply(t, s, segments(1, 10))
	if n := counted(t, s); n != 2 {
		t.Errorf("%d segments are there", n)
	}
}

// TestCrashedServer: the service goes on when the server is back.
func TestCrashedServer(t *testing.T) {
	c := want(t)
	s := start(t, c.schema(t))
	apply(t, s, segments(3, 10))
	c.stop(syscall.SIGQUIT)
	says(t, s.Apply(t.Context(), segments(1, 10)), nil, c.dir)
	says(t, s.Apply(t.Context(), segments(1, 10)), nil, "cannot connect", "check that the server runs")
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	apply(t, s, segments(1, 10))
	if n := counted(t, s); n != 4 {
		t.Errorf("%d segments are there", n)
	}
}

// TestMeanwhile: who lost the state to another service does not write to it.
func TestMeanwhile(t *testing.T) {
	c := want(t)
	url := c.schema(t)
	s := start(t, url)
	sever(t, c, s)
	other := start(t, url)
	apply(t, other, segments(1, 10))
	other.Close()
	_ = s.Apply(t.Context(), segments(1, 10)) // notices the end of the connection
	for range 2 {
		says(t, s.Apply(t.Context(), segments(1, 10)), state.ErrInUse, "opened elsewhere", "start this one again")
	}
	if n := counted(t, s); n != 1 {
		t.Errorf("%d segments are there", n)
	}
}

// TestUnknownOutcome: a change is stored, but its connection ends before the server
// says so.
func TestUnknownOutcome(t *testing.T) {
	c := want(t)
	w := relay(t, filepath.Join(c.dir, ".s.PGSQL.5432"))
	s := start(t, strings.Replace(c.schema(t), c.dir, filepath.Dir(w.path), 1))
	apply(t, s, segments(1, 10))

	// The answer to COMMIT never arrives, but the server can be asked at once.
	w.dropAfter("commit")
	apply(t, s, segments(1, 10))
	if n := counted(t, s); n != 2 || !w.dropped() {
		t.Errorf("%d segments are there", n)
	}

	// It cannot be asked until the error was returned.
	w.dropAfter("commit")
	w.refuse(true)
	if err := s.Apply(t.Context(), segments(1, 10)); err == nil {
		t.Error("nobody can know that")
	}
	w.refuse(false)
	for range 2 {
		says(t, s.Apply(t.Context(), segments(1, 10)), errKept, "start the service again")
	}
	if n := counted(t, s); n != 3 {
		t.Errorf("%d segments are there", n)
	}
}

func TestMessages(t *testing.T) {
	c := want(t)
	c.admin(t, "DROP USER IF EXISTS locked, poor", "CREATE USER locked PASSWORD 'right'", "CREATE USER poor")
	url := c.schema(t)
	base := "host=" + c.dir + " dbname=postgres "
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused.Close()
	for _, test := range []struct {
		name, url string
		texts     []string
	}{
		{"wrong password", base + "user=locked password=Geheim77", []string{c.dir, `user "locked"`, "check user and password"}},
		{"no database", "host=" + c.dir + " dbname=nowhere user=postgres password=Geheim77", []string{`database "nowhere"`, "make the database"}},
		{"no rights", base + "user=poor password=Geheim77", []string{"permission denied", "must own the database"}},
		{"no schema", base + "user=postgres password=Geheim77 search_path=missing", []string{"search_path"}},
		{"no server", "postgres://u:Geheim77@" + refused.Addr().String() + "/db", []string{refused.Addr().String(), "check that the server runs"}},
		{"no such host", "postgres://u:Geheim77@db.invalid:5432/db", []string{"db.invalid:5432", "check that the server runs"}},
		{"not a URL", "postgres://u:Geheim77@host:port/db", []string{"not a URL"}},
		{"not a URL either", "postgres://u:Geheim77%@host/db?sslmode=no", []string{"not a URL"}},
		{"sslmode", "host=x password=Geheim77 sslmode=maybe", []string{"not a URL"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := openURL(t.Context(), test.url)
			if err == nil {
				s.Close()
			}
			says(t, err, nil, test.texts...)
			if strings.Contains(err.Error(), "Geheim77") {
				t.Errorf("%q gives the password away", err)
			}
		})
	}
	t.Run("in use", func(t *testing.T) {
		start(t, url)
		_, err := openURL(t.Context(), url)
		says(t, err, state.ErrInUse, c.dir, "name another database")
	})
}

func TestNewer(t *testing.T) {
	c := want(t)
	url := c.schema(t)
	s := start(t, url)
	if _, err := s.conn.Exec(t.Context(), "INSERT INTO migrations (version) VALUES ($1)", len(steps)+1); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err := openURL(t.Context(), url)
	says(t, err, state.ErrNewer, "use the newer program")
}

func TestMigrations(t *testing.T) {
	url := want(t).schema(t)
	s := start(t, url)
	apply(t, s, segments(3, 10))
	s.Close()
	released := steps
	t.Cleanup(func() { steps = released })
	steps = append(slices.Clone(steps), "CREATE TABLE extra (x int)", "INSERT INTO nowhere VALUES (1)")
	_, err := openURL(t.Context(), url)
	says(t, err, nil, fmt.Sprint("migrate to version ", len(steps)))
	steps[len(steps)-1] = "INSERT INTO extra VALUES (1)"
	s = start(t, url)
	var v, extra int
	if err := s.conn.QueryRow(t.Context(), "SELECT max(version), (SELECT count(*) FROM extra) FROM migrations").Scan(&v, &extra); err != nil {
		t.Fatal(err)
	}
	if v != len(steps) || extra != 1 || counted(t, s) != 3 {
		t.Errorf("version %d, %d rows", v, extra)
	}
}

func TestFullDisk(t *testing.T) {
	c := want(t)
	dir, err := os.MkdirTemp(c.dir, "small")
	if err != nil {
		t.Fatal(err)
	}
	smalldisk.Mount(t, dir, fmt.Sprintf("size=24m,uid=%d,gid=%d,mode=0700", c.owner.Uid, c.owner.Gid))
	c.admin(t, fmt.Sprintf("CREATE TABLESPACE small LOCATION '%s'", dir), "CREATE DATABASE small TABLESPACE small")
	t.Cleanup(func() {
		conn := connect(t, c.url(""))
		defer conn.Close(context.Background())
		for _, s := range []string{"DROP DATABASE small WITH (FORCE)", "DROP TABLESPACE small"} {
			if _, err := conn.Exec(context.Background(), s); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
	s := start(t, "host="+c.dir+" user=postgres dbname=small")
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7) // hardly compresses
	}
	n := 0
	for ; n < 100; n++ {
		if err = s.Apply(t.Context(), &state.Changes{Segments: []state.Segment{{Class: "day", Body: noise}}}); err != nil {
			break
		}
	}
	says(t, err, state.ErrFull, c.dir, "make room on the disk of the database server")
	if got := counted(t, s); got != n {
		t.Errorf("%d segments were kept, %d are there", n, got)
	}
	s.Close()
}

func TestDamage(t *testing.T) {
	c := want(t)
	url := c.schema(t)
	s := start(t, url)
	apply(t, s, segments(100, 1500))
	if _, err := s.conn.Exec(t.Context(), "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	var file string
	if err := s.conn.QueryRow(t.Context(), "SELECT pg_relation_filepath('segments')").Scan(&file); err != nil {
		t.Fatal(err)
	}
	s.Close()
	c.stop(syscall.SIGINT)
	f, err := os.OpenFile(filepath.Join(c.dir, "data", file), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{7}, 100), 3*8192+4000); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
	s = start(t, url)
	says(t, s.Check(t.Context()), state.ErrCorrupt, c.dir, "restore a backup of the database")
	says(t, s.Apply(t.Context(), segments(1, 1)), state.ErrCorrupt, c.dir)
}

func TestConfig(t *testing.T) {
	for _, test := range []struct {
		name string
		url  setting.Secret
		want string
	}{
		{"missing", setting.Secret{}, "is not set"},
		{"not read yet", setting.Secret{Env: "STATE_URL"}, ""},
		{"right", setting.NewSecret("postgres://u:p@host/db"), ""},
		{"wrong", setting.NewSecret("postgres://u:Geheim77@host:port/db"), "not a URL"},
	} {
		got := ""
		for _, p := range (Config{URL: test.url}).Problems() {
			if p.Key != "url" {
				t.Errorf("%s: the key is %s", test.name, p.Key)
			}
			got += p.What + p.Hint
		}
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) || strings.Contains(got, "Geheim77") {
			t.Errorf("%s: got %q", test.name, got)
		}
	}
	if _, err := Open(t.Context(), Config{URL: setting.NewSecret("postgres://u:Geheim77@host:port/db")}); !errors.Is(err, errURL) {
		t.Errorf("got %v", err)
	}
}
