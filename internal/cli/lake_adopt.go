package cli

import (
	"fmt"
	"slices"

	"github.com/entrawatch/entrawatch/internal/state"
)

var lakeAdoptHelp = help{
	about: `Takes in files of the lake that the state does not know of: when the state is lost, or was restored from a backup. It reads the files themselves; every event is in the lake once afterwards. The service does so by itself when it starts with a restored state, and then also shows the events to the rules, which this command does not: use it where there is no state any more.`,
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch lake adopt -data data", "After state.db was lost, and there is no backup."},
	},
	exits: []string{"done", "a file is damaged, or could not be read or written; the others are taken in", "the command line is wrong"},
}

func runLakeAdopt(e *env, args []string) int {
	fs := newFlags(e, "lake adopt", lakeAdoptHelp)
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
	d, err := openLake(ctx, *data, adopting)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	a, err := d.Adopt(ctx, d.files)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	for _, damage := range a.Damaged {
		e.complain(fs.Name(), damage.Error())
	}
	c := &state.Changes{Files: slices.Clone(a.Files), Removed: a.Removed, Audit: []state.AuditEntry{{
		At: e.now().UTC(), Actor: whoami(), Action: "lake adopt", Object: count(len(a.Files), "file"), Result: count(a.Rows(), "event"),
	}}}
	if err := d.manifest.Apply(ctx, c); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := d.Publish(a.Files); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := d.Delete(a.Doubled); err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", fmt.Sprintf("took in %s in %s; %s gone", count(a.Rows(), "event"), count(len(a.Files), "file"), count(len(a.Removed), "recorded file")+plural(len(a.Removed), " was", " were")))
	if len(a.Damaged) > 0 {
		return exitFailed
	}
	return exitDone
}
