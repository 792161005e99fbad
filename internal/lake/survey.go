package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A Survey is what a quick look at the lake found.
type Survey struct {
	Rows, Bytes int64 // of the manifest
	Damaged     []*Damage
	Unrecorded  []string // as in Verification
	Strangers   []string
}

// Look compares names and sizes of files with the manifest. It reads none of
// them: that is what Verify does.
func Look(ctx context.Context, dir string, files []state.File) (*Survey, error) {
	l := &Lake{dir: dir}
	out := &Survey{}
	recorded := make(map[string]bool, len(files))
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		recorded[f.Path] = true
		out.Rows += f.Rows
		out.Bytes += f.Bytes
		info, err := os.Stat(l.path(f.Path))
		if errors.Is(err, fs.ErrNotExist) { // recorded, and not published yet
			if info, err = os.Stat(l.path(f.Path) + tmpSuffix); errors.Is(err, fs.ErrNotExist) {
				info, err = os.Stat(l.path(f.Path)) // it was published meanwhile
			}
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out.Damaged = append(out.Damaged, &Damage{f.Path, errors.New("the file is missing")})
		case err != nil:
			return nil, fmt.Errorf("look at a file of the lake: %w", err)
		case info.Size() != f.Bytes:
			out.Damaged = append(out.Damaged, &Damage{f.Path, fmt.Errorf("it has %d bytes, and was written with %d", info.Size(), f.Bytes)})
		}
	}
	found, strangers, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	for _, path := range found {
		if !recorded[path] && !recorded[trimTmp(path)] {
			out.Unrecorded = append(out.Unrecorded, path)
		}
	}
	out.Strangers = strangers
	return out, nil
}
