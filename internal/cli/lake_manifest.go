package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state"
)

// openManifest opens what records which files the lake of a data folder has.
func openManifest(_ context.Context, dir string) (closingManifest, error) {
	return openFileManifest(dir)
}

type closingManifest interface {
	app.Manifest
	Close() error
}

// A fileManifest keeps the manifest in a file of its own, where no state does.
type fileManifest struct {
	path  string
	files []state.File
}

func openFileManifest(dir string) (*fileManifest, error) {
	m := &fileManifest{path: filepath.Join(dir, "manifest.json")}
	data, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &m.files); err != nil {
		return nil, fmt.Errorf("%s: not the manifest of a lake: %w; restore it from a backup", m.path, err)
	}
	return m, nil
}

func (m *fileManifest) Files(context.Context) ([]state.File, error) {
	return slices.Clone(m.files), nil
}

func (m *fileManifest) Apply(_ context.Context, c *state.Changes) error {
	files := slices.Clone(m.files)
	for _, path := range c.Removed {
		files = slices.DeleteFunc(files, func(f state.File) bool { return f.Path == path })
	}
	for _, f := range c.Files {
		if slices.ContainsFunc(files, func(have state.File) bool { return have.Path == f.Path }) {
			return fmt.Errorf("%s is in the manifest already", f.Path)
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b state.File) int { return strings.Compare(a.Path, b.Path) })
	data, err := json.MarshalIndent(files, "", " ")
	if err != nil {
		return err
	}
	if err := writeSynced(m.path, data); err != nil {
		return err
	}
	m.files = files
	return nil
}

func (m *fileManifest) Close() error { return nil }

// writeSynced replaces a file as a whole.
func writeSynced(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
