package duck_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/lake/duck"
)

// sample writes a file of two rows and returns a configuration with a view of it,
// and one without files.
func sample(tb testing.TB) duck.Config {
	tb.Helper()
	type row struct {
		Name *string   `parquet:"name,optional"`
		N    int64     `parquet:"n"`
		Tags []string  `parquet:"tags,list"`
		Time time.Time `parquet:"time,timestamp(microsecond)"`
	}
	folder := tb.TempDir()
	// The folder of another shows whether a neighbour can be read.
	lake := filepath.Join(folder, "la'ke", "day=2026-11-02")
	if err := os.MkdirAll(lake, 0o777); err != nil {
		tb.Fatal(err)
	}
	alice := "alice"
	at := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	file := filepath.Join(lake, "a.parquet")
	if err := parquet.WriteFile(file, []row{{&alice, 1, []string{"x", "y"}, at}, {nil, 2, nil, at.Add(time.Hour)}}); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "secret.csv"), []byte("a,b\n1,2\n"), 0o666); err != nil {
		tb.Fatal(err)
	}
	columns := []column.Column{{Name: "time", Type: column.Time}, {Name: "day"}, {Name: "name"}, {Name: "n", Type: column.Int}, {Name: "tags", List: true}, {Name: "newer", Type: column.Int}}
	return duck.Config{
		Folder: filepath.Dir(lake),
		Views: []column.View{
			{Name: "t", Columns: columns, Parts: []column.Part{{Files: []string{file}, Has: map[string]bool{"time": true, "day": true, "name": true, "n": true, "tags": true}}}},
			{Name: "group", Alias: "groups", Columns: columns},
		},
	}
}

func open(tb testing.TB, c duck.Config) *duck.DB {
	tb.Helper()
	db, err := duck.Open(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

// ask gives the rows of an answer.
func ask(ctx context.Context, db *duck.DB, query string, limit int) ([][]any, error) {
	res, err := db.Select(ctx, query, limit)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	var out [][]any
	for {
		row, err := res.Next()
		if err != nil || row == nil {
			return out, err
		}
		out = append(out, append([]any(nil), row...))
	}
}

func TestSelect(t *testing.T) {
	db := open(t, sample(t))
	for query, want := range map[string]int{
		"SELECT * FROM t": 2, "FROM t": 2, "select * from t;": 2, "SELECT * FROM t -- a comment": 2, "SELECT 1 /* and */ ;  ": 1,
		"WITH x AS (SELECT 1 AS a) SELECT a FROM x": 1, "SELECT * FROM groups": 0, `SELECT * FROM "group"`: 0,
		"SELECT unnest(tags) FROM t": 2, "SELECT n FROM t WHERE newer IS NULL": 2, "SELECT n FROM t WHERE day = '2026-11-02'": 2,
		"SELECT n FROM t WHERE time > '2026-11-02 08:30'": 1, "DESCRIBE t": 6, "SELECT ';' AS semicolon": 1,
		"SELECT date_trunc('hour', time), count(*) FROM t GROUP BY 1": 2, `SELECT '{"a":1}'::JSON->>'a'`: 1,
	} {
		if rows, err := ask(context.Background(), db, query, 100); err != nil || len(rows) != want {
			t.Errorf("%s: %d rows instead of %d, %v", query, len(rows), want, err)
		}
	}
	if rows, err := ask(context.Background(), db, "SELECT * FROM range(100)", 7); err != nil || len(rows) != 7 {
		t.Errorf("limit: %d rows, %v", len(rows), err)
	}
	rows, err := ask(context.Background(), db, "SELECT name, n, tags, time FROM t ORDER BY n", 10)
	if err != nil || len(rows) != 2 || rows[0][0] != "alice" || rows[1][0] != nil || rows[0][1] != int64(1) {
		t.Errorf("%v %v", rows, err)
	}
}

func TestPeriod(t *testing.T) {
	c := sample(t)
	c.Since = time.Date(2026, 11, 2, 8, 30, 0, 0, time.UTC)
	if rows, err := ask(context.Background(), open(t, c), "SELECT n FROM t", 10); err != nil || len(rows) != 1 || rows[0][0] != int64(2) {
		t.Errorf("%v %v", rows, err)
	}
	c.Until, c.Since = c.Since, time.Time{}
	if rows, err := ask(context.Background(), open(t, c), "SELECT n FROM t", 10); err != nil || len(rows) != 1 || rows[0][0] != int64(1) {
		t.Errorf("%v %v", rows, err)
	}
}

// TestHostile holds that a query can neither read nor write anything but the
// views, nor change how it is held.
func TestHostile(t *testing.T) {
	c := sample(t)
	outside := filepath.Dir(c.Folder)
	inside := strings.ReplaceAll(c.Folder, "'", "''")
	before := list(t, outside)
	queries := []string{
		"COPY (SELECT 1) TO '/tmp/entrawatch-hostile.csv'", "COPY (SELECT 1) TO '" + inside + "/x.parquet'", "COPY t TO '" + inside + "/x.csv'",
		"SELECT 1; COPY (SELECT 1) TO '" + inside + "/x.csv'", "SELECT 1) TO '" + inside + "/x.csv' (FORMAT csv); SELECT (1", "SELECT 1) TO '" + inside + "/x.csv'; --",
		"EXPORT DATABASE '" + inside + "/x'", "IMPORT DATABASE '" + inside + "/x'",
		"ATTACH '" + inside + "/x.db' AS x", "ATTACH ':memory:' AS x", "DETACH memory", "USE memory",
		"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/*')", "SELECT * FROM glob('/etc/*')",
		"SELECT * FROM '/etc/passwd'", "SELECT * FROM '" + outside + "/secret.csv'", "SELECT * FROM read_csv('" + inside + "/../secret.csv')",
		"SELECT * FROM read_csv('" + inside + "/day=2026-11-02/../../secret.csv')", "SELECT * FROM read_parquet('https://example.com/x.parquet')", "SELECT * FROM read_json_auto('s3://x/y')",
		"SELECT * FROM sniff_csv('/etc/passwd')", "SELECT * FROM parquet_metadata('/etc/passwd')", "SELECT * FROM json_execute_serialized_sql('{}')", "SELECT * FROM query('COPY (SELECT 1) TO ''" + inside + "/x.csv''')",
		"INSTALL httpfs", "LOAD httpfs", "INSTALL 'x.duckdb_extension'", "FORCE INSTALL spatial", "UPDATE EXTENSIONS",
		"PRAGMA database_list", "PRAGMA threads=64", "PRAGMA enable_external_access=true", "SET enable_external_access = true", "SET lock_configuration = false",
		"RESET enable_external_access", "SET memory_limit = '100GB'", "SET GLOBAL threads = 64", "SET VARIABLE a = 1",
		"CREATE TABLE x (a INT)", "CREATE VIEW x AS SELECT 1", "CREATE OR REPLACE VIEW t AS SELECT 1", "CREATE MACRO f(a) AS a", "CREATE SECRET (TYPE s3)", "CREATE TEMP TABLE y AS SELECT 1",
		"DROP VIEW t", "INSERT INTO t VALUES (1)", "UPDATE t SET n = 1", "DELETE FROM t", "ALTER VIEW t RENAME TO u", "TRUNCATE t", "VACUUM", "CHECKPOINT", "BEGIN", "CALL pragma_version()",
		"PREPARE x AS SELECT 1", "EXECUTE x", "EXPLAIN ANALYZE SELECT 1", "SELECT 1; SELECT 2", "SELECT 1;;SELECT 2", ";", "", "  ", "-- nothing", "SELECT ?", "SELECT $1", "SELECT $name",
		"SELEC 1", "SELECT * FROM nowhere", "SELECT nope FROM t", strings.Repeat("(", 5000), "SELECT " + strings.Repeat("(", 300000) + "1" + strings.Repeat(")", 300000),
		"SELECT getenv('HOME')", "\x00", "SELECT '\xff'",
	}
	db := open(t, c)
	for _, q := range queries {
		if rows, err := ask(context.Background(), db, q, 10); err == nil {
			t.Errorf("%q was answered: %v", q, rows)
		}
		// Export wraps the query in a statement that writes.
		if _, err := db.Export(context.Background(), q, filepath.Join(outside, "out.parquet"), 10); err == nil {
			t.Errorf("%q was exported", q)
		}
		// Whatever it tried, the views are as they were.
		if rows, err := ask(context.Background(), db, "SELECT n FROM t", 10); err != nil || len(rows) != 2 {
			t.Errorf("after %q: %v %v", q, rows, err)
		}
	}
	if after := list(t, outside); after != before {
		t.Errorf("files before:\n%s\nafter:\n%s", before, after)
	}
}

func list(tb testing.TB, dir string) string {
	tb.Helper()
	var out strings.Builder
	if err := filepath.Walk(dir, func(p string, _ os.FileInfo, err error) error {
		out.WriteString(p + "\n")
		return err
	}); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// TestLimits holds that a query ends in time and within its memory.
func TestLimits(t *testing.T) {
	c := sample(t)
	c.Memory = 64 << 20
	db := open(t, c)
	for name, q := range map[string]string{
		"recursion":   "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT count(*) FROM r",
		"cross join":  "SELECT count(*) FROM range(10000000) a, range(10000000) b",
		"many values": "SELECT count(DISTINCT i) FROM range(1000000000000) t(i)",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		began := time.Now()
		_, err := ask(ctx, db, q, 10)
		cancel()
		var problem *duck.Problem
		if !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &problem) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	_, err := ask(context.Background(), db, "SELECT sum(length(x)) FROM (SELECT string_agg(i::VARCHAR, ',') AS x FROM range(100000000) t(i))", 10)
	if err == nil || !strings.Contains(err.Error(), "more memory than it may have") {
		t.Errorf("memory: %v", err)
	}
	if rows, err := ask(context.Background(), db, "SELECT n FROM t", 10); err != nil || len(rows) != 2 {
		t.Errorf("afterwards: %v %v", rows, err)
	}
}

func TestExport(t *testing.T) {
	c := sample(t)
	c.Write = filepath.Join(t.TempDir(), "it's.parquet")
	n, err := open(t, c).Export(context.Background(), "SELECT name, n FROM t ORDER BY n -- last", c.Write, 10)
	if err != nil || n != 2 {
		t.Fatalf("%d rows, %v", n, err)
	}
	type row struct {
		Name *string `parquet:"name,optional"`
		N    *int64  `parquet:"n,optional"`
	}
	rows, err := parquet.ReadFile[row](c.Write)
	if err != nil || len(rows) != 2 || *rows[0].Name != "alice" {
		t.Errorf("%v %v", rows, err)
	}
	if _, err := open(t, sample(t)).Export(context.Background(), "SELECT 1", filepath.Join(t.TempDir(), "x.parquet"), 10); err == nil {
		t.Error("a file was written that the configuration does not name")
	}
}

func TestErrors(t *testing.T) {
	db := open(t, sample(t))
	for query, want := range map[string]string{
		"SELECT nme FROM t":                     "Did you mean \"name\"|Candidate bindings",
		"DROP VIEW t":                           "expected one SELECT statement",
		"SELECT 1; SELECT 2":                    "expected one SELECT statement",
		"SELECT * FROM read_csv('/etc/passwd')": "may read the views and nothing else",
		"SELECT ?":                              "1 parameter",
		"":                                      "expected one SELECT statement",
	} {
		_, err := ask(context.Background(), db, query, 10)
		ok := false
		for part := range strings.SplitSeq(want, "|") {
			ok = ok || err != nil && strings.Contains(err.Error(), part)
		}
		if !ok {
			t.Errorf("%q: %v", query, err)
		}
	}
}
