package cli

import (
	"fmt"

	"github.com/entrawatch/entrawatch/internal/state"
)

var lakeVerifyHelp = help{
	about: `Reads every file of the lake from beginning to end, and holds it to what was recorded when it was written. Files that nobody recorded, and strangers, are listed.`,
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch lake verify -data data", "Whether all is well."},
		{"entrawatch lake verify -data data -set-aside", "Renames damaged files, so that queries go on without their events."},
	},
	exits: []string{"all is well", "files are damaged or missing, or the lake could not be read", "the command line is wrong"},
}

func runLakeVerify(e *env, args []string) int {
	fs := newFlags(e, "lake verify", lakeVerifyHelp)
	data := fs.data()
	aside := fs.on("set-aside", "takes damaged files out of the lake and renames them to .damaged; their events are missing from then on")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q", others[0])
	}
	ctx, stop := fs.interruptible()
	defer stop()
	use := reading
	if *aside {
		use = writing
	}
	d, err := openLake(ctx, *data, use)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	v, err := d.Verify(ctx, d.files, nil)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	for _, damage := range v.Damaged {
		e.complain(fs.Name(), damage.Error())
	}
	for _, path := range v.Unrecorded {
		e.complain("", path+": not recorded; the next start of the service deletes it")
	}
	for _, path := range v.Strangers {
		e.complain("", path+": no file of the lake; it is left alone")
	}
	e.complain("", fmt.Sprintf("read %s with %s, %s; %s", count(v.Files, "file"), count(v.Rows, "event"), bytesOf(v.Bytes), count(len(v.Damaged), "damaged file")))
	if len(v.Damaged) == 0 {
		return exitDone
	}
	if *aside {
		for _, damage := range v.Damaged {
			if err := d.manifest.Apply(ctx, &state.Changes{Removed: []string{damage.Path}}); err != nil {
				return e.fail(fs.Name(), err)
			}
			if err := d.SetAside(damage.Path); err != nil {
				return e.fail(fs.Name(), err)
			}
			e.complain("", damage.Path+": set aside")
		}
	}
	return exitFailed
}
