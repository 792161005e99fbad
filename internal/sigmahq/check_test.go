package sigmahq

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	rec := []Record{{}}
	folder := func(rules ...Rule) []Folder { return []Folder{{Path: "rules", Rules: rules}} }
	tests := []struct {
		name       string
		folders    []Folder
		impossible []Impossible
		want       string
	}{
		{"no near miss", folder(Rule{File: "a", Fires: rec}), nil, "needs records"},
		{"nothing that fires", folder(Rule{File: "a", NearMiss: rec}), nil, "needs records"},
		{"half a bridge", folder(Rule{File: "a", Fires: rec, NearMiss: rec, Says: "x"}), nil, "belong together"},
		{"twice", folder(Rule{File: "a", Fires: rec, NearMiss: rec}, Rule{File: "a", Fires: rec, NearMiss: rec}), nil, "stands twice"},
		{"proven and impossible", folder(Rule{File: "a", Fires: rec, NearMiss: rec}), []Impossible{{Path: "rules/a", Reason: "x"}}, "stands twice"},
		{"no reason", nil, []Impossible{{Path: "rules/a"}}, "has no reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := check(tt.folders, tt.impossible); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestRecordsAreWritable needs no copy of the rules: each record can be made.
func TestRecordsAreWritable(t *testing.T) {
	folders, impossible := load(t)
	if n := len(records(t, folders)); n < 400 || len(impossible) == 0 {
		t.Errorf("%d records, %d impossible rules", n, len(impossible))
	}
}
