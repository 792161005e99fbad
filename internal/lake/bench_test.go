package lake_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
)

// BenchmarkWrite measures what a sign-in of 3 KB costs on its way into the lake,
// decoding aside: Add, sorting and writing.
func BenchmarkWrite(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := newReader(b)
	data := bench(b, 96<<20)
	rows := lake.NewRows(r.schema)
	var adding, writing time.Duration
	var n, size int64
	for b.Loop() {
		l := open(b)
		rows.Reset()
		r.each(b, "hub", data, func(ev *event.Event) {
			began := time.Now()
			rows.Add(ev, "hub/0@12345")
			adding += time.Since(began)
		})
		began := time.Now()
		files, err := l.Write(context.Background(), []*lake.Rows{rows})
		if err != nil {
			b.Fatal(err)
		}
		writing += time.Since(began)
		for _, f := range files {
			n += f.Rows
			size += f.Bytes
		}
	}
	b.ReportMetric(float64(adding.Nanoseconds())/float64(n)/1000, "add-µs/row")
	b.ReportMetric(float64(writing.Nanoseconds())/float64(n)/1000, "write-µs/row")
	b.ReportMetric(float64(size)/float64(n), "bytes/row")
}
