package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

var simulateLiveHelp = help{
	about: `Writes the logs of an invented tenant as they come into being, until it is told to end (SIGINT, SIGTERM): logs/ with a file for each log and hour, which grow line by line, baseline.yaml with the truth about the tenant, and labels.jsonl, to which each attack is added when all of it has reached the logs. As with Entra, entries come minutes late, some of the audit log hours, and a few twice. Files are in the shape of Azure Monitor; the log of Microsoft 365, which does not exist in it, in that of Log Analytics.

With -speed 60 an hour passes in a minute. Nothing is logged in the future: such a tenant begins in the past, on a Monday morning four weeks ago unless -start says otherwise, and goes on at our pace when it has caught up with us. It is the same tenant each time, by seed and start. Attacks that need weeks of logs before them, or stand in the directory, do not occur; the directory is not written.`,
	usage: []string{"-o DIR [flags]"},
	examples: []example{
		{"entrawatch simulate live -o tenant", "500 people, now."},
		{"entrawatch simulate live -o tenant -people 200 -speed 60 -attacks often", "What \"make run\" watches."},
	},
	exits: []string{"it was told to end", "something could not be written", "the command line is wrong"},
}

// attackPauses are how often a tenant is attacked.
var attackPauses = []struct {
	name  string
	every time.Duration
}{
	{"often", 20 * time.Minute},
	{"sometimes", 8 * time.Hour},
	{"never", 0},
}

// liveTick is how often lines are written.
const liveTick = 200 * time.Millisecond

func runSimulateLive(e *env, args []string) int {
	fs := newFlags(e, "simulate live", simulateLiveHelp)
	dir := fs.text("o", "DIR", "the folder to write into; new, or empty", nil)
	clean := fs.on("clean", "takes away an earlier simulation in DIR first")
	fs.group("The tenant")
	seed := fs.text("seed", "N", "another number gives another tenant; default: 1", isSeed)
	people := fs.number("people", "N", "staff and guests; default: 500")
	customers := fs.number("customers", "N", "customers, in a B2C tenant of their own; default: none")
	fs.group("Its time")
	speed := fs.number("speed", "N", "how many times faster than ours time passes; default: 1")
	start := fs.text("start", "TIME", "when it begins: 2026-11-02T08:00:00Z, 2026-11-02, or 7d, 24h, 90m back from now; default: now, or with -speed four weeks ago", nil)
	fs.group("Attacks")
	attacks := fs.text("attacks", "HOW", "often (one in 20 minutes, by its clock), sometimes (three a day; default) or never", isPause)
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q; the folder to write into is named by -o", others[0])
	case *dir == "":
		return fs.usage("expected a folder to write into; name it with -o DIR")
	case *people > 0 && *people < simulate.MinPeople:
		return fs.usage("-people %d: expected %d or more, so that there is somebody for every duty", *people, simulate.MinPeople)
	}
	opt := simulate.Options{Seed: 1, People: 500, Customers: *customers}
	if *seed != "" {
		opt.Seed, _ = strconv.ParseUint(*seed, 10, 64)
	}
	if *people > 0 {
		opt.People = *people
	}
	clock := tenantClock{began: e.now(), speed: max(1, *speed)}
	clock.start = clock.began.UTC().Truncate(time.Second)
	switch {
	case *start != "":
		var err error
		if clock.start, err = moment(*start, clock.began); err != nil {
			return fs.usage("-start %v", err)
		}
		if clock.start.After(clock.began) {
			return fs.usage("-start %s: is in the future", *start)
		}
	case clock.speed > 1:
		clock.start = mondayMorning(clock.start)
	}
	if err := makeRoom(*dir, *clean); err != nil {
		return e.fail(fs.Name(), err)
	}
	live, err := simulate.NewLive(opt, clock.start, pauseOf(*attacks))
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runLive(ctx, e, *dir, live, clock); err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

// A tenantClock shows the time of a tenant.
type tenantClock struct {
	began, start time.Time // ours, and that of the tenant then
	speed        int
}

// at is its time when ours is now.
func (c tenantClock) at(now time.Time) time.Time {
	t := c.start.Add(time.Duration(c.speed) * now.Sub(c.began))
	if t.After(now) && c.speed > 1 {
		return now.UTC()
	}
	return t
}

// mondayMorning is eight o'clock UTC on the Monday four weeks before this week's.
func mondayMorning(now time.Time) time.Time {
	back := 28 + (int(now.Weekday())+6)%7
	return now.Truncate(24*time.Hour).AddDate(0, 0, -back).Add(8 * time.Hour)
}

// runLive writes what happens until ctx is done.
func runLive(ctx context.Context, e *env, dir string, live *simulate.Live, clock tenantClock) (err error) {
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o777); err != nil {
		return err
	}
	labels, err := os.Create(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		return err
	}
	w := &liveWriter{dir: filepath.Join(dir, "logs"), files: map[string]*liveFile{}, labels: &liveFile{f: labels}}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := os.WriteFile(filepath.Join(dir, "baseline.yaml"), []byte(live.Baseline()), 0o666); err != nil {
		return err
	}
	e.complain("", fmt.Sprintf("writing to %s what happens from %s UTC on", dir, clock.start.Format("2006-01-02 15:04")))
	tick := time.NewTicker(liveTick)
	defer tick.Stop()
	for {
		now := clock.at(e.now())
		chunks, complete, err := live.Until(now)
		if err != nil {
			return err
		}
		if err := w.write(chunks, complete); err != nil {
			return err
		}
		if now.After(live.End()) {
			e.complain("", fmt.Sprintf("the tenant has lived for %d days, which is all that it has planned; begin again with -clean", simulate.LiveDays))
			return nil
		}
		select {
		case <-ctx.Done():
			e.complain("", fmt.Sprintf("wrote %s, with %s", count(w.lines, "record"), count(w.attacks, "attack")))
			return nil
		case <-tick.C:
		}
	}
}

// A liveWriter adds to the files of logs.
type liveWriter struct {
	dir            string
	files          map[string]*liveFile // the newest one of each log
	labels         *liveFile
	lines, attacks int
}

// A liveFile grows by whole lines.
type liveFile struct {
	name string
	f    *os.File
}

// write writes lines in one call, and leaves nothing of them if it fails.
func (l *liveFile) write(lines []byte) error {
	end, err := l.f.Seek(0, 2)
	if err != nil {
		return err
	}
	if _, err = l.f.Write(lines); err != nil {
		return errors.Join(err, l.f.Truncate(end))
	}
	return nil
}

func (w *liveWriter) write(chunks []simulate.Chunk, labels []simulate.Label) error {
	for _, c := range chunks {
		file := w.files[c.Log]
		if file == nil || file.name != c.File {
			name := filepath.Join(w.dir, filepath.FromSlash(c.File))
			if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
				return err
			}
			f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
			if err != nil {
				return err
			}
			if file != nil {
				if err := file.f.Close(); err != nil {
					return err
				}
			}
			file = &liveFile{c.File, f}
			w.files[c.Log] = file
		}
		if err := file.write(c.Lines); err != nil {
			return err
		}
		w.lines += strings.Count(string(c.Lines), "\n")
	}
	var lines []byte
	for _, l := range labels {
		line, err := json.Marshal(l)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	w.attacks += len(labels)
	return w.labels.write(lines)
}

func (w *liveWriter) close() error {
	errs := []error{w.labels.f.Close()}
	for _, file := range w.files {
		errs = append(errs, file.f.Close())
	}
	return errors.Join(errs...)
}

func isPause(s string) error {
	var names []string
	for _, p := range attackPauses {
		names = append(names, p.name)
	}
	if !slices.Contains(names, s) {
		return errors.New("expected " + strings.Join(names, ", ") + didYouMean(s, names))
	}
	return nil
}

func pauseOf(name string) time.Duration {
	for _, p := range attackPauses {
		if p.name == name {
			return p.every
		}
	}
	return 8 * time.Hour
}
