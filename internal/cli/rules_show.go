package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
)

var rulesShowHelp = help{
	about: "Explains one rule: what it looks for and why, what it matches, on which logs it works, what it needs of the baseline, its tests, and its text.",
	usage: []string{"[flags] RULE"},
	examples: []example{
		{"entrawatch rules show mfa-fraud-alert", "A rule by the name that alerts and listings use."},
		{"entrawatch rules show -rules my-rules vpn", "A rule of yours."},
	},
	exits: []string{"done", "rules could not be loaded", "the command line is wrong, or there is no such rule"},
}

var rowForm = regexp.MustCompile(`^[UPCupc][Xx]?[0-9]{2}$`)

func runRulesShow(e *env, args []string) int {
	fs := newFlags(e, "rules show", rulesShowHelp)
	chosen := fs.rules()
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) != 1 {
		return fs.usage("expected the name of one rule; \"entrawatch rules list\" lists them")
	}
	lib, code, done := chosen.load(fs, *chosen.noBuiltin)
	if done {
		return code
	}
	slug := others[0]
	all := lib.all()
	i := slices.IndexFunc(all, func(r *detect.Rule) bool { return r.Slug == slug || r.ID != "" && strings.EqualFold(r.ID, slug) })
	if i < 0 {
		if rowForm.MatchString(slug) {
			return fs.usage("%s is a row of the guides; \"entrawatch rules list -guide %s\" lists the rules for it", slug, strings.ToUpper(slug))
		}
		return fs.usage("there is no rule %q; \"entrawatch rules list\" lists them%s", slug, similar(slug, all))
	}
	text, err := showRule(e, lib, all[i])
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if _, err := fmt.Fprint(e.stdout, text); err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

// similar suggests rules whose name is nearly the word, or has it inside.
func similar(word string, rules []*detect.Rule) string {
	var names, inside []string
	for _, r := range rules {
		names = append(names, r.Slug)
		if strings.Contains(strings.ToLower(r.Slug), strings.ToLower(word)) {
			inside = append(inside, r.Slug)
		}
	}
	if hint := didYouMean(word, names); hint != "" || len(inside) == 0 {
		return hint
	}
	inside, more := cut(inside, 4)
	hint := "; did you mean " + strings.Join(inside, " or ")
	if more > 0 {
		hint += " or one of " + number(more) + " more"
	}
	return hint + "?"
}

// A sheet is text under headings.
type sheet struct {
	strings.Builder
	screen screen
}

func (s *sheet) head(title string) { s.WriteString("\n" + s.screen.paint(bold, title) + "\n") }

func (s *sheet) say(prefix, text string) {
	s.WriteString(paragraph(prefix, clean(text), s.screen.width))
}

// fact writes a line of the head: a name and what it is.
func (s *sheet) fact(name, text string) {
	if text != "" {
		s.say(pad(name, 11), text)
	}
}

func showRule(e *env, lib *library, r *detect.Rule) (string, error) {
	check := detect.Check{}
	for _, a := range lib.aside {
		if a.Rule == r {
			check.Cannot = a.reason
		}
	}
	if check.Cannot == "" {
		engine, err := detect.New(detect.Config{Rules: []*detect.Rule{r}})
		if err != nil {
			return "", err
		}
		checks := engine.Check()
		check = checks[len(checks)-1] // what it reads stands before it
	}
	s := &sheet{screen: e.out}
	s.WriteString(s.screen.paint(bold, clean(r.Title)) + "\n\n")
	s.fact("rule", r.Slug)
	level := r.Severity()
	if r.Extra.LevelFrom != "" {
		level = r.Extra.LevelFrom + " of the record"
	}
	s.fact("level", level)
	s.fact("logs", logsOf(r))
	s.fact("guide", strings.Join(r.Extra.Guide, ", "))
	s.fact("tags", strings.Join(r.Tags, ", "))
	s.fact("id", r.ID)
	s.fact("file", r.File)
	if r.Description != "" {
		s.WriteByte('\n')
		for p := range strings.SplitSeq(strings.TrimSpace(r.Description), "\n\n") {
			s.say("", p)
		}
	}
	s.matches(r)

	s.head("Works on")
	if check.Cannot != "" {
		s.say("  ", "nothing: "+check.Cannot)
	} else {
		s.say("  ", strings.Join(check.WorksOn, ", "))
	}
	s.head("Needs of the baseline")
	if len(check.Needs) == 0 {
		s.say("  ", "nothing")
	}
	for _, need := range check.Needs {
		s.say("  "+pad(need, 28), inputDoc(need))
	}
	if len(r.FalsePositives) > 0 {
		s.head("May be harmless")
		for _, f := range r.FalsePositives {
			s.say("  - ", f)
		}
	}
	s.tests(lib, r)

	text, err := lib.read(r.File)
	if err != nil {
		return "", err
	}
	s.head("Text")
	for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
		s.WriteString(strings.TrimRight("  "+clean(line), " ") + "\n")
	}
	return s.String(), nil
}

// matches says what a rule looks for.
func (s *sheet) matches(r *detect.Rule) {
	if r.Silent {
		defer s.say("  ", "Makes no alerts of its own: correlations read it.")
	}
	if r.Correlate != nil {
		s.head("Finds")
		for _, line := range describeCorrelation(r) {
			s.say("  ", line)
		}
		return
	}
	expr, err := r.Match.Expr()
	if err != nil {
		return
	}
	s.head("Matches")
	for _, line := range describe(expr) {
		s.say("  "+strings.Repeat("  ", line.depth)+line.mark, line.text)
	}
	if g := r.Extra.Alert.GroupBy; len(g) > 0 && !r.Silent {
		s.say("  ", "One alert for each "+strings.Join(g, " and ")+", as long as no more than "+period(r)+" pass between two events.")
	}
}

func (s *sheet) tests(lib *library, r *detect.Rule) {
	s.head("Tests")
	data, err := lib.read(ruletest.TestFile(r.File))
	if err != nil {
		s.say("  ", "none")
		return
	}
	var f ruletest.File
	if err := yaml.Unmarshal(data, &f); err != nil {
		s.say("  ", "cannot be read: "+err.Error())
		return
	}
	for _, c := range f.Cases {
		mark := "  silent  "
		if c.Fires != nil && *c.Fires {
			mark = "  fires   "
		}
		s.say(mark, c.Name)
	}
}

// period is how far apart the events of one alert may be.
func period(r *detect.Rule) string {
	if p := r.Extra.Alert.Period; p != "" {
		return p
	}
	return "24h"
}

// inputDoc says what a baseline input is for.
func inputDoc(name string) string {
	for _, in := range baseline.Inputs() {
		if in.Name == name || strings.HasPrefix(in.Name, name+".") && in.Name != name {
			return in.Doc
		}
	}
	return ""
}
