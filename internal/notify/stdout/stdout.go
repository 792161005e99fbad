// Package stdout writes alerts to standard output, as JSON, one a line.
package stdout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Config has nothing to set. Alerts are JSON, one a line.
type Config struct{}

// Default is the section as it is without keys.
func Default() *Config { return &Config{} }

var _ notify.Config = (*Config)(nil)

// Problems finds none.
func (*Config) Problems() []setting.Problem { return nil }

// Open returns the outlet.
func (*Config) Open(stdout io.Writer) (notify.Sink, error) {
	if stdout == os.Stdout {
		// Else a reader of a pipe that goes away ends the service.
		signal.Ignore(syscall.SIGPIPE)
	}
	return &sink{w: stdout}, nil
}

type sink struct {
	w    io.Writer
	torn bool // the last line was not written whole
}

// Notify writes a line.
func (s *sink) Notify(_ context.Context, alert []byte, _ string, _ int) (retry bool, err error) {
	var line bytes.Buffer
	if s.torn {
		line.WriteByte('\n')
	}
	if err := json.Compact(&line, alert); err != nil {
		return false, fmt.Errorf("the alert is not JSON: %w", err)
	}
	line.WriteByte('\n')
	n, err := s.w.Write(line.Bytes())
	if err == nil {
		s.torn = false
		return false, nil
	}
	s.torn = s.torn || n > 0
	if errors.Is(err, syscall.EPIPE) {
		return true, errors.New("whoever read standard output is gone; start the service again, or send alerts elsewhere")
	}
	return true, fmt.Errorf("standard output: %w", err)
}
