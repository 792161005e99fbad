package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// Apply implements state.Store.
func (s *Store) Apply(ctx context.Context, c *state.Changes) error {
	if err := s.damage.Load(); err != nil {
		return *err
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(err)
	}
	b := &batch{ctx: ctx, tx: tx, prepared: map[string]*sql.Stmt{}}
	b.apply(c)
	if b.err != nil {
		_ = tx.Rollback() // what went wrong is said already
		return s.explain(b.err)
	}
	return s.explain(tx.Commit())
}

// A batch is the transaction of one Apply. After an error it does nothing more.
type batch struct {
	ctx      context.Context
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
	err      error
}

// exec runs a statement and gives how many rows it changed. What says of whose
// rows it is, in errors.
func (b *batch) exec(what, query string, args ...any) int64 {
	if b.err != nil {
		return 0
	}
	stmt, ok := b.prepared[query]
	if !ok {
		if stmt, b.err = b.tx.PrepareContext(b.ctx, query); b.err != nil {
			return 0
		}
		b.prepared[query] = stmt
	}
	result, err := stmt.ExecContext(b.ctx, args...)
	if err != nil {
		b.err = fmt.Errorf("%s: %w", what, err)
		return 0
	}
	n, err := result.RowsAffected()
	b.err = err
	return n
}

func (b *batch) apply(c *state.Changes) {
	for _, x := range c.Removed {
		b.exec("remove file", `DELETE FROM files WHERE path = ?`, x)
	}
	for _, x := range c.Expired {
		b.exec("expire segments", `DELETE FROM segments WHERE class = ? AND last < ?`, x.Class, state.EncodeTime(x.Before))
	}
	for _, x := range c.Cursors {
		b.exec("cursor", `INSERT INTO cursors (source, stream, text, at) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET text = excluded.text, at = excluded.at`,
			x.Source, x.Stream, x.Text, state.EncodeTime(x.At))
	}
	for _, x := range c.Files {
		b.exec(fmt.Sprintf("file %q", x.Path),
			`INSERT INTO files (path, tenant, kind, day, first, last, rows, bytes, level, added)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			x.Path, x.Tenant, x.Kind, x.Day, state.EncodeTime(x.First), state.EncodeTime(x.Last), x.Rows, x.Bytes,
			x.Level, state.EncodeTime(x.Added))
	}
	for _, x := range c.Segments {
		b.exec("segment", `INSERT INTO segments (class, first, last, sum, body) VALUES (?, ?, ?, ?, ?)`,
			x.Class, state.EncodeTime(x.First), state.EncodeTime(x.Last), sum(x.Body), notNil(x.Body))
	}
	for _, x := range c.Tallies {
		b.tally(x)
	}
	for i := range c.Alerts {
		b.alert(&c.Alerts[i])
	}
	for i := range c.Deliveries {
		b.delivery(&c.Deliveries[i])
	}
	for i := range c.Hours {
		b.hour(&c.Hours[i])
	}
	for i := range c.Quarantined {
		b.quarantine(&c.Quarantined[i])
	}
	for _, x := range c.Values {
		if x.Text == "" {
			b.exec("value", `DELETE FROM marks WHERE name = ?`, x.Name)
			continue
		}
		b.exec("value", `INSERT INTO marks (name, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text`,
			x.Name, x.Text)
	}
	for _, x := range c.Audit {
		b.exec("audit", `INSERT INTO audit (at, actor, action, object, result) VALUES (?, ?, ?, ?, ?)`,
			state.EncodeTime(x.At), x.Actor, x.Action, x.Object, x.Result)
	}
	if c.QuarantineLimit > 0 {
		b.exec("limit of the quarantine", `DELETE FROM quarantine WHERE start < `+quarantineEnd+` - ?`, c.QuarantineLimit)
	}
	if !c.HistoryBefore.IsZero() {
		b.forget(c.HistoryBefore)
	}
}

func (b *batch) tally(x state.Tally) {
	if len(x.Body) == 0 {
		b.exec("tally", `DELETE FROM tallies WHERE name = ?`, notNil(x.Name))
		return
	}
	b.exec("tally", `INSERT INTO tallies (name, sum, body) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET sum = excluded.sum, body = excluded.body`, notNil(x.Name), sum(x.Body), x.Body)
}

// demote makes way for a newer fact. The plus keeps SQLite from looking through
// all revisions.
const demote = `UPDATE alerts SET newest = 0 WHERE id = ? AND newest = 1 AND +revision < ?`

func (b *batch) alert(x *state.Alert) {
	what := fmt.Sprintf("alert %q, revision %d", x.ID, x.Revision)
	b.exec(what, demote, x.ID, x.Revision)
	b.exec(what,
		`INSERT INTO alerts (id, revision, newest, tenant, rule, severity, status, first, last, stored, sum, body)
		VALUES (?1, ?2, NOT EXISTS (SELECT 1 FROM alerts WHERE id = ?1 AND revision > ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		x.ID, x.Revision, x.Tenant, x.Rule, x.Severity, x.Status, state.EncodeTime(x.First), state.EncodeTime(x.Last),
		state.EncodeTime(x.Stored), sum(x.Body), notNil(x.Body))
}

func (b *batch) delivery(x *state.Delivery) {
	what := fmt.Sprintf("delivery of alert %q, revision %d, to %q", x.Alert, x.Revision, x.Sink)
	n := b.exec(what,
		`INSERT INTO deliveries (alert, revision, sink, attempts, next, done, problem, stored, rank)
		SELECT id, revision, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM alerts WHERE id = ?1 AND revision = ?2
		ON CONFLICT DO UPDATE SET attempts = excluded.attempts, next = excluded.next, done = excluded.done,
			problem = excluded.problem, stored = excluded.stored, rank = excluded.rank`,
		x.Alert, x.Revision, x.Sink, x.Attempts, state.EncodeTime(x.Next), x.Done, x.Problem, state.EncodeTime(x.Stored), x.Rank)
	if n == 0 && b.err == nil {
		b.err = fmt.Errorf("%s: there is no such fact", what)
	}
}

// zero is the zero time in SQL.
var zero = fmt.Sprintf("x'%x'", state.EncodeTime(time.Time{}))

var addHour = fmt.Sprintf(`INSERT INTO hours (at, source, stream, kind, events, duplicates, quarantined, bytes, first, last)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT DO UPDATE SET events = events + excluded.events, duplicates = duplicates + excluded.duplicates,
		quarantined = quarantined + excluded.quarantined, bytes = bytes + excluded.bytes,
		first = CASE WHEN first = %[1]s OR excluded.first <> %[1]s AND excluded.first < first THEN excluded.first ELSE first END,
		last = CASE WHEN last = %[1]s OR excluded.last <> %[1]s AND excluded.last > last THEN excluded.last ELSE last END`, zero)

func (b *batch) hour(x *state.Hour) {
	b.exec("hour", addHour, state.EncodeTime(x.At), x.Source, x.Stream, x.Kind, x.Events, x.Duplicates, x.Quarantined,
		x.Bytes, state.EncodeTime(x.First), state.EncodeTime(x.Last))
}

// quarantineEnd is where the next record begins.
const quarantineEnd = `(SELECT coalesce(max(start + size), 0) FROM (
	SELECT start, size FROM quarantine ORDER BY seq DESC LIMIT 1))`

func (b *batch) quarantine(x *state.Quarantined) {
	b.exec("record in quarantine",
		`INSERT INTO quarantine (start, size, at, source, name, line, position, reason, sum, raw)
		VALUES (`+quarantineEnd+`, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.Size(), state.EncodeTime(x.At), x.Source, x.Name, x.Line, x.Index, x.Reason, sum(x.Raw), notNil(x.Raw))
}

func (b *batch) forget(before time.Time) {
	t := state.EncodeTime(before)
	b.exec("forget hours", `DELETE FROM hours WHERE at < ?`, t)
	b.exec("forget deliveries", `DELETE FROM deliveries WHERE done = 1 AND stored < ?`, t)
	b.exec("forget alerts", `DELETE FROM alerts WHERE newest = 0 AND stored < ? AND NOT EXISTS (
		SELECT 1 FROM deliveries d WHERE d.alert = alerts.id AND d.revision = alerts.revision AND d.done = 0)`, t)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is what is kept beside a body.
func sum(body []byte) uint32 { return crc32.Checksum(body, castagnoli) }

// verify compares a body with what was kept beside it.
func verify(what string, body []byte, kept uint32) error {
	if sum(body) == kept {
		return nil
	}
	return fmt.Errorf("%w: %s is not what was written", state.ErrCorrupt, what)
}

// notNil gives empty bytes for nil, which SQL would take for NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
