// Package file appends alerts to a file, as JSON, one a line, for programs that
// follow files. An alert counts as delivered when it is on disk. The file may be
// moved away or removed at any time; it is begun anew.
package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Config says where alerts are written.
type Config struct {
	// Path is the file. Alerts are appended to it; its folder must exist.
	Path setting.Path `yaml:"path"`
}

// Default is the section as it is without keys.
func Default() *Config { return &Config{} }

var _ notify.Config = (*Config)(nil)

// Problems wants a file.
func (c *Config) Problems() []setting.Problem {
	if c.Path == "" {
		return []setting.Problem{{Key: "path", What: "is missing", Hint: "write the name of a file"}}
	}
	return nil
}

// Open returns the outlet.
func (c *Config) Open(io.Writer) (notify.Sink, error) { return &Sink{path: string(c.Path)}, nil }

// A Sink appends to a file.
type Sink struct {
	path string
	f    *os.File // nil = to be opened
}

// Notify appends a line and waits until it is on disk.
func (s *Sink) Notify(_ context.Context, alert []byte, _ string, _ int) (retry bool, err error) {
	var line bytes.Buffer
	if err := json.Compact(&line, alert); err != nil {
		return false, fmt.Errorf("the alert is not JSON: %w", err)
	}
	line.WriteByte('\n')
	size, err := s.open()
	if err == nil {
		err = s.append(line.Bytes(), size)
	}
	if err != nil {
		return true, errors.Join(s.explain(err), s.Close())
	}
	return false, nil
}

var _ notify.Checker = (*Sink)(nil)

// Check sees whether alerts could be appended. It changes no file, and leaves none
// behind.
func (s *Sink) Check(context.Context) error {
	there, err := os.Stat(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f, err := os.CreateTemp(filepath.Dir(s.path), ".entrawatch-check-*")
		if err != nil {
			return s.explain(err)
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	case err != nil:
		return s.explain(err)
	case !there.Mode().IsRegular():
		return s.explain(errNotFile)
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return s.explain(err)
	}
	return f.Close()
}

// Close closes the file. Notify opens it again.
func (s *Sink) Close() error {
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	s.f = nil
	return err
}

// open sees to it that the file of that name is open, and returns its size.
func (s *Sink) open() (int64, error) {
	there, err := os.Stat(s.path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if err == nil && !there.Mode().IsRegular() { // opening a pipe would wait for its reader
		return 0, errNotFile
	}
	if s.f != nil {
		have, err := s.f.Stat()
		if err != nil {
			return 0, err
		}
		if there != nil && os.SameFile(there, have) {
			return have.Size(), nil
		}
		if err := s.Close(); err != nil {
			return 0, err
		}
	}
	s.f, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return 0, err
	}
	if there == nil {
		if err := syncFolder(filepath.Dir(s.path)); err != nil {
			return 0, err
		}
	}
	return s.heal()
}

// heal ends a last line that a crash left unfinished, so that the next one
// stands by itself, and returns the size.
func (s *Sink) heal() (int64, error) {
	info, err := s.f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	last := make([]byte, 1)
	if _, err := s.f.ReadAt(last, info.Size()-1); err != nil {
		return 0, err
	}
	if last[0] == '\n' {
		return info.Size(), nil
	}
	if _, err := s.f.Write([]byte{'\n'}); err != nil {
		return 0, err
	}
	return info.Size() + 1, nil
}

// append writes a line. Part of one is taken back.
func (s *Sink) append(line []byte, size int64) error {
	if n, err := s.f.Write(line); err != nil {
		if n > 0 {
			return errors.Join(err, s.f.Truncate(size))
		}
		return err
	}
	return s.f.Sync()
}

// syncFolder makes a new name in a folder last. Windows has no such thing.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

var errNotFile = errors.New("is not a file")

// explain says what went wrong, and what to do.
func (s *Sink) explain(err error) error {
	hint := ""
	switch {
	case errors.Is(err, os.ErrNotExist):
		hint = "make the folder " + filepath.Dir(s.path)
	case errors.Is(err, os.ErrPermission):
		hint = "let the user of the service write there"
	case errors.Is(err, syscall.EROFS):
		hint = "name a file on a disk that can be written"
	case errors.Is(err, syscall.ENOSPC):
		hint = "make room on the disk"
	case errors.Is(err, errNotFile):
		hint = "name a file, or a new one"
	}
	if pe := new(os.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	if hint != "" {
		return fmt.Errorf("%s: %w; %s", s.path, err, hint)
	}
	return fmt.Errorf("%s: %w", s.path, err)
}
