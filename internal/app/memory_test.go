package app_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// shortSignins writes n sign-ins as Graph has them, without what most rules do
// not ask for, so that many fit on a disk: a million a day, each user in turn,
// one in twenty with a wrong password, four users from one place.
func shortSignins(b *testing.B, n, users int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "signins.json")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	rng := rand.New(rand.NewPCG(9, 9))
	countries := []string{"SE", "DE", "FR", "US", "IN"}
	var line []byte
	for i := range n {
		user, code := i%users, 0
		at := attackDay.Add(time.Duration(i) * (24 * time.Hour / 1_000_000))
		if rng.IntN(20) == 0 {
			code = 50126
		}
		home := user % (users / 4)
		line = fmt.Appendf(line[:0], `{"id":"%08x-0000-4000-8000-%012x","createdDateTime":"%s","userPrincipalName":"user%d@contoso.com","userId":"%08x-1111-4000-8000-000000000001","userDisplayName":"User %d",`+
			`"appId":"4765445b-32c6-49b0-83e6-1d93765276ca","appDisplayName":"OfficeHome","ipAddress":"10.%d.%d.%d","clientAppUsed":"Browser","correlationId":"%08x-2222-4000-8000-%012x","conditionalAccessStatus":"notApplied","isInteractive":true,`+
			`"resourceDisplayName":"OfficeHome","status":{"errorCode":%d,"failureReason":"Other."},"location":{"city":"Town %d","countryOrRegion":"%s","geoCoordinates":{"latitude":%d.5,"longitude":%d.25}}}`+"\n",
			i, i, at.Format("2006-01-02T15:04:05.000000Z"), user, user, user, home>>16, home>>8&255, home&255, i, i, code, home, countries[home%len(countries)], 40+home%20, home%30)
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// scanAll scans a file of n sign-ins and reads all alerts.
func scanAll(b *testing.B, c app.ScanConfig, n int) (alerts int) {
	b.Helper()
	res, err := app.Scan(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	for _, err := range res.Alerts() {
		if err != nil {
			b.Fatal(err)
		}
		alerts++
	}
	if got := res.Summary.Events["signin"]; got != n {
		b.Fatalf("read %d of %d events", got, n)
	}
	if err := res.Close(); err != nil {
		b.Fatal(err)
	}
	return alerts
}

// forgetPeak makes peak begin anew.
func forgetPeak(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	// Writing 5 forgets the peak so far.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Skip("the system does not tell a process its peak: ", err)
	}
}

// peak is the most memory that the process had since forgetPeak, in MiB.
func peak(b *testing.B) float64 {
	b.Helper()
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
	return float64(kib) / 1024
}

// BenchmarkMemory scans 4 GB and reports the most memory that the process had,
// which must stay under 512 MiB. It needs Linux, which tells it, and the room
// for the file.
func BenchmarkMemory(b *testing.B) {
	forgetPeak(b)
	path, records := messages(b, 4_000_000_000)
	rules, base := library(b), declared(b)
	most := 0.0
	for b.Loop() {
		forgetPeak(b)
		scanAll(b, app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: base}, records)
		most = max(most, peak(b))
	}
	if most >= 512 {
		b.Errorf("the scan had %.0f MiB, and must stay under 512", most)
	}
	b.ReportMetric(most, "MiB")
	b.ReportMetric(float64(records), "events")
}

// BenchmarkUsers measures the memory of a scan in which a million users sign
// in, two times each; it must stay under 512 MiB.
func BenchmarkUsers(b *testing.B) {
	forgetPeak(b)
	const users = 1_000_000
	c := app.ScanConfig{Paths: []string{shortSignins(b, 2*users, users)}, Rules: library(b), Baseline: declared(b), Tenant: simulate.Tenant}
	most, alerts := 0.0, 0
	for b.Loop() {
		forgetPeak(b)
		alerts = scanAll(b, c, 2*users)
		most = max(most, peak(b))
	}
	if most >= 512 {
		b.Errorf("the scan had %.0f MiB, and must stay under 512", most)
	}
	b.ReportMetric(most, "MiB")
	b.ReportMetric(users, "users")
	b.ReportMetric(float64(alerts), "alerts")
}

// BenchmarkEventGrowth measures how the processor time of a scan grows from a
// million sign-ins to ten: ten days rather than one of the same users. Runs
// take turns; what counts is the median of the pairs.
func BenchmarkEventGrowth(b *testing.B) {
	const n, users = 1_000_000, 100_000
	few := app.ScanConfig{Paths: []string{shortSignins(b, n, users)}, Rules: library(b), Baseline: declared(b), Tenant: simulate.Tenant}
	many := few
	many.Paths = []string{shortSignins(b, 10*n, users)}
	measure := func(c app.ScanConfig, n int) float64 {
		debug.FreeOSMemory()
		began := cpuTime(b)
		scanAll(b, c, n)
		return (cpuTime(b) - began).Seconds()
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, 1/measure(few, n)*measure(many, 10*n))
	}
	b.ReportMetric(median(ratios), "times")
	b.ReportMetric(0, "ns/op")
}
