package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A Reader reads a state that another process may be writing. It changes
// nothing, and holds nobody up.
type Reader struct{ s Store }

// OpenRead opens the state in the file at path for reading, whoever else has it
// open. There must be one.
func OpenRead(ctx context.Context, path string) (*Reader, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{Store{path: path}}
	if err := r.open(ctx); err != nil {
		_ = r.Close() // nothing was changed
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("state %s: %w; the service makes it when it first starts", path, fs.ErrNotExist)
		}
		return nil, explain(path, err)
	}
	return r, nil
}

func (r *Reader) open(ctx context.Context) error {
	switch info, err := os.Stat(r.s.path); {
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%w: the file is empty", state.ErrCorrupt)
	}
	// Where nobody has it open, the log of the last writer may still be beside it,
	// and is part of the state.
	var err error
	if r.s.readers, err = open(r.s.path, "busy_timeout(10000)", "query_only(1)", "temp_store(memory)"); err != nil {
		return err
	}
	v, err := version(ctx, r.s.readers)
	if err == nil && v < len(steps) {
		err = fmt.Errorf("it was written by an older version of the program (%d, this one reads %d); start the service once, which brings it up to date", v, len(steps))
	}
	return err
}

// Close ends reading. It may be called again.
func (r *Reader) Close() error {
	if r.s.readers == nil {
		return nil
	}
	return r.s.readers.Close()
}

// Files is that of state.Store.
func (r *Reader) Files(ctx context.Context) ([]state.File, error) { return r.s.Files(ctx) }

// Cursors is that of state.Store.
func (r *Reader) Cursors(ctx context.Context) ([]state.Cursor, error) { return r.s.Cursors(ctx) }

// Audit is that of state.Store.
func (r *Reader) Audit(ctx context.Context, n int) ([]state.AuditEntry, error) {
	return r.s.Audit(ctx, n)
}

// Hours is that of state.Store.
func (r *Reader) Hours(ctx context.Context, since time.Time) iter.Seq2[state.Hour, error] {
	return r.s.Hours(ctx, since)
}

// Pending is that of state.Store.
func (r *Reader) Pending(ctx context.Context, sink string, now time.Time, n int) ([]state.Delivery, error) {
	return r.s.Pending(ctx, sink, now, n)
}

// Check is that of state.Store.
func (r *Reader) Check(ctx context.Context) error { return r.s.Check(ctx) }

// Backup is that of state.Store.
func (r *Reader) Backup(ctx context.Context, path string) error { return r.s.Backup(ctx, path) }

// A Count is how much there is of something.
type Count struct {
	What string
	Rows int64
}

// An Info describes a state.
type Info struct {
	Version int   // of the schema
	Bytes   int64 // of the file and its log
	Counts  []Count
}

// Info counts what the state holds.
func (r *Reader) Info(ctx context.Context) (*Info, error) {
	out := &Info{}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(r.s.path + suffix); err == nil {
			out.Bytes += info.Size()
		}
	}
	var err error
	if out.Version, err = version(ctx, r.s.readers); err != nil {
		return nil, explain(r.s.path, err)
	}
	for _, table := range []struct{ what, query string }{
		{"files of the lake", "SELECT count(*) FROM files"},
		{"positions in sources", "SELECT count(*) FROM cursors"},
		{"segments of hits", "SELECT count(*) FROM segments"},
		{"alerts", "SELECT count(*) FROM alerts WHERE newest = 1"},
		{"facts of alerts", "SELECT count(*) FROM alerts"},
		{"deliveries that wait", "SELECT count(*) FROM deliveries WHERE done = 0"},
		{"records in quarantine", "SELECT count(*) FROM quarantine"},
	} {
		n := Count{What: table.what}
		if err := r.s.readers.QueryRowContext(ctx, table.query).Scan(&n.Rows); err != nil {
			return nil, explain(r.s.path, err)
		}
		out.Counts = append(out.Counts, n)
	}
	return out, nil
}

// CheckFile reads all of a backup and reports damage as state.ErrCorrupt.
func CheckFile(ctx context.Context, path string) error { return checkBackup(ctx, path) }
