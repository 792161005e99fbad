package rules_test

import (
	"testing"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
	"github.com/entrawatch/entrawatch/rules"
)

// TestRules runs the test file of every built-in rule.
func TestRules(t *testing.T) {
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "rules", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	files := map[string][]*detect.Rule{}
	for _, r := range lib.Rules {
		files[r.File] = append(files[r.File], r)
	}
	for file, same := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			results, err := ruletest.All(rules.FS, same, "rules")
			if err != nil {
				t.Error(err)
			}
			for _, res := range results {
				if res.Err != nil {
					t.Errorf("%s: %s: %v", res.Case, res.Format, res.Err)
				}
			}
		})
	}
}
