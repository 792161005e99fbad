package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/statetest"
)

func TestMain(m *testing.M) {
	statetest.Helper(func(place string) (state.Store, error) { return Open(context.Background(), place) })
	os.Exit(m.Run())
}

func TestContract(t *testing.T) {
	statetest.Run(t, func(t testing.TB) statetest.Open {
		path := filepath.Join(t.TempDir(), "state.db")
		return func() (state.Store, error) { return Open(context.Background(), path) }
	})
}

func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	statetest.Crash(t, path, func() (state.Store, error) { return Open(t.Context(), path) }, 25)
}
