package lake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A ref is a row of one of several Rows.
type ref struct {
	rows *Rows
	row  *row
}

// Write writes the rows that were not dropped, one file for each tenant, kind and
// day, and returns what the manifest is to record. The files are on disk, under
// names that nobody reads, until Publish gives them their own. After an error
// nothing is left of them.
//
// Rows are sorted by user, then time: what is asked most often is all about one
// user, which then stands in one place of each file. Times need no order, since a
// file holds one day.
func (l *Lake) Write(ctx context.Context, all []*Rows) (files []state.File, err error) {
	defer func() {
		if err != nil {
			l.discard(files)
			files = nil
		}
	}()
	groups := map[place][]ref{}
	for _, r := range all {
		var last place
		var list []ref
		for i := range r.rows {
			rw := &r.rows[i]
			if rw.dropped {
				continue
			}
			p := last
			if tenant := r.span(rw.tenant); string(tenant) != p.tenant || rw.kind != p.kind || dayOf(rw.time) != p.day {
				p = place{string(tenant), rw.kind, dayOf(rw.time)}
			}
			if p != last {
				if list != nil {
					groups[last] = list
				}
				last, list = p, groups[p]
			}
			list = append(list, ref{r, rw})
		}
		if list != nil {
			groups[last] = list
		}
	}
	places := make([]place, 0, len(groups))
	for p := range groups {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.String(), b.String()) })
	folders := folders{}
	for _, p := range places {
		refs := groups[p]
		sortRefs(refs)
		f, err := l.create(ctx, p, folders, func(w *writer) error { return w.refs(ctx, refs) })
		if f.Path != "" {
			files = append(files, f)
		}
		if err != nil {
			return files, err
		}
	}
	return files, folders.sync()
}

func sortRefs(refs []ref) {
	slices.SortFunc(refs, func(a, b ref) int {
		if c := bytes.Compare(a.rows.span(a.row.user), b.rows.span(b.row.user)); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.row.time, b.row.time), bytes.Compare(a.row.key[:], b.row.key[:]))
	})
}

// create makes a file of a place; fill writes its rows. The path of the file is
// returned as soon as there is something to take away.
func (l *Lake) create(ctx context.Context, p place, touched folders, fill func(*writer) error) (f state.File, err error) {
	if err := ctx.Err(); err != nil {
		return f, err
	}
	now := l.now()
	// Until its contents are known a file has a random name.
	var salt [8]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return f, fmt.Errorf("name a file of the lake: %w", err)
	}
	f = state.File{Path: p.String() + "/" + nameOf(p.kind, now, salt[:]), Tenant: p.tenant, Kind: p.kind.String(), Day: p.day, Added: now.UTC()}
	folder := filepath.Dir(l.path(f.Path))
	if err := touched.make(l.dir, folder); err != nil {
		return state.File{}, fmt.Errorf("make a folder of the lake: %w", err)
	}
	out, err := createNew(l.path(f.Path) + tmpSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		// Clean may have taken the folder away just now, because it was empty.
		if err = os.MkdirAll(folder, 0o777); err == nil {
			out, err = createNew(l.path(f.Path) + tmpSuffix)
		}
	}
	if err != nil {
		return state.File{}, fmt.Errorf("write into the lake: %w", err)
	}
	sum := sha256.New()
	w := l.writer(p.kind)
	w.start(io.MultiWriter(out, sum))
	if err = fill(w); err == nil {
		err = w.finish()
	}
	if err == nil {
		f.Rows, f.First, f.Last = w.rows, moment(w.first), moment(w.last)
		l.release(p.kind, w)
		if err = out.Sync(); err == nil {
			f.Bytes, err = out.Seek(0, io.SeekEnd)
		}
	}
	if err = errors.Join(err, out.Close()); err == nil {
		named := p.String() + "/" + nameOf(p.kind, now, sum.Sum(nil))
		if err = os.Rename(l.path(f.Path)+tmpSuffix, l.path(named)+tmpSuffix); err == nil {
			f.Path = named
		}
	}
	if err != nil {
		return f, fmt.Errorf("write %s: %w", f.Path, err)
	}
	return f, nil
}

func createNew(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// moment is a time in microseconds as the manifest has it.
func moment(micros int64) time.Time {
	if micros == noTime {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// discard takes away files that were written and not recorded.
func (l *Lake) discard(files []state.File) {
	for _, f := range files {
		if f.Path == "" {
			continue // it was not begun
		}
		if err := os.Remove(l.path(f.Path) + tmpSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.log.Warn("a file of the lake that was not recorded could not be deleted; the next start does it", "file", f.Path, "error", err)
		}
	}
}

// Discard takes away files that Write returned and that will not be recorded.
func (l *Lake) Discard(files []state.File) { l.discard(files) }

// folders are those in which something was made, which must reach the disk.
type folders map[string]bool

// make makes a folder below root, and notes all that it changed.
func (f folders) make(root, folder string) error {
	if f[folder] {
		return nil
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for ; ; folder = filepath.Dir(folder) {
		f[folder] = true
		if folder == filepath.Clean(root) || folder == filepath.Dir(folder) {
			return nil
		}
	}
}

func (f folders) sync() error {
	for folder := range f {
		if err := syncFolder(folder); err != nil {
			return fmt.Errorf("write a folder of the lake to disk: %w", err)
		}
	}
	return nil
}

// A writer writes the files of one kind, one after the other.
type writer struct {
	shape     *shape
	groupRows int
	w         *parquet.Writer   //nolint:staticcheck // its successor wants a Go type, and there is only a schema
	values    [][]parquet.Value // of a portion, by column
	used      []int             // columns that a group of rows has something in

	rows        int64
	first, last int64
}

func (l *Lake) writer(k event.Kind) *writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free[k]); n > 0 {
		w := l.free[k][n-1]
		l.free[k] = l.free[k][:n-1]
		return w
	}
	s := l.shapes[k]()
	return &writer{shape: s, groupRows: l.groupRows}
}

// release keeps a writer for the next file.
func (l *Lake) release(k event.Kind, w *writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free[k]) < 2 {
		l.free[k] = append(l.free[k], w)
	}
}

func (w *writer) start(out io.Writer) {
	if w.w == nil {
		w.w = parquet.NewWriter(out, w.shape.options()...)
	} else {
		w.w.Reset(out)
	}
	w.rows, w.first, w.last = 0, noTime, noTime
}

func (w *writer) finish() error {
	return w.w.Close()
}

// seen counts a row and widens the period of the file.
func (w *writer) seen(micros int64) {
	w.rows++
	if micros == noTime {
		return
	}
	if w.first == noTime {
		w.first, w.last = micros, micros
	}
	w.first, w.last = min(w.first, micros), max(w.last, micros)
}

// refs writes rows in groups, column by column.
func (w *writer) refs(ctx context.Context, refs []ref) error {
	for len(refs) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(refs), w.groupRows)
		if err := w.group(refs[:n]); err != nil {
			return err
		}
		for _, r := range refs[:n] {
			w.seen(r.row.time)
		}
		refs = refs[n:]
	}
	return nil
}

// Values go to the library in portions, since it ends pages only between them.
// A portion is all that some rows hold: rows stand anywhere in memory, and to
// visit them anew for every column costs several times as much.
const (
	portionRows  = 64
	portionBytes = 16 << 10 // of one column
)

func (w *writer) group(refs []ref) error {
	out := w.w.ColumnWriters()
	if w.values == nil {
		w.values = make([][]parquet.Value, len(out))
	}
	// Columns in which no row has anything, of which there are many, are written at
	// one go.
	var used columnSet
	for _, r := range refs {
		for i := range used {
			used[i] |= r.row.used[i]
		}
	}
	w.used = w.used[:0]
	for i := range out {
		if used.has(w.shape.from[i]) {
			w.used = append(w.used, i)
		} else if err := w.nothing(out[i], i, len(refs)); err != nil {
			return fmt.Errorf("column %s: %w", w.shape.columns[i].Name, err)
		}
	}
	for len(refs) > 0 {
		n := min(len(refs), portionRows)
		for _, r := range refs[:n] {
			w.row(r)
		}
		for _, i := range w.used {
			if err := w.column(out[i], i); err != nil {
				return fmt.Errorf("column %s: %w", w.shape.columns[i].Name, err)
			}
		}
		refs = refs[n:]
	}
	return w.w.Flush()
}

// nothing writes so many rows of a column without values.
func (w *writer) nothing(out *parquet.ColumnWriter, i, rows int) error {
	values := w.values[i]
	for range rows {
		values = append(values, parquet.Value{}.Level(0, 0, i))
	}
	_, err := out.WriteRowValues(values)
	w.values[i] = values[:0]
	return err
}

// row appends the values of a row to those of the portion.
func (w *writer) row(r ref) {
	cells := r.rows.cells[r.row.first:]
	for _, i := range w.used {
		c := &w.shape.columns[i]
		v := cells[w.shape.from[i]]
		switch {
		case v.n < 0:
			w.values[i] = append(w.values[i], parquet.Value{}.Level(0, 0, i))
		case c.List:
			for j, e := range r.rows.elems[v.at : int(v.at)+int(v.n)] {
				if e.n < 0 {
					w.values[i] = append(w.values[i], parquet.Value{}.Level(min(j, 1), defNullElem, i))
					continue
				}
				w.values[i] = append(w.values[i], r.rows.parquet(c.Type, e).Level(min(j, 1), defElem, i))
			}
		default:
			w.values[i] = append(w.values[i], r.rows.parquet(c.Type, v).Level(0, w.shape.levels[i], i))
		}
	}
}

// column hands on the values of a column.
func (w *writer) column(out *parquet.ColumnWriter, i int) error {
	values := w.values[i]
	defer func() { w.values[i] = values[:0] }()
	if c := &w.shape.columns[i]; !c.List && !c.Few && (c.Type == column.Text || c.Type == column.Bytes) {
		// Long texts must not make long pages.
		for from, size, n := 0, 0, 0; ; n++ {
			if n == len(values) {
				values := values[from:]
				if len(values) == 0 {
					return nil
				}
				_, err := out.WriteRowValues(values)
				return err
			}
			if size += len(values[n].ByteArray()); size >= portionBytes {
				if _, err := out.WriteRowValues(values[from : n+1]); err != nil {
					return err
				}
				from, size = n+1, 0
			}
		}
	}
	_, err := out.WriteRowValues(values)
	return err
}

// parquet is a cell as the library wants it.
func (r *Rows) parquet(typ column.Type, c cell) parquet.Value {
	switch typ {
	case column.Int, column.Time:
		return parquet.Int64Value(r.nums[c.at])
	case column.Float:
		return parquet.DoubleValue(math.Float64frombits(uint64(r.nums[c.at])))
	case column.Bool:
		return parquet.BooleanValue(c.at != 0)
	default:
		return parquet.ByteArrayValue(r.text[c.at : int64(c.at)+int64(c.n)])
	}
}

// base is the last part of a path of the manifest.
func base(file string) string { return path.Base(file) }
