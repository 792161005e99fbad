package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/config"
)

// TestOpenToldToEnd: whoever ends a service while it begins can tell that from
// trouble.
func TestOpenToldToEnd(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "entrawatch.yaml")
	text := "data: " + filepath.Join(dir, "data") + "\nsources:\n  - file: {paths: [" + dir + "]}\noutlets:\n  - stdout: {}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Read(name, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s, err := app.Open(t.Context(), cfg, app.ServeConfig{}, io.Discard, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := app.Open(ended, cfg, app.ServeConfig{}, io.Discard, log); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
