package cli

import (
	"bufio"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/alert"
)

// csvPrinter prints a header and one row per alert. Every cell is quoted, so
// that a program which separates by semicolons does not cut them up.
type csvPrinter struct{ w *bufio.Writer }

var csvHeader = []string{"severity", "first", "last", "count", "rule", "title", "summary", "entities", "guide", "tags", "id", "evidence", "change"}

func newCSVPrinter(e *env) *csvPrinter {
	p := newCSV(e)
	_ = p.row(csvHeader) // Flush returns the error as well
	return p
}

func newCSV(e *env) *csvPrinter { return &csvPrinter{bufio.NewWriter(e.stdout)} }

func (p *csvPrinter) alert(a *alert.Alert) error {
	entities := make([]string, len(a.Entities))
	for i, e := range a.Entities {
		entities[i] = e.Type + " " + entityName(e)
	}
	evidence := make([]string, len(a.Evidence))
	for i, e := range a.Evidence {
		evidence[i] = e.Source
	}
	return p.row([]string{
		a.Severity, stamp(a.First), stamp(a.Last), strconv.Itoa(a.Count), a.Rule, a.Title, a.Summary,
		strings.Join(entities, "; "), strings.Join(a.Guide, " "), strings.Join(a.Tags, " "), a.ID, strings.Join(evidence, "; "), changeOf(a),
	})
}

func (p *csvPrinter) row(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			p.w.WriteByte(',')
		}
		p.w.WriteByte('"')
		p.w.WriteString(strings.ReplaceAll(inert(cell), `"`, `""`))
		p.w.WriteByte('"')
	}
	return p.w.WriteByte('\n')
}

func (p *csvPrinter) end() error { return p.w.Flush() }

// inert cleans text and puts an apostrophe before what a spreadsheet would take
// for a formula.
func inert(s string) string {
	c := clean(s)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(c, " "))
	if strings.HasPrefix(s, "\t") || strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + c
	}
	return c
}

// stamp writes a time for machines; "" if there is none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
