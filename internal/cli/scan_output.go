package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// An output is a file that scan writes.
type output struct {
	flag, path string
	content    func(w io.Writer, res *app.Result, p *page) error
}

// outputs lists the files to write. What can be known to go wrong is found now,
// not after a long scan.
func (c *scanCommand) outputs() (out []output, problem string) {
	for _, o := range []output{
		{"-html", *c.html, func(w io.Writer, _ *app.Result, p *page) error { return p.write(w) }},
		{"-summary", *c.summary, func(w io.Writer, res *app.Result, _ *page) error { return writeSummary(w, res) }},
		{"-quarantine", *c.quarantine, func(w io.Writer, res *app.Result, _ *page) error { return res.WriteQuarantine(w) }},
	} {
		if o.path == "" {
			continue
		}
		for _, other := range out {
			if filepath.Clean(other.path) == filepath.Clean(o.path) {
				return nil, fmt.Sprintf("%s and %s name one file; name two", other.flag, o.flag)
			}
		}
		if problem := o.check(c.paths, *c.directory, *c.baseline); problem != "" {
			return nil, o.flag + " " + problem
		}
		out = append(out, o)
	}
	return out, ""
}

// check says why the output cannot be written, or must not: a log that is read
// may be the only copy.
func (o *output) check(paths, directory []string, baseline string) (problem string) {
	info, err := os.Stat(o.path)
	switch {
	case err == nil && info.IsDir():
		return o.path + ": is a folder; name a file"
	case err == nil && info.Mode().IsRegular():
		files, _ := file.Walk(append(append([]string{}, paths...), directory...))
		if baseline != "" {
			files = append(files, file.Input{Path: baseline})
		}
		for _, f := range files {
			if f.Stdin {
				continue
			}
			if in, err := os.Stat(f.Path); err == nil && os.SameFile(in, info) {
				return o.path + ": is read as input, and would be overwritten; name another file, outside the folder that is read"
			}
		}
		return ""
	case err == nil: // a pipe or a device
		return ""
	}
	probe, err := os.CreateTemp(filepath.Dir(o.path), ".entrawatch-*")
	if err != nil {
		return missing(filepath.Dir(o.path), err) + " or folder; name a file in a folder that exists and can be written"
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return ""
}

// write writes the file as a whole or not at all.
func (o *output) write(res *app.Result, p *page) error {
	return writeFile(o.path, func(w io.Writer) error { return o.content(w, res, p) })
}

func writeFile(path string, content func(io.Writer) error) (err error) {
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, content), f.Close())
	}
	temp := filepath.Join(filepath.Dir(target), fmt.Sprintf(".%s.%d.tmp", filepath.Base(target), os.Getpid()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return errors.New(missing(path, err))
	}
	err = errors.Join(buffered(f, content), f.Close())
	if err == nil {
		err = os.Rename(temp, target)
	}
	if err != nil {
		_ = os.Remove(temp)
		return errors.New(missing(path, err))
	}
	return nil
}

func buffered(w io.Writer, content func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := content(b); err != nil {
		return err
	}
	return b.Flush()
}
