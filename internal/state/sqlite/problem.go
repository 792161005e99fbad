package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/entrawatch/entrawatch/internal/state"
)

// errForeign: the file is a database, of something else.
var errForeign = errors.New("this is an SQLite database, but not a state of entrawatch")

// explain turns an error about the database at path into one that says what it
// means and what to do.
func explain(path string, err error) error {
	primary := code(err) & 0xff
	wrap := func(kind error, hint string) error {
		if errors.Is(err, kind) {
			return fmt.Errorf("state %s: %w; %s", path, err, hint)
		}
		return fmt.Errorf("state %s: %w: %w; %s", path, kind, err, hint)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("state %s: %w", path, err)
	case errors.Is(err, state.ErrNewer):
		return wrap(state.ErrNewer, "use the newer program, or restore a backup that this one has made")
	case errors.Is(err, errForeign):
		return fmt.Errorf("state %s: %w; name another file", path, err)
	case damaged(err):
		return wrap(state.ErrCorrupt, "stop the service and restore a backup: entrawatch state restore")
	case primary == sqlite3.SQLITE_FULL, full(err), primary == sqlite3.SQLITE_IOERR && noRoom(filepath.Dir(path)):
		return wrap(state.ErrFull, "make room on the disk of "+filepath.Dir(path))
	case primary == sqlite3.SQLITE_IOERR:
		return fmt.Errorf("state %s: %w; check the disk and the system's log", path, err)
	case primary == sqlite3.SQLITE_READONLY, primary == sqlite3.SQLITE_CANTOPEN, primary == sqlite3.SQLITE_PERM,
		errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("state %s: %w; the user that runs entrawatch must be able to write to %s and to the files in it",
			path, err, filepath.Dir(path))
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("state %s: %w; make the folder %s", path, err, filepath.Dir(path))
	}
	return fmt.Errorf("state %s: %w", path, err)
}

// code is SQLite's extended result code; 0 if the error is not SQLite's.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// damaged reports whether an error means that the file is.
func damaged(err error) bool {
	c := code(err)
	return errors.Is(err, state.ErrCorrupt) || c&0xff == sqlite3.SQLITE_CORRUPT || c&0xff == sqlite3.SQLITE_NOTADB ||
		c == sqlite3.SQLITE_IOERR_SHORT_READ
}

// full reports whether the system says that a disk or a quota is used up.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// noRoom reports whether a small file cannot be written for want of room:
// SQLite's errors of input and output do not tell why.
func noRoom(dir string) bool {
	f, err := os.CreateTemp(dir, "entrawatch-room-*")
	if err != nil {
		return full(err)
	}
	_, err = f.Write(make([]byte, 64<<10))
	if err == nil {
		err = f.Sync()
	}
	_ = f.Close()
	_ = os.Remove(f.Name()) // it is empty or small
	return full(err)
}
