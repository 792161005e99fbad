package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
)

var rulesCheckHelp = help{
	about: `Says for each rule on which formats of logs it works and which baseline inputs it needs, or why it can never match.

Formats: diagnostic (Azure Monitor records of Event Hubs and storage), graph (Microsoft Graph and portal JSON), resource-manager (Azure activity from its API), log-analytics (also Sentinel), o365 (unified audit log), portal-csv.`,
	usage: []string{"[-json] [FOLDER|FILE ...]"},
	examples: []example{
		{"entrawatch rules check", "The built-in rules."},
		{"entrawatch rules check my-rules/ new-rule.yml", "Rules of yours, by themselves."},
		{"entrawatch rules check -json sigma/rules", "One object per line: rule, file, works_on, needs, cannot."},
	},
	exits: []string{"done; rules that can never match are no failure", "a rule could not be loaded", "the command line is wrong"},
}

func runRulesCheck(e *env, args []string) int {
	fs := newFlags(e, "rules check", rulesCheckHelp)
	asJSON := fs.on("json", "prints one JSON object per line")
	args, code, done := fs.parse(args)
	if done {
		return code
	}
	lib, code, done := named(fs, args)
	if done {
		return code
	}
	engine, err := detect.New(detect.Config{Rules: lib.Rules})
	if err != nil {
		code = e.fail(fs.Name(), err)
	}
	if engine == nil {
		return code
	}
	checks := engine.Check()
	for _, r := range lib.aside {
		checks = append(checks, detect.Check{Rule: r.Slug, File: r.File, WorksOn: []string{}, Needs: []string{}, Cannot: r.reason})
	}
	checks = slices.DeleteFunc(checks, func(c detect.Check) bool {
		return slices.ContainsFunc(lib.Rules, func(r *detect.Rule) bool { return r.Borrowed && r.Slug == c.Rule })
	})
	slices.SortFunc(checks, func(a, b detect.Check) int { return cmp.Compare(a.Rule, b.Rule) })
	t := &table{head: []string{"RULE", "WORKS ON", "REMARK"}, style: func(_ int, text string) style {
		if strings.HasPrefix(text, "cannot match") {
			return yellow
		}
		return plain
	}}
	cannot, needy := 0, 0
	for _, c := range checks {
		if *asJSON {
			if err := writeJSON(e.stdout, c, ""); err != nil {
				return e.fail(fs.Name(), err)
			}
		}
		works, remark := "nothing", ""
		switch {
		case c.Cannot != "":
			cannot++
			remark = "cannot match: " + c.Cannot
		case len(c.Needs) > 0:
			needy++
			remark = "needs " + strings.Join(c.Needs, ", ")
		}
		if len(c.WorksOn) > 0 {
			works = strings.Join(c.WorksOn, ", ")
		}
		t.row(c.Rule, works, remark)
	}
	if !*asJSON && len(t.rows) > 0 {
		if err := t.write(e.stdout, e.out); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	said := count(len(checks), "rule") + ": " + number(len(checks)-cannot) + " can match, " + number(cannot) + " cannot; " + number(needy) + plural(needy, " needs", " need") + " baseline inputs"
	if n := len(lib.Filters); n > 0 {
		said += "; " + count(n, "filter") + " applied"
	}
	e.complain("", said)
	return code
}

// named loads the rules that arguments name, or the built-in ones. What cannot
// be loaded is reported and makes code 1; the rest can be used. done tells that
// nothing can.
func named(fs *flagSet, args []string) (lib *library, code int, done bool) {
	from := []origin{builtin}
	if len(args) > 0 {
		from = nil
	}
	for _, arg := range args {
		o, problem := originOf(arg)
		if problem != "" {
			return nil, fs.usage("%s", problem), true
		}
		if !slices.Contains(from, o) {
			from = append(from, o)
		}
	}
	lib = &library{}
	for _, o := range from {
		if err := lib.add(o); err != nil {
			code = fs.e.fail(fs.Name(), err)
		}
	}
	if len(args) > 0 {
		lib.borrow()
	}
	if err := lib.finish(); err != nil {
		code = fs.e.fail(fs.Name(), err)
	}
	return lib, code, false
}
