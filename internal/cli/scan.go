package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/source/dns"
)

var scanHelp = help{
	about: `Reads Entra ID logs, matches them against rules, and prints what deserves a look, most severe first.

Files are recognised by their content: JSON and CSV as Microsoft Graph, the Entra admin center, Azure Monitor (Event Hubs, storage), Log Analytics, Sentinel and the unified audit log export them; also gzip and zstd. Folders are read with all that is in them, "-" is standard input. Directory snapshots among the input (users, groups, role assignments) resolve group: and role: in the baseline.`,
	usage: []string{"[flags] FILE|FOLDER|- ..."},
	examples: []example{
		{"entrawatch scan signins.json", "What in one export deserves a look."},
		{"entrawatch scan -baseline baseline.yaml -html report.html logs/", "Compares a folder with what is normal for you; writes a page to pass on."},
		{"entrawatch scan -since 7d -fail-on high logs/ -json > alerts.jsonl", "The last seven days for another program; exit code 3 asks for a person."},
		{"zcat hub-*.gz | entrawatch scan - -directory users.json", "Reads a pipe; the snapshot says who is in which group."},
	},
	exits: []string{
		"done, and everything was understood",
		"something failed, could not be read or was not understood; alerts of the rest are printed all the same",
		"the command line is wrong",
		"-fail-on: there are such alerts (also when something was not understood)",
	},
}

// A scanCommand is a scan with its flags.
type scanCommand struct {
	*flagSet
	paths     []string
	directory *[]string
	since     *string
	until     *string
	asOf      *string
	previous  *string
	resolve   *bool
	tenant    *string
	workers   *int

	baseline *string
	rules    ruleFlags
	generic  *bool

	json, csv                 *bool
	html, summary, quarantine *string
	failOn                    *string

	standing *standing // nil: no -previous
}

func runScan(e *env, args []string) int {
	c := &scanCommand{flagSet: newFlags(e, "scan", scanHelp)}
	c.group("What to read")
	c.since, c.until = c.flagSet.period()
	c.asOf = c.text("as-of", "TIME", "the time that snapshots show: 2026-11-02T08:00:00Z or 2026-11-02; default: that of the newest event in the input, else the date of the newest file with a snapshot", nil)
	c.directory = c.list("directory", "FILE", "a directory snapshot beside the input; may be repeated")
	c.tenant = c.text("tenant", "ID", "the tenant of records that name none; default: home_tenant_id of the baseline", isTenant)
	c.group("What to compare with")
	c.baseline = c.text("baseline", "FILE", "what is normal for you; \"entrawatch baseline init\" writes one to start from", nil)
	c.rules = c.flagSet.rules()
	c.generic = c.on("generic", "reads any JSON objects, without knowledge of Entra ID, and matches the rules of -rules whatever their log source; built-in rules are left out")
	c.previous = c.text("previous", "FILE", "what an earlier scan printed with -json: findings in the directory are told to be new, standing as before, or resolved", nil)
	c.group("What to write")
	c.json = c.on("json", "prints alerts as JSON, one a line")
	c.csv = c.on("csv", "prints alerts as CSV for a spreadsheet")
	c.html = c.text("html", "FILE", "writes a report to read, print and pass on: one page, no other files", nil)
	c.summary = c.text("summary", "FILE", "writes what was read, what was not understood and which rules worked, as JSON", nil)
	c.quarantine = c.text("quarantine", "FILE", "writes every record that was not understood, with file, line and reason, as JSON lines", nil)
	c.failOn = c.text("fail-on", "LEVEL", "exit code 3 if there are alerts of LEVEL or above: critical, high, medium, low, informational", isLevel)
	c.group("How")
	c.resolve = c.on("resolve", "asks the name servers of this machine whether the domains of redirect URIs exist; nothing else is ever asked of the network")
	c.workers = c.number("workers", "N", "uses N cores; default: all. The result is the same")
	paths, code, done := c.parse(args)
	if done {
		return code
	}
	c.paths = paths
	return c.run()
}

// period declares -since and -until.
func (fs *flagSet) period() (since, until *string) {
	return fs.text("since", "TIME", "leaves out events before TIME: 2026-11-02T08:00:00Z, 2026-11-02 (its first moment, UTC), or 7d, 24h, 90m back from now", nil),
		fs.text("until", "TIME", "leaves out events at TIME and later", nil)
}

func isLevel(s string) error {
	if slices.Contains(alert.Levels, s) {
		return nil
	}
	return fmt.Errorf("levels are %s%s", strings.Join(alert.Levels, ", "), didYouMean(s, alert.Levels))
}

// isTenant wants the form of a tenant id: a domain would never equal what
// records hold.
func isTenant(s string) error {
	ok := len(s) == 36
	for i := 0; ok && i < len(s); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			ok = s[i] == '-'
		} else {
			ok = strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0
		}
	}
	if !ok {
		return errors.New("expected the id of a tenant, such as 4bbb79f7-5724-4c9e-95f3-de075f6ec090; the overview of the Entra admin center shows it")
	}
	return nil
}

// moment reads the argument of -since and -until.
func moment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	if d, err := detect.ParseSpan(s); err == nil {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-11-02T08:00:00Z, 2026-11-02, or a span back from now such as 7d", s)
}

// between reads the arguments of -since and -until.
func between(since, until string, now time.Time) (from, to time.Time, problem string) {
	from, err := moment(since, now)
	if err != nil {
		return from, to, "-since " + err.Error()
	}
	if to, err = moment(until, now); err != nil {
		return from, to, "-until " + err.Error()
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, fmt.Sprintf("-since %s is not before -until %s; exchange them", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	}
	return from, to, ""
}

// check finds what is wrong with the command line as a whole.
func (c *scanCommand) check(cfg *app.ScanConfig) (problem string) {
	if cfg.Since, cfg.Until, problem = between(*c.since, *c.until, c.e.now()); problem != "" {
		return problem
	}
	var err error
	if cfg.AsOf, err = moment(*c.asOf, c.e.now()); err != nil {
		return "-as-of " + err.Error()
	}
	switch {
	case len(c.paths) == 0:
		return "nothing to read; name files or folders with logs, or - for standard input"
	case *c.json && *c.csv:
		return "-json and -csv exclude each other; choose one, or scan twice"
	case *c.generic && len(*c.rules.dirs) == 0:
		return "-generic needs rules of yours; name them with -rules DIR"
	}
	for _, name := range *c.directory {
		if _, err := os.Stat(name); err != nil {
			return "-directory " + missing(name, err) + "; expected pages of users, groups, role assignments … from Microsoft Graph"
		}
	}
	cfg.Paths, cfg.Directory, cfg.Generic = c.paths, *c.directory, *c.generic
	cfg.Tenant, cfg.Workers, cfg.Quarantine = strings.ToLower(*c.tenant), *c.workers, *c.quarantine != ""
	return ""
}

// missing says why a file cannot be used, without the name of a system call.
func missing(name string, err error) string {
	if pe := new(os.PathError); errors.As(err, &pe) {
		err = pe.Err
	}
	if os.IsNotExist(err) {
		return name + ": no such file"
	}
	return name + ": " + err.Error()
}

func (c *scanCommand) run() int {
	cfg := app.ScanConfig{}
	if problem := c.check(&cfg); problem != "" {
		return c.usage("%s", problem)
	}
	outputs, problem := c.outputs()
	if problem != "" {
		return c.usage("%s", problem)
	}
	lib, code, done := c.rules.load(c.flagSet, *c.rules.noBuiltin || *c.generic)
	if done {
		return code
	}
	cfg.Rules = lib.Rules
	if *c.resolve {
		cfg.Resolver = &dns.Resolver{}
	}
	if *c.previous != "" { // a wrong file is told of before a long scan
		if _, err := readAlerts(*c.previous); err != nil {
			return c.usage("-previous %v", err)
		}
	}
	if *c.baseline != "" {
		if cfg.Baseline, code, done = loadBaseline(c.flagSet, *c.baseline, "-baseline "); done {
			return code
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	unhook := context.AfterFunc(ctx, func() {
		stop() // the next signal ends the process
		c.e.complain(c.Name(), "interrupted, stopping; interrupt again to stop at once")
	})
	defer unhook()

	clear := c.e.progress(&cfg)
	res, err := app.Scan(ctx, cfg)
	clear()
	if err == nil {
		defer res.Close()
	}
	if ctx.Err() != nil {
		return c.interrupted()
	}
	if err != nil {
		return c.e.fail(c.Name(), err)
	}
	if *c.previous != "" {
		if c.standing, err = newStanding(*c.previous, lib.Rules); err != nil {
			return c.e.fail(c.Name(), err)
		}
	}
	res.Summary.Rules.Inactive = append(res.Summary.Rules.Inactive, lib.inactive()...)
	return c.report(ctx, res, outputs)
}

func (c *scanCommand) interrupted() int {
	c.e.complain(c.Name(), "interrupted: what was printed is not complete, and no files were written")
	return exitFailed
}

// report prints and writes what was found.
func (c *scanCommand) report(ctx context.Context, res *app.Result, outputs []output) int {
	var print printer
	switch {
	case *c.json:
		print = newJSONPrinter(c.e)
	case *c.csv:
		print = newCSVPrinter(c.e)
	default:
		print = newTablePrinter(c.e, res.Summary.Rules.Active)
	}
	failed := !res.Summary.Complete()
	page := newPage(c.e.now(), res)
	for a, err := range res.Alerts() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			if c.standing != nil {
				c.standing.mark(a)
			}
			err = print.alert(a)
		}
		if ctx.Err() != nil {
			return c.interrupted()
		}
		if err != nil {
			return c.e.fail(c.Name(), fmt.Errorf("print the alerts: %w", err))
		}
		page.add(a)
	}
	var resolved []*alert.Alert
	if c.standing != nil {
		resolved = c.standing.end(&res.Summary)
	}
	for _, a := range resolved {
		if err := print.alert(a); err != nil {
			return c.e.fail(c.Name(), fmt.Errorf("print the alerts: %w", err))
		}
	}
	if err := print.end(); err != nil {
		return c.e.fail(c.Name(), fmt.Errorf("print the alerts: %w", err))
	}
	for _, o := range outputs {
		if err := o.write(res, page); err != nil {
			c.e.complain(c.Name(), "write "+err.Error())
			failed = true
		}
	}
	closing(c.e, res)
	if c.standing != nil {
		c.standing.say(c.e)
	}
	if level := *c.failOn; level != "" {
		for _, l := range alert.Levels[:alert.Rank(level)+1] {
			if res.Summary.Alerts[l] > 0 {
				return exitAlerts
			}
		}
	}
	if failed {
		return exitFailed
	}
	return exitDone
}

// loadBaseline reads a baseline file; flag says which argument named it. Files
// that the baseline refers to are looked for beside it.
func loadBaseline(fs *flagSet, name, flag string) (b *baseline.Baseline, code int, done bool) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fs.usage("%s%s; \"entrawatch baseline init\" writes one to start from", flag, missing(name, err)), true
	}
	b, err = baseline.Parse(name, data, func(other string) ([]byte, error) {
		if !filepath.IsAbs(other) {
			other = filepath.Join(filepath.Dir(name), other)
		}
		data, err := os.ReadFile(other)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(missing(other, err), other+": "))
		}
		return data, nil
	})
	if err != nil {
		return nil, fs.e.fail(fs.Name(), err), true
	}
	return b, 0, false
}
