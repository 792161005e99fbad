package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
)

// An intake cuts what one source delivers into batches, for the workers. What
// the source may forget is settled by marks: a cursor counts when everything
// delivered before it in its stream is stored.
type intake struct {
	s       *Service
	source  string
	framers sync.Pool // of *decode.Framer

	mu      sync.Mutex
	cursors map[string]string // by stream, for when the source is run again
	streams map[string]*marksOf
}

var _ source.Intake = (*intake)(nil)

// A delivered batch is on its way to a worker.
type delivered struct {
	batch    *decode.Batch
	intake   *intake
	stream   string
	name     string
	tenant   string
	received time.Time
	mark     *mark
}

// A mark stands behind a batch in the order of its stream.
type mark struct {
	cursor string // "" = not known here
	stored func()
	done   bool // the keeper has what stands before it
}

// marksOf are the marks of a stream that are not passed yet.
type marksOf struct{ waiting []*mark }

// now returns where the source is to go on, were it run anew.
func (in *intake) now() map[string]string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.cursors)
}

// Report implements source.Intake.
func (in *intake) Report(stream string, problem error) {
	in.s.health.report(in.source, stream, problem)
}

// Deliver implements source.Intake.
func (in *intake) Deliver(ctx context.Context, d *source.Delivery) error {
	if !d.Round.IsZero() {
		if err := in.s.snapshots.take(in.source, d); err != nil {
			return err
		}
		return in.finish(ctx, d)
	}
	body := &faithful{r: d.Body}
	fr, used := in.framers.Get().(*decode.Framer)
	if used {
		fr.Another(body, d.Name)
	} else {
		fr = decode.NewFramer(body, d.Name)
		fr.Read(in.s.decoder, decode.Entra)
	}
	defer in.framers.Put(fr)
	fr.At(d.Line)
	received := d.Received
	if received.IsZero() {
		received = time.Now()
	}
	for {
		b := in.s.batches.Get().(*decode.Batch)
		err := fr.Next(b)
		if errors.Is(err, io.EOF) {
			in.s.batches.Put(b)
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		if body.err != nil {
			b.Bad = nil // all of them come again when the source has another try
		}
		m := &mark{}
		if d.CursorAt != nil && body.err == nil {
			if offset, ok := fr.Whole(); ok {
				m.cursor = d.CursorAt(offset)
			}
		}
		in.add(d.Stream, m)
		j := &delivered{batch: b, intake: in, stream: d.Stream, name: d.Name, tenant: d.Tenant, received: received, mark: m}
		select {
		case in.s.jobs <- j:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if body.err != nil {
		return fmt.Errorf("%s: %w", d.Name, body.err)
	}
	return in.finish(ctx, d)
}

// finish has the keeper pass the end of a delivery like any other mark.
func (in *intake) finish(ctx context.Context, d *source.Delivery) error {
	end := &mark{cursor: d.Cursor, stored: d.Stored}
	in.add(d.Stream, end)
	select {
	case in.s.jobs <- &delivered{intake: in, stream: d.Stream, name: d.Name, received: time.Now(), mark: end}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (in *intake) add(stream string, m *mark) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.streams == nil {
		in.streams = map[string]*marksOf{}
	}
	of := in.streams[stream]
	if of == nil {
		of = &marksOf{}
		in.streams[stream] = of
	}
	of.waiting = append(of.waiting, m)
}

// pass notes that the keeper has what stands before a mark, and returns the
// newest cursor of the stream that counts with it, and whom to tell.
func (in *intake) pass(stream string, m *mark) (cursor *state.Cursor, stored []func()) {
	in.mu.Lock()
	defer in.mu.Unlock()
	m.done = true
	of := in.streams[stream]
	for len(of.waiting) > 0 && of.waiting[0].done {
		first := of.waiting[0]
		of.waiting[0] = nil
		of.waiting = of.waiting[1:]
		if first.cursor != "" {
			cursor = &state.Cursor{Source: in.source, Stream: stream, Text: first.cursor}
			in.cursors[stream] = first.cursor
		}
		if first.stored != nil {
			stored = append(stored, first.stored)
		}
	}
	if len(of.waiting) == 0 {
		delete(in.streams, stream)
	}
	return cursor, stored
}

// faithful remembers why a body ended before its end: the framer takes what it
// has for the whole.
type faithful struct {
	r   io.Reader
	err error
}

func (f *faithful) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}
