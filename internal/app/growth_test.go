package app_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// BenchmarkRuleGrowth measures how the processor time of an event grows when the
// number of rules doubles: from one half of the rules, and from the other, to
// all, and from all to twice as many, the second half of which compare with
// other values. What a scan of one message takes, which is to compile the rules,
// does not count. Runs take turns, each in a process of its own, since where
// things come to lie in memory makes a difference; what counts is the median of
// the rounds. Halves are drawn anew in each round, since much hangs on which half
// has the few rules that ask for something special.
func BenchmarkRuleGrowth(b *testing.B) {
	path, _ := messages(b, 256<<20)
	one, _ := messages(b, 1)
	n := len(library(b))
	var toAll, toDouble []float64
	for b.Loop() {
		var took [4]float64
		for i := range took {
			run := exec.CommandContext(b.Context(), os.Args[0], "-test.run", "^TestGrowthRun$")
			run.Env = append(os.Environ(), "GROWTH_ROUND="+strconv.Itoa(len(toAll)), "GROWTH_RULES="+strconv.Itoa(i), "GROWTH_ONE="+one, "GROWTH_ALL="+path)
			out, err := run.Output()
			if err != nil {
				b.Fatal(err, string(out))
			}
			if _, err := fmt.Sscan(string(out), &took[i]); err != nil {
				b.Fatal(err, string(out))
			}
		}
		toAll = append(toAll, 100*(2*took[2]/(took[0]+took[1])-1))
		toDouble = append(toDouble, 100*(took[3]/took[2]-1))
	}
	b.ReportMetric(median(toAll), fmt.Sprintf("%%_%d_to_%d_rules", n/2, n))
	b.ReportMetric(median(toDouble), fmt.Sprintf("%%_%d_to_%d_rules", n, 2*n))
	b.ReportMetric(0, "ns/op")
}

// TestGrowthRun is a run of BenchmarkRuleGrowth: it prints the seconds that the
// events of a file take.
func TestGrowthRun(t *testing.T) {
	which := os.Getenv("GROWTH_RULES")
	if which == "" {
		t.Skip("is for BenchmarkRuleGrowth")
	}
	runtime.GOMAXPROCS(1)
	rules := library(t)
	switch which {
	case "0", "1":
		round, err := strconv.ParseUint(os.Getenv("GROWTH_ROUND"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		rand.New(rand.NewPCG(round, 0)).Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		if n := len(rules) / 2; which == "0" {
			rules = rules[:n]
		} else {
			rules = rules[n:]
		}
	case "3":
		rules = slices.Concat(rules, variants(t, rules))
	}
	measure := func(path string) float64 {
		runtime.GC()
		began := cpuTime(t)
		res, err := app.Scan(t.Context(), app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: declared(t)})
		if err != nil {
			t.Fatal(err)
		}
		took := cpuTime(t) - began
		if err := res.Close(); err != nil {
			t.Fatal(err)
		}
		return took.Seconds()
	}
	compile := median([]float64{measure(os.Getenv("GROWTH_ONE")), measure(os.Getenv("GROWTH_ONE")), measure(os.Getenv("GROWTH_ONE"))})
	fmt.Println(measure(os.Getenv("GROWTH_ALL")) - compile)
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
