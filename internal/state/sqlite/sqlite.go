// Package sqlite keeps the state of the service in one file, with SQLite. It is
// the store of a service on one machine; package postgres is its twin.
//
// Beside the file stand its write-ahead log (-wal), the index of that (-shm) and
// an empty file that is locked while the state is in use (.lock). Every Apply is a
// transaction that is synced before it returns. It does not know what the
// bodies mean that it keeps, and does not decide when to make backups or to
// forget.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver

	"github.com/entrawatch/entrawatch/internal/state"
)

// A Store is a state in a file.
type Store struct {
	path    string
	lock    *lock
	writer  *sql.DB // has one connection
	readers *sql.DB
	damage  atomic.Pointer[error] // the first that was seen
	close   func() error
}

var _ state.Store = (*Store)(nil)

// Open opens the state in the file at path, and makes one if there is none. The
// folder must exist. An older state is brought up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	l, err := acquire(ctx, path)
	if err != nil {
		return nil, openError(path, err)
	}
	s := &Store{path: path, lock: l}
	if err := s.open(ctx); err != nil {
		_ = s.closeAll() // nothing was changed
		return nil, openError(path, err)
	}
	s.close = sync.OnceValue(s.closeAll)
	return s, nil
}

func openError(path string, err error) error {
	if errors.Is(err, state.ErrInUse) {
		return fmt.Errorf("state %s: %w; stop that first, or configure another data folder", path, err)
	}
	return explain(path, err)
}

func (s *Store) open(ctx context.Context) error {
	if err := finishRestore(s.path); err != nil {
		return err
	}
	switch info, err := os.Stat(s.path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(ctx, s.path); err != nil {
			return err
		}
	case err != nil:
		return err
	case info.Size() == 0:
		// SQLite would take it for a new database. Ours gets its name only
		// when it has a schema.
		return fmt.Errorf("%w: the file is empty", state.ErrCorrupt)
	}
	var err error
	// A log of 64 MiB or more is cut when its changes are in the file.
	s.writer, err = open(s.path, "busy_timeout(10000)", "journal_mode(wal)", "synchronous(full)",
		"journal_size_limit(67108864)", "temp_store(memory)")
	if err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	v, err := version(ctx, s.writer)
	if err != nil {
		return err
	}
	if err := migrate(ctx, s.writer, v); err != nil {
		return err
	}
	// There is no limit to their number: who reads while reading would wait for
	// himself.
	s.readers, err = open(s.path, "busy_timeout(10000)", "query_only(1)", "temp_store(memory)")
	if err != nil {
		return err
	}
	s.readers.SetMaxIdleConns(4)
	return nil
}

// create makes a state under another name and gives it its own when it is
// complete and on disk.
func create(ctx context.Context, path string) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	db, err := open(tmp, "synchronous(full)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := errors.Join(migrate(ctx, db, 0), db.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(path)
}

// open prepares connections to a file that set these pragmas. It touches nothing
// yet.
func open(path string, pragmas ...string) (*sql.DB, error) {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()}
	return sql.Open("sqlite", u.String())
}

// Close ends all use of the state. It may be called again.
func (s *Store) Close() error { return s.close() }

func (s *Store) closeAll() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(append(errs, s.lock.release())...)
}

// explain explains an error of a query, and remembers damage: nothing is added to
// a damaged state.
func (s *Store) explain(err error) error {
	err = explain(s.path, err)
	if errors.Is(err, state.ErrCorrupt) {
		s.damage.CompareAndSwap(nil, &err)
	}
	return err
}
