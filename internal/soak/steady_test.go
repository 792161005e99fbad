package soak

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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
	// mostGrowth is by how much it may grow in the last two thirds of the time.
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
	resident, heap := growth(late, func(s sample) float64 { return s.resident }), growth(late, func(s sample) float64 { return s.heap })
	t.Logf("%d events in %v, %d days deleted; at most %.0f MiB resident; in the last two thirds resident memory grew by %.2f %%, the heap that lives by %.2f %%",
		sent, *steadyFor, deleted, most/(1<<20), 100*resident, 100*heap)
	if most > mostMemory {
		t.Errorf("the service held %.0f MiB", most/(1<<20))
	}
	if *steadyFor < 10*time.Minute {
		return // nothing is settled yet
	}
	if resident > mostGrowth || heap > mostGrowth {
		t.Errorf("memory grew by %.2f %% (resident) and %.2f %% (heap)", 100*resident, 100*heap)
	}
	if deleted < steadyDays-kept-1 {
		t.Errorf("retention deleted %d days", deleted)
	}
}

// growth is by what part of its middle a line through the samples rises.
func growth(samples []sample, of func(sample) float64) float64 {
	var t, y, tt, ty float64
	n := float64(len(samples))
	for _, s := range samples {
		at, v := s.at.Seconds(), of(s)
		t, y, tt, ty = t+at, y+v, tt+at*at, ty+at*v
	}
	slope := (n*ty - t*y) / (n*tt - t*t)
	return slope * (samples[len(samples)-1].at - samples[0].at).Seconds() / (y / n)
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
