package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

// FollowConfig is the section of a source that follows files.
type FollowConfig struct {
	// Paths are files, and folders with all that is in them.
	Paths []setting.Path `yaml:"paths"`
	// Poll is how often to look for new files and new lines.
	Poll time.Duration `yaml:"poll"`
	// Settle is for how long a file must stay as it is before what cannot be read
	// line by line counts as complete: JSON documents, compressed files, a last
	// line without its end.
	Settle time.Duration `yaml:"settle"`
}

// DefaultFollow is what a section that says nothing means.
func DefaultFollow() *FollowConfig {
	return &FollowConfig{Poll: 2 * time.Second, Settle: 10 * time.Second}
}

// Problems implements setting.Section.
func (c *FollowConfig) Problems() []setting.Problem {
	var out []setting.Problem
	if len(c.Paths) == 0 {
		out = append(out, setting.Problem{Key: "paths", What: "no file or folder is named", Hint: "write paths: [/var/log/entra]"})
	}
	for i, p := range c.Paths {
		if p == "-" || p == "" {
			out = append(out, setting.Problem{Key: fmt.Sprintf("paths[%d]", i), What: "standard input cannot be followed", Hint: "name a file or a folder"})
		}
	}
	if c.Poll < 10*time.Millisecond {
		out = append(out, setting.Problem{Key: "poll", What: "must be 10ms or more", Hint: "write poll: 2s"})
	}
	if c.Settle < 0 {
		out = append(out, setting.Problem{Key: "settle", What: "must not be negative", Hint: "write settle: 10s"})
	}
	return out
}

var _ setting.Section = (*FollowConfig)(nil)

// A Follower reads files, and then what is added to them. Lines are delivered
// when they are complete; what is no list of lines is delivered as a whole when
// it has settled, and again when it has changed. Each path is a stream.
type Follower struct {
	c      FollowConfig
	log    *slog.Logger
	places map[string]place
	seen   map[string]os.FileInfo // as they were when nothing more could be read
	failed map[string]bool
	spoilt map[string]spoilt
}

// A spoilt file could not be read as it was then. While it stays so it is tried
// again now and then only.
type spoilt struct {
	info os.FileInfo
	at   time.Time
	err  error
}

const spoiltAgain = time.Minute

// NewFollower returns a follower.
func NewFollower(c *FollowConfig, log *slog.Logger) *Follower { return &Follower{c: *c, log: log} }

// A place is the cursor of a file.
type place struct {
	// Head is the hash of the first bytes, Len how many: by these a file is known
	// again under another name, and another file under the same.
	Head string `json:"head"`
	Len  int64  `json:"len"`
	// Offset is up to where lines were read, Line the number of the next one.
	Offset int64 `json:"offset,omitempty"`
	Line   int   `json:"line,omitempty"`
	// Size and Changed are of a file that was read as a whole.
	Size    int64 `json:"size,omitempty"`
	Changed int64 `json:"changed,omitempty"`
}

func (p place) String() string {
	b, _ := json.Marshal(p) // there is nothing in it that has no JSON
	return string(b)
}

const (
	headLength = 1 << 10
	lineLength = 32 << 20 // longer than any record may be
)

// Run implements the service's source.
func (f *Follower) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	f.begin(cursors)
	tick := time.NewTicker(f.c.Poll)
	defer tick.Stop()
	for {
		if err := f.look(ctx, in); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (f *Follower) begin(cursors map[string]string) {
	f.places, f.seen = map[string]place{}, map[string]os.FileInfo{}
	f.failed, f.spoilt = map[string]bool{}, map[string]spoilt{}
	for path, text := range cursors {
		var p place
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			f.log.Warn("the position in a file is not readable, it is read anew", "path", path, "error", err)
			continue
		}
		f.places[path] = p
	}
}

// look reads what is new in all files.
func (f *Follower) look(ctx context.Context, in source.Intake) error {
	var paths []string
	for _, p := range f.c.Paths {
		paths = append(paths, string(p))
	}
	files, problems := Walk(paths)
	bad := map[string]bool{}
	for _, p := range problems {
		// A folder that waits for its first file is none.
		if !p.Notice && p.Reason != "no files in this folder" {
			f.report(in, bad, p.Path, &source.Problem{What: p.Reason, Hint: p.Hint})
		}
	}
	for _, file := range files {
		err := f.file(ctx, in, file.Path)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err == nil:
		case errors.Is(err, os.ErrNotExist): // it was moved since
		default:
			f.report(in, bad, file.Path, err)
		}
	}
	for path := range f.failed {
		if !bad[path] {
			delete(f.failed, path)
			in.Report(path, nil)
		}
	}
	return nil
}

func (f *Follower) report(in source.Intake, bad map[string]bool, path string, err error) {
	bad[path], f.failed[path] = true, true
	in.Report(path, err)
}

// file reads what is new in one file.
func (f *Follower) file(ctx context.Context, in source.Intake, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return pathError(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return pathError(path, err)
	}
	if unchanged(f.seen[path], info) || info.Size() == 0 {
		return nil
	}
	if was := f.spoilt[path]; unchanged(was.info, info) && time.Since(was.at) < spoiltAgain {
		return was.err
	}
	delete(f.spoilt, path)
	if err := f.read(ctx, in, path, file, info); err != nil {
		f.spoilt[path] = spoilt{info, time.Now(), err}
		return err
	}
	return nil
}

// unchanged reports whether a file is as it was.
func unchanged(was, is os.FileInfo) bool {
	return was != nil && os.SameFile(was, is) && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}

// read reads what is new in an open file.
func (f *Follower) read(ctx context.Context, in source.Intake, path string, file *os.File, info os.FileInfo) error {
	p, err := f.place(path, file, info.Size())
	if err != nil {
		return err
	}
	settled := time.Since(info.ModTime()) >= f.c.Settle
	l := lines{file: file, size: info.Size()}
	shape, err := l.look()
	if err != nil {
		return pathError(path, err)
	}
	switch {
	case shape == shapeLines:
		end, err := l.end(p.Offset, settled)
		if err != nil {
			return pathError(path, err)
		}
		if end > p.Offset {
			if err := f.deliver(ctx, in, path, &l, p, end); err != nil {
				return err
			}
		}
	case !settled:
		return nil
	case p.Size != info.Size() || p.Changed != info.ModTime().UnixNano():
		p.Size, p.Changed = info.Size(), info.ModTime().UnixNano()
		if err := f.whole(ctx, in, path, p); err != nil {
			return err
		}
	}
	if settled {
		f.seen[path] = info
	}
	return nil
}

// place finds where reading of a file goes on: at the beginning if it is
// another one than was read under this name, or elsewhere.
func (f *Follower) place(path string, file *os.File, size int64) (place, error) {
	head := make([]byte, min(size, headLength))
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return place{}, pathError(path, err)
	}
	hashes := map[int64]string{} // by length
	same := func(p place) bool {
		if p.Len <= 0 || p.Len > int64(len(head)) || p.Offset > size {
			return false
		}
		if hashes[p.Len] == "" {
			hashes[p.Len] = hashOf(head[:p.Len])
		}
		return hashes[p.Len] == p.Head
	}
	fresh := place{Head: hashOf(head), Len: int64(len(head)), Line: 1}
	p, known := f.places[path]
	if !known || !same(p) {
		p = fresh
		// A name that is new may be the new name of a file that was read.
		for other, q := range f.places {
			if other == path || q.Offset < p.Offset || !same(q) {
				continue
			}
			if _, err := os.Lstat(other); errors.Is(err, os.ErrNotExist) {
				p = q
			}
		}
	}
	p.Head, p.Len = fresh.Head, fresh.Len
	f.places[path] = p
	return p, nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// deliver delivers lines up to end.
func (f *Follower) deliver(ctx context.Context, in source.Intake, path string, l *lines, p place, end int64) error {
	start := p
	body := &counted{r: io.NewSectionReader(l.file, start.Offset, end-start.Offset)}
	at := func(offset int64) place {
		q := start
		q.Offset += offset
		q.Line += body.before(offset)
		return q
	}
	d := &source.Delivery{
		Stream: path, Name: path, Body: body, Line: start.Line,
		CursorAt: func(offset int64) string { return at(offset).String() },
	}
	if l.header != nil && start.Offset > 0 {
		// Rows are read under the header of their file.
		d.Body = io.MultiReader(bytes.NewReader(l.header), body)
		d.Line -= bytes.Count(l.header, []byte("\n"))
		d.CursorAt = func(offset int64) string {
			return at(max(0, offset-int64(len(l.header)))).String()
		}
	}
	if err := in.Deliver(ctx, d); err != nil {
		return err
	}
	f.places[path] = at(end - start.Offset)
	return nil
}

// whole delivers a file that is no list of lines.
func (f *Follower) whole(ctx context.Context, in source.Intake, path string, p place) error {
	s, err := Open(Input{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := in.Deliver(ctx, &source.Delivery{Stream: path, Name: path, Body: s, Cursor: p.String()}); err != nil {
		return err
	}
	f.places[path] = p
	return nil
}
