package cli

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

var stateInfoHelp = help{
	about: `Says what the state holds, where the sources stand, which backups there are, and from the audit trail what people did to it, newest first. The service may run meanwhile.`,
	usage: []string{"[-config FILE | -data DIR] [flags]"},
	examples: []example{
		{"entrawatch state info -data data", "All that, for people."},
		{"entrawatch state info -data data -json -n 1000", "As one JSON object, with a long audit trail."},
	},
	exits: []string{"done", "the state could not be read", "the command line is wrong"},
}

// A stateReport is what -json prints.
type stateReport struct {
	File    string        `json:"file"`
	Version int           `json:"version"`
	Bytes   int64         `json:"bytes"`
	Counts  []heldRows    `json:"counts"`
	Sources []stateSource `json:"sources"`
	Backups []stateBackup `json:"backups"`
	Audit   []stateAudit  `json:"audit"`
}

type heldRows struct {
	What string `json:"what"`
	Rows int64  `json:"rows"`
}

type stateSource struct {
	Source string    `json:"source"`
	Stream string    `json:"stream"`
	At     time.Time `json:"at"`
}

type stateBackup struct {
	File  string    `json:"file"`
	Made  time.Time `json:"made"`
	Bytes int64     `json:"bytes"`
}

type stateAudit struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Object string    `json:"object"`
	Result string    `json:"result"`
}

// shownAudit is how many entries of the audit trail are shown.
const shownAudit = 10

func runStateInfo(e *env, args []string) int {
	fs := newFlags(e, "state info", stateInfoHelp)
	flags := fs.place()
	n := fs.number("n", "N", "at most N entries of the audit trail; default: "+strconv.Itoa(shownAudit))
	asJSON := fs.on("json", "prints one JSON object: file, version, bytes, counts, sources, backups, audit")
	place, others, code := stateFlags(fs, flags, args)
	switch {
	case place == nil:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q", others[0])
	}
	if *n == 0 {
		*n = shownAudit
	}
	ctx, stop := fs.interruptible()
	defer stop()
	r, err := sqlite.OpenRead(ctx, place.state())
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer r.Close()
	info, err := r.Info(ctx)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	cursors, err := r.Cursors(ctx)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	trail, err := r.Audit(ctx, *n)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	all, err := app.Backups(filepath.Join(place.data, app.BackupsFolder))
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if *asJSON {
		err = writeJSON(e.stdout, newStateReport(place.state(), info, cursors, all, trail), "")
	} else {
		err = printState(e, place.state(), info, cursors, all, trail)
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

func newStateReport(file string, info *sqlite.Info, cursors []state.Cursor, all []app.Backup, trail []state.AuditEntry) *stateReport {
	out := &stateReport{File: file, Version: info.Version, Bytes: info.Bytes, Counts: []heldRows{}, Sources: []stateSource{}, Backups: []stateBackup{}, Audit: []stateAudit{}}
	for _, c := range info.Counts {
		out.Counts = append(out.Counts, heldRows(c))
	}
	for _, c := range cursors {
		out.Sources = append(out.Sources, stateSource{c.Source, c.Stream, c.At})
	}
	for _, b := range all {
		out.Backups = append(out.Backups, stateBackup{filepath.Base(b.Path), b.At, b.Size})
	}
	for _, a := range trail {
		out.Audit = append(out.Audit, stateAudit{a.At, a.Actor, a.Action, a.Object, a.Result})
	}
	return out
}

func printState(e *env, file string, info *sqlite.Info, cursors []state.Cursor, all []app.Backup, trail []state.AuditEntry) error {
	held := &table{head: []string{"Rows", "What"}}
	for _, c := range info.Counts {
		held.row(number(c.Rows), c.What)
	}
	newest := ""
	if len(all) > 0 {
		newest = ", the newest of " + all[0].At.Format(time.RFC3339)
	}
	held.row(number(len(all)), "backups"+newest)
	fmt.Fprintf(e.stdout, "%s: %s, version %d\n\n", clean(file), bytesOf(info.Bytes), info.Version)
	if err := held.write(e.stdout, e.out); err != nil {
		return err
	}
	if len(cursors) > 0 {
		t := &table{head: []string{"Source", "Stream", "Stored"}}
		for _, c := range cursors {
			t.row(c.Source, c.Stream, c.At.Format(time.RFC3339))
		}
		fmt.Fprintln(e.stdout)
		if err := t.write(e.stdout, e.out); err != nil {
			return err
		}
	}
	if len(trail) == 0 {
		return nil
	}
	t := &table{head: []string{"When", "Who", "What", "To what", "Result"}}
	for _, a := range trail {
		t.row(a.At.Format(time.RFC3339), a.Actor, a.Action, a.Object, a.Result)
	}
	fmt.Fprintln(e.stdout)
	return t.write(e.stdout, e.out)
}

// ageText is a length of time in the two largest units.
func ageText(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd %dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
}
