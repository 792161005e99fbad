package sigma

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSigmaHQ parses and compiles the rules of the Sigma project, where a copy of
// them lies beside the repository.
func TestSigmaHQ(t *testing.T) {
	root := filepath.Join("..", "..", "shared", "sigmahq")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no rules in %s", root)
	}
	fields := map[string]int{}
	opt := Options{
		Resolve: func(field string) (Ref, bool) {
			if _, ok := fields[field]; !ok {
				fields[field] = len(fields)
			}
			return Ref{ID: fields[field]}, true
		},
		Expand: func(string) ([]string, bool) { return []string{"value"}, true },
	}
	var rules []*Rule
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		docs, err := Parse(path, data)
		if err != nil || len(docs) == 0 {
			t.Errorf("%d documents in %s: %v", len(docs), path, err)
		}
		for _, d := range docs {
			rules = append(rules, d.(*Rule))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	set, err := Compile(rules, opt)
	if err != nil {
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			var unsupported *UnsupportedError
			if !errors.As(err, &unsupported) || !strings.Contains(unsupported.File, "unsupported") {
				t.Error(err)
			}
		}
	}
	t.Logf("%d of %d rules over %d fields", len(set.Rules()), len(rules), len(fields))
}
