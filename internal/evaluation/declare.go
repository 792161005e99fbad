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

// declarable lists the inputs that a person has to declare, because logs do not
// show them.
func declarable() []string {
	var out []string
	for _, l := range baseline.Learnable() {
		if l.Why != "" || slices.Contains(hinted, l.Input) {
			out = append(out, l.Input)
		}
	}
	return out
}

// declare writes those inputs of a baseline that a person has to declare, and
// returns their names. A line of a threshold is an input, in other mappings the
// whole of it.
func declare(from, to string) ([]string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	wanted := declarable()
	var names []string
	var out strings.Builder
	out.WriteString("# What logs do not show, and a person declared.\n")
	top, keep, headed := "", false, false
	for line := range strings.Lines(string(data)) {
		name, _, ok := strings.Cut(line, ":")
		switch {
		case !ok || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, " "):
			top, keep = name, slices.Contains(wanted, name)
			if keep {
				names = append(names, name)
			}
		case top == thresholds:
			name = thresholds + "." + strings.TrimSpace(name)
			if keep = slices.Contains(wanted, name); keep {
				names = append(names, name)
				if !headed {
					out.WriteString(thresholds + ":\n")
					headed = true
				}
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

const thresholds = "thresholds"

// join writes what was declared and what was learned as one baseline: the one
// behind the other, but for thresholds, which may be in both.
func join(to, declared, learned string) error {
	first, err := os.ReadFile(declared)
	if err != nil {
		return err
	}
	second, err := os.ReadFile(learned)
	if err != nil {
		return err
	}
	const head = "\n" + thresholds + ":\n"
	text, more := string(first)+"\n", string(second)
	if _, ours, ok := strings.Cut(text, head); ok && strings.Contains(more, head) {
		// The block ends where a line is not indented.
		end := 0
		for line := range strings.Lines(ours) {
			if !strings.HasPrefix(line, " ") {
				break
			}
			end += len(line)
		}
		text = strings.Replace(text, head+ours[:end], "\n", 1)
		more = strings.Replace(more, head, head+ours[:end], 1)
	}
	return os.WriteFile(to, []byte(text+more), 0o666)
}
