package alert

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComparison(t *testing.T) {
	before := []*Alert{
		{ID: "a", Rule: "p", Summary: "one", Severity: "low", Count: 1, Revision: 1},
		{ID: "b", Rule: "p", Summary: "gone", Revision: 2},
		{ID: "c", Rule: "partial", Summary: "not known"},
		{ID: "d", Rule: "signin", Summary: "no posture"},
		{ID: "e", Rule: "p", Summary: "was resolved", Change: Resolved},
	}
	c := NewComparison(before, func(rule string) bool { return rule != "signin" })
	same := &Alert{ID: "a", Rule: "p", Summary: "two", Severity: "high", Count: 2, Revision: 1}
	again := &Alert{ID: "e", Rule: "p", Revision: 1}
	c.Mark(same)
	c.Mark(again)
	if same.Change != Standing || same.Revision != 2 || !cmp.Equal(same.Was, []string{"one", "severity low", "count 1"}) {
		t.Errorf("a is %s, revision %d, was %q", same.Change, same.Revision, same.Was)
	}
	if again.Change != New {
		t.Errorf("what came back is %s", again.Change)
	}
	resolved, unknown := c.Gone(func(rule string) bool { return rule == "p" }, nil)
	if len(resolved) != 1 || resolved[0].ID != "b" || resolved[0].Change != Resolved || resolved[0].Revision != 3 {
		t.Errorf("resolved: %+v", resolved)
	}
	if len(unknown) != 1 || unknown[0].ID != "c" {
		t.Errorf("unknown: %+v", unknown)
	}
}
