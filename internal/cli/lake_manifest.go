package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// A lakeReader says which files the lake of a data folder has.
type lakeReader interface {
	Files(ctx context.Context) ([]state.File, error)
	Close() error
}

// A lakeUse is what a command does with the lake.
type lakeUse int

const (
	reading lakeUse = iota // beside the service, too
	writing
	making   // writing, also where there is none yet
	adopting // writing, whatever the state knows of
)

// openManifest opens the state of a data folder, which holds the manifest. The
// manifest that can be changed is nil for those who only read; others get an error
// while the service has it.
func openManifest(ctx context.Context, dir string, use lakeUse) (lakeReader, app.Manifest, error) {
	path := filepath.Join(dir, stateName)
	if use == reading {
		r, err := sqlite.OpenRead(ctx, path)
		return r, nil, err
	}
	s, err := sqlite.Open(ctx, path)
	if errors.Is(err, state.ErrInUse) {
		err = fmt.Errorf("state %s: the service, or another command, is writing there; stop it first: only commands that read work beside it", path)
	}
	return s, s, err
}
