package app_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fastjson"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/rules"
)

// library loads the built-in rules, and SigmaHQ's where they are there.
func library(tb testing.TB) []*detect.Rule {
	tb.Helper()
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "builtin", true); err != nil {
		tb.Fatal(err)
	}
	public := filepath.Join("..", "..", "..", "shared", "sigmahq", "rules", "cloud", "azure")
	if _, err := os.Stat(public); err == nil {
		if err := lib.Add(os.DirFS(public), ".", "sigmahq", false); err != nil {
			tb.Fatal(err)
		}
	}
	if err := lib.Finish(); err != nil {
		tb.Fatal(err)
	}
	return lib.Rules
}

func declared(tb testing.TB) *baseline.Baseline {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "baseline.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	return parseBaseline(tb, string(data))
}

func parseBaseline(tb testing.TB, text string) *baseline.Baseline {
	tb.Helper()
	b, err := baseline.Parse("baseline.yaml", []byte(text), os.ReadFile)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// BenchmarkScan measures a full scan of Event Hubs messages against fastjson
// parsing the same bytes and doing nothing else, in turns on one core. The
// ratio is what counts; machines are noisy.
func BenchmarkScan(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	path, records := messages(b, 768<<20)
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	c := app.ScanConfig{Paths: []string{path}, Rules: library(b), Baseline: declared(b)}
	var full, parse, fullCPU, parseCPU time.Duration
	var allocs uint64
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		began, beganCPU := time.Now(), cpuTime(b)
		parseOnly(b, data)
		parse += time.Since(began)
		parseCPU += cpuTime(b) - beganCPU

		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began, beganCPU = time.Now(), cpuTime(b)
		res, err := app.Scan(context.Background(), c)
		if err != nil {
			b.Fatal(err)
		}
		full += time.Since(began)
		fullCPU += cpuTime(b) - beganCPU
		runtime.ReadMemStats(&after)
		allocs = after.Mallocs - before.Mallocs
		if n := res.Summary.Events["signin"]; n != records {
			b.Fatalf("read %d of %d events", n, records)
		}
		if err := res.Close(); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(b.N * records)
	b.ReportMetric(n/full.Seconds(), "events/s")
	b.ReportMetric(n/parse.Seconds(), "fastjson/s")
	b.ReportMetric(parse.Seconds()/full.Seconds(), "ratio")
	b.ReportMetric(parseCPU.Seconds()/fullCPU.Seconds(), "cpu-ratio")
	b.ReportMetric(float64(allocs)/float64(records), "allocs/event")
	b.ReportMetric(float64(len(c.Rules)), "rules")
}

// messages writes sign-ins as Event Hubs has them, about size bytes of them.
func messages(b *testing.B, size int64) (path string, records int) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "messages.json")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if records, err = simulate.WriteBench(w, 1, size, 20); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path, records
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

func parseOnly(b *testing.B, data []byte) {
	var p fastjson.Parser
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		if _, err := p.ParseBytes(line); err != nil {
			b.Fatal(err)
		}
	}
}
