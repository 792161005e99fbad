package app

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/learn"
	"github.com/entrawatch/entrawatch/internal/spill"
)

// Learned is what logs say about a tenant's normal.
type Learned struct {
	Profiles map[string]*learn.Profile // by tenant
	Tally    learn.Tally
	Home     string
	// Roles are those taken for privileged.
	Roles []string
	// Problems are files that were not read, or not to their end, and Bad how
	// many records were not understood.
	Problems []string
	Bad      int
	Notices  []string
}

// Learn reads logs and counts what a draft of a baseline needs. Baseline says
// which roles are privileged and what the home tenant is; nil: what the
// template says, and the tenant of most records.
func Learn(ctx context.Context, c ScanConfig) (*Learned, error) {
	l := newLearning(c)
	defer l.close()
	read, err := l.sc.directory()
	if err != nil {
		return nil, err
	}
	dir := read.dir
	err = l.read(ctx, learn.Fields(), func(schema *event.Schema, w *learner) {
		w.sorter = spill.New(l.sc.TempDir, l.sc.Memory/l.sc.Workers)
		w.observer = learn.NewObserver(schema, dir, w.sorter)
		w.observe = w.observer.Observe
	})
	if err != nil {
		return nil, err
	}
	return l.finish(dir)
}

// Unused returns the entries of the baseline that no event of the logs needs.
func Unused(ctx context.Context, c ScanConfig) ([]baseline.Entry, error) {
	l := newLearning(c)
	defer l.close()
	read, err := l.sc.directory()
	if err != nil {
		return nil, err
	}
	dir := read.dir
	entries := c.Baseline.Entries("", dir)
	for _, t := range c.Baseline.Tenants() {
		if t.ID != c.Baseline.HomeTenantID() {
			entries = append(entries, c.Baseline.Entries(t.ID, dir)...)
		}
	}
	var usages []*learn.Usage
	err = l.read(ctx, learn.UsageFields(), func(_ *event.Schema, w *learner) {
		u := learn.NewUsage(entries)
		usages = append(usages, u)
		w.observe = func(e *event.Event) error { u.Observe(e); return nil }
	})
	if err != nil {
		return nil, err
	}
	// What several tenants share is used if one of them needs it.
	used := map[[2]string]bool{}
	for i, e := range entries {
		for _, u := range usages {
			used[[2]string{e.Input, e.Text}] = used[[2]string{e.Input, e.Text}] || u.Used(i)
		}
	}
	return slices.DeleteFunc(entries, func(e baseline.Entry) bool {
		k := [2]string{e.Input, e.Text}
		gone := used[k]
		used[k] = true // once
		return gone
	}), nil
}

func newLearning(c ScanConfig) *learning {
	return &learning{sc: newScan(c), out: &Learned{}}
}

// A learning is the state of one call of Learn.
type learning struct {
	sc      *scan
	out     *Learned
	decoder *decode.Decoder
	workers []*learner
	counted *spill.Sorter
}

// A learner observes the batches of one goroutine.
type learner struct {
	sc       *scan
	decode   *decode.Worker
	observe  func(*event.Event) error
	observer *learn.Observer // where it learns
	sorter   *spill.Sorter
	ev       *event.Event
	bad      int
	err      error
}

func (l *learning) close() {
	for _, w := range l.workers {
		if w.sorter != nil {
			_ = w.sorter.Close()
		}
	}
	if l.counted != nil {
		_ = l.counted.Close()
	}
}

// read runs one reader and as many learners as there are workers.
func (l *learning) read(ctx context.Context, fields map[event.Kind][]string, ready func(*event.Schema, *learner)) error {
	schema := event.NewSchema()
	var wanted [event.NumKinds][]int
	for k, names := range fields {
		for _, name := range names {
			wanted[k] = append(wanted[k], schema.Resolve(k, name).ID)
		}
	}
	var err error
	if l.decoder, err = decode.NewDecoder(schema, wanted); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan job, l.sc.Workers)
	free := make(chan *decode.Batch, 4*l.sc.Workers+8)
	var working sync.WaitGroup
	for range l.sc.Workers {
		w := &learner{sc: l.sc, decode: l.decoder.NewWorker(decode.Entra), ev: event.New(schema)}
		w.decode.Tenant = l.sc.Tenant
		ready(schema, w)
		l.workers = append(l.workers, w)
		working.Go(func() {
			for j := range jobs {
				if w.err == nil {
					if w.err = w.do(j); w.err != nil {
						cancel()
					}
				}
				if j.batch == nil {
					continue
				}
				select {
				case free <- j.batch:
				default:
				}
			}
		})
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	if l.sc.Progress != nil {
		watching.Go(func() { l.sc.watch(stop) })
	}
	for i := range l.sc.files {
		_, _, err := l.sc.cut(ctx, l.sc.files[i], l.decoder, free, func(b *decode.Batch) {
			select {
			case jobs <- job{batch: b}:
			case <-ctx.Done():
			}
		})
		if err != nil {
			l.out.Problems = append(l.out.Problems, err.Error())
		}
	}
	var failed error
	if l.sc.Lake != nil {
		failed = l.sc.readLake(ctx, nil, jobs)
	}
	close(jobs)
	working.Wait()
	close(stop)
	watching.Wait()
	for _, w := range l.workers {
		if w.err != nil {
			return w.err
		}
	}
	return errors.Join(failed, context.Cause(ctx))
}

func (w *learner) do(j job) error {
	if j.rows != nil {
		return w.doRows(j.rows)
	}
	b := j.batch
	events := 0
	for i := range b.Recs {
		if w.decode.Decode(b, &b.Recs[i], w.ev) != "" {
			w.bad++
			continue
		}
		if w.sc.outside(w.ev) {
			continue
		}
		events++
		if err := w.observe(w.ev); err != nil {
			return err
		}
	}
	for _, bad := range b.Bad {
		if !bad.Notice {
			w.bad++
		}
	}
	w.sc.events.Add(int64(events))
	return nil
}

// finish counts what was observed.
func (l *learning) finish(dir *baseline.Directory) (*Learned, error) {
	out := l.out
	out.Problems = append(l.sc.problems, out.Problems...)
	out.Notices = l.sc.notices
	sorters := make([]*spill.Sorter, len(l.workers))
	for i, w := range l.workers {
		out.Tally.Merge(w.observer.Tally())
		out.Bad += w.bad
		sorters[i] = w.sorter
	}
	b := l.sc.Baseline
	if b != nil {
		out.Home = b.HomeTenantID()
	}
	if out.Home == "" {
		out.Home = out.Tally.Home()
	}
	if b == nil || !b.Sets("", "privileged_roles") {
		roles, err := baseline.Parse("template", baseline.Template(), nil)
		if err != nil {
			return nil, err
		}
		if b == nil {
			b = roles
		} else {
			b = b.Over(roles)
		}
	}
	l.counted = spill.New(l.sc.TempDir, l.sc.Memory)
	digest := learn.Digest{Home: out.Home, View: b.View(out.Home, dir)}
	out.Roles, _ = digest.View.Expand("privileged_roles")
	var err error
	out.Profiles, err = digest.Profiles(merged(sorters), l.counted)
	return out, err
}

// merged reads several sorters as one.
type merged []*spill.Sorter

func (m merged) Add(rec []byte) error { return m[0].Add(rec) }

func (m merged) Sorted() iter.Seq2[[]byte, error] { return spill.Iterate(m...) }
