package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// A spout delivers messages as fast as they are taken.
type spout struct {
	messages [][]byte
	stored   chan struct{}
}

func (s *spout) Run(ctx context.Context, _ map[string]string, in source.Intake) error {
	for i, m := range s.messages {
		d := &source.Delivery{Stream: "0", Name: "spout/0", Body: bytes.NewReader(m)}
		if i == len(s.messages)-1 {
			d.Stored = func() { close(s.stored) }
		}
		if err := in.Deliver(ctx, d); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// BenchmarkServe is the whole service: records of 3 KB in messages, decoded,
// matched, correlated, and in the lake and the state when it ends.
func BenchmarkServe(b *testing.B) {
	path, records := messages(b, 256<<20)
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var all [][]byte
	for line := range bytes.Lines(data) {
		all = append(all, line)
	}
	log := slog.New(slog.DiscardHandler)
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		store, err := sqlite.Open(b.Context(), filepath.Join(dir, "state.db"))
		if err != nil {
			b.Fatal(err)
		}
		l, err := lake.Open(filepath.Join(dir, "lake"), log)
		if err != nil {
			b.Fatal(err)
		}
		src := &spout{all, make(chan struct{})}
		s, err := app.NewService(b.Context(), app.ServeConfig{
			Rules: library(b), Baseline: declared(b), Sources: map[string]app.Source{"spout": src}, Sinks: map[string]notify.Sink{"post": newPost()},
			State: store, Lake: l, Lateness: 24 * time.Hour, Flush: 5 * time.Second, Log: log,
		})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		began, cpu := time.Now(), cpuTime(b)
		ctx, stop := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		<-src.stored
		took, used := time.Since(began), cpuTime(b)-cpu
		b.StopTimer()
		stop()
		if err := errors.Join(<-ended, store.Close(), l.Close()); err != nil {
			b.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(records)/took.Seconds(), "events/s")
		b.ReportMetric(float64(used.Microseconds())/float64(records), "cpu-µs/event")
		b.ReportMetric(float64(m.Sys>>20), "MiB")
		b.StartTimer()
	}
}
