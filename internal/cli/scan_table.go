package cli

import (
	"bufio"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// tablePrinter prints alerts for people: severity, when, which rule, what
// happened, where to look. On wide screens the rule has a column of its own.
type tablePrinter struct {
	w      *bufio.Writer
	screen screen
	rule   int // width of the rule's column, 0 = none
	any    bool
}

const (
	severityColumn = 8
	whenColumn     = 21
	gap            = 2
	wideScreen     = 120 // from here on the rule has its own column
)

// newTablePrinter returns a printer. slugs are the rules that may be printed.
func newTablePrinter(e *env, slugs []string) *tablePrinter {
	p := &tablePrinter{w: bufio.NewWriter(e.stdout), screen: e.out}
	if p.screen.width >= wideScreen {
		p.rule = 16
		for _, s := range slugs {
			p.rule = max(p.rule, min(columns(clean(s)), p.screen.width/4))
		}
	}
	return p
}

// A cell is the lines of one column of an alert.
type cell struct {
	width int
	lines []styled
}

type styled struct {
	text  string
	style style
}

func (c *cell) add(st style, text string) {
	for _, line := range wrap(clean(text), c.width) {
		c.lines = append(c.lines, styled{line, st})
	}
}

func (p *tablePrinter) alert(a *alert.Alert) error {
	if !p.any {
		p.any = true
		p.header()
	}
	severity, when, rule, what := p.cells()
	severity.add(severityStyle[a.Severity], shortLevel(a.Severity))
	when.add(plain, firstTime(a))
	if more := moreTimes(a); more != "" {
		when.add(plain, more)
	}
	rule.add(bold, a.Rule)
	what.add(plain, a.Summary)
	if change := changeOf(a); change != "" {
		what.add(dim, change)
	}
	if len(a.Evidence) > 0 {
		at := a.Evidence[0].Source
		if more := a.Count - 1; more > 0 {
			at += " and " + number(more) + " more"
		}
		what.add(dim, "at "+at)
	}
	p.row(severity, when, rule, what)
	return p.w.WriteByte('\n')
}

// changeOf says what became of a finding since -previous, and what it said then.
func changeOf(a *alert.Alert) string {
	if len(a.Was) == 0 {
		return a.Change
	}
	return a.Change + "; before: " + strings.Join(a.Was, "; ")
}

// cells returns the columns of a row. Without a column of its own the rule
// stands above what happened.
func (p *tablePrinter) cells() (severity, when, rule, what *cell) {
	severity, when = &cell{width: severityColumn}, &cell{width: whenColumn}
	rest := p.screen.width - severityColumn - whenColumn - 2*gap
	if p.rule == 0 {
		what = &cell{width: rest}
		return severity, when, what, what
	}
	return severity, when, &cell{width: p.rule}, &cell{width: rest - p.rule - gap}
}

func (p *tablePrinter) header() {
	severity, when, rule, what := p.cells()
	severity.add(dim, "SEVERITY")
	when.add(dim, "WHEN (UTC)")
	if rule != what {
		rule.add(dim, "RULE")
	}
	what.add(dim, "WHAT HAPPENED")
	p.row(severity, when, rule, what)
}

func (p *tablePrinter) row(cells ...*cell) {
	if cells[len(cells)-1] == cells[len(cells)-2] {
		cells = cells[:len(cells)-1]
	}
	for i, more := 0, true; more; i++ {
		more = false
		blanks := 0
		for _, c := range cells {
			text := styled{}
			if i < len(c.lines) {
				text = c.lines[i]
			}
			more = more || i+1 < len(c.lines)
			if text.text != "" {
				p.w.WriteString(strings.Repeat(" ", blanks))
				p.w.WriteString(p.screen.paint(text.style, text.text))
				blanks = 0
			}
			blanks += c.width - columns(text.text) + gap
		}
		p.w.WriteByte('\n')
	}
}

func (p *tablePrinter) end() error { return p.w.Flush() }

// shortLevel fits a severity into its column.
func shortLevel(level string) string {
	if level == "informational" {
		return "info"
	}
	return level
}

const timeLayout = "2006-01-02 15:04:05"

// firstTime says when an alert began, to the second, in UTC.
func firstTime(a *alert.Alert) string {
	if a.First == nil {
		return "no time given"
	}
	return a.First.UTC().Format(timeLayout)
}

// moreTimes says how often and until when; "" for a single event.
func moreTimes(a *alert.Alert) string {
	if a.Count < 2 {
		return ""
	}
	times := "×" + number(a.Count)
	if a.First == nil || a.Last == nil {
		return times
	}
	first, last := a.First.UTC(), a.Last.UTC()
	switch {
	case last.Sub(first) < time.Second:
		return times
	case first.Format(time.DateOnly) == last.Format(time.DateOnly):
		return times + " until " + last.Format(time.TimeOnly)
	}
	return times + " until " + last.Format(timeLayout)
}

// entityName is how people call an entity.
func entityName(e detect.Entity) string {
	if e.Name != "" {
		return e.Name
	}
	return e.ID
}
