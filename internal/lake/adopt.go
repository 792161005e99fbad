package lake

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// An Adoption is what Adopt found.
type Adoption struct {
	// Files are to be added to the manifest, and Removed taken out of it: they are
	// not there any more.
	Files   []state.File
	Removed []string
	// Doubled are files whose events all stand elsewhere. They are to be deleted
	// when the rest is recorded.
	Doubled []string
	// Damaged are files that cannot be read. They are left as they are.
	Damaged []*Damage
}

// Rows is how many events were found that the manifest did not know of.
func (a *Adoption) Rows() (n int64) {
	for _, f := range a.Files {
		n += f.Rows
	}
	return n
}

// Later lists files that were written after everything that the manifest knows
// of. There are none as long as the state goes on; there are some when it was
// restored from a backup, because files are recorded before they get their names,
// and what takes their place is later still.
func (l *Lake) Later(ctx context.Context, files []state.File) ([]string, error) {
	var newest int64
	recorded := make(map[string]bool, len(files))
	for _, f := range files {
		newest = max(newest, f.Added.UnixMilli())
		recorded[f.Path] = true
	}
	found, _, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range found {
		if !strings.HasSuffix(p, tmpSuffix) && !recorded[p] && writtenAt(p).UnixMilli() > newest {
			out = append(out, p)
		}
	}
	return out, nil
}

// writtenAt is when a file was begun, by its name.
func writtenAt(file string) time.Time {
	text, _, _ := strings.Cut(path.Base(file), "-")
	ms, _ := strconv.ParseInt(text, 16, 64) // walk gives only names of ours
	return time.UnixMilli(ms).UTC()
}

// Adopt finds what to do when the manifest is older than the lake: which files
// hold events that it does not know of, and which of its own are gone because
// others took their place. Of a file of which it knows some events the others are
// written anew. Every event is in the lake once when what it returns is recorded;
// until then nothing of it counts, and it may be called again.
func (l *Lake) Adopt(ctx context.Context, files []state.File) (out *Adoption, err error) {
	out = &Adoption{}
	found, _, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(found))
	for _, p := range found {
		there[trimTmp(p)] = true
	}
	var present, strange []state.File
	recorded := map[string]bool{}
	for _, f := range files {
		recorded[f.Path] = true
		if there[f.Path] {
			present = append(present, f)
		} else {
			out.Removed = append(out.Removed, f.Path)
		}
	}
	for _, p := range found {
		if recorded[p] || strings.HasSuffix(p, tmpSuffix) {
			continue
		}
		f, err := l.describe(ctx, p)
		if d := new(Damage); errors.As(err, &d) {
			out.Damaged = append(out.Damaged, d)
			continue
		}
		if err != nil {
			return nil, err
		}
		strange = append(strange, f)
	}
	// Files that hold the rows of many come first: the others are seen to be in them.
	slices.SortFunc(strange, func(a, b state.File) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Path, b.Path))
	})
	var written []state.File
	defer func() {
		if err != nil {
			l.discard(written)
			out = nil
		}
	}()
	touched := folders{}
	for _, f := range strange {
		keys, err := l.allKeys(ctx, f)
		if err != nil {
			return nil, err
		}
		p, _ := placeOf(f.Path)
		known, err := l.Known(ctx, Select(present, f.Tenant, p.kind, f.Day), keys)
		if err != nil {
			return nil, err
		}
		switch {
		case len(known) == 0:
		case !slices.ContainsFunc(keys, func(k event.Key) bool { return !known[k] }):
			out.Doubled = append(out.Doubled, f.Path)
			continue
		default:
			rest, unfit, err := l.rewrite(ctx, p, []state.File{f}, touched, func(_ int, row int64) bool { return !known[keys[row]] })
			if rest.Path != "" {
				written = append(written, rest)
			}
			if err != nil {
				return nil, err
			}
			if len(unfit) > 0 {
				return nil, fmt.Errorf("%s was written by a newer version of entrawatch, which must adopt it", f.Path)
			}
			out.Doubled = append(out.Doubled, f.Path)
			f = rest
		}
		out.Files = append(out.Files, f)
		present = append(present, f)
	}
	return out, touched.sync()
}

// describe makes the entry of the manifest of a file out of the file itself, and
// reads all of it.
func (l *Lake) describe(ctx context.Context, file string) (state.File, error) {
	p, ok := placeOf(file)
	if !ok {
		return state.File{}, fmt.Errorf("%s is no file of the lake", file)
	}
	f := state.File{Path: file, Tenant: p.tenant, Kind: p.kind.String(), Day: p.day, Added: writtenAt(file)}
	info, err := os.Stat(l.path(file))
	if err != nil {
		return f, fmt.Errorf("adopt a file of the lake: %w", err)
	}
	f.Bytes = info.Size()
	o, err := l.open(f)
	if err != nil {
		return f, err
	}
	defer o.Close()
	err = sound(f, func() error {
		f.Rows = o.pq.NumRows()
		s, err := o.must(column.When)
		if err != nil {
			return err
		}
		defer s.close()
		first, last := int64(noTime), int64(noTime)
		for {
			v, err := s.one()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if !v.IsNull() {
				t := v.Int64()
				if first == noTime {
					first, last = t, t
				}
				first, last = min(first, t), max(last, t)
			}
			s.done()
		}
		f.First, f.Last = moment(first), moment(last)
		return nil
	})
	if err != nil {
		return f, err
	}
	return f, l.VerifyFile(ctx, f)
}

// allKeys are the keys of a file, by row.
func (l *Lake) allKeys(ctx context.Context, f state.File) ([]event.Key, error) {
	o, err := l.open(f)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	keys := make([]event.Key, 0, f.Rows)
	err = sound(f, func() error {
		for g := range o.pq.RowGroups() {
			if err := ctx.Err(); err != nil {
				return err
			}
			var wrong error
			if err := o.keys(g, func(text []byte) {
				var k event.Key
				if n, err := hex.Decode(k[:], text); err != nil || n != len(k) {
					wrong = errors.New("a key is no key")
				}
				keys = append(keys, k)
			}); err != nil {
				return err
			}
			if wrong != nil {
				return wrong
			}
		}
		return nil
	})
	return keys, err
}
