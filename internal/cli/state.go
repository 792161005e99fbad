package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

const stateTopHelp = `The state is what the service keeps beside the lake: alerts, deliveries, positions
in sources, the list of the lake's files. It is one file, state.db, in the folder
of the service, which makes a backup of it each hour.
`

func stateCommands() []command {
	return []command{
		{"info", "say what it holds, which backups there are and who did what", runStateInfo},
		{"check", "read all of it and report damage", runStateCheck},
		{"backup", "write a backup, also while the service runs", runStateBackup},
		{"restore", "put a backup in its place", runStateRestore},
	}
}

func runState(e *env, args []string) int {
	return dispatch(e, "entrawatch state", stateTopHelp, stateCommands(), args)
}

// stateFlags begins a command on the state of a place. place is nil when there is
// nothing more to do.
func stateFlags(fs *flagSet, flags placeFlags, args []string) (place *servicePlace, others []string, code int) {
	others, code, done := fs.parse(args)
	if done {
		return nil, nil, code
	}
	if place, code = flags.find(fs); place == nil {
		return nil, nil, code
	}
	if why := place.elsewhere(); why != "" {
		fs.e.complain(fs.Name(), why)
		return nil, nil, exitFailed
	}
	return place, others, exitDone
}

var stateCheckHelp = help{
	about: `Reads all of the state and reports damage. The service does so once a day. It may run meanwhile.`,
	usage: []string{"[-config FILE | -data DIR]"},
	examples: []example{
		{"entrawatch state check -data data", "Whether all is well."},
	},
	exits: []string{"all is well", "the state is damaged, or could not be read", "the command line is wrong"},
}

func runStateCheck(e *env, args []string) int {
	fs := newFlags(e, "state check", stateCheckHelp)
	place, others, code := stateFlags(fs, fs.place(), args)
	switch {
	case place == nil:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q", others[0])
	}
	ctx, stop := fs.interruptible()
	defer stop()
	r, err := sqlite.OpenRead(ctx, place.state())
	if err == nil {
		defer r.Close()
		err = r.Check(ctx)
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", place.state()+": all is well")
	return exitDone
}

var stateBackupHelp = help{
	about: `Writes a backup of the state and reads all of it, also while the service runs. Prints where it is. The service makes one each hour by itself, and keeps 24 of them and one of each of seven days. The lake is not part of it: its files never change, and can be copied at any time.`,
	usage: []string{"[-config FILE | -data DIR] [-o FILE]"},
	examples: []example{
		{"entrawatch state backup -data data", "Into the folder backups below data."},
		{"entrawatch state backup -data data -o /mnt/state.db", "Elsewhere."},
	},
	exits: []string{"done", "the state is damaged, or the backup could not be written", "the command line is wrong"},
}

func runStateBackup(e *env, args []string) int {
	fs := newFlags(e, "state backup", stateBackupHelp)
	flags := fs.place()
	out := fs.text("o", "FILE", "writes into FILE, which must not exist yet", nil)
	place, others, code := stateFlags(fs, flags, args)
	switch {
	case place == nil:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q; the file is named with -o", others[0])
	}
	ctx, stop := fs.interruptible()
	defer stop()
	r, err := sqlite.OpenRead(ctx, place.state())
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer r.Close()
	name := *out
	if name == "" {
		name, err = app.MakeBackup(ctx, r, filepath.Join(place.data, app.BackupsFolder), e.now())
	} else if err = r.Backup(ctx, name); err == nil {
		err = sqlite.CheckFile(ctx, name)
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	fmt.Fprintln(e.stdout, name)
	return exitDone
}

// printBackups lists backups.
func printBackups(e *env, all []app.Backup) error {
	t := &table{head: []string{"Made", "Age", "Size", "Backup"}}
	for _, b := range all {
		t.row(b.At.Format("2006-01-02 15:04:05Z"), ageText(e.now().Sub(b.At)), bytesOf(b.Size), filepath.Base(b.Path))
	}
	return t.write(e.stdout, e.out)
}

// backupNamed is the file of a backup: one of the folder, or any other.
func backupNamed(place *servicePlace, name string) string {
	if strings.ContainsAny(name, `/\`) {
		return name
	}
	return filepath.Join(place.data, app.BackupsFolder, name)
}
