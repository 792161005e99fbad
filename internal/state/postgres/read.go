package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entrawatch/entrawatch/internal/state"
)

// when scans a time.
type when struct{ t *time.Time }

// ScanBytes implements pgtype.BytesScanner.
func (w when) ScanBytes(b []byte) (err error) {
	*w.t, err = state.DecodeTime(b)
	return err
}

// text scans bytes as a text.
type text struct{ s *string }

// ScanBytes implements pgtype.BytesScanner.
func (t text) ScanBytes(b []byte) error {
	*t.s = string(b)
	return nil
}

// A querier is a pool of connections or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// rows gives the rows of a query, each as scan reads it.
func rows[T any](ctx context.Context, db querier, scan func(pgx.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		r, err := db.Query(ctx, query, args...)
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
func read[T any](ctx context.Context, s *Store, scan func(pgx.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x, err := range rows(ctx, s.pool, scan, query, args...) {
			if err != nil {
				err = s.explain(ctx, err)
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

func scanCursor(r pgx.Rows) (x state.Cursor, err error) {
	err = r.Scan(text{&x.Source}, text{&x.Stream}, text{&x.Text}, when{&x.At})
	return x, err
}

// Files implements state.Store.
func (s *Store) Files(ctx context.Context) ([]state.File, error) {
	return list(read(ctx, s, scanFile, selectFiles))
}

const selectFiles = `SELECT path, tenant, kind, day, first, last, rows, bytes, level, added FROM files ORDER BY path`

func scanFile(r pgx.Rows) (x state.File, err error) {
	err = r.Scan(text{&x.Path}, text{&x.Tenant}, text{&x.Kind}, text{&x.Day}, when{&x.First}, when{&x.Last}, &x.Rows,
		&x.Bytes, &x.Level, when{&x.Added})
	return x, err
}

// Segments implements state.Store.
func (s *Store) Segments(ctx context.Context, class string, since, until time.Time) iter.Seq2[state.Segment, error] {
	query, args := selectSegments+`WHERE sha256(class) = sha256($1) AND last >= $2`, []any{raw(class), state.EncodeTime(since)}
	if !until.IsZero() {
		query, args = query+` AND first <= $3`, append(args, state.EncodeTime(until))
	}
	return read(ctx, s, scanSegment, query+` ORDER BY seq`, args...)
}

const selectSegments = `SELECT seq, class, first, last, body FROM segments `

func scanSegment(r pgx.Rows) (x state.Segment, err error) {
	err = r.Scan(&x.Seq, text{&x.Class}, when{&x.First}, when{&x.Last}, &x.Body)
	return x, err
}

// Tallies implements state.Store.
func (s *Store) Tallies(ctx context.Context) iter.Seq2[state.Tally, error] {
	return read(ctx, s, scanTally, selectTallies)
}

const selectTallies = `SELECT name, body FROM tallies ORDER BY name`

func scanTally(r pgx.Rows) (x state.Tally, err error) {
	err = r.Scan(&x.Name, &x.Body)
	return x, err
}

// Alerts implements state.Store.
func (s *Store) Alerts(ctx context.Context, q state.AlertQuery) iter.Seq2[state.Alert, error] {
	query, args := alertQuery(q)
	return read(ctx, s, scanAlert, query, args...)
}

func alertQuery(q state.AlertQuery) (query string, args []any) {
	query = selectAlerts + "WHERE newest"
	add := func(condition string, arg any) {
		args = append(args, arg)
		query += " AND " + fmt.Sprintf(condition, fmt.Sprintf("$%d", len(args)))
	}
	if len(q.IDs) > 0 {
		add("sha256(id) IN (SELECT sha256(unnest(%s::bytea[])))", set(q.IDs))
	}
	if !q.Since.IsZero() {
		add("(last >= %s OR last = "+zero+")", state.EncodeTime(q.Since))
	}
	if q.Tenant != "" {
		add("tenant = %s", raw(q.Tenant))
	}
	if len(q.Rules) > 0 {
		add("rule IN (SELECT unnest(%s::bytea[]))", set(q.Rules))
	}
	if !q.Changed.IsZero() {
		add("stored >= %s", state.EncodeTime(q.Changed))
	}
	return query + " ORDER BY last, id", args
}

// set gives texts as one argument, for any number of them.
func set(texts []string) [][]byte {
	out := make([][]byte, len(texts))
	for i, t := range texts {
		out[i] = []byte(t)
	}
	return out
}

const selectAlerts = `SELECT id, revision, tenant, rule, severity, status, first, last, stored, body FROM alerts `

func scanAlert(r pgx.Rows) (x state.Alert, err error) {
	err = r.Scan(text{&x.ID}, &x.Revision, text{&x.Tenant}, text{&x.Rule}, text{&x.Severity}, text{&x.Status},
		when{&x.First}, when{&x.Last}, when{&x.Stored}, &x.Body)
	return x, err
}

// History implements state.Store.
func (s *Store) History(ctx context.Context, id string) ([]state.Alert, error) {
	return list(read(ctx, s, scanAlert, selectAlerts+`WHERE sha256(id) = sha256($1) ORDER BY revision`, raw(id)))
}

// Pending implements state.Store.
func (s *Store) Pending(ctx context.Context, sink string, now time.Time, n int) ([]state.Delivery, error) {
	return list(read(ctx, s, scanDelivery, selectDeliveries+
		`WHERE sha256(d.sink) = sha256($1) AND NOT d.done AND d.next <= $2 ORDER BY d.rank, d.seq LIMIT $3`,
		raw(sink), state.EncodeTime(now), max(n, 0)))
}

const selectDeliveries = `SELECT d.alert, d.revision, d.sink, d.attempts, d.next, d.done, d.problem, d.stored, d.rank, a.body
	FROM deliveries d JOIN alerts a ON sha256(a.id) = sha256(d.alert) AND a.revision = d.revision `

func scanDelivery(r pgx.Rows) (x state.Delivery, err error) {
	err = r.Scan(text{&x.Alert}, &x.Revision, text{&x.Sink}, &x.Attempts, when{&x.Next}, &x.Done, text{&x.Problem},
		when{&x.Stored}, &x.Rank, &x.Body)
	return x, err
}

// Hours implements state.Store.
func (s *Store) Hours(ctx context.Context, since time.Time) iter.Seq2[state.Hour, error] {
	return read(ctx, s, scanHour, selectHours+`WHERE at >= $1 ORDER BY at, source, stream, kind`, state.EncodeTime(since))
}

const selectHours = `SELECT at, source, stream, kind, events, duplicates, quarantined, bytes, first, last FROM hours `

func scanHour(r pgx.Rows) (x state.Hour, err error) {
	err = r.Scan(when{&x.At}, text{&x.Source}, text{&x.Stream}, text{&x.Kind}, &x.Events, &x.Duplicates, &x.Quarantined,
		&x.Bytes, when{&x.First}, when{&x.Last})
	return x, err
}

// Quarantined implements state.Store.
func (s *Store) Quarantined(ctx context.Context, n int) (newest []state.Quarantined, total int64, err error) {
	once := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // so that both agree
	err = pgx.BeginTxFunc(ctx, s.pool, once, func(tx pgx.Tx) (err error) {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM quarantine`).Scan(&total); err != nil {
			return err
		}
		newest, err = list(rows(ctx, tx, scanQuarantined, selectQuarantined+`ORDER BY seq DESC LIMIT $1`, max(n, 0)))
		return err
	})
	return newest, total, s.explain(ctx, err)
}

const selectQuarantined = `SELECT seq, at, source, name, line, position, reason, raw FROM quarantine `

func scanQuarantined(r pgx.Rows) (x state.Quarantined, err error) {
	err = r.Scan(&x.Seq, when{&x.At}, text{&x.Source}, text{&x.Name}, &x.Line, &x.Index, text{&x.Reason}, &x.Raw)
	return x, err
}

// Audit implements state.Store.
func (s *Store) Audit(ctx context.Context, n int) ([]state.AuditEntry, error) {
	return list(read(ctx, s, scanAudit, selectAudit+`ORDER BY seq DESC LIMIT $1`, max(n, 0)))
}

const selectAudit = `SELECT seq, at, actor, action, object, result FROM audit `

func scanAudit(r pgx.Rows) (x state.AuditEntry, err error) {
	err = r.Scan(&x.Seq, when{&x.At}, text{&x.Actor}, text{&x.Action}, text{&x.Object}, text{&x.Result})
	return x, err
}

// Value implements state.Store.
func (s *Store) Value(ctx context.Context, name string) (value string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT text FROM marks WHERE sha256(name) = sha256($1)`, raw(name)).Scan(text{&value})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return value, s.explain(ctx, err)
}

// Check implements state.Store: it reads every row. What the server's checksums do
// not notice, where it has them, is not noticed.
func (s *Store) Check(ctx context.Context) error {
	return errors.Join(
		drain(read(ctx, s, scanCursor, selectCursors)),
		drain(read(ctx, s, scanFile, selectFiles)),
		drain(read(ctx, s, scanSegment, selectSegments)),
		drain(read(ctx, s, scanTally, selectTallies)),
		drain(read(ctx, s, scanAlert, selectAlerts)),
		drain(read(ctx, s, scanDelivery, selectDeliveries)),
		drain(read(ctx, s, scanHour, selectHours)),
		drain(read(ctx, s, scanQuarantined, selectQuarantined)),
		drain(read(ctx, s, scanAudit, selectAudit)))
}

// drain reads everything and gives the error with which it ended.
func drain[T any](in iter.Seq2[T, error]) error {
	for _, err := range in {
		if err != nil {
			return err
		}
	}
	return nil
}
