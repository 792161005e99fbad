package sqlite

import (
	"context"
	"database/sql"
	"errors"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A lock keeps other processes from the state. It is a transaction without end
// on an empty database beside it: that works wherever SQLite does, goes with the
// process however that ends, and stays when the database is replaced.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

func acquire(ctx context.Context, path string) (*lock, error) {
	db, err := open(path+".lock", "busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		if _, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err == nil {
			return &lock{db, conn}, nil
		}
		_ = conn.Close()
	}
	_ = db.Close() // nothing was written
	if code(err)&0xff == sqlite3.SQLITE_BUSY {
		err = state.ErrInUse
	}
	return nil, err
}

func (l *lock) release() error {
	return errors.Join(l.conn.Close(), l.db.Close())
}
