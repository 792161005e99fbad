package cli

import (
	"fmt"
	"os/user"
	"strings"

	"github.com/entrawatch/entrawatch/internal/state"
)

var lakeEraseHelp = help{
	about: `Deletes every event that names a user: as the one who signed in, who acted, or who was changed, by object id or user principal name. Files that hold such events are written anew without them. Without -yes it only says what it would delete.

An event names a user if one of its columns holds just that text. A record that mentions the user in the middle of a longer text stays; "entrawatch hunt" finds it with raw LIKE '%…%'. Alerts, and backups of the lake, are not touched. Who erased what is noted; "entrawatch state info" shows it.`,
	usage: []string{"-user ID [flags]"},
	examples: []example{
		{"entrawatch lake erase -data data -user alice@contoso.com -user e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", "How many events name her, by either."},
		{"entrawatch lake erase -data data -user alice@contoso.com -yes", "Deletes those."},
	},
	exits: []string{"done", "the lake could not be read or written", "the command line is wrong"},
}

func runLakeErase(e *env, args []string) int {
	fs := newFlags(e, "lake erase", lakeEraseHelp)
	data := fs.data()
	users := fs.list("user", "ID", "object id or user principal name; may be repeated")
	yes := fs.on("yes", "really deletes; nothing brings the events back")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q; the user is named by -user", others[0])
	case len(*users) == 0:
		return fs.usage("expected a user; name it with -user")
	}
	ctx, stop := fs.interruptible()
	defer stop()
	use := reading
	if *yes {
		use = writing
	}
	d, err := openLake(ctx, *data, use)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	if !*yes {
		rows, files, err := d.Naming(ctx, d.files, *users)
		if err != nil {
			return e.fail(fs.Name(), err)
		}
		e.complain("", fmt.Sprintf("%s in %s would be deleted; -yes deletes them", count(rows, "event"), count(files, "file")))
		return exitDone
	}
	out, err := d.Erase(ctx, d.files, *users)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	named := strings.Join(*users, " or ")
	out.Changes.Audit = []state.AuditEntry{{
		At: e.now().UTC(), Actor: whoami(), Action: "lake erase", Object: named,
		Result: fmt.Sprintf("erased %s in %s", count(out.Rows, "event"), count(out.Files, "file")),
	}}
	if err := d.Withdraw(out.Changes.Removed); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := d.exchange(ctx, &out.Changes); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := d.Delete(out.Changes.Removed); err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", fmt.Sprintf("erased %s in %s that named %s", count(out.Rows, "event"), count(out.Files, "file"), named))
	return exitDone
}

// whoami is the user of the system who runs the command.
func whoami() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
