package soak

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	steadyFor   = flag.Duration("steady", 10*time.Second, "how long TestSteady runs")
	steadyRate  = flag.Int64("rate", 1000, "how many records TestSteady sends in a second")
	steadyUsers = flag.Int64("users", 1_000_000, "of how many users TestSteady sends records")
)

const (
	// steadyDays is how many days go by while TestSteady runs. They end now, and
	// retention deletes all but the last ones while it runs.
	steadyDays = 6
	kept       = 2
	// mostMemory is what the service may hold.
	mostMemory = 2 << 30
	// mostGrowth is by how much it may grow in the last two thirds of the time; what
	// lives on the heap, as far as that can be told.
	mostGrowth = 0.01
)

// A sample is what the service held at a time.
type sample struct {
	at             time.Duration
	resident, heap float64 // bytes
}

// TestSteady sends sign-ins of very many users for long, of a time that goes by
// faster than that, so that forgetting, retention and compaction have to do. Once
// ten times as many come as usual. The service must not grow, and lose nothing.
func TestSteady(t *testing.T) {
	w := newWorld(t, trafficBaseline, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	})
	w.configure(fmt.Sprintf("lake: {retention: %dd}", kept), "")
	began := time.Now()
	from := began.Add(-steadyDays * 24 * time.Hour)
	flow := &pump{w: w, x: newTraffic(t, 400), users: *steadyUsers, clock: func(now time.Time) time.Time {
		return from.Add(time.Duration(float64(now.Sub(began)) * float64(began.Sub(from)) / float64(*steadyFor)))
	}}
	flow.rate.Store(*steadyRate)
	p := w.start()
	ctx, stop := context.WithTimeout(t.Context(), *steadyFor)
	defer stop()
	var flowing sync.WaitGroup
	flowing.Go(func() {
		if err := flow.run(ctx); err != nil {
			t.Error(err)
		}
	})
	// The burst is over, and dealt with, before the time that is looked at.
	burst := *steadyFor / 6
	flowing.Go(func() {
		for _, x := range []struct {
			at   time.Duration
			rate int64
		}{{burst, 10 * *steadyRate}, {burst + *steadyFor/180, *steadyRate}} {
			select {
			case <-time.After(time.Until(began.Add(x.at))):
				flow.rate.Store(x.rate)
			case <-ctx.Done():
			}
		}
	})
	var samples []sample
	deleted, most := 0, 0.0
	days := map[string]bool{}
	for tick := time.NewTicker(max(*steadyFor/360, 500*time.Millisecond)); ctx.Err() == nil; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			continue
		}
		p.runs(t)
		s := w.sample(p, time.Since(began))
		samples = append(samples, s)
		most = max(most, s.resident)
		if err := w.trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := w.days()
		for day := range days {
			if !now[day] {
				deleted++
				delete(days, day)
			}
		}
		for day := range now {
			days[day] = true
		}
		if n := len(samples); n%6 == 0 {
			events, _ := w.stored()
			t.Logf("%6v: %d sent, %d stored, %d days in the lake, resident %.0f MiB, heap %.0f MiB",
				s.at.Round(time.Second), flow.sent.Load(), events, len(days), s.resident/(1<<20), s.heap/(1<<20))
		}
	}
	flowing.Wait()
	sent := flow.sent.Load()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		p.runs(t)
		events, _ := w.stored()
		if events == sent {
			break
		}
		if events > sent || time.Now().After(deadline) {
			t.Fatalf("%d of %d events were stored\n%s", events, sent, p.log.String())
		}
	}
	most = max(most, w.sample(p, time.Since(began)).resident)
	p.end(t)
	late := samples[len(samples)/3:]
	resident, heap := growth(late, meanResident), growth(late, leastHeap)
	t.Logf("%d events in %v, %d days deleted; at most %.0f MiB resident; in the last two thirds resident memory grew by %v, the heap that lives by %v",
		sent, *steadyFor, deleted, most/(1<<20), resident, heap)
	if most > mostMemory {
		t.Errorf("the service held %.0f MiB", most/(1<<20))
	}
	if *steadyFor < 10*time.Minute {
		return // nothing is settled yet
	}
	if resident.growth > mostGrowth || heap.surely() > mostGrowth {
		t.Errorf("memory grew by %v (resident) and %v (heap)", resident, heap)
	}
	if deleted < steadyDays-kept-1 {
		t.Errorf("retention deleted %d days", deleted)
	}
}

// A trend is by what part of its mean something grew, and the standard error of
// that: with compaction and the collector memory goes up and down all the time.
type trend struct{ growth, doubt float64 }

func (t trend) String() string { return fmt.Sprintf("%.2f ± %.2f %%", 100*t.growth, 100*t.doubt) }

// surely is by how much it grew at least, as far as can be told.
func (t trend) surely() float64 { return t.growth - 2*t.doubt }

func meanResident(samples []sample) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += s.resident
	}
	return sum / float64(len(samples))
}

// leastHeap is what lives when nothing else is under way.
func leastHeap(samples []sample) float64 {
	return slices.MinFunc(samples, func(a, b sample) int { return cmp.Compare(a.heap, b.heap) }).heap
}

// growth lays a line through what is said of ten stretches: samples beside each
// other say nearly the same.
func growth(samples []sample, say func([]sample) float64) trend {
	const stretches = 10
	var said [stretches]float64
	all := 0.0
	for i := range said {
		said[i] = say(samples[i*len(samples)/stretches : (i+1)*len(samples)/stretches])
		all += said[i] / stretches
	}
	var slope, rest, spread float64
	x := func(i int) float64 { return float64(i) - float64(stretches-1)/2 }
	for i, y := range said {
		slope += x(i) * y
		spread += x(i) * x(i)
	}
	slope /= spread
	for i, y := range said {
		d := y - all - slope*x(i)
		rest += d * d
	}
	return trend{slope * stretches / all, math.Sqrt(rest/(stretches-2)/spread) * stretches / all}
}

// TestGrowth: what grows is told from what goes up and down.
func TestGrowth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, by := range []float64{0, 0.005, 0.05, 0.2} {
		wrong, missed := 0, 0
		for range 200 {
			var samples []sample
			for i := range 240 {
				samples = append(samples, sample{resident: 1000 * (1 + by*float64(i)/240 + 0.05*math.Sin(float64(i)/2) + 0.03*rng.NormFloat64())})
			}
			switch grew := growth(samples, meanResident); {
			case by < mostGrowth && grew.surely() > mostGrowth:
				wrong++
			case by > mostGrowth && grew.surely() <= mostGrowth:
				missed++
			}
		}
		if wrong > 10 || missed > 10 {
			t.Errorf("growth by %v: %d of 200 told in error, %d not told", by, wrong, missed)
		}
	}
}

// sample asks the system and the service what it holds.
func (w *world) sample(p *process, at time.Duration) sample {
	w.t.Helper()
	s := sample{at: at}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		w.t.Skip("this system does not say what a process holds: ", err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	if err != nil {
		w.t.Fatal(err)
	}
	s.resident = pages * float64(os.Getpagesize())
	resp, err := http.Get("http://" + w.address + "/metrics")
	if err != nil {
		return s // it begins
	}
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(metrics)) {
		if value, ok := strings.CutPrefix(line, "go_gc_heap_live_bytes "); ok {
			if s.heap, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return s
}

// days are those of which the lake has files.
func (w *world) days() map[string]bool {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.dir, "data", "lake", "tenant=*", "kind=*", "day=*", "*.parquet"))
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, path := range found {
		out[filepath.Base(filepath.Dir(path))] = true
	}
	return out
}
