package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/postgres"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// kept looks at the data folder, the state and the lake.
func (d *Doctor) kept(ctx context.Context) []Finding {
	dir := string(d.Config.Data)
	m, checks := d.manifest(ctx, dir)
	out := of("data", d.folder(dir, m.files))
	out = append(out, of("state", checks)...)
	return append(out, of("lake", lakeChecks(ctx, filepath.Join(dir, lakeFolder), m))...)
}

// slowSync is from where on the disk holds up what is stored.
const slowSync = 100 * time.Millisecond

// folder looks whether the data folder can be written, how fast, and whether
// there is room for what is to come.
func (d *Doctor) folder(dir string, files []state.File) []source.Check {
	c := source.Check{What: "writing to " + dir}
	_, err := os.Stat(dir)
	there := dir
	if errors.Is(err, fs.ErrNotExist) {
		c.Note = "it does not exist yet; serve makes it"
		for ; errors.Is(err, fs.ErrNotExist) && filepath.Dir(there) != there; _, err = os.Stat(there) {
			there = filepath.Dir(there)
		}
	}
	took, err := syncTime(there)
	switch {
	case err != nil:
		c.Note, c.Problem = "", &source.Problem{What: cause(err).Error(), Hint: "let the user of the service write to " + there + "; run doctor as that user"}
		return []source.Check{c}
	case took > slowSync:
		c.Notice, c.Problem = true, &source.Problem{
			What: fmt.Sprintf("the disk takes %v until something is safe on it", took.Round(time.Millisecond)),
			Hint: "everything that is stored waits for it: use a disk of this machine, best an SSD",
		}
	case c.Note == "":
		c.Note = fmt.Sprintf("safe on disk within %v", took.Round(10*time.Microsecond))
	}
	return []source.Check{c, d.room(there, files)}
}

func cause(err error) error {
	if pe := new(fs.PathError); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// syncTime is how long it usually takes until a little is safe on disk.
func syncTime(dir string) (took time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".entrawatch-check-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	var times []time.Duration
	for range 5 {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// Below these the disk is nearly full, whatever the rate.
const (
	leastRoom  = 256 << 20
	littleRoom = 2 << 30
)

// room compares what is free with what the lake will grow to.
func (d *Doctor) room(dir string, files []state.File) source.Check {
	c := source.Check{What: "room"}
	disk := diskOf(dir)
	free := int64(min(disk.Free, math.MaxInt64/2))
	if disk.Size == 0 {
		c.Note = "not known on this system"
		return c
	}
	c.Note = gigabytes(free) + " free"
	perDay, more := growth(files, d.Config.Lake.Retention.For, time.Now())
	switch {
	case free < leastRoom:
		c.Problem = &source.Problem{What: "only " + gigabytes(free) + " are free", Hint: "make room on the disk of " + dir}
	case perDay > 0 && more > free:
		days := int(free / perDay)
		c.Problem = &source.Problem{
			What: fmt.Sprintf("%s are free, which last for about %d days at %s a day; to keep events as long as lake.retention says takes %s more", gigabytes(free), days, gigabytes(perDay), gigabytes(more)),
			Hint: "give the disk more room, or shorten lake.retention",
		}
		c.Notice = days >= 7
	case free < littleRoom:
		c.Notice, c.Problem = true, &source.Problem{What: "only " + gigabytes(free) + " are free", Hint: "make room on the disk of " + dir}
	case perDay > 0:
		c.Note += fmt.Sprintf("; %s a day come in, %s more until the oldest are deleted", gigabytes(perDay), gigabytes(more))
	default:
		c.Note += "; how much comes in is known after a day"
	}
	if c.Problem != nil {
		c.Note = ""
	}
	return c
}

// growth is how much comes into the lake a day, as the last days had it, and how
// much more it will hold when its oldest days begin to be deleted.
func growth(files []state.File, keep func(event.Kind) time.Duration, now time.Time) (perDay, more int64) {
	const day = 24 * time.Hour
	today := now.UTC().Truncate(day)
	held, recent := map[string]int64{}, map[string]int64{}
	first := today
	for _, f := range files {
		held[f.Kind] += f.Bytes
		at, err := time.Parse(time.DateOnly, f.Day)
		if err != nil || !at.Before(today) || at.Before(today.Add(-7*day)) {
			continue // of today there is more to come
		}
		recent[f.Kind] += f.Bytes
		if at.Before(first) {
			first = at
		}
	}
	days := int64(today.Sub(first) / day)
	if days == 0 {
		return 0, 0
	}
	for name, bytes := range recent {
		kind, _ := event.KindByName(name)
		perDay += bytes / days
		more += max(0, bytes/days*int64(keep(kind)/day)-held[name])
	}
	return perDay, more
}

func gigabytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// A seenManifest is what could be seen of the state's list of files.
type seenManifest struct {
	files []state.File
	known bool
}

// manifest looks at the state, and reads the manifest if it can.
func (d *Doctor) manifest(ctx context.Context, dir string) (seenManifest, []source.Check) {
	c := source.Check{What: d.Config.State.Kind}
	look, err := d.peek(ctx, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Note = "there is none yet; serve makes it"
		return seenManifest{known: true}, []source.Check{c}
	case err != nil:
		c.Problem = err
		return seenManifest{}, []source.Check{c}
	case look.InUse:
		c.Note = "in use by a running service"
	default:
		c.Note = "it opens, and no service is using it"
	}
	return seenManifest{look.Files, !look.InUse || look.Files != nil}, []source.Check{c}
}

// peek looks at the state. That in PostgreSQL is opened as the service does; while
// a service has it, nothing can be read.
func (d *Doctor) peek(ctx context.Context, dir string) (*sqlite.Look, error) {
	p, ok := d.Config.State.Section.(*postgres.Config)
	if !ok {
		return sqlite.Peek(ctx, filepath.Join(dir, stateFile))
	}
	s, err := postgres.Open(ctx, *p)
	if errors.Is(err, state.ErrInUse) {
		return &sqlite.Look{InUse: true}, nil
	}
	if err != nil {
		return nil, err
	}
	files, err := s.Files(ctx)
	return &sqlite.Look{Files: files}, errors.Join(err, s.Close())
}

// lakeChecks compares the folder of the lake with the manifest.
func lakeChecks(ctx context.Context, dir string, m seenManifest) []source.Check {
	c := source.Check{What: "files"}
	_, err := os.Stat(dir)
	switch {
	case !m.known:
		c.Note = "not compared: the state, which lists them, cannot be read now"
		return []source.Check{c}
	case errors.Is(err, fs.ErrNotExist) && len(m.files) == 0:
		c.Note = "there is no lake yet; serve makes it"
		return []source.Check{c}
	}
	s, err := lake.Look(ctx, dir, m.files)
	if err != nil {
		c.Problem = err
		return []source.Check{c}
	}
	c.Note = fmt.Sprintf("%d files with %d events, %s", len(m.files), s.Rows, gigabytes(s.Bytes))
	switch n := len(s.Unrecorded); {
	case n > 0 && len(m.files) == 0 && slices.ContainsFunc(s.Unrecorded, func(path string) bool { return strings.HasSuffix(path, ".parquet") }):
		c.Note, c.Problem = "", &source.Problem{
			What: fmt.Sprintf("the lake holds %d files, and the state knows none of them: serve does not start", n),
			Hint: "restore the state that belongs to this lake, or move the folder " + dir + " away to begin anew",
		}
	case n > 0:
		c.Note += fmt.Sprintf("; %d more that the state does not name, being written or replaced", n)
	}
	out := []source.Check{c}
	if n := len(s.Damaged); n > 0 {
		what, hint := Advice(s.Damaged[0])
		if n > 1 {
			what += fmt.Sprintf(", and %d more", n-1)
		}
		out = append(out, source.Check{What: "damage", Problem: &source.Problem{What: what, Hint: hint}})
	}
	if len(s.Strangers) > 0 {
		some := s.Strangers[:min(3, len(s.Strangers))]
		out = append(out, source.Check{What: "strangers", Notice: true, Problem: &source.Problem{
			What: fmt.Sprintf("%d files are not of the lake: %s", len(s.Strangers), strings.Join(some, ", ")), Hint: "move them elsewhere; nothing else may write there",
		}})
	}
	return out
}
