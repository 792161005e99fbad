package lake

import (
	"context"
	"errors"
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
		recorded[f.Path] = true
		out.Rows += f.Rows
		out.Bytes += f.Bytes
	}
	var err error
	if out.Damaged, err = l.Sizes(ctx, files); err != nil {
		return nil, err
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

// Sizes tells which files of the manifest are missing, or have another size than
// that with which they were written.
func (l *Lake) Sizes(ctx context.Context, files []state.File) (damaged []*Damage, err error) {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var info os.FileInfo
		err := l.reach(f, func(path string) (err error) { info, err = os.Stat(path); return err })
		if err == nil {
			if err = sized(info, f); err != nil {
				err = &Damage{f.Path, err}
			}
		}
		var d *Damage
		switch {
		case errors.As(err, &d):
			damaged = append(damaged, d)
		case err != nil:
			return nil, err
		}
	}
	return damaged, nil
}
