package app_test

import (
	"context"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/entrawatch/entrawatch/internal/app"
)

// BenchmarkMemory scans 4 GB and reports the most memory that the process had,
// which must stay under 512 MiB. It needs Linux, which tells it, and the room
// for the file.
func BenchmarkMemory(b *testing.B) {
	// Writing 5 forgets the peak so far.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip("the system does not tell a process its peak: ", err)
	}
	path, records := messages(b, 4_000_000_000)
	rules, base := library(b), declared(b)
	peak := 0.0
	for b.Loop() {
		debug.FreeOSMemory()
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			b.Fatal(err)
		}
		res, err := app.Scan(context.Background(), app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: base})
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range res.Alerts() {
			if err != nil {
				b.Fatal(err)
			}
		}
		if n := res.Summary.Events["signin"]; n != records {
			b.Fatalf("read %d of %d events", n, records)
		}
		if err := res.Close(); err != nil {
			b.Fatal(err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		m := regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)
		if m == nil {
			b.Fatal("no VmHWM in /proc/self/status")
		}
		kib, err := strconv.Atoi(string(m[1]))
		if err != nil {
			b.Fatal(err)
		}
		peak = max(peak, float64(kib)/1024)
	}
	if peak >= 512 {
		b.Errorf("the scan had %.0f MiB, and must stay under 512", peak)
	}
	b.ReportMetric(peak, "MiB")
	b.ReportMetric(float64(records), "events")
}
