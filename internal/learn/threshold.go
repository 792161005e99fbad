package learn

import (
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// Factors are by how much thresholds are multiplied in the scans that measure
// them. The last is the most that is ever proposed: beyond it, what alerts is
// for a person to look at.
func Factors() []int { return []int{1, 2, 4, 8} }

// A Rung is how many alerts a scan gave with all thresholds multiplied by one
// factor, by the input that the rules read.
type Rung struct {
	Factor int
	Alerts map[string]int
}

// perWeek is how many alerts a week of the rules of one threshold are enough.
const perWeek = 5

// Raise multiplies a threshold that counts something. False is one that
// defines something else, such as a span.
func Raise(t baseline.Threshold, factor int) (baseline.Threshold, bool) {
	switch {
	case t.Count > 0:
		t.Count *= factor
	case t.Percent > 0:
		t.Percent *= float64(factor)
	default:
		return t, false
	}
	if t.Privileged != nil {
		own := *t.Privileged
		own.Count *= factor
		t.Privileged = &own
	}
	return t, true
}

// Counted lists the thresholds that are measured, as they stand under a view.
func Counted(v *baseline.View) map[string]baseline.Threshold {
	out := map[string]baseline.Threshold{}
	for _, in := range baseline.Inputs() {
		if t, ok := v.Threshold(in.Name); ok && strings.HasPrefix(in.Name, "thresholds.") {
			if _, ok := Raise(t, 1); ok {
				out[in.Name] = t
			}
		}
	}
	return out
}

// Thresholds proposes, for each threshold that some rule reads, the smallest
// value with few enough alerts. The one in force is proposed to nobody.
func Thresholds(now map[string]baseline.Threshold, rungs []Rung, read map[string]bool, days int) []Block {
	var out []Block
	weeks := max(float64(days)/7, 1.0/7)
	for _, in := range baseline.Inputs() {
		t, ok := now[in.Name]
		if !ok || !read[in.Name] || len(rungs) == 0 {
			continue
		}
		best := -1
		var evidence []string
		for i, r := range rungs {
			raised, _ := Raise(t, r.Factor)
			rate := float64(r.Alerts[in.Name]) / weeks
			evidence = append(evidence, fmt.Sprintf("%s: %.1f alerts a week", raised, rate))
			if best < 0 && rate <= perWeek {
				best = i
			}
		}
		told := Line{Remark: fmt.Sprintf("%s (%s in %s)", strings.Join(evidence, "; "), plural(rungs[0].Alerts[in.Name], "alert"), plural(days, "day"))}
		var lines []Line
		switch best {
		case 0:
			if rungs[0].Alerts[in.Name] == 0 {
				lines = []Line{{Remark: fmt.Sprintf("what holds now will do: %s: no alert in %s", t, plural(days, "day"))}}
				break
			}
			lines = []Line{{Remark: "what holds now will do: " + t.String()}, told}
		case -1:
			lines = []Line{{Remark: fmt.Sprintf("even %d times as much raises more than %d alerts a week; look at them first", rungs[len(rungs)-1].Factor, perWeek)}, told}
		default:
			raised, _ := Raise(t, rungs[best].Factor)
			lines = append(entryOf(raised), told)
		}
		out = append(out, Block{in.Name, lines})
	}
	return out
}

// entryOf writes a threshold as lines of the file.
func entryOf(t baseline.Threshold) []Line {
	if t.Percent > 0 {
		return []Line{{Text: fmt.Sprintf("percent: %g", t.Percent)}, {Text: fmt.Sprintf("minimum: %d", t.Minimum)}}
	}
	lines := []Line{{Text: fmt.Sprintf("count: %d", t.Count)}, {Text: "within: " + baseline.FormatSpan(t.Within)}}
	if t.Privileged != nil {
		lines = append(lines, Line{Text: fmt.Sprintf("privileged: {count: %d, within: %s}", t.Privileged.Count, baseline.FormatSpan(t.Privileged.Within))})
	}
	return lines
}
