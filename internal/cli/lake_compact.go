package cli

import (
	"fmt"

	"github.com/entrawatch/entrawatch/internal/state"
)

var lakeCompactHelp = help{
	about: `Brings the many small files that live intake or imports leave into few large ones, which queries read faster. The service does this by itself; this is for lakes that were imported.`,
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch lake compact -data data", "After an import."},
	},
	exits: []string{"done", "a file could not be read or written", "the command line is wrong"},
}

func runLakeCompact(e *env, args []string) int {
	fs := newFlags(e, "lake compact", lakeCompactHelp)
	data := fs.data()
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q", others[0])
	}
	ctx, stop := fs.interruptible()
	defer stop()
	d, err := openLake(ctx, *data, writing)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	before := len(d.files)
	var damaged error
	for {
		added, removed, err := d.Compact(ctx, d.files, 0)
		if err != nil {
			damaged = err
		}
		if len(added) == 0 {
			break
		}
		if err := d.exchange(ctx, &state.Changes{Files: added, Removed: removed}); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	e.complain("", fmt.Sprintf("%s became %s", count(before, "file"), number(len(d.files))))
	if damaged != nil {
		return e.fail(fs.Name(), damaged)
	}
	return exitDone
}
