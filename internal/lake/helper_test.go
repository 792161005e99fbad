package lake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A reader decodes logs for the lake.
type reader struct {
	schema *event.Schema
	d      *decode.Decoder
	w      *decode.Worker
	ev     *event.Event
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	r := &reader{schema: event.NewSchema()}
	var err error
	if r.d, err = decode.NewDecoder(r.schema, lake.Columns(r.schema)); err != nil {
		tb.Fatal(err)
	}
	r.w = r.d.NewWorker(decode.Entra)
	r.w.Tenant = "cdde9459-3fcf-5c03-8f51-18565ab1ad3e"
	r.ev = event.New(r.schema)
	return r
}

// each decodes all records of a log.
func (r *reader) each(tb testing.TB, name string, data []byte, do func(*event.Event)) {
	tb.Helper()
	fr := decode.NewFramer(bytes.NewReader(data), name)
	fr.Read(r.d, decode.Entra)
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			tb.Fatal(err)
		}
		for _, bad := range b.Bad {
			tb.Fatalf("%s:%d: %s", name, bad.Line, bad.Reason)
		}
		for i := range b.Recs {
			if reason := r.w.Decode(&b, &b.Recs[i], r.ev); reason != "" {
				tb.Fatal(reason)
			}
			do(r.ev)
		}
	}
}

// bench gives sign-ins as Event Hubs has them, about size bytes of them.
func bench(tb testing.TB, size int64) []byte {
	tb.Helper()
	var b bytes.Buffer
	if _, err := simulate.WriteBench(&b, 1, size, 20); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func open(tb testing.TB) *lake.Lake {
	tb.Helper()
	l, err := lake.Open(tb.TempDir(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

// write puts rows into the lake and makes them visible.
func write(tb testing.TB, l *lake.Lake, rows ...*lake.Rows) []state.File {
	tb.Helper()
	files, err := l.Write(context.Background(), rows)
	if err != nil {
		tb.Fatal(err)
	}
	if err := l.Publish(files); err != nil {
		tb.Fatal(err)
	}
	return files
}
