package file

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
)

// Check looks whether all files that the paths name can be opened. It reads none
// of them.
func (f *Follower) Check(ctx context.Context) []source.Check {
	var out []source.Check
	for _, p := range f.c.Paths {
		if ctx.Err() != nil {
			break
		}
		out = append(out, f.check(ctx, string(p)))
	}
	return out
}

func (f *Follower) check(ctx context.Context, path string) source.Check {
	c := source.Check{Stream: path, What: "reading " + printable(path)}
	files, problems := Walk([]string{path})
	var closed []Problem
	newest := time.Time{}
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			c.Problem = &source.Problem{What: fmt.Sprintf("looking at %d files took too long", len(files)), Hint: "check the disk or the network share", Err: err}
			return c
		}
		if h, err := os.Open(file.Path); err != nil {
			closed = append(closed, pathError(file.Path, err).Problem)
		} else {
			_ = h.Close()
		}
		if file.ModTime.After(newest) {
			newest = file.ModTime
		}
	}
	for _, p := range problems {
		switch {
		case p.Reason == "no files in this folder":
			c.Note = "no files in this folder yet; those that come are read"
		case !p.Notice:
			closed = append(closed, p)
		}
	}
	if len(files) > 0 {
		c.Note = "1 file"
		if n := len(files); n > 1 {
			c.Note = fmt.Sprintf("%d files", n)
		}
		c.Note += ", changed last on " + newest.UTC().Format("2006-01-02 15:04 UTC")
	}
	if len(closed) > 0 {
		c.Problem = trouble(closed)
	}
	return c
}

// trouble tells of the first, and how many there are.
func trouble(all []Problem) *source.Problem {
	first := all[0]
	p := &source.Problem{What: Problem{Path: first.Path, Reason: first.Reason}.String(), Hint: first.Hint}
	if n := len(all) - 1; n > 0 {
		p.What += fmt.Sprintf(", and so with %d more", n)
	}
	return p
}
