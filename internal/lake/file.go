package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Select gives the files of a tenant, kind and day.
func Select(files []state.File, tenant string, kind event.Kind, day string) []state.File {
	var out []state.File
	for _, f := range files {
		if f.Day == day && f.Kind == kind.String() && f.Tenant == tenant {
			out = append(out, f)
		}
	}
	return out
}

// A Damage is an error about a file that cannot be read as it should.
type Damage struct {
	Path string // of the manifest
	Err  error
}

func (d *Damage) Error() string {
	return fmt.Sprintf("%s: damaged: %v; restore the file from a backup, or set it aside with \"entrawatch lake verify -set-aside\" so that queries go on without its events", d.Path, d.Err)
}

func (d *Damage) Unwrap() error { return d.Err }

// Damages are those of which an error tells.
func Damages(err error) []*Damage {
	switch e := err.(type) { //nolint:errorlint // all of the tree is looked at
	case *Damage:
		return []*Damage{e}
	case interface{ Unwrap() []error }:
		var out []*Damage
		for _, err := range e.Unwrap() {
			out = append(out, Damages(err)...)
		}
		return out
	case interface{ Unwrap() error }:
		return Damages(e.Unwrap())
	}
	return nil
}

// An opened is a file of the lake, open for reading.
type opened struct {
	file *os.File
	pq   *parquet.File
	leaf map[string]int // columns by the first step of their path
}

// reach does something with the path of a file of the manifest. One that was
// recorded and not yet published stands under its other name.
func (l *Lake) reach(f state.File, do func(path string) error) error {
	path := l.path(f.Path)
	err := do(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = do(path + tmpSuffix); errors.Is(err, fs.ErrNotExist) {
			err = do(path) // it may have been published between the two
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &Damage{f.Path, errors.New("the file is missing")}
	}
	if err != nil {
		return fmt.Errorf("reach a file of the lake: %w", err)
	}
	return nil
}

// sized is an error if a file does not have the size with which it was written.
func sized(info fs.FileInfo, f state.File) error {
	if info.Size() == f.Bytes {
		return nil
	}
	return fmt.Errorf("it has %d bytes, and was written with %d", info.Size(), f.Bytes)
}

func (l *Lake) open(f state.File) (*opened, error) {
	var file *os.File
	err := l.reach(f, func(path string) (err error) { file, err = os.Open(path); return err })
	if err != nil {
		return nil, err
	}
	o := &opened{file: file, leaf: map[string]int{}}
	err = sound(f, func() error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		o.pq, err = parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(16<<10))
		return err
	})
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	for i, path := range o.pq.Schema().Columns() {
		o.leaf[path[0]] = i
	}
	return o, nil
}

func (o *opened) Close() error { return o.file.Close() }

// sound calls what reads a file. Whatever goes wrong there, also a panic of the
// library over bytes that make no sense, is damage of the file.
func sound(f state.File, read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Damage{f.Path, fmt.Errorf("it cannot be decoded: %v", p)}
		}
	}()
	err = read()
	var known *Damage
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var own *callerError
	if errors.As(err, &own) {
		return own.err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Damage{f.Path, err}
}

// A callerError is an error that is not the file's.
type callerError struct{ err error }

func (e *callerError) Error() string { return e.err.Error() }

func foreign(err error) error {
	if err == nil {
		return nil
	}
	return &callerError{err}
}
