package learn

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

func TestThresholds(t *testing.T) {
	const name = "thresholds.mfa_attempts"
	now := map[string]baseline.Threshold{name: {Count: 5, Within: 10 * time.Minute}}
	rungs := func(alerts ...int) []Rung {
		var out []Rung
		for i, f := range Factors() {
			out = append(out, Rung{f, map[string]int{name: alerts[i]}})
		}
		return out
	}
	cases := []struct {
		name  string
		rungs []Rung
		days  int
		want  []string
	}{
		{"few enough", rungs(5, 0, 0, 0), 7, nil},
		{"one too many", rungs(6, 5, 0, 0), 7, []string{"count: 10", "within: 10m"}},
		{"the same in two weeks", rungs(10, 0, 0, 0), 14, nil},
		{"the third will do", rungs(90, 60, 5, 0), 7, []string{"count: 20", "within: 10m"}},
		{"never more than eight times", rungs(900, 800, 700, 600), 7, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			blocks := Thresholds(now, c.rungs, map[string]bool{name: true}, c.days)
			if len(blocks) != 1 {
				t.Fatalf("%d blocks", len(blocks))
			}
			var got []string
			for _, l := range blocks[0].Lines {
				if l.Text != "" {
					got = append(got, l.Text)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			text := (&Draft{Measures: blocks}).Write()
			if _, err := baseline.Parse("draft", text, nil); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
	if blocks := Thresholds(now, rungs(9, 9, 9, 9), nil, 7); blocks != nil {
		t.Errorf("a threshold that no rule reads: %v", blocks)
	}
}

func TestRaise(t *testing.T) {
	own := &baseline.Threshold{Count: 2, Within: time.Hour}
	in := baseline.Threshold{Count: 3, Within: time.Hour, Privileged: own}
	got, ok := Raise(in, 4)
	if !ok || got.Count != 12 || got.Privileged.Count != 8 || own.Count != 2 {
		t.Errorf("%+v %+v %+v", got, got.Privileged, own)
	}
	if _, ok := Raise(baseline.Threshold{Within: time.Hour}, 2); ok {
		t.Error("a span was raised")
	}
}

// TestCounted holds what is measured to what the catalogue says is learned.
func TestCounted(t *testing.T) {
	b, err := baseline.Parse("b", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	counted := Counted(b.View("", nil))
	for _, l := range baseline.Learnable() {
		if _, ok := counted[l.Input]; ok != (len(l.Input) > 11 && l.Input[:11] == "thresholds." && l.How != "") {
			t.Errorf("%s: measured: %v, but Learnable says %q", l.Input, ok, l.How+l.Why)
		}
	}
}
