package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entrawatch/entrawatch/internal/state"
)

// Apply implements state.Store.
func (s *Store) Apply(ctx context.Context, c *state.Changes) error {
	if err := s.damaged(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.explain(ctx, ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return s.explain(ctx, err)
	}
	if s.lost != nil {
		return s.explain(ctx, s.lost)
	}
	switch kept, err := s.session(ctx); {
	case err != nil:
		return s.explain(ctx, err)
	case kept:
		// Who had the error may be about to repeat the change: it must not
		// be kept twice.
		s.lost = errKept
		return s.explain(ctx, s.lost)
	}
	return s.explain(ctx, s.apply(ctx, c))
}

func (s *Store) apply(ctx context.Context, c *state.Changes) error {
	tx, err := s.conn.Begin(ctx)
	if err != nil {
		return err
	}
	// What has begun to end is waited for: its outcome must be known.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	b := &batch{}
	b.apply(c)
	b.queue("number of the change", `UPDATE writer SET change = $1`, s.change+1)
	if err := b.send(ctx, tx); err != nil {
		_ = tx.Rollback(last) // what went wrong is said already
		return err
	}
	err = tx.Commit(last)
	if err != nil && s.conn.IsClosed() {
		kept, again := s.session(last)
		if again != nil {
			return errors.Join(err, again)
		}
		if kept {
			err = nil
		}
	}
	if err == nil {
		s.change++
	}
	return err
}

// A batch is what one Apply sends at once.
type batch struct {
	pgx.Batch
	about []about
}

// about says what a statement is about, for errors, and whether it must have
// changed something.
type about struct {
	what string
	must bool
}

func (b *batch) queue(what, query string, args ...any) {
	b.about = append(b.about, about{what: what})
	b.Queue(query, args...)
}

func (b *batch) send(ctx context.Context, tx pgx.Tx) error {
	results := tx.SendBatch(ctx, &b.Batch)
	for _, a := range b.about {
		tag, err := results.Exec()
		if err == nil && a.must && tag.RowsAffected() == 0 {
			err = errors.New("there is no such fact")
		}
		if err != nil {
			_ = results.Close() // has the same error, or none
			return fmt.Errorf("%s: %w", a.what, err)
		}
	}
	return results.Close()
}

func (b *batch) apply(c *state.Changes) {
	for _, x := range c.Removed {
		b.queue("remove file", `DELETE FROM files WHERE sha256(path) = sha256($1)`, raw(x))
	}
	for _, x := range c.Expired {
		b.queue("expire segments", `DELETE FROM segments WHERE sha256(class) = sha256($1) AND last < $2`,
			raw(x.Class), state.EncodeTime(x.Before))
	}
	for _, x := range c.Cursors {
		b.queue("cursor", `INSERT INTO cursors (source, stream, text, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (sha256(source), sha256(stream)) DO UPDATE SET text = excluded.text, at = excluded.at`,
			raw(x.Source), raw(x.Stream), raw(x.Text), state.EncodeTime(x.At))
	}
	for _, x := range c.Files {
		b.queue(fmt.Sprintf("file %q", x.Path),
			`INSERT INTO files (path, tenant, kind, day, first, last, rows, bytes, level, added)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			raw(x.Path), raw(x.Tenant), raw(x.Kind), raw(x.Day), state.EncodeTime(x.First), state.EncodeTime(x.Last),
			x.Rows, x.Bytes, x.Level, state.EncodeTime(x.Added))
	}
	for _, x := range c.Segments {
		b.queue("segment", `INSERT INTO segments (class, first, last, body) VALUES ($1, $2, $3, $4)`,
			raw(x.Class), state.EncodeTime(x.First), state.EncodeTime(x.Last), notNil(x.Body))
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
		b.value(x)
	}
	for _, x := range c.Audit {
		b.queue("audit", `INSERT INTO audit (at, actor, action, object, result) VALUES ($1, $2, $3, $4, $5)`,
			state.EncodeTime(x.At), raw(x.Actor), raw(x.Action), raw(x.Object), raw(x.Result))
	}
	if c.QuarantineLimit > 0 {
		b.queue("limit of the quarantine", `DELETE FROM quarantine WHERE start < `+quarantineEnd+` - $1`, c.QuarantineLimit)
	}
	if !c.HistoryBefore.IsZero() {
		b.forget(c.HistoryBefore)
	}
}

func (b *batch) tally(x state.Tally) {
	if len(x.Body) == 0 {
		b.queue("tally", `DELETE FROM tallies WHERE sha256(name) = sha256($1)`, notNil(x.Name))
		return
	}
	b.queue("tally", `INSERT INTO tallies (name, body) VALUES ($1, $2)
		ON CONFLICT (sha256(name)) DO UPDATE SET body = excluded.body`, notNil(x.Name), x.Body)
}

func (b *batch) alert(x *state.Alert) {
	what := fmt.Sprintf("alert %q, revision %d", x.ID, x.Revision)
	b.queue(what, `UPDATE alerts SET newest = false WHERE sha256(id) = sha256($1) AND newest AND revision < $2`,
		raw(x.ID), x.Revision)
	b.queue(what,
		`INSERT INTO alerts (id, revision, newest, tenant, rule, severity, status, first, last, stored, body)
		VALUES ($1, $2, NOT EXISTS (SELECT 1 FROM alerts WHERE sha256(id) = sha256($1) AND revision > $2),
			$3, $4, $5, $6, $7, $8, $9, $10)`,
		raw(x.ID), x.Revision, raw(x.Tenant), raw(x.Rule), raw(x.Severity), raw(x.Status), state.EncodeTime(x.First),
		state.EncodeTime(x.Last), state.EncodeTime(x.Stored), notNil(x.Body))
}

func (b *batch) delivery(x *state.Delivery) {
	b.queue(fmt.Sprintf("delivery of alert %q, revision %d, to %q", x.Alert, x.Revision, x.Sink),
		`INSERT INTO deliveries (alert, revision, sink, attempts, next, done, problem, stored, rank)
		SELECT id, revision, $3, $4, $5, $6, $7, $8, $9 FROM alerts WHERE sha256(id) = sha256($1) AND revision = $2
		ON CONFLICT (sha256(alert), revision, sha256(sink)) DO UPDATE SET attempts = excluded.attempts,
			next = excluded.next, done = excluded.done, problem = excluded.problem, stored = excluded.stored,
			rank = excluded.rank`,
		raw(x.Alert), x.Revision, raw(x.Sink), x.Attempts, state.EncodeTime(x.Next), x.Done, raw(x.Problem),
		state.EncodeTime(x.Stored), x.Rank)
	b.about[len(b.about)-1].must = true
}

// zero is the zero time in SQL.
var zero = fmt.Sprintf(`'\x%x'::bytea`, state.EncodeTime(time.Time{}))

var addHour = fmt.Sprintf(`INSERT INTO hours AS h (at, source, stream, kind, events, duplicates, quarantined, bytes, first, last)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
	ON CONFLICT (at, sha256(source), sha256(stream), sha256(kind)) DO UPDATE SET
		events = h.events + excluded.events, duplicates = h.duplicates + excluded.duplicates,
		quarantined = h.quarantined + excluded.quarantined, bytes = h.bytes + excluded.bytes,
		first = CASE WHEN h.first = %[1]s OR excluded.first <> %[1]s AND excluded.first < h.first THEN excluded.first ELSE h.first END,
		last = CASE WHEN h.last = %[1]s OR excluded.last <> %[1]s AND excluded.last > h.last THEN excluded.last ELSE h.last END`, zero)

func (b *batch) hour(x *state.Hour) {
	b.queue("hour", addHour, state.EncodeTime(x.At), raw(x.Source), raw(x.Stream), raw(x.Kind), x.Events, x.Duplicates,
		x.Quarantined, x.Bytes, state.EncodeTime(x.First), state.EncodeTime(x.Last))
}

// quarantineEnd is where the next record begins.
const quarantineEnd = `coalesce((SELECT start + size FROM quarantine ORDER BY seq DESC LIMIT 1), 0)`

func (b *batch) quarantine(x *state.Quarantined) {
	b.queue("record in quarantine",
		`INSERT INTO quarantine (start, size, at, source, name, line, position, reason, raw)
		VALUES (`+quarantineEnd+`, $1, $2, $3, $4, $5, $6, $7, $8)`,
		x.Size(), state.EncodeTime(x.At), raw(x.Source), raw(x.Name), x.Line, x.Index, raw(x.Reason), notNil(x.Raw))
}

func (b *batch) value(x state.Value) {
	if x.Text == "" {
		b.queue("value", `DELETE FROM marks WHERE sha256(name) = sha256($1)`, raw(x.Name))
		return
	}
	b.queue("value", `INSERT INTO marks (name, text) VALUES ($1, $2)
		ON CONFLICT (sha256(name)) DO UPDATE SET text = excluded.text`, raw(x.Name), raw(x.Text))
}

func (b *batch) forget(before time.Time) {
	t := state.EncodeTime(before)
	b.queue("forget hours", `DELETE FROM hours WHERE at < $1`, t)
	b.queue("forget deliveries", `DELETE FROM deliveries WHERE done AND stored < $1`, t)
	b.queue("forget alerts", `DELETE FROM alerts a WHERE NOT newest AND stored < $1 AND NOT EXISTS (
		SELECT 1 FROM deliveries d WHERE sha256(d.alert) = sha256(a.id) AND d.revision = a.revision AND NOT d.done)`, t)
}

// raw gives the bytes of a text.
func raw(text string) []byte { return []byte(text) }

// notNil gives empty bytes for nil, which SQL would take for NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
