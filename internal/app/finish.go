package app

import (
	"context"
	"iter"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/spill"
)

// What follows when everything has been read: duplicates go, signals become
// alerts, and the summary is written.

// sorters returns one sorter of each worker.
func (sc *scan) sorters(of func(*worker) *spill.Sorter) []*spill.Sorter {
	out := make([]*spill.Sorter, 0, len(sc.workers))
	for _, w := range sc.workers {
		out = append(out, of(w))
	}
	return out
}

// finish resolves duplicates, builds the alerts and the summary.
func (sc *scan) finish(ctx context.Context) (*Result, error) {
	sc.alerts = spill.New(sc.TempDir, sc.Memory)
	// There are several of these at a time.
	sorter := func() detect.Sorter { return spill.New(sc.TempDir, sc.Memory/4) }
	ordered := sorter()
	defer ordered.Close()
	var buf []byte
	correlator := sc.engine.NewCorrelator(sorter, func(s *detect.Signal) error {
		buf = s.Append(buf[:0])
		return ordered.Add(buf)
	})
	defer correlator.Close()
	again := sc.newRereader(ctx)
	defer again.close()
	keys := sc.sorters(func(w *worker) *spill.Sorter { return w.keys })
	var duplicates int64
	correlator.Use(detect.Input{Filters: sc.filters(), Read: again.hits, Again: func(add func(event.Key, []byte) error) error {
		records := spill.Iterate
		if duplicates == 0 {
			records = spill.All // where no record displaces another the order is nothing
		}
		_, err := survivors(until(ctx, records(keys...)), add)
		return err
	}})
	duplicates, err := survivors(until(ctx, spill.Iterate(keys...)), correlator.AddHits)
	if err != nil {
		return nil, err
	}
	if err := correlator.Finish(sc.watermark()); err != nil {
		return nil, err
	}
	sc.problems = append(sc.problems, again.problems()...)
	posture := make([]bool, len(sc.engine.Rules()))
	for i, r := range sc.engine.Rules() {
		posture[i] = r.Posture()
	}
	levels := map[string]int{}
	linker := alert.NewLinker(sorter)
	defer linker.Close()
	b := alert.NewBuilder(sc.engine.Rules(), correlator.Widespread, linker.Add)
	for rec, err := range until(ctx, ordered.Sorted()) {
		if err != nil {
			return nil, err
		}
		s, err := detect.DecodeSignal(rec)
		if err != nil {
			return nil, err
		}
		if posture[s.Rule] {
			s.At(sc.asOf.Time) // an object carries no time of its own
		}
		if err := b.Add(s); err != nil {
			return nil, err
		}
	}
	if err := b.Close(); err != nil {
		return nil, err
	}
	err = linker.Finish(func(a *alert.Alert) error {
		levels[a.Severity]++
		for i := range a.Evidence {
			a.Evidence[i].Source = sc.sourceOf(a.Evidence[i].Source)
		}
		rec, err := encodeAlert(a)
		if err != nil {
			return err
		}
		return sc.alerts.Add(rec)
	})
	if err != nil {
		return nil, err
	}
	res := &Result{alerts: sc.alerts}
	res.Summary, res.Notices = sc.summary(levels, duplicates)
	res.Summary.Rules.LeftOut = map[string]int{}
	for rule, n := range correlator.LeftOut {
		res.Summary.Rules.LeftOut[sc.engine.Rules()[rule].Slug] = n
	}
	if sc.Quarantine {
		q := spill.New(sc.TempDir, sc.Memory/4)
		res.quarantine = q
		for rec, err := range spill.Iterate(sc.sorters(func(w *worker) *spill.Sorter { return w.bad })...) {
			if err == nil {
				err = q.Add(rec)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, f := range sc.files {
		res.names = append(res.names, f.Path)
	}
	sc.ended = true
	return res, nil
}

// survivors hands on what each event means to the rules. Of records with one
// key only the first in order of format rank, content and place counts.
func survivors(records iter.Seq2[[]byte, error], add func(event.Key, []byte) error) (duplicates int64, err error) {
	var last event.Key
	first := true
	for rec, err := range records {
		if err != nil {
			return 0, err
		}
		key := event.Key(rec[:len(event.Key{})])
		if !first && key == last {
			duplicates++
			continue
		}
		first, last = false, key
		if len(rec) == keySize {
			continue
		}
		if err := add(key, rec[keySize:]); err != nil {
			return 0, err
		}
	}
	return duplicates, nil
}

// filters joins what the workers know of all events.
func (sc *scan) filters() *detect.Filters {
	all := sc.workers[0].match.Filters()
	for _, w := range sc.workers[1:] {
		all.Merge(w.match.Filters())
	}
	return all
}

// watermark says up to when each log of each tenant is known: at the end of a
// scan, to its last event.
func (sc *scan) watermark() detect.Watermark {
	all := map[string]*marks{}
	for _, w := range sc.workers {
		for tenant, m := range w.tally.tenants {
			if all[tenant] == nil {
				all[tenant] = &marks{}
			}
			all[tenant].merge(m)
		}
	}
	return func(tenant string, k event.Kind) (int64, bool) {
		m := all[tenant]
		if m == nil || m[k].IsZero() {
			return 0, false
		}
		return m[k].UnixNano(), true
	}
}

// until ends a sequence with an error when ctx is done.
func until(ctx context.Context, seq iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for rec, err := range seq {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}
