package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/statetest"
)

func TestMain(m *testing.M) {
	statetest.Helper(func(place string) (state.Store, error) { return Open(context.Background(), place) })
	os.Exit(m.Run())
}

func TestContract(t *testing.T) {
	statetest.Run(t, func(t testing.TB) statetest.Open {
		path := filepath.Join(t.TempDir(), "a ?#%41.db") // a name that a URI would read otherwise
		return func() (state.Store, error) { return Open(context.Background(), path) }
	})
}

func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	statetest.Crash(t, path, func() (state.Store, error) { return Open(t.Context(), path) }, 25)
}

func start(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// segments gives a change that adds n segments of so many bytes.
func segments(n, size int) *state.Changes {
	c := &state.Changes{}
	for i := range n {
		c.Segments = append(c.Segments, state.Segment{Class: "day", Body: bytes.Repeat([]byte{byte(i)}, size)})
	}
	return c
}

func apply(t *testing.T, s *Store, c *state.Changes) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// counted is how many segments there are.
func counted(t *testing.T, s *Store) int {
	t.Helper()
	n := 0
	for _, err := range s.Segments(t.Context(), "day", time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// says checks that an error is of a kind, names the path and says what to do.
func says(t *testing.T, err, kind error, texts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	if n := strings.Count(err.Error(), kind.Error()); n != 1 {
		t.Errorf("%q says %d times what is the matter", err, n)
	}
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	start(t, path)
	_, err := Open(t.Context(), path)
	says(t, err, state.ErrInUse, path, "stop that first")
}

func TestOnlyOwnerMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := start(t, path)
	apply(t, s, segments(1, 1))
	if err := s.Backup(t.Context(), path+".backup"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + ".backup"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestWhatIsNotAState(t *testing.T) {
	dir := t.TempDir()
	t.Run("newer", func(t *testing.T) {
		path := filepath.Join(dir, "newer.db")
		s := start(t, path)
		if _, err := s.writer.Exec(fmt.Sprintf("PRAGMA user_version = %d", len(steps)+1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		_, err := Open(t.Context(), path)
		says(t, err, state.ErrNewer, path, "use the newer program")
	})
	t.Run("another database", func(t *testing.T) {
		path := filepath.Join(dir, "other.db")
		db, err := open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("CREATE TABLE t (x)"); err != nil {
			t.Fatal(err)
		}
		db.Close()
		_, err = Open(t.Context(), path)
		says(t, err, errForeign, path, "name another file")
	})
	t.Run("no folder", func(t *testing.T) {
		path := filepath.Join(dir, "missing", "state.db")
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), filepath.Dir(path)) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("left half made", func(t *testing.T) {
		path := filepath.Join(dir, "half.db")
		if err := os.WriteFile(path+".new", []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		apply(t, start(t, path), segments(1, 1))
	})
}

// TestMigrations takes a state of the present version through two more.
func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := start(t, path)
	apply(t, s, segments(3, 10))
	s.Close()
	released := steps
	t.Cleanup(func() { steps = released })
	steps = append(slices.Clone(steps), "CREATE TABLE extra (x)", "INSERT INTO nowhere VALUES (1)")
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), fmt.Sprint("migrate to version ", len(steps))) {
		t.Fatalf("got %v", err)
	}
	steps[len(steps)-1] = "INSERT INTO extra VALUES (1)"
	s = start(t, path)
	if v, err := version(t.Context(), s.writer); v != len(steps) || err != nil || counted(t, s) != 3 {
		t.Errorf("version %d, %v", v, err)
	}
}

// TestRoomIsUsedAgain: what is added takes the place of what was forgotten.
func TestRoomIsUsedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := start(t, path)
	var peak int64
	for round := range 10 {
		c := segments(10, 100_000)
		c.Expired = []state.Expiry{{Class: "day", Before: time.Unix(0, 0)}}
		apply(t, s, c)
		if _, err := s.writer.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if round == 1 {
			peak = info.Size()
		} else if round > 1 && info.Size() > peak+100_000 {
			t.Fatalf("round %d: %d bytes, %d at first", round, info.Size(), peak)
		}
	}
}

func scanPlan(r *sql.Rows) (detail string, err error) {
	var id, parent, unused int
	err = r.Scan(&id, &parent, &unused, &detail)
	return detail, err
}

// TestIndexes: no question reads a whole table or sorts bodies, and no index is
// there that no statement uses.
func TestIndexes(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "state.db"))
	alerts := func(q state.AlertQuery) string {
		query, _ := alertQuery(q)
		return query
	}
	used := ""
	for _, test := range []struct{ query, plan string }{
		{`SELECT seq FROM segments WHERE class = ? AND last >= ?`, "segments_last (class=? AND last>"},
		{`DELETE FROM segments WHERE class = ? AND last < ?`, "segments_last (class=? AND last<"},
		{alerts(state.AlertQuery{}), "alerts_last"},
		{alerts(state.AlertQuery{Since: time.Unix(1, 0)}), "alerts_last"},
		{alerts(state.AlertQuery{Tenant: "t", Rules: []string{"r"}}), "alerts_last"},
		{alerts(state.AlertQuery{Changed: time.Unix(1, 0)}), "alerts_stored (stored>"},
		{alerts(state.AlertQuery{Changed: time.Unix(1, 0), Since: time.Unix(1, 0)}), "alerts_stored (stored>"},
		{alerts(state.AlertQuery{IDs: []string{"a"}}), "alerts_newest (id=?"},
		{demote, "alerts_newest (id=?"},
		{`DELETE FROM alerts WHERE newest = 0 AND stored < ?`, "alerts_old (stored<"},
		{selectDeliveries + `WHERE d.sink = ? AND d.done = 0 AND d.next <= ? ORDER BY d.seq LIMIT 1`, "deliveries_pending (sink=?"},
		{`DELETE FROM deliveries WHERE done = 1 AND stored < ?`, "deliveries_done (stored<"},
		{selectHours + `WHERE at >= ? ORDER BY at, source, stream, kind`, "PRIMARY KEY (at>"},
		{`DELETE FROM quarantine WHERE start < ` + quarantineEnd + ` - ?`, "quarantine_start (start<"},
		{`SELECT count(*) FROM quarantine`, "COVERING INDEX quarantine_start"},
	} {
		n := strings.Count(test.query, "?")
		plan := ""
		for detail, err := range rows(t.Context(), s.readers, scanPlan, "EXPLAIN QUERY PLAN "+test.query, make([]any, n)...) {
			if err != nil {
				t.Fatal(err)
			}
			plan += detail + "\n"
		}
		if !strings.Contains(plan, test.plan) {
			t.Errorf("%s\nis not answered by %s, but:\n%s", test.query, test.plan, plan)
		}
		used += plan
	}
	for _, index := range regexp.MustCompile(`CREATE (?:UNIQUE )?INDEX (\w+)`).FindAllStringSubmatch(strings.Join(steps, ""), -1) {
		if !strings.Contains(used, index[1]) {
			t.Errorf("nothing uses %s", index[1])
		}
	}
}

// BenchmarkApply keeps what a busy commit has: most of its time is the disk's.
func BenchmarkApply(b *testing.B) {
	for _, sync := range []string{"full", "off"} {
		b.Run("synchronous="+sync, func(b *testing.B) {
			s, err := Open(b.Context(), filepath.Join(b.TempDir(), "state.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if _, err := s.writer.Exec("PRAGMA synchronous = " + sync); err != nil {
				b.Fatal(err)
			}
			body := bytes.Repeat([]byte("x"), 200_000)
			alert := bytes.Repeat([]byte("a"), 2000)
			n := 0
			for b.Loop() {
				n++
				now := time.Unix(int64(n), 0)
				c := &state.Changes{
					Segments: []state.Segment{{Class: "day", First: now, Last: now, Body: body}},
					Expired:  []state.Expiry{{Class: "day", Before: now.Add(-100 * time.Second)}},
				}
				for i := range 20 {
					id := fmt.Sprint(i)
					c.Alerts = append(c.Alerts, state.Alert{ID: id, Revision: n, Last: now, Stored: now, Body: alert})
					c.Deliveries = append(c.Deliveries, state.Delivery{Alert: id, Revision: n, Sink: "hook", Done: true, Stored: now})
				}
				if err := s.Apply(b.Context(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestMigrateDeliveries: what waited before deliveries had a rank still waits.
func TestMigrateDeliveries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	released := steps
	t.Cleanup(func() { steps = released })
	steps = released[:2]
	s := start(t, path)
	for _, q := range []string{
		`INSERT INTO alerts (id, revision, newest, tenant, rule, severity, status, first, last, stored, sum, body)
			VALUES ('a', 1, 1, '', '', '', '', x'00', x'00', x'00', 0, x'')`,
		`INSERT INTO deliveries (alert, revision, sink, attempts, next, done, problem, stored) VALUES ('a', 1, 'hook', 0, x'00', 0, '', x'00')`,
	} {
		if _, err := s.writer.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	steps = released
	s = start(t, path)
	defer s.Close()
	var n, rank int
	if err := s.writer.QueryRow(`SELECT count(*), max(rank) FROM deliveries WHERE done = 0`).Scan(&n, &rank); err != nil || n != 1 || rank != 0 {
		t.Errorf("%d deliveries, rank %d, %v", n, rank, err)
	}
}
