package cli

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
)

var rulesListHelp = help{
	about: "Lists rules: name, level, the logs that they read, the rows of Microsoft's guides that they implement, title.",
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch rules list", "All built-in rules."},
		{"entrawatch rules list -guide U30", "The rules that implement row U30 of the user guide."},
		{"entrawatch rules list -rules my-rules -level high", "Built-in rules and yours of level high."},
		{"entrawatch rules list -json", "One object per line, for other programs."},
	},
	exits: []string{"done", "rules could not be loaded", "the command line is wrong"},
}

// A listedRule is a line of `rules list -json`.
type listedRule struct {
	Rule      string            `json:"rule"`
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	Level     string            `json:"level"`
	LogSource map[string]string `json:"logsource"`
	Guide     []string          `json:"guide"`
	Tags      []string          `json:"tags"`
	File      string            `json:"file"`
	Builtin   bool              `json:"builtin"`
	// Type is the type of a correlation, Reads the rules that it reads.
	Type  string   `json:"type,omitempty"`
	Reads []string `json:"reads,omitempty"`
	// Silent rules make no alerts of their own.
	Silent bool `json:"silent,omitempty"`
}

// describe fills in what a rule reads.
func (l *listedRule) describe(r *detect.Rule) {
	l.Silent = r.Silent
	if r.Correlate != nil {
		l.Type = r.Correlate.Type
		for _, in := range r.Inputs {
			l.Reads = append(l.Reads, in.Slug)
		}
		return
	}
	source := r.Match.LogSource
	for key, value := range map[string]string{"product": source.Product, "service": source.Service, "category": source.Category} {
		if value != "" {
			l.LogSource[key] = value
		}
	}
}

func runRulesList(e *env, args []string) int {
	fs := newFlags(e, "rules list", rulesListHelp)
	fs.group("Which rules")
	level := fs.text("level", "LEVEL", "those of one level: critical, high, medium, low, informational", isLevel)
	guide := fs.text("guide", "ROW", "those that implement a row of the guides, such as U30", nil)
	chosen := fs.rules()
	fs.group("What to print")
	asJSON := fs.on("json", "prints one JSON object per line")
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return fs.usage("unexpected argument %q; to list the rules of a folder as well, write -rules %s", others[0], others[0])
	}
	lib, code, done := chosen.load(fs, *chosen.noBuiltin)
	if done {
		return code
	}
	t := &table{head: []string{"RULE", "LEVEL", "LOGS", "GUIDE", "TITLE"}, style: func(column int, text string) style {
		if column == 1 {
			return severityStyle[text]
		}
		return plain
	}}
	for _, r := range lib.all() {
		if *level != "" && r.Severity() != *level {
			continue
		}
		if *guide != "" && !slices.ContainsFunc(r.Extra.Guide, func(g string) bool { return strings.EqualFold(g, *guide) }) {
			continue
		}
		if *asJSON {
			l := listedRule{
				Rule: r.Slug, ID: r.ID, Title: r.Title, Level: r.Severity(), LogSource: map[string]string{},
				Guide: orEmpty(r.Extra.Guide), Tags: orEmpty(r.Tags), File: r.File, Builtin: r.Builtin,
			}
			l.describe(r)
			if err := writeJSON(e.stdout, l, ""); err != nil {
				return e.fail(fs.Name(), err)
			}
		}
		t.row(r.Slug, r.Severity(), logsOf(r), strings.Join(r.Extra.Guide, " "), r.Title)
	}
	if len(t.rows) == 0 {
		e.complain(fs.Name(), "none of "+count(len(lib.all()), "rule")+" is like that")
		return exitDone
	}
	if *asJSON {
		return exitDone
	}
	if err := t.write(e.stdout, e.out); err != nil {
		return e.fail(fs.Name(), err)
	}
	said := count(len(t.rows), "rule")
	if len(t.rows) < len(lib.all()) {
		said += " of " + number(len(lib.all()))
	}
	e.complain("", said)
	return exitDone
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
