package main

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/rules"
)

const rulesIntro = `Every rule is a Sigma file with its tests beside it. **Guide** names the rows of Microsoft's security-operations guides that
the rule implements: U for user accounts, P for privileged accounts, C for consumer accounts and applications. **Needs**
are the inputs of the [baseline](baseline.md) without which the rule, or a part of it, stays inactive; thresholds that have
a default are never missing. **Works on** are the formats whose records hold what the rule compares. A rule without a level
makes no alerts of its own: others read it.

`

// areas are the folders of rules/ with what they are about.
var areas = []struct{ dir, title string }{
	{"signin", "Sign-ins"},
	{"risk", "Risk detections"},
	{"audit", "Directory changes"},
	{"app", "Applications"},
	{"activity", "Azure, Microsoft 365 and other services"},
	{"b2c", "Consumers (Azure AD B2C)"},
	{"posture", "Directory snapshots"},
}

// builtin loads the built-in rules.
func builtin() ([]*detect.Rule, error) {
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "", true); err != nil {
		return nil, err
	}
	if err := lib.Finish(); err != nil {
		return nil, err
	}
	return lib.Rules, nil
}

// checkRules says of every built-in rule what it works on and needs.
func checkRules() ([]detect.Check, error) {
	all, err := builtin()
	if err != nil {
		return nil, err
	}
	engine, err := detect.New(detect.Config{Rules: all})
	if err != nil {
		return nil, err
	}
	return engine.Check(), nil
}

func rulesPage(b *bytes.Buffer) error {
	heading(b, "Built-in rules", "the rules in rules/")
	b.WriteString(rulesIntro)
	all, err := builtin()
	if err != nil {
		return err
	}
	checks, err := checkRules()
	if err != nil {
		return err
	}
	// The engine has an order of its own.
	checked := map[string]detect.Check{}
	for _, c := range checks {
		checked[c.Rule] = c
	}
	rows := map[string]bool{}
	alerting := 0
	byDir := map[string][]*detect.Rule{}
	for _, r := range all {
		if !r.Silent {
			alerting++
		}
		for _, g := range r.Extra.Guide {
			rows[g] = true
		}
		dir := path.Dir(r.File)
		byDir[dir] = append(byDir[dir], r)
	}
	fmt.Fprintf(b, "%d rules implement %d rows of the guides.\n\n", alerting, len(rows))
	for _, area := range areas {
		list := byDir[area.dir]
		delete(byDir, area.dir)
		if len(list) == 0 {
			continue
		}
		fmt.Fprintf(b, "## %s\n\n", area.title)
		slices.SortFunc(list, func(x, y *detect.Rule) int { return strings.Compare(x.Slug, y.Slug) })
		var cells [][]string
		for _, r := range list {
			c := checked[r.Slug]
			works := strings.Join(c.WorksOn, ", ")
			if c.Cannot != "" {
				works = "cannot match: " + c.Cannot
			}
			cells = append(cells, []string{
				fmt.Sprintf("<a id=%q></a>[%s](../rules/%s)", r.Slug, r.Slug, r.File), prose(r.Title), severity(r),
				orDash(strings.Join(r.Extra.Guide, ", ")), logOf(r), codes(c.Needs), prose(works),
			})
		}
		table(b, []string{"rule", "title", "level", "guide", "log", "needs", "works on"}, cells)
	}
	for dir := range byDir {
		return fmt.Errorf("rules/%s is not in the list of areas", dir)
	}
	return nil
}

func severity(r *detect.Rule) string {
	if r.Silent {
		return "—"
	}
	if r.Extra.LevelFrom != "" {
		return "as " + code(r.Extra.LevelFrom)
	}
	return r.Severity()
}

func logOf(r *detect.Rule) string {
	if r.Correlate != nil {
		var logs []string
		for _, in := range r.Inputs {
			if l := logOf(in); !slices.Contains(logs, l) {
				logs = append(logs, l)
			}
		}
		return strings.Join(logs, ", ")
	}
	var parts []string
	source := r.Match.LogSource
	for _, s := range []string{source.Product, source.Service, source.Category} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return prose(strings.Join(parts, " "))
}

// linked lists rules, each with a link to its line.
func linked(slugs []string) string {
	out := make([]string, len(slugs))
	for i, s := range slugs {
		out[i] = fmt.Sprintf("[%s](rules.md#%s)", s, s)
	}
	return orDash(strings.Join(out, ", "))
}
