package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

var stateRestoreHelp = help{
	about: `Puts a backup in the place of the state, after reading all of the backup. The state that was there is kept beside it as state.db.damaged-1, or with the next number. Without an argument it lists the backups that there are. The service must not run.

When the service starts again it reads its sources from where they were when the backup was made, and takes in what the lake has got since: no event is lost or twice, and rules see all of them. Alerts that were raised since are raised again, under the same ids.`,
	usage: []string{"[-config FILE | -data DIR]", "[-config FILE | -data DIR] -newest", "[-config FILE | -data DIR] BACKUP"},
	examples: []example{
		{"entrawatch state restore -data data", "Which backups there are."},
		{"entrawatch state restore -data data -newest", "Restores the last one."},
		{"entrawatch state restore -data data state-20261130T120000Z.db", "Restores another. A path names a file elsewhere."},
	},
	exits: []string{"done", "the backup is damaged, or the service runs", "the command line is wrong, or there is no such backup"},
}

func runStateRestore(e *env, args []string) int {
	fs := newFlags(e, "state restore", stateRestoreHelp)
	flags := fs.place()
	newest := fs.on("newest", "restores the last backup")
	place, others, code := stateFlags(fs, flags, args)
	switch {
	case place == nil:
		return code
	case len(others) > 1:
		return fs.usage("expected one backup, and got %d arguments", len(others))
	case *newest && len(others) > 0:
		return fs.usage("-newest and a backup exclude each other")
	}
	dir := filepath.Join(place.data, app.BackupsFolder)
	all, err := app.Backups(dir)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if len(others) == 0 && len(all) == 0 {
		return fs.usage("there are no backups in %s; name a file elsewhere by its path", dir)
	}
	name := ""
	switch {
	case *newest:
		name = all[0].Path
	case len(others) == 0:
		if err := printBackups(e, all); err != nil {
			return e.fail(fs.Name(), err)
		}
		e.complain("", "name the one to restore, or use -newest")
		return exitDone
	default:
		name = backupNamed(place, others[0])
	}
	if _, err := os.Stat(name); err != nil {
		return fs.usage("%s; without an argument the command lists the backups that there are", missing(name, err))
	}
	if err := sqlite.Restore(name, place.state()); err != nil {
		if errors.Is(err, state.ErrInUse) {
			err = fmt.Errorf("state %s: the service runs; stop it first", place.state())
		}
		return e.fail(fs.Name(), err)
	}
	if err := noteRestore(place.state(), name, e.now()); err != nil {
		return e.fail(fs.Name(), fmt.Errorf("the backup is restored, but that could not be noted: %w", err))
	}
	e.complain("", fmt.Sprintf("restored %s; the state that was there is kept beside it, as %s.damaged-N. Start the service: it takes in what the lake has got since", name, stateName))
	return exitDone
}

// noteRestore writes a restore into the audit trail.
func noteRestore(path, backup string, now time.Time) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	entry := state.AuditEntry{At: now.UTC(), Actor: whoami(), Action: "state restore", Object: filepath.Base(backup), Result: "restored"}
	return errors.Join(s.Apply(ctx, &state.Changes{Audit: []state.AuditEntry{entry}}), s.Close())
}
