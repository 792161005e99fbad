package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// hinted are inputs that learning only comments on: it names candidates, and
// the decision is a person's.
var hinted = []string{"break_glass_accounts", "legacy_auth_disabled_since"}

// declarable lists the top-level inputs that a person has to declare, because
// logs do not show them.
func declarable() []string {
	var out []string
	for _, l := range baseline.Learnable() {
		if l.Why != "" && !strings.Contains(l.Input, ".") || slices.Contains(hinted, l.Input) {
			out = append(out, l.Input)
		}
	}
	return out
}

// declare writes those inputs of a baseline that a person has to declare, and
// returns their names.
func declare(from, to string) ([]string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	wanted := declarable()
	var names []string
	var out strings.Builder
	out.WriteString("# What logs do not show, and a person declared.\n")
	keep := false
	for line := range strings.Lines(string(data)) {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
			if keep = slices.Contains(wanted, name); keep {
				names = append(names, name)
			}
		}
		if keep && !strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s declares nothing that learning leaves to a person", from)
	}
	return names, os.WriteFile(to, []byte(out.String()), 0o666)
}
