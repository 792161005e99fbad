package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A LakeInput is a lake as one more file of a scan. Its records are read as they
// came, by the same decoder and rules.
type LakeInput struct {
	Lake  *lake.Lake
	Files []state.File
	// All also reads logs that no rule looks at: they say from when to when there
	// is something.
	All bool
}

// lakeName is how the lake is called among files.
const lakeName = "(lake)"

// originMark stands before the source of a record of the lake, which is text and
// not a place in one of the files.
const originMark = "\x00"

// A rowBatch is some rows of the lake on their way to a worker.
type rowBatch struct {
	rows []lake.Row // their Raw stands in text
	text []byte
}

// How much a rowBatch holds.
const (
	rowBatchRows  = 512
	rowBatchBytes = 1 << 20
)

// lakeFiles are those that the scan needs: of the kinds that rules look at, where
// there are rules, and of the period. Directory objects are as they are now.
func (sc *scan) lakeFiles() []state.File {
	all := sc.engine == nil || sc.Lake.All
	wanted := map[event.Kind]bool{}
	for _, r := range sc.rules() {
		all = all || r.Posture() // the time of a finding is that of the newest event
		for _, k := range r.Kinds() {
			wanted[k] = true
		}
	}
	var out []state.File
	for _, f := range sc.Lake.Files {
		kind, ok := event.KindByName(f.Kind)
		switch {
		case !ok || !all && !wanted[kind] && !kind.Snapshot():
		case kind.Snapshot() || f.First.IsZero():
			out = append(out, f)
		case (sc.Since.IsZero() || !f.Last.Before(sc.Since)) && (sc.Until.IsZero() || f.First.Before(sc.Until)):
			out = append(out, f)
		}
	}
	return out
}

func (sc *scan) rules() []*detect.Rule {
	if sc.engine == nil {
		return nil
	}
	return sc.engine.Rules()
}

// readLake hands the rows of the lake to the workers.
func (sc *scan) readLake(ctx context.Context, rep *fileReport, jobs chan<- job) error {
	b := &rowBatch{}
	hand := func() error {
		if len(b.rows) == 0 {
			return nil
		}
		select {
		case jobs <- job{rows: b, file: rep}:
			b = &rowBatch{}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := sc.Lake.Lake.Read(ctx, sc.lakeFiles(), lake.Query{Memory: 32 << 20}, func(r *lake.Row) error {
		row := *r
		from := len(b.text)
		b.text = append(b.text, r.Raw...)
		row.Raw = b.text[from:len(b.text):len(b.text)]
		b.rows = append(b.rows, row)
		sc.readBytes.Add(int64(len(r.Raw)))
		if len(b.rows) < rowBatchRows && len(b.text) < rowBatchBytes {
			return nil
		}
		return hand()
	})
	if err != nil {
		return fmt.Errorf("read the lake: %w", err)
	}
	return hand()
}

// lakeReport makes the lake one of the files.
func (sc *scan) lakeReport() *fileReport {
	rep := &fileReport{path: lakeName, index: len(sc.files), format: "lake"}
	sc.files = append(slices.Clip(sc.files), file.Input{Path: lakeName, Stdin: true})
	sc.reports = append(sc.reports, rep)
	return rep
}

// doRows is do for rows of the lake.
func (w *worker) doRows(b *rowBatch, rep *fileReport) error {
	defer func() { w.decode.Tenant, w.details.Tenant, w.licence.Tenant = w.sc.Tenant, w.sc.Tenant, "" }()
	events := 0
	var formats [event.NumFormats]bool
	ev := w.few[0]
	for i := range b.rows {
		r := &b.rows[i]
		tenant := cmp.Or(r.Tenant, w.sc.Tenant)
		w.decode.Tenant, w.details.Tenant, w.licence.Tenant = tenant, tenant, tenant
		if reason := w.decode.Again(r.Kind, r.Sub, r.Format, r.Raw, ev); reason != "" {
			if err := w.reject(rep, decode.Bad{Index: -1, Reason: r.Origin + ": " + reason, Raw: r.Raw}); err != nil {
				return err
			}
			continue
		}
		if w.sc.outside(ev) {
			w.tally.outside++
			continue
		}
		events++
		formats[ev.Format] = true
		w.see(ev)
		w.buf = appendKey(w.buf[:0], ev, contentHash(ev.Raw))
		var err error
		if w.buf, err = w.rowHits(w.buf, ev, r); err != nil {
			return err
		}
		if err := w.keys.Add(w.buf); err != nil {
			return err
		}
		if i == 0 && ev.Kind == event.Signin && w.tally.told == 0 && w.licence.Again(r.Kind, r.Sub, r.Format, r.Raw, w.full) == "" {
			w.risk()
		}
	}
	rep.add(len(b.rows), events, formats)
	w.sc.events.Add(int64(events))
	return nil
}

// doRows is do for rows of the lake.
func (w *learner) doRows(b *rowBatch) error {
	defer func() { w.decode.Tenant = w.sc.Tenant }()
	for i := range b.rows {
		r := &b.rows[i]
		w.decode.Tenant = cmp.Or(r.Tenant, w.sc.Tenant)
		if w.decode.Again(r.Kind, r.Sub, r.Format, r.Raw, w.ev) != "" {
			w.bad++
			continue
		}
		if w.sc.outside(w.ev) {
			continue
		}
		w.sc.events.Add(1)
		if err := w.observe(w.ev); err != nil {
			return err
		}
	}
	return nil
}

// rowHits is hits for a row of the lake.
func (w *worker) rowHits(dst []byte, ev *event.Event, r *lake.Row) ([]byte, error) {
	hits := w.match.Match(ev)
	w.source = append(append(w.source[:0], originMark...), r.Origin...)
	dst, rest, done := w.match.Brief(dst, hits, ev, w.source, nil)
	if done {
		return dst, nil
	}
	if reason := w.details.Again(r.Kind, r.Sub, r.Format, r.Raw, w.full); reason != "" {
		return dst, fmt.Errorf("%s: decoded once and not again: %s", r.Origin, reason)
	}
	return w.match.Hits(dst, rest, w.full, w.source), nil
}

// readLake adds the directory objects that the lake has.
func (r *directoryReader) readLake(in *LakeInput) error {
	var kinds []event.Kind
	for k := event.Kind(1); k < event.NumKinds; k++ {
		if k.Snapshot() && !k.Derived() {
			kinds = append(kinds, k)
		}
	}
	for _, f := range in.Files {
		if k, ok := event.KindByName(f.Kind); ok && slices.Contains(kinds, k) && f.Added.After(r.newest) {
			r.newest = f.Added.Truncate(time.Second)
		}
	}
	err := in.Lake.Read(context.Background(), in.Files, lake.Query{Kinds: kinds, Memory: 32 << 20}, func(row *lake.Row) error {
		r.worker.Tenant = row.Tenant
		if r.worker.Again(row.Kind, row.Sub, row.Format, row.Raw, r.ev) == "" {
			r.add(r.ev)
			r.snap.Add(r.ev)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the directory in the lake: %w", err)
	}
	return nil
}

// cutOrigin is the source of a record of the lake.
func cutOrigin(source string) (origin string, ok bool) { return strings.CutPrefix(source, originMark) }
