package app_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestSamples reads real records of other people and holds the counts for
// each file, and for each kind over all of them.
func TestSamples(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "samples")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the folder of real samples is not here")
	}
	res, err := app.Scan(context.Background(), app.ScanConfig{Paths: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	s := res.Summary
	var out bytes.Buffer
	total := 0
	for _, f := range s.Files {
		name, err := filepath.Rel(root, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s: %s, %d records, %d events\n", filepath.ToSlash(name), f.Format, f.Records, f.Events)
		total += f.Events
		for _, u := range f.Undecodable {
			fmt.Fprintf(&out, "    line %d: %s\n", u.Line, u.Reason)
		}
		if f.Records != f.Events+f.UndecodableTotal {
			t.Errorf("%s: %d records are neither %d events nor %d undecodable", name, f.Records, f.Events, f.UndecodableTotal)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Events)) {
		fmt.Fprintf(&out, "%s: %d\n", kind, s.Events[kind])
	}
	fmt.Fprintf(&out, "duplicates: %d\n", s.Duplicates)
	if total < 1380 {
		t.Errorf("%d events, want at least 1,380", total)
	}
	golden(t, "samples.txt", out.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(lines(string(want)), lines(got)); d != "" {
		t.Errorf("%s (-want +got; run with -update after looking):\n%s", path, d)
	}
}

func lines(s string) []string {
	var out []string
	sc := bufio.NewScanner(strings.NewReader(s))
	for sc.Scan() {
		out = append(out, sc.Text())
	}
	return out
}
