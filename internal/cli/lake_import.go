package cli

import (
	"fmt"

	"github.com/entrawatch/entrawatch/internal/app"
)

var lakeImportHelp = help{
	about: `Reads logs, as "entrawatch scan" does, and keeps every event with its record in the lake. Events that it has already are left out, so an import may be repeated. Fills a new lake from old exports; do not run it while the service runs on the same folder.`,
	usage: []string{"[flags] FILE|FOLDER|- ..."},
	examples: []example{
		{"entrawatch lake import -data data exports/", "A folder of exports into the lake below data."},
		{"entrawatch lake import -data data -since 90d exports/", "Only the last ninety days."},
	},
	exits: []string{"done, and everything was understood", "something failed, could not be read or was not understood; the rest was imported all the same", "the command line is wrong"},
}

func runLakeImport(e *env, args []string) int {
	fs := newFlags(e, "lake import", lakeImportHelp)
	data := fs.data()
	since, until := fs.period()
	tenant := fs.text("tenant", "ID", "the tenant of records that name none", isTenant)
	workers := fs.number("workers", "N", "uses N cores; default: all")
	paths, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(paths) == 0:
		return fs.usage("expected logs to read: files, folders, or - for standard input")
	}
	cfg := app.ScanConfig{Paths: paths, Tenant: *tenant, Workers: *workers}
	var problem string
	if cfg.Since, cfg.Until, problem = between(*since, *until, e.now()); problem != "" {
		return fs.usage("%s", problem)
	}
	ctx, stop := fs.interruptible()
	defer stop()
	d, err := openLake(ctx, *data, making)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	if _, err := d.Recover(ctx, d.files); err != nil {
		return e.fail(fs.Name(), err)
	}
	clear := e.progress(&cfg)
	out, err := app.Import(ctx, cfg, d.Lake, d.manifest)
	clear()
	if out != nil {
		for _, n := range out.Notices {
			e.complain("", n)
		}
		for _, p := range out.Problems {
			e.complain(fs.Name(), p)
		}
		for _, b := range out.Bad {
			e.complain(fs.Name(), b)
		}
		if more := out.BadCount - len(out.Bad); more > 0 {
			e.complain(fs.Name(), fmt.Sprintf("and %s more that were not understood", count(more, "record")))
		}
		e.complain("", fmt.Sprintf("imported %s into %s of %s; %s it had already or twice", count(out.Events, "event"), count(out.Files, "file"), bytesOf(out.Bytes), number(out.Duplicates)))
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if out.BadCount > 0 || len(out.Problems) > 0 {
		return exitFailed
	}
	return exitDone
}
