package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/report"
)

const reportHelp = `Answers questions about logs that no alert answers.
`

// runReport picks a report.
func runReport(e *env, args []string) int {
	var table []command
	for _, m := range report.Makers() {
		table = append(table, command{m.Name, m.Short, func(e *env, args []string) int { return runOneReport(e, m, args) }})
	}
	return dispatch(e, "entrawatch report", reportHelp, table, args)
}

func reportFlagsHelp(m report.Maker) help {
	h := help{
		about: m.About + "\n\nEntries that came twice count once. Files are recognised by their content, as by scan.",
		usage: []string{"[flags] FILE|FOLDER|- ..."},
		examples: []example{
			{"entrawatch report " + m.Name + " logs/", "For people."},
			{"entrawatch report " + m.Name + " -since 30d -csv logs/ > report.csv", "The last thirty days, for a spreadsheet."},
		},
		exits: []string{"done, and everything was understood", "something failed, could not be read or was not understood", "the command line is wrong"},
	}
	if m.Periods {
		h.examples = append(h.examples, example{"entrawatch report " + m.Name + " -user alice@contoso.com logs/", "Every sign-in of one user."})
	}
	return h
}

func runOneReport(e *env, m report.Maker, args []string) int {
	fs := newFlags(e, "report "+m.Name, reportFlagsHelp(m))
	since := fs.text("since", "TIME", "leaves out entries before TIME: 2026-11-02T08:00:00Z, 2026-11-02, or 7d back from now", nil)
	until := fs.text("until", "TIME", "leaves out entries at TIME and later", nil)
	user, by := new(string), new(string)
	if m.Periods {
		user = fs.text("user", "USER", "only this user, by user principal name or object id", nil)
		by = fs.text("by", "PERIOD", "counts by all (default), day, week or month, UTC", isPeriod)
	}
	asJSON := fs.on("json", "prints one JSON object per line")
	asCSV := fs.on("csv", "prints CSV for a spreadsheet")
	paths, code, done := fs.parse(args)
	if done {
		return code
	}
	cfg := app.RowsConfig{Paths: paths}
	var err error
	if cfg.Since, err = moment(*since, e.now()); err != nil {
		return fs.usage("-since %v", err)
	}
	if cfg.Until, err = moment(*until, e.now()); err != nil {
		return fs.usage("-until %v", err)
	}
	switch {
	case len(paths) == 0:
		return fs.usage("nothing to read; name files or folders with logs, or - for standard input")
	case *asJSON && *asCSV:
		return fs.usage("-json and -csv exclude each other; choose one")
	case !cfg.Since.IsZero() && !cfg.Until.IsZero() && !cfg.Since.Before(cfg.Until):
		return fs.usage("-since is not before -until; exchange them")
	}
	rep := m.New(report.Options{User: *user, Period: *by})
	cfg.Fields = rep.Fields()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sum, err := app.Rows(ctx, cfg, rep.Add)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	t := rep.Table()
	if err := printReport(e, t, *asJSON, *asCSV); err != nil {
		return e.fail(fs.Name(), fmt.Errorf("print the report: %w", err))
	}
	return reportClosing(e, m, t, sum)
}

func isPeriod(s string) error {
	if slices.Contains(report.Periods(), s) {
		return nil
	}
	return fmt.Errorf("periods are %s%s", strings.Join(report.Periods(), ", "), didYouMean(s, report.Periods()))
}

func printReport(e *env, t *report.Table, asJSON, asCSV bool) error {
	switch {
	case asJSON:
		for _, row := range t.Rows {
			rec := orderedRow{keys: reportKeys(t.Head), cells: row}
			if err := writeJSON(e.stdout, rec, ""); err != nil {
				return err
			}
		}
		return nil
	case asCSV:
		p := newCSV(e)
		rows := append([][]string{t.Head}, cellTexts(t)...)
		for _, row := range rows {
			if err := p.row(row); err != nil {
				return err
			}
		}
		return p.end()
	case len(t.Rows) == 0:
		return nil
	}
	out := &table{head: make([]string, len(t.Head))}
	for i, h := range t.Head {
		out.head[i] = strings.ToUpper(h)
	}
	for _, row := range cellTexts(t) {
		out.row(row...)
	}
	return out.write(e.stdout, e.out)
}

func cellTexts(t *report.Table) [][]string {
	out := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		for _, cell := range row {
			text, ok := cell.(string)
			if n, isInt := cell.(int); isInt {
				text = strconv.Itoa(n)
			} else if !ok {
				text = fmt.Sprint(cell)
			}
			out[i] = append(out[i], text)
		}
	}
	return out
}

// reportKeys makes keys of JSON out of headings.
func reportKeys(head []string) []string {
	out := make([]string, len(head))
	for i, h := range head {
		out[i] = strings.Join(strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(h, "%", "percent")), func(r rune) bool { return r == ' ' || r == ',' }), "_")
	}
	return out
}

// An orderedRow is an object whose keys stand in the order of the columns.
type orderedRow struct {
	keys  []string
	cells []any
}

// MarshalJSON writes the object.
func (r orderedRow) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for i, key := range r.keys {
		b.WriteByte("{,"[min(i, 1)])
		if err := writeJSON(&b, key, ""); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := writeJSON(&b, r.cells[i], ""); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// reportClosing says on stderr what the report rests on.
func reportClosing(e *env, m report.Maker, t *report.Table, sum *app.RowsSummary) int {
	talk := &talker{e: e}
	var kinds []string
	for k := range m.New(report.Options{}).Fields() {
		kinds = append(kinds, k.String())
	}
	slices.Sort(kinds)
	line := "Read " + count(sum.Rows, "entry") + " of " + strings.Join(kinds, " and ")
	if sum.Duplicates > 0 {
		line += ", " + count(sum.Duplicates, "duplicate") + " besides"
	}
	for _, rest := range []struct {
		n    int
		what string
	}{{sum.Others, "of other logs"}, {sum.Outside, "outside -since and -until"}, {sum.Timeless, "without a time that can be read"}} {
		if rest.n > 0 {
			line += "; left out " + number(rest.n) + " " + rest.what
		}
	}
	if len(t.Rows) == 0 {
		line += ". There is nothing to report"
	}
	talk.say("", line+".")
	talk.block("Could not be read:", sum.Problems, mostNotices)
	talk.block("Please note:", append(sum.Notices, t.Notes...), mostNotices)
	if len(sum.Problems) > 0 {
		return exitFailed
	}
	return exitDone
}
