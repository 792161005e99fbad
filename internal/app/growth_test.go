package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// BenchmarkRuleGrowth measures how the processor time of a scan grows when the
// number of rules doubles: from one half of the rules, and from the other, to
// all, and from all to twice as many, the second half of which compare with
// other values. Runs take turns; what counts is the median of the pairs. What
// all do is counted against the mean of the halves: neither asks everything of
// an event that all of them ask.
func BenchmarkRuleGrowth(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	path, _ := messages(b, 768<<20)
	all := library(b)
	var halves [2][]*detect.Rule
	for i, r := range all {
		halves[i%2] = append(halves[i%2], r)
	}
	double := slices.Concat(all, variants(b, all))
	measure := func(rules []*detect.Rule) time.Duration {
		runtime.GC()
		began := cpuTime(b)
		res, err := app.Scan(context.Background(), app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: declared(b)})
		if err != nil {
			b.Fatal(err)
		}
		took := cpuTime(b) - began
		if err := res.Close(); err != nil {
			b.Fatal(err)
		}
		return took
	}
	var toAll, toDouble []float64
	for b.Loop() {
		h, a, d := (measure(halves[0])+measure(halves[1]))/2, measure(all), measure(double)
		toAll = append(toAll, 100*(a.Seconds()/h.Seconds()-1))
		toDouble = append(toDouble, 100*(d.Seconds()/a.Seconds()-1))
	}
	b.ReportMetric(median(toAll), fmt.Sprintf("%%_%d_to_%d_rules", len(halves[0]), len(all)))
	b.ReportMetric(median(toDouble), fmt.Sprintf("%%_%d_to_%d_rules", len(all), len(double)))
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// variants returns the rules again, each with other values where values are
// plain text, as the rules of another author would have.
func variants(tb testing.TB, rules []*detect.Rule) []*detect.Rule {
	tb.Helper()
	fsys := fstest.MapFS{}
	for _, r := range rules {
		data, err := os.ReadFile(sourceOf(r))
		if err != nil {
			continue
		}
		text := strings.NewReplacer("id: ", "id: 0", "Add ", "Append ", "Update ", "Change ", "risk", "risk", "MICROSOFT.", "CONTOSO.", "5012", "6012", "5007", "6007", "5300", "6300").Replace(string(data))
		fsys[strings.ReplaceAll(r.File, "/", "-")] = &fstest.MapFile{Data: []byte(text)}
	}
	lib := &detect.Library{}
	if err := lib.Add(fsys, ".", "variant", false); err != nil {
		tb.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		tb.Fatal(err)
	}
	for _, r := range lib.Rules {
		r.Slug = "x-" + r.Slug
	}
	return lib.Rules
}

// sourceOf finds a rule's file again.
func sourceOf(r *detect.Rule) string {
	if rest, ok := strings.CutPrefix(r.File, "builtin/"); ok {
		return filepath.Join("..", "..", "rules", filepath.FromSlash(rest))
	}
	rest := strings.TrimPrefix(r.File, "sigmahq/")
	return filepath.Join("..", "..", "..", "shared", "sigmahq", "rules", "cloud", "azure", filepath.FromSlash(rest))
}
