package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/entrawatch/entrawatch/internal/state"
)

// Backup implements state.Store. The copy has no room to spare, and gets its name
// when it is complete and on disk.
func (s *Store) Backup(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("backup %s: %w; name a file that does not exist yet", path, fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // for the user's eyes only
	if err != nil {
		return explain(path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is gone when all went well
	if err := f.Close(); err != nil {
		return explain(path, err)
	}
	if _, err := s.readers.ExecContext(ctx, "VACUUM INTO ?", f.Name()); damaged(err) {
		return s.explain(err) // the copy is not what is damaged
	} else if err != nil {
		return explain(path, err)
	}
	return explain(path, place(f.Name(), path))
}

// place syncs a new file, gives it its name, and syncs that.
func place(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(to)
}

// syncDir makes the name of a file survive a crash of the machine.
func syncDir(path string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Restore puts a backup in the place of the state at path, which nobody may be
// using. It checks the backup first. What was there is kept as path.damaged-1, or
// with the next number that is free.
func Restore(backup, path string) error {
	ctx := context.Background()
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	l, err := acquire(ctx, path)
	if err != nil {
		return openError(path, err)
	}
	defer l.release() //nolint:errcheck // nothing was written to it
	if err := checkBackup(ctx, backup); err != nil {
		return err
	}
	if err := explain(path, copyFile(backup, path+".new")); err != nil {
		return err
	}
	if err := place(path+".new", path+".restored"); err != nil {
		return explain(path, err)
	}
	return explain(path, finishRestore(path))
}

// checkBackup reads all of a backup, without changing it.
func checkBackup(ctx context.Context, backup string) error {
	problem := func(err error, hint string) error {
		return fmt.Errorf("backup %s: %w; %s", backup, err, hint)
	}
	path, err := filepath.Abs(backup)
	if err != nil {
		return err
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		return problem(err, "name a file that a backup was written to")
	case info.Size() == 0:
		return problem(fmt.Errorf("%w: the file is empty", state.ErrCorrupt), "use another one")
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		return problem(errors.New("there is a write-ahead log (-wal) beside it, so it is a state, not a backup"),
			"use a file that a backup was written to")
	}
	db, err := open(path, "query_only(1)", "temp_store(memory)")
	if err != nil {
		return err
	}
	defer db.Close()
	v, err := version(ctx, db)
	if err == nil && v == len(steps) {
		err = check(ctx, db)
	}
	switch {
	case err == nil:
		return nil
	case damaged(err) && !errors.Is(err, state.ErrCorrupt):
		return problem(fmt.Errorf("%w: %w", state.ErrCorrupt, err), "use another one")
	case errors.Is(err, state.ErrNewer):
		return problem(err, "use the newer program")
	default:
		return problem(err, "use another one")
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// finishRestore does what is left of a restore, also of one that was
// interrupted: once the copy has the name path.restored it is complete, and
// only names change.
func finishRestore(path string) error {
	if _, err := os.Lstat(path + ".restored"); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	aside := ""
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.damaged-%d", path, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
	}
	// The log goes first: it must never stand beside the restored file. When
	// this is interrupted, the rest gets the next number.
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return place(path+".restored", path)
}
