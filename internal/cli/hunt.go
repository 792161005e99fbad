package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/lake/duck"
)

var huntHelp = help{
	about: `Answers a question in SQL (that of DuckDB) about the events in the lake. There is a view for each kind of event, such as signin and audit, and events over all kinds with the columns that all have; -tables lists them. The handbook of queries is docs/hunt.md.

A query reads the lake and nothing else: one SELECT, no other files, no network, no changes. Times are UTC.`,
	usage: []string{"[flags] \"SELECT …\"", "-tables [VIEW]"},
	examples: []example{
		{`entrawatch hunt "SELECT outcome, count(*) FROM signin GROUP BY outcome"`, "How sign-ins ended."},
		{`entrawatch hunt -since 7d -format csv "SELECT time, kind, activity, ip FROM events WHERE user_name = 'alice@contoso.com' ORDER BY time" > alice.csv`, "What one user did in the last week."},
		{"entrawatch hunt -tables signin", "The columns of sign-ins, with what they mean."},
	},
	exits: []string{"done", "the query is wrong, takes too long, or the lake could not be read", "the command line is wrong"},
}

// Limits of a query where flags do not set them.
const (
	huntRows    = 1000
	huntTimeout = time.Minute
)

var huntFormats = []string{"table", "csv", "json", "parquet"}

func runHunt(e *env, args []string) int {
	fs := newFlags(e, "hunt", huntHelp)
	data := fs.data()
	tables := fs.on("tables", "lists the views, or the columns of one")
	since, until := fs.period()
	fs.group("What to write")
	format := fs.text("format", "NAME", "table (default), csv, json (one object a line) or parquet", func(s string) error {
		if !slices.Contains(huntFormats, s) {
			return errors.New("formats are " + strings.Join(huntFormats, ", ") + didYouMean(s, huntFormats))
		}
		return nil
	})
	output := fs.text("o", "FILE", "writes into FILE instead of standard output; parquet needs it", nil)
	fs.group("Limits")
	limit := fs.number("limit", "N", fmt.Sprintf("at most N rows; default: %s", number(huntRows)))
	timeout := fs.text("timeout", "SPAN", "gives up after SPAN, such as 90s or 5m; default: 1m", func(s string) error {
		d, err := detect.ParseSpan(s)
		if err == nil && d <= 0 {
			err = errors.New("expected more than nothing")
		}
		return err
	})
	memory := fs.number("memory", "MB", "uses at most so much memory; default: 2048")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case *tables && len(others) <= 1:
		return printViews(fs, others)
	case *tables:
		return fs.usage("-tables takes one view, or none")
	case len(others) == 0:
		return fs.usage("expected a query, such as \"SELECT kind, count(*) FROM events GROUP BY kind\"; -tables lists what there is to select from")
	case len(others) > 1:
		return fs.usage("expected one query, and got %d arguments; put the query in quotes", len(others))
	case *format == "parquet" && *output == "":
		return fs.usage("-format parquet needs a file to write; name it with -o FILE")
	}
	from, to, problem := between(*since, *until, e.now())
	if problem != "" {
		return fs.usage("%s", problem)
	}
	h := &hunt{flagSet: fs, query: others[0], format: *format, output: *output, limit: *limit, config: duck.Config{Memory: int64(*memory) << 20, Since: from, Until: to}}
	if h.limit == 0 {
		h.limit = huntRows
	}
	if h.format == "" {
		h.format = "table"
	}
	h.timeout = huntTimeout
	if *timeout != "" {
		h.timeout, _ = detect.ParseSpan(*timeout)
	}
	return h.run(*data)
}

// A hunt is one query on its way.
type hunt struct {
	*flagSet
	query, format, output string
	limit                 int
	timeout               time.Duration
	began                 bool // something may have been written
	config                duck.Config
}

func (h *hunt) run(data string) int {
	ctx, stop := h.interruptible()
	defer stop()
	limited, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	err := h.answer(limited, data)
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil:
		h.e.complain(h.Name(), "interrupted")
	case limited.Err() != nil:
		h.e.complain(h.Name(), fmt.Sprintf("gave up after %v; ask for a shorter period with -since and -until, select fewer columns, or allow more with -timeout", h.timeout))
	default:
		h.e.complain(h.Name(), err.Error())
		// Only what is wrong with a file names it.
		if problem := new(duck.Problem); errors.As(err, &problem) && h.config.Folder != "" && strings.Contains(problem.Text, h.config.Folder) {
			h.e.complain("", "\"entrawatch lake verify\" says which files are damaged, and sets them aside")
		}
	}
	return exitFailed
}

func (h *hunt) answer(ctx context.Context, data string) error {
	d, err := openLake(ctx, data, reading)
	if err != nil {
		return err
	}
	defer d.close()
	return h.ask(ctx, d)
}

// ask asks the lake, and once more if the service has replaced files meanwhile.
func (h *hunt) ask(ctx context.Context, d *lakeData) error {
	err := h.once(ctx, d, true)
	if err == nil || h.began || ctx.Err() != nil {
		return err
	}
	files, again := d.reader.Files(ctx)
	if again != nil {
		return err
	}
	if slices.Equal(files, d.files) && !errors.As(err, new(*lake.Damage)) {
		return err // it is something else
	}
	d.files = files
	return h.once(ctx, d, false)
}

// once asks the lake. With strict a missing file is an error, not left out.
func (h *hunt) once(ctx context.Context, d *lakeData, strict bool) error {
	views, left, err := d.Views(pick(d.files, nil, h.config.Since, h.config.Until))
	if err != nil {
		return err
	}
	for _, damage := range left {
		if strict {
			return damage
		}
		h.e.complain(h.Name(), "left out "+damage.Error())
	}
	h.config.Views = views
	h.config.Folder, err = filepath.Abs(d.Dir())
	if err != nil {
		return err
	}
	for i := range views {
		for j := range views[i].Parts {
			for k, path := range views[i].Parts[j].Files {
				if views[i].Parts[j].Files[k], err = filepath.Abs(path); err != nil {
					return err
				}
			}
		}
	}
	if h.format == "parquet" {
		if h.output, err = filepath.Abs(h.output); err != nil {
			return err
		}
		h.config.Write = h.output
	}
	db, err := duck.Open(ctx, h.config)
	if err != nil {
		return err
	}
	defer db.Close()
	if h.format == "parquet" {
		return h.parquet(ctx, db)
	}
	// One row more than wanted tells that there are more.
	res, err := db.Select(ctx, h.query, h.limit+1)
	if err != nil {
		return err
	}
	defer res.Close()
	var out io.Writer = h.e.stdout
	var file *os.File
	if h.output != "" {
		if file, err = os.Create(h.output); err != nil {
			return err
		}
		defer file.Close()
		out = file
	}
	h.began = true
	more, err := h.write(out, res)
	if err == nil && file != nil {
		err = file.Close()
	}
	if err != nil {
		return err
	}
	if more {
		h.more()
	}
	return nil
}

func (h *hunt) more() {
	h.e.complain("", fmt.Sprintf("there are more than %s; -limit N gives more of them", count(h.limit, "row")))
}

func (h *hunt) parquet(ctx context.Context, db *duck.DB) error {
	n, err := db.Export(ctx, h.query, h.output, h.limit)
	if err != nil {
		return err
	}
	h.e.complain("", fmt.Sprintf("wrote %s to %s", count(n, "row"), h.output))
	if n == int64(h.limit) {
		h.e.complain("", fmt.Sprintf("there may be more than %s; -limit N gives more of them", count(h.limit, "row")))
	}
	return nil
}

// printViews lists the views, or the columns of one.
func printViews(fs *flagSet, args []string) int {
	views := column.Views()
	t := &table{head: []string{"View", "Columns", "What it is"}}
	if len(args) == 1 {
		i := slices.IndexFunc(views, func(v column.View) bool {
			return strings.EqualFold(v.Name, args[0]) || v.Alias == strings.ToLower(args[0])
		})
		if i < 0 {
			var names []string
			for _, v := range views {
				names = append(names, v.Name)
			}
			return fs.usage("there is no view %q%s", args[0], didYouMean(args[0], names))
		}
		t.head = []string{"Column", "Type", "What it is"}
		for _, c := range views[i].Columns {
			t.row(c.Name, c.SQL(), c.Doc)
		}
	} else {
		for _, v := range views {
			name := v.Name
			if v.Alias != "" {
				name += ", " + v.Alias
			}
			t.row(name, number(len(v.Columns)), v.Doc)
		}
	}
	if err := t.write(fs.e.stdout, fs.e.out); err != nil {
		return fs.e.fail(fs.Name(), err)
	}
	return exitDone
}
