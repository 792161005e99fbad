package cli

import (
	"fmt"
	"path"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
)

var rulesTestHelp = help{
	about: `Runs the tests of rules. The tests of my-rule.yml stand beside it in my-rule_test.yml: cases that change a few fields of a realistic base record and say whether the rule fires. Every case is written in every format that the rule works on, and read and matched as scan does it; that is one run.

A rule without tests fails, and so does one without a case that fires or without one that stays silent.`,
	usage: []string{"[FOLDER|FILE ...]"},
	examples: []example{
		{"entrawatch rules test", "The built-in rules."},
		{"entrawatch rules test my-rules/", "Rules of yours."},
		{"entrawatch rules test my-rules/vpn.yml", "One rule."},
	},
	exits: []string{"all tests passed", "a test failed, a rule has none, or could not be loaded", "the command line is wrong"},
}

func runRulesTest(e *env, args []string) int {
	fs := newFlags(e, "rules test", rulesTestHelp)
	args, code, done := fs.parse(args)
	if done {
		return code
	}
	for i, arg := range args { // a test file stands for its rule
		for _, ext := range []string{".yml", ".yaml"} {
			if rule, ok := strings.CutSuffix(arg, "_test"+ext); ok {
				args[i] = rule + ext
			}
		}
	}
	lib, code, done := named(fs, args)
	if done {
		return code
	}
	failures, cases, rules := 0, 0, 0
	fail := func(text string) {
		failures++
		fmt.Fprintf(e.stdout, "%s %s\n", e.out.paint(red, "FAIL"), clean(text))
	}
	for _, o := range lib.origins {
		tested := lib.of(o)
		rules += len(tested)
		results, err := ruletest.All(o.fsys, tested, strings.TrimPrefix(o.name, "."))
		cases += len(results)
		for _, res := range results {
			if res.Err != nil {
				fail(fmt.Sprintf("%s: case %q in %s: %v", res.Rule, res.Case, res.Format, res.Err))
			}
		}
		for _, err := range parts(err) {
			fail(err.Error())
		}
	}
	verdict := "all passed"
	if failures > 0 {
		verdict, code = count(failures, "failure"), exitFailed
	}
	if code != exitDone && failures == 0 {
		verdict += " of those that could be loaded"
	}
	fmt.Fprintf(e.stdout, "%s, %s: %s\n", count(rules, "rule"), count(cases, "run"), verdict)
	return code
}

// of returns the rules of an origin.
func (l *library) of(o origin) []*detect.Rule {
	var out []*detect.Rule
	for _, r := range l.all() {
		if name, ok := o.inside(r.File); ok && (o.root == "." || name == path.Clean(o.root)) {
			out = append(out, r)
		}
	}
	return out
}

// parts returns the errors that errors.Join made one.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
