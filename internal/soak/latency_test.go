package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/alert"
)

// probeRules alert on the sign-ins of users who are called so: on each, and on the
// third of one within ten minutes.
const probeRules = `
title: Probe
name: probe
status: stable
logsource: {product: azure, service: signinlogs}
detection: {s: {userPrincipalName|startswith: 'probe-'}, condition: s}
level: high
---
title: Three probes
name: three-probes
status: stable
correlation: {type: event_count, rules: [probe], group-by: [user], timespan: 10m, condition: {gte: 3}, generate: true}
level: high
`

// BenchmarkLatency is the time from just before a record is sent to Kafka until
// the webhook has its alert, while 2,000 other records come in a second.
func BenchmarkLatency(b *testing.B) {
	const rate, probesPerSecond, seconds = 2000, 10, 40
	var mu sync.Mutex
	received := map[string]time.Time{} // by rule and user
	w := newWorld(b, trafficBaseline, func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		var a alert.Alert
		if json.NewDecoder(r.Body).Decode(&a) != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range a.Entities {
			if name := a.Rule + " " + e.Name; received[name].IsZero() {
				received[name] = now
			}
		}
	})
	if err := os.Mkdir(filepath.Join(w.dir, "rules"), 0o700); err != nil {
		b.Fatal(err)
	}
	w.write("rules/probe.yml", probeRules)
	w.configure("rules: [rules]", "")
	x := newTraffic(b, 400)
	for b.Loop() {
		p := w.start()
		ctx, stop := context.WithCancel(b.Context())
		flow := &pump{w: w, x: x, users: 1_000_000, clock: func(now time.Time) time.Time { return now.Add(-2 * time.Minute) }}
		flow.rate.Store(rate)
		var flowing sync.WaitGroup
		flowing.Go(func() {
			if err := flow.run(ctx); err != nil {
				b.Error(err)
			}
		})
		for events := int64(0); events == 0; events, _ = w.stored() { // the service has begun
			time.Sleep(100 * time.Millisecond)
			p.runs(b)
		}
		sent := map[string]time.Time{}
		for i := range seconds * probesPerSecond {
			time.Sleep(time.Second / probesPerSecond)
			// Three of a user make one alert more.
			user, nth := i/3, i%3
			line := string(x.add(nil, 1e9+int64(i), 1e9+int64(user), time.Now().Add(-2*time.Minute)))
			name := fmt.Sprintf("probe-%012d@contoso.com", 1_000_000_000+user)
			line = strings.ReplaceAll(line, fmt.Sprintf("user-%012d@contoso.com", 1_000_000_000+user), name)
			now := time.Now()
			if err := w.client.ProduceSync(ctx, &kgo.Record{Value: []byte(`{"records":[` + line + `]}`)}).FirstErr(); err != nil {
				b.Fatal(err)
			}
			switch nth {
			case 0:
				sent["probe "+name] = now
			case 2:
				sent["three-probes "+name] = now
			}
		}
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			p.runs(b)
			mu.Lock()
			missing := 0
			for name := range sent {
				if received[name].IsZero() {
					missing++
				}
			}
			mu.Unlock()
			if missing == 0 {
				break
			}
			if time.Now().After(deadline) {
				b.Fatalf("%d of %d alerts did not come\n%s", missing, len(sent), p.log.String())
			}
		}
		stop()
		flowing.Wait()
		p.end(b)
		for _, rule := range []string{"probe", "three-probes"} {
			var took []time.Duration
			for name, at := range sent {
				if strings.HasPrefix(name, rule+" ") {
					took = append(took, received[name].Sub(at))
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), rule+"-p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), rule+"-p99-ms")
			b.ReportMetric(float64(took[len(took)-1].Milliseconds()), rule+"-max-ms")
		}
		b.ReportMetric(float64(flow.sent.Load())/float64(seconds), "sent/s")
	}
}
