package decode

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

func messages(b *testing.B) ([]byte, int) {
	b.Helper()
	var buf bytes.Buffer
	n, err := simulate.WriteBench(&buf, 1, 4<<20, 20)
	if err != nil {
		b.Fatal(err)
	}
	return buf.Bytes(), n
}

// BenchmarkFrame cuts Event Hubs messages into records.
func BenchmarkFrame(b *testing.B) {
	data, n := messages(b)
	b.SetBytes(int64(len(data)))
	batch := &Batch{}
	for b.Loop() {
		fr := NewFramer(bytes.NewReader(data), "x")
		got := 0
		for !errors.Is(fr.Next(batch), io.EOF) {
			got += len(batch.Recs)
		}
		if got != n {
			b.Fatalf("%d of %d records", got, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}

// BenchmarkDecode frames and reads all registered fields.
func BenchmarkDecode(b *testing.B) {
	data, n := messages(b)
	s, d := everything(b)
	w, e := d.NewWorker(Entra), event.New(s)
	b.SetBytes(int64(len(data)))
	batch := &Batch{}
	for b.Loop() {
		fr := NewFramer(bytes.NewReader(data), "x")
		for !errors.Is(fr.Next(batch), io.EOF) {
			for i := range batch.Recs {
				if reason := w.Decode(batch, &batch.Recs[i], e); reason != "" {
					b.Fatal(reason)
				}
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}

// BenchmarkRead reads records as it cuts them out, as scans do.
func BenchmarkRead(b *testing.B) {
	data, n := messages(b)
	_, d := everything(b)
	b.SetBytes(int64(len(data)))
	batch := &Batch{}
	fr := NewFramer(nil, "x")
	for b.Loop() {
		shapes := fr.shapes
		fr = NewFramer(bytes.NewReader(data), "x")
		fr.Read(d, Entra)
		fr.shapes = shapes
		got := 0
		for !errors.Is(fr.Next(batch), io.EOF) {
			got += len(batch.Recs)
		}
		if got != n {
			b.Fatalf("%d of %d records", got, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
}
