package lake_test

import (
	"context"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
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
		began := cpuTime(b)
		r.each(b, "hub", data, func(*event.Event) {})
		decoding := cpuTime(b) - began
		began = cpuTime(b)
		r.each(b, "hub", data, func(ev *event.Event) { rows.Add(ev, "hub/0@12345") })
		adding += cpuTime(b) - began - decoding
		began = cpuTime(b)
		files, err := l.Write(context.Background(), []*lake.Rows{rows})
		if err != nil {
			b.Fatal(err)
		}
		writing += cpuTime(b) - began
		for _, f := range files {
			n += f.Rows
			size += f.Bytes
		}
	}
	b.ReportMetric(float64(adding.Nanoseconds())/float64(n)/1000, "add-µs/row")
	b.ReportMetric(float64(writing.Nanoseconds())/float64(n)/1000, "write-µs/row")
	b.ReportMetric(float64(size)/float64(n), "bytes/row")
}

// BenchmarkCompact measures what a sign-in costs when files are merged.
func BenchmarkCompact(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	r := newReader(b)
	l := open(b)
	var files []state.File
	rows := lake.NewRows(r.schema)
	// Files as live intake writes them, of some thousand rows.
	r.each(b, "hub", bench(b, 192<<20), func(ev *event.Event) {
		rows.Add(ev, "hub/0@12345")
		if rows.Len() == 4000 {
			for _, f := range write(b, l, rows) {
				if len(files) == 0 || f.Day == files[0].Day {
					files = append(files, f)
				}
			}
			rows.Reset()
		}
	})
	var before int64
	for _, f := range files {
		before += f.Bytes
	}
	var n, size int64
	var spent time.Duration
	for b.Loop() {
		began := cpuTime(b)
		added, removed, err := l.Compact(context.Background(), files, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		spent += cpuTime(b) - began
		if len(added) != 1 || len(removed) != len(files) {
			b.Fatalf("%d of %d files became %d", len(removed), len(files), len(added))
		}
		n += added[0].Rows
		size += added[0].Bytes
		l.Discard(added)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(n)/1000, "µs/row")
	b.ReportMetric(float64(size)/float64(n), "bytes/row")
	b.ReportMetric(float64(size)/float64(before)/float64(b.N), "of-before")
}

// cpuTime is the processor time, user and system, that the process has used.
// Other processes on a shared machine disturb it less than the clock.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
