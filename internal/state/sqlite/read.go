package sqlite

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// when scans a time.
type when struct{ t *time.Time }

// Scan implements sql.Scanner.
func (w when) Scan(src any) error {
	b, _ := src.([]byte)
	t, err := state.DecodeTime(b)
	*w.t = t
	return err
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rows gives the rows of a query, each as scan reads it.
func rows[T any](ctx context.Context, db querier, scan func(*sql.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, err)
			return
		}
		defer r.Close()
		for r.Next() {
			x, err := scan(r)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(x, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(none, err)
		}
	}
}

// read is rows for callers of the store: its errors are explained.
func read[T any](ctx context.Context, s *Store, scan func(*sql.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x, err := range rows(ctx, s.readers, scan, query, args...) {
			if err != nil {
				err = s.explain(err)
			}
			if !yield(x, err) {
				return
			}
		}
	}
}

func list[T any](in iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for x, err := range in {
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// Cursors implements state.Store.
func (s *Store) Cursors(ctx context.Context) ([]state.Cursor, error) {
	return list(read(ctx, s, scanCursor, selectCursors))
}

const selectCursors = `SELECT source, stream, text, at FROM cursors ORDER BY source, stream`

func scanCursor(r *sql.Rows) (x state.Cursor, err error) {
	err = r.Scan(&x.Source, &x.Stream, &x.Text, when{&x.At})
	return x, err
}

// Files implements state.Store.
func (s *Store) Files(ctx context.Context) ([]state.File, error) {
	return list(read(ctx, s, scanFile, selectFiles))
}

const selectFiles = `SELECT path, tenant, kind, day, first, last, rows, bytes, level, added FROM files ORDER BY path`

func scanFile(r *sql.Rows) (x state.File, err error) {
	err = r.Scan(&x.Path, &x.Tenant, &x.Kind, &x.Day, when{&x.First}, when{&x.Last}, &x.Rows, &x.Bytes, &x.Level,
		when{&x.Added})
	return x, err
}

// Segments implements state.Store. Their numbers are found first, so that no
// bodies are sorted.
func (s *Store) Segments(ctx context.Context, class string, since, until time.Time) iter.Seq2[state.Segment, error] {
	which, args := `SELECT seq FROM segments WHERE class = ? AND last >= ?`, []any{class, state.EncodeTime(since)}
	if !until.IsZero() {
		which, args = which+` AND first <= ?`, append(args, state.EncodeTime(until))
	}
	return read(ctx, s, scanSegment, selectSegments+`WHERE seq IN (`+which+`) ORDER BY seq`, args...)
}

const selectSegments = `SELECT seq, class, first, last, sum, body FROM segments `

func scanSegment(r *sql.Rows) (x state.Segment, err error) {
	var kept uint32
	if err := r.Scan(&x.Seq, &x.Class, when{&x.First}, when{&x.Last}, &kept, &x.Body); err != nil {
		return x, err
	}
	return x, verify(fmt.Sprintf("segment %d", x.Seq), x.Body, kept)
}

// Tallies implements state.Store.
func (s *Store) Tallies(ctx context.Context) iter.Seq2[state.Tally, error] {
	return read(ctx, s, scanTally, selectTallies)
}

const selectTallies = `SELECT name, sum, body FROM tallies ORDER BY name`

func scanTally(r *sql.Rows) (x state.Tally, err error) {
	var kept uint32
	if err := r.Scan(&x.Name, &kept, &x.Body); err != nil {
		return x, err
	}
	return x, verify(fmt.Sprintf("tally %x", x.Name), x.Body, kept)
}

const selectAlerts = `SELECT id, revision, tenant, rule, severity, status, first, last, stored, sum, body FROM alerts `

func scanAlert(r *sql.Rows) (x state.Alert, err error) {
	var kept uint32
	err = r.Scan(&x.ID, &x.Revision, &x.Tenant, &x.Rule, &x.Severity, &x.Status, when{&x.First}, when{&x.Last},
		when{&x.Stored}, &kept, &x.Body)
	if err != nil {
		return x, err
	}
	return x, verify(fmt.Sprintf("alert %q", x.ID), x.Body, kept)
}

// Alerts implements state.Store.
func (s *Store) Alerts(ctx context.Context, q state.AlertQuery) iter.Seq2[state.Alert, error] {
	query, args := alertQuery(q)
	return read(ctx, s, scanAlert, query, args...)
}

func alertQuery(q state.AlertQuery) (query string, args []any) {
	query = selectAlerts
	if !q.Changed.IsZero() && len(q.IDs) == 0 {
		query += "INDEXED BY alerts_stored " // SQLite would rather read all in the right order
	}
	query += "WHERE newest = 1"
	add := func(condition string, arg any) {
		query, args = query+" AND "+condition, append(args, arg)
	}
	if len(q.IDs) > 0 {
		add("id IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))", set(q.IDs))
	}
	if !q.Since.IsZero() {
		add("(last >= ? OR last = "+zero+")", state.EncodeTime(q.Since))
	}
	if q.Tenant != "" {
		add("tenant = ?", q.Tenant)
	}
	if len(q.Rules) > 0 {
		add("rule IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))", set(q.Rules))
	}
	if !q.Changed.IsZero() {
		add("stored >= ?", state.EncodeTime(q.Changed))
	}
	return query + " ORDER BY last, id", args
}

// set gives texts as one argument, for any number of them and whatever bytes
// they hold.
func set(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = hex.EncodeToString([]byte(t))
	}
	b, _ := json.Marshal(out) // cannot fail for texts
	return string(b)
}

// History implements state.Store.
func (s *Store) History(ctx context.Context, id string) ([]state.Alert, error) {
	return list(read(ctx, s, scanAlert, selectAlerts+`WHERE id = ? ORDER BY revision`, id))
}

// Pending implements state.Store.
func (s *Store) Pending(ctx context.Context, sink string, now time.Time, n int) ([]state.Delivery, error) {
	return list(read(ctx, s, scanDelivery, selectDeliveries+`WHERE d.sink = ? AND d.done = 0 AND d.next <= ?
		ORDER BY d.rank, d.seq LIMIT ?`, sink, state.EncodeTime(now), max(n, 0)))
}

const selectDeliveries = `SELECT d.alert, d.revision, d.sink, d.attempts, d.next, d.done, d.problem, d.stored, d.rank, a.sum, a.body
	FROM deliveries d JOIN alerts a ON a.id = d.alert AND a.revision = d.revision `

func scanDelivery(r *sql.Rows) (x state.Delivery, err error) {
	var kept uint32
	err = r.Scan(&x.Alert, &x.Revision, &x.Sink, &x.Attempts, when{&x.Next}, &x.Done, &x.Problem, when{&x.Stored},
		&x.Rank, &kept, &x.Body)
	if err != nil {
		return x, err
	}
	return x, verify(fmt.Sprintf("alert %q", x.Alert), x.Body, kept)
}

// Hours implements state.Store.
func (s *Store) Hours(ctx context.Context, since time.Time) iter.Seq2[state.Hour, error] {
	return read(ctx, s, scanHour, selectHours+`WHERE at >= ? ORDER BY at, source, stream, kind`, state.EncodeTime(since))
}

const selectHours = `SELECT at, source, stream, kind, events, duplicates, quarantined, bytes, first, last FROM hours `

func scanHour(r *sql.Rows) (x state.Hour, err error) {
	err = r.Scan(when{&x.At}, &x.Source, &x.Stream, &x.Kind, &x.Events, &x.Duplicates, &x.Quarantined, &x.Bytes,
		when{&x.First}, when{&x.Last})
	return x, err
}

// Quarantined implements state.Store.
func (s *Store) Quarantined(ctx context.Context, n int) (newest []state.Quarantined, total int64, err error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // so that both agree
	if err != nil {
		return nil, 0, s.explain(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM quarantine`).Scan(&total); err != nil {
		return nil, 0, s.explain(err)
	}
	newest, err = list(rows(ctx, tx, scanQuarantined, selectQuarantined+` ORDER BY seq DESC LIMIT ?`, max(n, 0)))
	return newest, total, s.explain(err)
}

const selectQuarantined = `SELECT seq, at, source, name, line, position, reason, sum, raw FROM quarantine`

func scanQuarantined(r *sql.Rows) (x state.Quarantined, err error) {
	var kept uint32
	err = r.Scan(&x.Seq, when{&x.At}, &x.Source, &x.Name, &x.Line, &x.Index, &x.Reason, &kept, &x.Raw)
	if err != nil {
		return x, err
	}
	return x, verify(fmt.Sprintf("record %d in quarantine", x.Seq), x.Raw, kept)
}

// Audit implements state.Store.
func (s *Store) Audit(ctx context.Context, n int) ([]state.AuditEntry, error) {
	return list(read(ctx, s, scanAudit, selectAudit+`ORDER BY seq DESC LIMIT ?`, max(n, 0)))
}

const selectAudit = `SELECT seq, at, actor, action, object, result FROM audit `

func scanAudit(r *sql.Rows) (x state.AuditEntry, err error) {
	err = r.Scan(&x.Seq, when{&x.At}, &x.Actor, &x.Action, &x.Object, &x.Result)
	return x, err
}

// Value implements state.Store.
func (s *Store) Value(ctx context.Context, name string) (string, error) {
	var text string
	err := s.readers.QueryRowContext(ctx, `SELECT text FROM marks WHERE name = ?`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return text, s.explain(err)
}
