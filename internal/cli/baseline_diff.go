package cli

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

var baselineDiffHelp = help{
	about: `Says in what B differs from A, by input and tenant. What they mean is compared, not their text: the order of lists, upper and lower case, and whether a list stands in the file or in an @file make no difference.`,
	usage: []string{"[-json] A B"},
	examples: []example{
		{"entrawatch baseline diff baseline.yaml draft.yaml", "What learning would add to, or take away from, what is approved."},
		{"entrawatch baseline diff -json old.yaml new.yaml", "One JSON object per input: tenant, input, added, removed, changed."},
	},
	exits: []string{"they mean the same", "they differ, or one of them is not right", "the command line is wrong, or there is no such file"},
}

func runBaselineDiff(e *env, args []string) int {
	fs := newFlags(e, "baseline diff", baselineDiffHelp)
	asJSON := fs.on("json", "prints one JSON object per input that differs")
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) != 2 {
		return fs.usage("expected two baseline files, the old one and the new one; got %s", number(len(others)))
	}
	var sides [2]*baseline.Baseline
	for i, name := range others {
		if sides[i], code, done = loadBaseline(fs, name, ""); done {
			return code
		}
	}
	changes := baseline.Diff(sides[0], sides[1])
	for _, c := range changes {
		var err error
		if *asJSON {
			err = writeJSON(e.stdout, c, "")
		} else {
			_, err = e.stdout.Write([]byte(changeText(e, c)))
		}
		if err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	if len(changes) == 0 {
		e.complain("", others[0]+" and "+others[1]+" mean the same.")
		return exitDone
	}
	e.complain("", count(len(changes), "input")+plural(len(changes), " differs", " differ"))
	return exitFailed
}

// changeText writes how an input differs, one value a line.
func changeText(e *env, c baseline.Change) string {
	s := &sheet{screen: e.out}
	title := clean(c.Input)
	if c.Tenant != "" {
		title += " of tenant " + clean(c.Tenant)
	}
	switch {
	case c.Set:
		title += ", not set before"
	case c.Unset:
		title += ", no longer set"
	}
	s.WriteString(s.screen.paint(bold, title) + "\n")
	for _, r := range c.Changed {
		s.say("  ~ ", r.From+" became "+r.To)
	}
	for _, v := range c.Removed {
		s.say("  - ", v)
	}
	for _, v := range c.Added {
		s.say("  + ", v)
	}
	if strings.Count(s.String(), "\n") == 1 {
		s.say("    ", "an empty list")
	}
	return s.String()
}
