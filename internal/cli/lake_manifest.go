package cli

import (
	"context"
	"path/filepath"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// A closingManifest records which files the lake of a data folder has.
type closingManifest interface {
	app.Manifest
	Close() error
}

// openManifest opens the state of a data folder, which holds the manifest. It is
// an error while the service has it.
func openManifest(ctx context.Context, dir string) (closingManifest, error) {
	return sqlite.Open(ctx, filepath.Join(dir, "state.db"))
}
