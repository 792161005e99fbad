//go:build unix

package postgres

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/statetest"
)

func TestContract(t *testing.T) {
	c := want(t)
	c.admin(t, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
	model := "" // has many small places; it is quicker to use one
	statetest.Run(t, func(t testing.TB) statetest.Open {
		url := model
		if url != "" {
			c.clear(t, url)
		} else {
			url = c.schema(t)
		}
		if strings.HasSuffix(t.Name(), "/Model") {
			model = url
		}
		return func() (state.Store, error) { return openURL(context.Background(), url) }
	})
}

func TestCrash(t *testing.T) {
	c := want(t)
	c.admin(t, "ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()")
	url := c.schema(t)
	statetest.Crash(t, url, func() (state.Store, error) { return openURL(t.Context(), url) }, 15)
}

func TestBackup(t *testing.T) {
	s := start(t, want(t).schema(t))
	says(t, s.Backup(t.Context(), "x"), errors.ErrUnsupported, "pg_dump")
}
