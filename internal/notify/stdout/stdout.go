// Package stdout writes alerts to standard output: as JSON, one a line, or for
// people to read.
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

// A Config says how alerts are printed.
type Config struct {
	// Format is json, one alert a line, or text for people to read: a line or two
	// when an alert is new, one when it has grown.
	Format string `yaml:"format"`
}

// The formats.
const (
	formatJSON = "json"
	formatText = "text"
)

// Default is the section as it is without keys.
func Default() *Config { return &Config{Format: formatJSON} }

var _ notify.Config = (*Config)(nil)

// Problems implements setting.Section.
func (c *Config) Problems() []setting.Problem {
	if c.Format != formatJSON && c.Format != formatText {
		return []setting.Problem{{Key: "format", What: fmt.Sprintf("%q is no format", c.Format), Hint: "write json or text"}}
	}
	return nil
}

// Open returns the outlet.
func (c *Config) Open(stdout io.Writer) (notify.Sink, error) {
	if stdout == os.Stdout {
		// Else a reader of a pipe that goes away ends the service.
		signal.Ignore(syscall.SIGPIPE)
	}
	s := &sink{w: stdout, lines: oneLine}
	if c.Format == formatText {
		s.lines = paintOn(stdout).text
	}
	return s, nil
}

type sink struct {
	w     io.Writer
	lines func(alert []byte) ([]byte, error) // how it is printed
	torn  bool                               // the last line was not written whole
}

func oneLine(alert []byte) ([]byte, error) {
	var line bytes.Buffer
	if err := json.Compact(&line, alert); err != nil {
		return nil, fmt.Errorf("the alert is not JSON: %w", err)
	}
	line.WriteByte('\n')
	return line.Bytes(), nil
}

// Notify writes an alert.
func (s *sink) Notify(_ context.Context, alert []byte, _ string, _ int) (retry bool, err error) {
	lines, err := s.lines(alert)
	if err != nil {
		return false, err
	}
	if s.torn {
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := s.w.Write(lines)
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
