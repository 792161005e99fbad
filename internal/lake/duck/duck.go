// Package duck answers questions in SQL over files of Parquet, with DuckDB in the
// process. It is handed views and the files behind them, and knows nothing of
// events. What it is asked may come from anybody who may see the data: a query
// reads these files and nothing else, changes nothing, and has limits of time and
// memory.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/entrawatch/entrawatch/internal/lake/column"
)

// A Config says what queries may see and use.
type Config struct {
	Views []column.View
	// Folder holds the files of the views.
	Folder string
	// Memory is in bytes; default: 2 GiB.
	Memory int64
	// Threads; default: as many as there are cores.
	Threads int
	// Since and Until leave out what happened before, or then and later; zero = no
	// limit.
	Since, Until time.Time
	// Write is a file that Export may write; "" = none.
	Write string
}

// A DB answers queries.
type DB struct {
	db   *sql.DB
	conn *sql.Conn
}

// Open makes the views. Close gives them up.
func Open(ctx context.Context, c Config) (db *DB, err error) {
	db = &DB{}
	defer func() {
		if err != nil {
			_ = db.Close()
			db = nil
		}
	}()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return db, fmt.Errorf("start DuckDB: %w", err)
	}
	db.db = sql.OpenDB(connector)
	db.db.SetMaxOpenConns(1)
	if db.conn, err = db.db.Conn(ctx); err != nil {
		return db, fmt.Errorf("start DuckDB: %w", err)
	}
	for _, s := range setup(c) {
		if _, err = db.conn.ExecContext(ctx, s); err != nil {
			return db, fmt.Errorf("prepare DuckDB: %w", explain(err))
		}
	}
	for i := range c.Views {
		v := &c.Views[i]
		if _, err = db.conn.ExecContext(ctx, create(v, period(c))); err != nil {
			return db, fmt.Errorf("view %s: %w", v.Name, explain(err))
		}
		if v.Alias == "" {
			continue
		}
		if _, err = db.conn.ExecContext(ctx, "CREATE VIEW "+name(v.Alias)+" AS FROM "+name(v.Name)); err != nil {
			return db, fmt.Errorf("view %s: %w", v.Alias, explain(err))
		}
	}
	if _, err = db.conn.ExecContext(ctx, "SET lock_configuration = true"); err != nil {
		return db, fmt.Errorf("prepare DuckDB: %w", err)
	}
	return db, nil
}

// setup closes all ways out: no extension is loaded, and no file is opened but
// those of the views.
func setup(c Config) []string {
	if c.Memory <= 0 {
		c.Memory = 2 << 30
	}
	out := []string{
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET allow_persistent_secrets = false",
		"SET temp_directory = ''",
		"SET TimeZone = 'UTC'",
		"SET preserve_insertion_order = true",
		"SET memory_limit = '" + strconv.FormatInt(c.Memory, 10) + "B'",
		"SET allowed_directories = [" + literal(strings.TrimSuffix(c.Folder, "/")+"/") + "]",
		"SET parquet_metadata_cache = true",
	}
	if c.Threads > 0 {
		out = append(out, "SET threads = "+strconv.Itoa(c.Threads))
	}
	if c.Write != "" {
		out = append(out, "SET allowed_paths = ["+literal(c.Write)+"]")
	}
	return append(out, "SET enable_external_access = false")
}

// Close gives up the views.
func (db *DB) Close() error {
	var errs []error
	if db.conn != nil {
		errs = append(errs, db.conn.Close())
	}
	if db.db != nil {
		errs = append(errs, db.db.Close())
	}
	return errors.Join(errs...)
}

// create is the statement that makes the view. Files of one part are read as one
// table, whose columns the first of them tells; those that a part lacks are added
// as NULL.
func create(v *column.View, where string) string {
	var b strings.Builder
	b.WriteString("CREATE VIEW " + name(v.Name) + " AS ")
	n := 0
	for _, p := range v.Parts {
		if len(p.Files) == 0 {
			continue
		}
		if n++; n > 1 {
			b.WriteString(" UNION ALL ")
		}
		selects(&b, v, p.Has)
		b.WriteString(" FROM read_parquet([")
		for i, f := range p.Files {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(literal(f))
		}
		b.WriteString("], hive_partitioning = true, hive_types_autocast = false)" + where)
	}
	if n == 0 {
		selects(&b, v, map[string]bool{})
		b.WriteString(" WHERE false")
	}
	return b.String()
}

// period is the condition that keeps rows of the configured period.
func period(c Config) string {
	var out []string
	if !c.Since.IsZero() {
		out = append(out, name(column.When)+" >= "+stamp(c.Since))
	}
	if !c.Until.IsZero() {
		out = append(out, name(column.When)+" < "+stamp(c.Until))
	}
	if len(out) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(out, " AND ")
}

func stamp(t time.Time) string {
	return "TIMESTAMP " + literal(t.UTC().Format("2006-01-02 15:04:05.999999"))
}

func selects(b *strings.Builder, v *column.View, has map[string]bool) {
	b.WriteString("SELECT ")
	for i := range v.Columns {
		c := &v.Columns[i]
		if i > 0 {
			b.WriteString(", ")
		}
		if has == nil || has[c.Name] {
			b.WriteString(name(c.Name))
		} else {
			b.WriteString("CAST(NULL AS " + c.SQL() + ") AS " + name(c.Name))
		}
	}
}

// literal writes a text as SQL does, and name a name.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
func name(s string) string    { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// A Column is a column of an answer, with its type in SQL.
type Column struct{ Name, Type string }

// A Result is the answer to a query, row by row.
type Result struct {
	Columns []Column
	rows    *sql.Rows
	values  []any
	into    []any
}

// Select runs one SELECT, of whose rows at most limit are given; 0 = all.
func (db *DB) Select(ctx context.Context, query string, limit int) (*Result, error) {
	if err := db.check(ctx, query); err != nil {
		return nil, err
	}
	rows, err := db.conn.QueryContext(ctx, limited(query, limit))
	if err != nil {
		return nil, explain(err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	r := &Result{rows: rows, values: make([]any, len(types)), into: make([]any, len(types))}
	for i, t := range types {
		r.Columns = append(r.Columns, Column{t.Name(), t.DatabaseTypeName()})
		r.into[i] = &r.values[i]
	}
	return r, nil
}

// Next gives the next row, valid until the one after it; nil at the end.
func (r *Result) Next() ([]any, error) {
	if !r.rows.Next() {
		return nil, explain(r.rows.Err())
	}
	if err := r.rows.Scan(r.into...); err != nil {
		return nil, err
	}
	return r.values, nil
}

// Close ends the query.
func (r *Result) Close() error { return r.rows.Close() }

// Export writes the answer to one SELECT into the file that the configuration
// names, as Parquet, and returns the number of rows.
func (db *DB) Export(ctx context.Context, query, path string, limit int) (int64, error) {
	if err := db.check(ctx, query); err != nil {
		return 0, err
	}
	res, err := db.conn.ExecContext(ctx, "COPY ("+limited(query, limit)+") TO "+literal(path)+" (FORMAT parquet, COMPRESSION zstd)")
	if err != nil {
		return 0, explain(err)
	}
	return res.RowsAffected()
}

// limited asks for no more than limit rows. The query stands on lines of its own,
// so that a comment at its end hides nothing.
func limited(query string, limit int) string {
	query = strings.TrimRight(strings.TrimSpace(query), "; \t\r\n")
	if limit <= 0 {
		return query + "\n"
	}
	return "SELECT * FROM (\n" + query + "\n) LIMIT " + strconv.Itoa(limit)
}

// ErrNotSelect is the error for anything but one SELECT.
var ErrNotSelect = errors.New("expected one SELECT statement: a query reads and changes nothing")

// check wants one statement that selects. It is only parsed at first: to prepare
// some statements is to carry them out in part.
func (db *DB) check(ctx context.Context, query string) error {
	var text string
	if err := db.conn.QueryRowContext(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", query).Scan(&text); err != nil {
		return explain(err)
	}
	var parsed struct {
		Error      bool              `json:"error"`
		Type       string            `json:"error_type"`
		Message    string            `json:"error_message"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return fmt.Errorf("parse the query: %w", err)
	}
	switch {
	case parsed.Error && parsed.Type == "parser":
		return &Problem{parsed.Message}
	case parsed.Error, len(parsed.Statements) != 1:
		return ErrNotSelect
	}
	return explain(db.conn.Raw(func(c any) error {
		stmt, err := c.(*duckdb.Conn).Prepare(query)
		if err != nil {
			return err
		}
		defer stmt.Close()
		typ, err := stmt.(*duckdb.Stmt).StatementType()
		if err != nil {
			return err
		}
		if typ != duckdb.STATEMENT_TYPE_SELECT {
			return ErrNotSelect
		}
		if n := stmt.NumInput(); n != 0 {
			return &Problem{fmt.Sprintf("the query has %d parameters, and there is nothing to put in their place; write the values into it", n)}
		}
		return ctx.Err()
	}))
}

// A Problem is what is wrong with a query, for people.
type Problem struct{ Text string }

func (p *Problem) Error() string { return p.Text }

var prefix = regexp.MustCompile(`^(\w+ Error): `)

// explain makes the errors of DuckDB fit to be shown.
func explain(err error) error {
	var d *duckdb.Error
	switch {
	case err == nil, errors.Is(err, driver.ErrBadConn):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case !errors.As(err, &d):
		return err
	}
	text := strings.TrimSpace(d.Msg)
	switch d.Type {
	case duckdb.ErrorTypeInterrupt:
		return context.DeadlineExceeded
	case duckdb.ErrorTypeOutOfMemory:
		return &Problem{"the query needs more memory than it may have; select fewer columns (not raw) or a shorter period, or group by something with fewer values"}
	case duckdb.ErrorTypePermission:
		return &Problem{"the query may read the views and nothing else: " + prefix.ReplaceAllString(text, "")}
	}
	return &Problem{text}
}
