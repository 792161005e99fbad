package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A Look is what Peek saw of a state.
type Look struct {
	InUse bool // another process has it
	Files []state.File
}

// Peek reads the manifest of a state that exists, also while another process has
// it. It changes nothing, and brings nothing up to date.
func Peek(ctx context.Context, path string) (*Look, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, explain(path, err)
	case info.Size() == 0:
		return nil, explain(path, fmt.Errorf("%w: the file is empty", state.ErrCorrupt))
	}
	var out Look
	l, err := acquire(ctx, path)
	switch {
	case errors.Is(err, state.ErrInUse):
		out.InUse = true
	case err != nil:
		return nil, explain(path, err)
	default:
		// Held while reading: nobody restores a backup meanwhile.
		defer func() { _ = l.release() }()
	}
	db, err := open(path, "busy_timeout(10000)", "query_only(1)")
	if err != nil {
		return nil, explain(path, err)
	}
	defer db.Close()
	if out.Files, err = manifestOf(ctx, db); err != nil {
		return nil, explain(path, err)
	}
	return &out, nil
}

func manifestOf(ctx context.Context, db *sql.DB) (files []state.File, err error) {
	if _, err := version(ctx, db); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, selectFiles)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scanFile(rows)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, rows.Err()
}
