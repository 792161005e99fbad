package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A Manifest records which files the lake has. Every state.Store is one.
type Manifest interface {
	Files(ctx context.Context) ([]state.File, error)
	Apply(ctx context.Context, c *state.Changes) error
}

// Imported is what an import brought into the lake.
type Imported struct {
	Events, Duplicates int64
	Files              int
	Bytes              int64
	// Bad are records that were not understood, by file and line, up to a hundred;
	// BadCount counts all.
	Bad      []string
	BadCount int
	// Problems are files that were not read, or not to their end.
	Problems []string
	Notices  []string
}

// importBytes is how much an import holds before it writes. The more, the fewer
// and larger the files are.
const importBytes = 256 << 20

// shownBad is how many records that were not understood an import describes.
const shownBad = 100

// Import reads logs and writes their events into a lake. Events that the lake
// has are left out, so that it may be repeated. Nothing else may write into the
// lake meanwhile.
func Import(ctx context.Context, c ScanConfig, l *lake.Lake, m Manifest) (*Imported, error) {
	im := &importing{sc: newScan(c), lake: l, manifest: m, out: &Imported{}}
	defer im.sc.close()
	return im.run(ctx)
}

// An importing is the state of one call of Import.
type importing struct {
	sc       *scan
	lake     *lake.Lake
	manifest Manifest
	out      *Imported
	mu       sync.Mutex // of out, while workers work
	held     []*lake.Rows
	bytes    int
	free     chan *lake.Rows
}

func (im *importing) run(ctx context.Context) (*Imported, error) {
	schema := event.NewSchema()
	decoder, err := decode.NewDecoder(schema, lake.Columns(schema))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type work struct {
		batch *decode.Batch
		path  string
	}
	jobs := make(chan work, im.sc.Workers)
	batches := make(chan *decode.Batch, 4*im.sc.Workers+8)
	full := make(chan *lake.Rows)
	im.free = make(chan *lake.Rows, 64)
	var working sync.WaitGroup
	for range im.sc.Workers {
		w := &importer{im: im, decode: decoder.NewWorker(im.sc.mode()), ev: event.New(schema), fresh: func() *lake.Rows {
			select {
			case r := <-im.free:
				return r
			default:
				return lake.NewRows(schema)
			}
		}}
		w.decode.Tenant = im.sc.Tenant
		working.Go(func() {
			for j := range jobs {
				if rows := w.do(j.batch, j.path); rows != nil {
					full <- rows
				}
				select {
				case batches <- j.batch:
				default:
				}
			}
			if w.rows != nil {
				full <- w.rows
			}
		})
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	if im.sc.Progress != nil {
		watching.Go(func() { im.sc.watch(stop) })
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for i := range im.sc.files {
			_, _, err := im.sc.cut(ctx, im.sc.files[i], decoder, batches, func(b *decode.Batch) {
				select {
				case jobs <- work{b, im.sc.files[i].Path}:
				case <-ctx.Done():
				}
			})
			if err != nil {
				im.mu.Lock()
				im.out.Problems = append(im.out.Problems, err.Error())
				im.mu.Unlock()
			}
		}
		close(jobs)
		working.Wait()
		close(full)
	})
	for rows := range full {
		if ctx.Err() != nil {
			continue
		}
		im.held = append(im.held, rows)
		if im.bytes += rows.Bytes(); im.bytes >= importBytes {
			if err := im.flush(ctx); err != nil {
				cancel(err)
			}
		}
	}
	if ctx.Err() == nil {
		if err := im.flush(ctx); err != nil {
			cancel(err)
		}
	}
	reading.Wait()
	close(stop)
	watching.Wait()
	im.out.Problems = append(im.sc.problems, im.out.Problems...)
	im.out.Notices = im.sc.notices
	slices.Sort(im.out.Bad)
	return im.out, context.Cause(ctx)
}

// An importer decodes the batches of one goroutine.
type importer struct {
	im     *importing
	decode *decode.Worker
	ev     *event.Event
	rows   *lake.Rows
	fresh  func() *lake.Rows
}

// do takes a batch, and returns rows when they are many.
func (w *importer) do(b *decode.Batch, path string) *lake.Rows {
	if w.rows == nil {
		w.rows = w.fresh()
	}
	events := int64(0)
	for i := range b.Recs {
		rec := &b.Recs[i]
		if reason := w.decode.Decode(b, rec, w.ev); reason != "" {
			w.im.bad(event.Source{File: path, Line: rec.Line, Index: rec.Index}, reason)
			continue
		}
		if w.im.sc.outside(w.ev) {
			continue
		}
		w.rows.Add(w.ev, event.Source{File: path, Line: rec.Line, Index: rec.Index}.String())
		events++
	}
	for _, bad := range b.Bad {
		if !bad.Notice {
			w.im.bad(event.Source{File: path, Line: bad.Line, Index: bad.Index}, bad.Reason)
		}
	}
	w.im.sc.events.Add(events)
	if w.rows.Bytes() < importBytes/4/w.im.sc.Workers {
		return nil
	}
	rows := w.rows
	w.rows = nil
	return rows
}

func (im *importing) bad(at event.Source, reason string) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.out.BadCount++; len(im.out.Bad) < shownBad {
		im.out.Bad = append(im.out.Bad, at.String()+": "+reason)
	}
}

// flush writes what is held, without what the lake has already.
func (im *importing) flush(ctx context.Context) error {
	if len(im.held) == 0 {
		return nil
	}
	if err := im.drop(ctx); err != nil {
		return err
	}
	files, err := im.lake.Write(ctx, im.held)
	if err != nil {
		return err
	}
	if err := im.manifest.Apply(ctx, &state.Changes{Files: files}); err != nil {
		im.lake.Discard(files)
		return fmt.Errorf("record the files of the lake: %w", err)
	}
	if err := im.lake.Publish(files); err != nil {
		return err
	}
	for _, f := range files {
		im.out.Events += f.Rows
		im.out.Bytes += f.Bytes
	}
	im.out.Files += len(files)
	for _, r := range im.held {
		r.Reset()
		select {
		case im.free <- r:
		default:
		}
	}
	im.held, im.bytes = im.held[:0], 0
	return nil
}

// drop leaves out what is twice among the rows, and what the lake has. Of equal
// keys the best format is kept, then the lowest content hash, as in a scan; what
// the lake has stays as it is.
func (im *importing) drop(ctx context.Context) error {
	type place struct {
		tenant string
		kind   event.Kind
		day    string
	}
	type at struct {
		rows *lake.Rows
		i    int
	}
	best := map[event.Key]at{}
	for _, r := range im.held {
		for i := range r.Len() {
			key := r.Key(i)
			had, twice := best[key]
			switch {
			case !twice:
				best[key] = at{r, i}
				continue
			case better(r, i, had.rows, had.i):
				had.rows.Drop(had.i)
				best[key] = at{r, i}
			default:
				r.Drop(i)
			}
			im.out.Duplicates++
		}
	}
	byPlace := map[place][]event.Key{}
	for key, a := range best {
		p := place{a.rows.Tenant(a.i), a.rows.Kind(a.i), a.rows.Day(a.i)}
		byPlace[p] = append(byPlace[p], key)
	}
	files, err := im.manifest.Files(ctx)
	if err != nil {
		return fmt.Errorf("read which files the lake has: %w", err)
	}
	for p, keys := range byPlace {
		known, err := im.lake.Known(ctx, lake.Select(files, p.tenant, p.kind, p.day), keys)
		if err != nil {
			return err
		}
		for key := range known {
			best[key].rows.Drop(best[key].i)
			im.out.Duplicates++
		}
	}
	return nil
}

func better(a *lake.Rows, i int, b *lake.Rows, j int) bool {
	return cmp.Or(cmp.Compare(a.Format(i), b.Format(j)), cmp.Compare(contentHash(a.Raw(i)), contentHash(b.Raw(j))), bytes.Compare(a.Raw(i), b.Raw(j))) < 0
}
