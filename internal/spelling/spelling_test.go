package spelling

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"scan", "rules", "version", "Baseline"}
	for _, c := range []struct {
		word string
		most int
		want string
	}{
		{"scan", 0, "scan"},
		{"scna", 1, ""},
		{"scna", 2, "scan"},
		{"SCAN", 0, "scan"},
		{"baselin", 1, "Baseline"},
		{"rule", 1, "rules"},
		{"ruless", 1, "rules"},
		{"rulez", 1, "rules"},
		{"rulezz", 1, ""},
		{"", 3, ""},
		{"", 4, "scan"},
		{"something else altogether", 3, ""},
	} {
		if got := Nearest(c.word, known, c.most); got != c.want {
			t.Errorf("Nearest(%q, %d) = %q, want %q", c.word, c.most, got, c.want)
		}
	}
	if got := Nearest("a", nil, 3); got != "" {
		t.Errorf("nearest of nothing is %q", got)
	}
}
