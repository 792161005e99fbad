package cli

import (
	_ "embed"
	"html/template"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// How much the page shows of each sort. A browser should open it at once, and a
// person should not give up on it.
const (
	pageAlerts  = 1000
	pageFiles   = 500
	pageRecords = 50 // for each file
	pageNotices = 100
)

//go:embed page_parts.html
var pageParts string

//go:embed scan_page.html
var pageSource string

// A page is the report of -html: what was read, the alerts by severity, and
// what is missing from the answer. It needs no script and no other file.
type page struct {
	At       time.Time
	Summary  *app.Summary
	Read     string
	Found    string
	Groups   []*alertGroup // most severe first
	Total    int
	Left     int // alerts that are not on the page
	Tenants  map[string]bool
	Inactive []reasonGroup
	Kinds    []kindCount
}

// An alertGroup is the alerts of one severity. Count counts all of them, also
// those that are not on the page.
type alertGroup struct {
	Level  string
	Count  int
	Alerts []numbered
	Rules  []*ruleCount // in the order of their first alert
}

// A numbered alert can be linked to.
type numbered struct {
	*alert.Alert
	Number int
}

// A ruleCount says how many alerts of a rule a group shows.
type ruleCount struct {
	Slug         string
	Count, First int
}

func newPage(at time.Time, res *app.Result) *page {
	s := &res.Summary
	p := &page{
		At: at, Summary: s, Read: readSentence(s, false), Kinds: kinds(s.Events), Found: foundSentence(s), Tenants: map[string]bool{},
		Inactive: reasons(s.Rules.Inactive),
	}
	for _, level := range alert.Levels {
		n := s.Alerts[level]
		p.Total += n
		if n > 0 || level != "critical" { // the guides know no critical
			p.Groups = append(p.Groups, &alertGroup{Level: level, Count: n})
		}
	}
	return p
}

// add takes the next alert, in order of severity.
func (p *page) add(a *alert.Alert) {
	p.Tenants[a.Tenant] = true
	if p.shown() >= pageAlerts {
		p.Left++
		return
	}
	for _, g := range p.Groups {
		if g.Level == a.Severity {
			g.add(numbered{a, p.shown() + 1})
		}
	}
}

func (g *alertGroup) add(a numbered) {
	g.Alerts = append(g.Alerts, a)
	for _, r := range g.Rules {
		if r.Slug == a.Rule {
			r.Count++
			return
		}
	}
	g.Rules = append(g.Rules, &ruleCount{a.Rule, 1, a.Number})
}

func (p *page) shown() int {
	n := 0
	for _, g := range p.Groups {
		n += len(g.Alerts)
	}
	return n
}

func (p *page) write(w io.Writer) error {
	return execute(w, pageSource, p)
}

// execute writes a page from its template, which may use the parts that pages
// have in common.
func execute(w io.Writer, source string, data any) error {
	t, err := template.New("page").Funcs(pageFuncs).Parse(pageParts)
	if err == nil {
		t, err = t.Parse(source)
	}
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}

// pageFuncs are what the template calls. The template engine escapes; clean
// takes away what could turn the direction of the text around it.
var pageFuncs = template.FuncMap{
	"clean": clean,
	"class": func(state string) string { return "state-" + strings.ReplaceAll(state, " ", "-") },
	"date":  date,
	"stamp": stamp,
	"count": func(n int, noun string) string { return count(n, noun) },
	"number": func(n any) string {
		switch n := n.(type) {
		case int64:
			return number(n)
		case int:
			return number(n)
		}
		return ""
	},
	"until":      func(a numbered) string { return until(a.Alert) },
	"capital":    capital,
	"entity":     func(e detect.Entity) string { return clean(entityName(e)) },
	"entityType": func(e detect.Entity) string { return strings.ReplaceAll(clean(e.Type), "_", " ") },
	"entityID": func(e detect.Entity) string {
		if e.Name == "" || e.ID == e.Name {
			return ""
		}
		return clean(e.ID)
	},
	"techniques": techniques,
	"records":    func(f app.FileSummary) []app.Undecodable { r, _ := cut(f.Undecodable, pageRecords); return r },
	"files":      func(f []app.FileSummary) []app.FileSummary { return f[:min(len(f), pageFiles)] },
	"lines":      func(l []string) []string { return l[:min(len(l), pageNotices)] },
	"sub":        func(a, b int) int { return a - b },
	"place":      func(f app.FileSummary, r app.Undecodable) string { return clean(place(f.Path, r)) },
	"reason":     func(f app.FileSummary, r app.Undecodable) string { return clean(withoutPath(r.Reason, f.Path)) },
	"build":      func() string { return readBuild().line() },
}

// until is the end of an alert, without the date when that is the one of its
// beginning; "" if there is nothing to add.
func until(a *alert.Alert) string {
	if a.First == nil || a.Last == nil || a.Last.Sub(*a.First) < time.Second {
		return ""
	}
	if a.First.UTC().Format(time.DateOnly) == a.Last.UTC().Format(time.DateOnly) {
		return a.Last.UTC().Format(time.TimeOnly)
	}
	return date(a.Last)
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

var techniqueForm = regexp.MustCompile(`^attack\.t[0-9]{4}(\.[0-9]{3})?$`)

// techniques are the ATT&CK techniques among the tags of a rule.
func techniques(tags []string) []string {
	var out []string
	for _, t := range tags {
		if techniqueForm.MatchString(t) {
			out = append(out, strings.ToUpper(strings.TrimPrefix(t, "attack.")))
		}
	}
	return out
}
