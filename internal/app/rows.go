package app

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/report"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/spill"
)

// A RowsConfig says which fields of which logs to read.
type RowsConfig struct {
	Paths        []string
	Fields       map[event.Kind][]string
	Tenant       string
	Since, Until time.Time
	TempDir      string
}

// A RowsSummary says what was read.
type RowsSummary struct {
	Rows, Duplicates, Outside, Timeless, Others int
	Problems, Notices                           []string
}

// Rows reads logs for a report and hands on its entries in the order of their
// times, each once.
func Rows(ctx context.Context, c RowsConfig, visit func(*report.Row)) (*RowsSummary, error) {
	r := &rowReader{RowsConfig: c, schema: event.NewSchema(), sum: &RowsSummary{}}
	var wanted [event.NumKinds][]int
	for k, names := range c.Fields {
		for _, name := range names {
			r.fields[k] = append(r.fields[k], r.schema.Resolve(k, name).ID)
		}
		wanted[k] = append(r.fields[k], r.schema.MustID("id"))
	}
	d, err := decode.NewDecoder(r.schema, wanted)
	if err != nil {
		return nil, err
	}
	r.worker, r.ev = d.NewWorker(decode.Entra), event.New(r.schema)
	r.worker.Tenant = c.Tenant
	r.byKey = spill.New(c.TempDir, DefaultMemory)
	defer r.byKey.Close()
	files, problems := file.Walk(c.Paths)
	for _, p := range problems {
		if p.Notice {
			r.sum.Notices = append(r.sum.Notices, p.String())
		} else {
			r.sum.Problems = append(r.sum.Problems, p.String())
		}
	}
	for _, in := range files {
		if err := r.read(ctx, in); err != nil {
			return nil, err
		}
	}
	return r.sum, r.inOrder(ctx, visit)
}

type rowReader struct {
	RowsConfig
	schema *event.Schema
	worker *decode.Worker
	ev     *event.Event
	fields [event.NumKinds][]int
	byKey  *spill.Sorter
	sum    *RowsSummary
}

func (r *rowReader) read(ctx context.Context, in file.Input) error {
	s, err := file.Open(in)
	if err != nil {
		r.sum.Problems = append(r.sum.Problems, err.Error())
		return nil
	}
	defer s.Close()
	fr := decode.NewFramer(s, in.Path)
	bad, first := 0, ""
	var b decode.Batch
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			bad, first = bad+1, err.Error()
			break
		}
		for i := range b.Recs {
			if reason := r.worker.Decode(&b, &b.Recs[i], r.ev); reason != "" {
				if bad++; bad == 1 {
					first = fmt.Sprintf("line %d: %s", b.Recs[i].Line, reason)
				}
				continue
			}
			if err := r.add(r.ev); err != nil {
				return err
			}
		}
		for _, x := range b.Bad {
			if x.Notice {
				continue
			}
			if bad++; bad == 1 {
				first = fmt.Sprintf("line %d: %s", x.Line, x.Reason)
			}
		}
	}
	if bad > 0 {
		r.sum.Problems = append(r.sum.Problems, fmt.Sprintf("%s: %d records were not understood; the first: %s", in.Path, bad, strings.TrimPrefix(first, in.Path+": ")))
	}
	return nil
}

// add keeps an entry that the report reads, sorted by its key.
func (r *rowReader) add(e *event.Event) error {
	switch {
	case r.fields[e.Kind] == nil:
		r.sum.Others++
		return nil
	case e.Time.IsZero():
		r.sum.Timeless++
		return nil
	case !r.Since.IsZero() && e.Time.Before(r.Since), !r.Until.IsZero() && !e.Time.Before(r.Until):
		r.sum.Outside++
		return nil
	}
	row := report.Row{Kind: e.Kind, Time: e.Time.UTC()}
	for _, id := range r.fields[e.Kind] {
		var values []string
		if n := e.Elems(id); n > 0 {
			for i := range n {
				values = append(values, e.TextAt(id, i))
			}
		} else if t := e.Text(id); t != "" {
			values = []string{t}
		}
		row.Values = append(row.Values, values)
	}
	body, err := json.Marshal(&row)
	if err != nil {
		return fmt.Errorf("keep an entry: %w", err)
	}
	return r.byKey.Add(append(appendKey(nil, e, contentHash(e.Raw)), body...))
}

// inOrder leaves out repetitions and sorts by time.
func (r *rowReader) inOrder(ctx context.Context, visit func(*report.Row)) error {
	byTime := spill.New(r.TempDir, DefaultMemory)
	defer byTime.Close()
	var last event.Key
	for rec, err := range until(ctx, r.byKey.Sorted()) {
		if err != nil {
			return err
		}
		key := event.Key(rec[:len(event.Key{})])
		if r.sum.Rows > 0 && key == last {
			r.sum.Duplicates++
			continue
		}
		last = key
		r.sum.Rows++
		var row report.Row
		if err := json.Unmarshal(rec[keySize:], &row); err != nil {
			return fmt.Errorf("a kept entry is damaged: %w", err)
		}
		at := binary.BigEndian.AppendUint64(nil, uint64(row.Time.UnixNano())^1<<63)
		if err := byTime.Add(append(at, rec[keySize:]...)); err != nil {
			return err
		}
	}
	for rec, err := range until(ctx, byTime.Sorted()) {
		if err != nil {
			return err
		}
		var row report.Row
		if err := json.Unmarshal(rec[8:], &row); err != nil {
			return fmt.Errorf("a kept entry is damaged: %w", err)
		}
		visit(&row)
	}
	return nil
}
