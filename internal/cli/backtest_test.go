package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBacktestLikeScan: a back-test over a lake that files were imported into
// raises what a scan of the files does, by every built-in rule.
func TestBacktestLikeScan(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (out, talk string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := Main(args, nil, &stdout, &stderr); code != exitDone {
			t.Fatalf("%v: %d, %s", args, code, stderr.String())
		}
		return stdout.String(), stderr.String()
	}
	sim, data := filepath.Join(dir, "sim"), filepath.Join(dir, "data")
	run("simulate", "-people", "20", "-days", "2", "-o", sim)
	logs, base := filepath.Join(sim, "logs"), filepath.Join(sim, "baseline.yaml")
	run("lake", "import", "-data", data, logs)
	scanned, _ := run("scan", "-baseline", base, "-json", logs)
	tested, talk := run("rules", "backtest", "-data", data, "-baseline", base, "-json")
	want, got := comparable(t, scanned), comparable(t, tested)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-scan +backtest\n%s", diff)
	}
	if len(want) < 30 {
		t.Errorf("only %d alerts", len(want))
	}
	if !strings.Contains(talk, " alerts in 2 days from ") {
		t.Errorf("it says %s", talk)
	}

	// One rule alone raises what it raises among all.
	rules := map[string]int{}
	for _, a := range want {
		rules[a["rule"].(string)]++
	}
	for _, slug := range slices.Sorted(maps.Keys(rules))[:2] {
		out, _ := run("rules", "backtest", "-data", data, "-baseline", base, "-json", slug)
		if n := len(comparable(t, out)); n != rules[slug] {
			t.Errorf("%s: %d alerts alone, %d among all", slug, n, rules[slug])
		}
	}

	// The baseline is checked against the lake as against the files.
	few := filepath.Join("..", "..", "rules", "risk")
	byFiles, _ := run("baseline", "check", "-json", "-no-builtin", "-rules", few, base, logs)
	byLake, _ := run("baseline", "check", "-json", "-no-builtin", "-rules", few, "-data", data, base)
	if diff := cmp.Diff(byFiles, byLake); diff != "" {
		t.Errorf("-files +lake\n%s", diff)
	}
}

// comparable are alerts without what depends on where records stand.
func comparable(t *testing.T, lines string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(lines) {
		var a map[string]any
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		evidence, _ := a["evidence"].([]any)
		for _, x := range evidence {
			// Of copies that are the same the lake keeps one, wherever it stood.
			delete(x.(map[string]any), "source")
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return strings.Compare(a["id"].(string), b["id"].(string)) })
	return out
}
