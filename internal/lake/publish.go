package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// Publish gives files that were recorded their names. It may be repeated.
func (l *Lake) Publish(files []state.File) error {
	touched := folders{}
	for _, f := range files {
		to := l.path(f.Path)
		if err := os.Rename(to+tmpSuffix, to); err != nil {
			if _, there := os.Stat(to); errors.Is(err, fs.ErrNotExist) && there == nil {
				continue
			}
			return fmt.Errorf("publish a file of the lake: %w", err)
		}
		touched[filepath.Dir(to)] = true
	}
	return touched.sync()
}

// A Recovery is what Recover did.
type Recovery struct {
	Published []string // recorded, and now under their names
	Deleted   []string // written, and never recorded or no longer
	Strangers []string // not ours; left alone
}

// Recover brings the folder in line with the manifest after an end of the program
// at any point: it finishes what was recorded and deletes what was not. Only files
// that are named as ours are touched.
//
// A lake with files and no manifest at all is nothing that an interrupted write
// leaves behind. It is an error and nothing is deleted: the state is another's, or
// lost.
func (l *Lake) Recover(ctx context.Context, files []state.File) (*Recovery, error) {
	out := &Recovery{}
	found, strangers, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	out.Strangers = strangers
	recorded := make(map[string]state.File, len(files))
	for _, f := range files {
		recorded[f.Path] = f
	}
	if len(files) == 0 {
		for _, path := range found {
			if !strings.HasSuffix(path, tmpSuffix) {
				return nil, fmt.Errorf("%s: the lake has files, but the state knows of none; restore the state that belongs to it, or move the lake's folder away to begin anew", l.dir)
			}
		}
	}
	touched := folders{}
	for _, path := range found {
		name, tmp := strings.CutSuffix(path, tmpSuffix)
		_, known := recorded[name]
		switch {
		case known && !tmp: // as it should be
		case known:
			if _, err := os.Stat(l.path(name)); err == nil {
				// Both are there only if a copy was put beside; the published one counts.
				if err := l.remove(path, out); err != nil {
					return nil, err
				}
				continue
			}
			if err := os.Rename(l.path(path), l.path(name)); err != nil {
				return nil, fmt.Errorf("publish a file of the lake: %w", err)
			}
			touched[filepath.Dir(l.path(name))] = true
			out.Published = append(out.Published, name)
		default:
			if err := l.remove(path, out); err != nil {
				return nil, err
			}
		}
	}
	return out, touched.sync()
}

func (l *Lake) remove(path string, out *Recovery) error {
	if err := os.Remove(l.path(path)); err != nil {
		return fmt.Errorf("delete a file of the lake that is not recorded: %w", err)
	}
	out.Deleted = append(out.Deleted, path)
	return nil
}

// walk lists the files below the lake that are named as ours, with .tmp or
// without, and those that are not. Files that were set aside are neither.
func (l *Lake) walk(ctx context.Context) (found, strangers []string, err error) {
	err = filepath.WalkDir(l.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) && p != l.dir {
			return nil // deleted meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(l.dir, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if _, ok := placeOf(strings.TrimSuffix(rel, damagedSuffix)); ok && strings.HasSuffix(rel, damagedSuffix) {
			return nil
		}
		if _, ok := placeOf(strings.TrimSuffix(rel, tmpSuffix)); ok && d.Type().IsRegular() {
			found = append(found, rel)
		} else {
			strangers = append(strangers, rel)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look through the lake: %w", err)
	}
	return found, strangers, nil
}

// Retire notes when files were taken out of the manifest, from which their grace
// runs. Who still reads them can finish.
func (l *Lake) Retire(paths []string) {
	now := l.now()
	for _, path := range paths {
		if err := os.Chtimes(l.path(path), now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.log.Warn("the time at which a file of the lake was given up could not be noted; it may be deleted early", "file", path, "error", err)
		}
	}
}

// Clean deletes files that are not in the manifest and were retired longer than
// grace ago. Folders that are empty then go as well.
func (l *Lake) Clean(ctx context.Context, files []state.File, grace time.Duration) (deleted []string, err error) {
	found, _, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	recorded := make(map[string]bool, len(files))
	for _, f := range files {
		recorded[f.Path] = true
	}
	for _, path := range found {
		// What is being written is nobody's to delete; the next start does it.
		if recorded[path] || strings.HasSuffix(path, tmpSuffix) {
			continue
		}
		info, err := os.Stat(l.path(path))
		if errors.Is(err, fs.ErrNotExist) || err == nil && l.now().Sub(info.ModTime()) < grace {
			continue
		}
		if err == nil {
			err = os.Remove(l.path(path))
		}
		if err != nil {
			return deleted, fmt.Errorf("delete a file of the lake: %w", err)
		}
		deleted = append(deleted, path)
	}
	l.prune(deleted)
	return deleted, nil
}

// Withdraw takes their names from files that are about to leave the manifest and
// must not come back. Until that is recorded they can be read as before.
func (l *Lake) Withdraw(paths []string) error {
	touched := folders{}
	for _, path := range paths {
		if _, ok := placeOf(path); !ok {
			return fmt.Errorf("%s is no file of the lake", path)
		}
		if err := os.Rename(l.path(path), l.path(path)+tmpSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("withdraw a file of the lake: %w", err)
		}
		touched[filepath.Dir(l.path(path))] = true
	}
	return touched.sync()
}

// Delete deletes files at once, under either name, as erasure demands. They must not be in the
// manifest any more.
func (l *Lake) Delete(paths []string) error {
	for _, path := range paths {
		if _, ok := placeOf(path); !ok {
			return fmt.Errorf("%s is no file of the lake", path)
		}
		for _, name := range []string{l.path(path), l.path(path) + tmpSuffix} {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("delete a file of the lake: %w", err)
			}
		}
	}
	l.prune(paths)
	return nil
}

// prune takes away folders in which nothing is left.
func (l *Lake) prune(paths []string) {
	slices.Sort(paths)
	last := ""
	for _, path := range paths {
		folder := filepath.Dir(l.path(path))
		if folder == last {
			continue
		}
		last = folder
		// Only empty folders can be removed; that others cannot is as it should be.
		for range 3 {
			if os.Remove(folder) != nil {
				break
			}
			folder = filepath.Dir(folder)
		}
	}
}
