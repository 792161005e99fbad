package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/learn"
)

var baselineLearnHelp = help{
	about: `Drafts a baseline from logs and directory snapshots, in every format that scan reads. Each value stands on a line of its own with its evidence: how many users, on how many days, how many events. Read it, delete what is not meant to be normal, and add what logs cannot say.

Proposed is what different users did on different days, never what was only frequent: an attacker who was loud for a day must not become normal. Failures, risky sign-ins and addresses that a risk names teach nothing. What falls short is listed in comments, with the reason. Thresholds are measured by scanning the logs with greater and greater ones.`,
	usage: []string{"[flags] LOGS ..."},
	examples: []example{
		{"entrawatch baseline learn -o draft.yaml logs/", "Writes a new file; one that exists is left alone."},
		{"entrawatch baseline learn -since 30d logs/ | less", "Looks at the last 30 days only."},
		{"entrawatch baseline learn -from baseline.yaml logs/", "Proposes only what baseline.yaml does not set."},
	},
	exits: []string{"done", "something failed, or not all of the logs was understood", "the command line is wrong, or there is no such file"},
}

func runBaselineLearn(e *env, args []string) int {
	fs := newFlags(e, "baseline learn", baselineLearnHelp)
	out := fs.text("o", "FILE", "writes to a new file instead of standard output", nil)
	from := fs.text("from", "BASELINE", "a baseline whose inputs are decided: they are used, and left out of the draft", nil)
	tenant := fs.text("tenant", "ID", "the tenant of records that name none; default: home_tenant_id of BASELINE, else the tenant of most records", isTenant)
	since, until := fs.period()
	logs, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(logs) == 0 {
		return fs.usage("expected logs: files, folders, or - for standard input")
	}
	l := &lesson{fs: fs, cfg: app.ScanConfig{Paths: logs, Tenant: strings.ToLower(*tenant)}}
	var problem string
	if l.cfg.Since, l.cfg.Until, problem = between(*since, *until, e.now()); problem != "" {
		return fs.usage("%s", problem)
	}
	if *from != "" {
		l.fromName = *from
		if l.from, code, done = loadBaseline(fs, *from, "-from "); done {
			return code
		}
	}
	if _, err := os.Lstat(*out); *out != "" && err == nil {
		return e.fail(fs.Name(), fmt.Errorf("%s: exists already and is left alone; name another file", *out))
	}
	text, code, err := l.draft()
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if *out == "" {
		if _, err := e.stdout.Write(text); err != nil {
			return e.fail(fs.Name(), err)
		}
		return code
	}
	if err := create(*out, text); err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", fmt.Sprintf("wrote %s, a draft: read it, then: entrawatch baseline check %s %s", *out, *out, strings.Join(logs, " ")))
	return code
}

// A lesson is one run of the command.
type lesson struct {
	fs       *flagSet
	cfg      app.ScanConfig
	from     *baseline.Baseline // nil: none
	fromName string
	learned  *app.Learned
}

// draft learns and returns the file.
func (l *lesson) draft() (text []byte, code int, err error) {
	if code, err = l.learn(); err != nil {
		return nil, code, err
	}
	d := l.propose()
	b, err := baseline.Parse("draft", d.Write(), nil)
	if err != nil {
		return nil, exitFailed, fmt.Errorf("the draft is not a baseline, which is a fault of entrawatch: %w", err)
	}
	if l.from != nil {
		b = b.Over(l.from)
	}
	if slices.Contains(l.cfg.Paths, "-") {
		l.fs.e.complain(l.fs.Name(), "thresholds are not measured: standard input can be read only once")
	} else if d.Measures, err = l.thresholds(b); err != nil {
		return nil, exitFailed, err
	}
	text = d.Write()
	if _, err = baseline.Parse("draft", text, nil); err != nil {
		return nil, exitFailed, fmt.Errorf("the draft is not a baseline, which is a fault of entrawatch: %w", err)
	}
	return text, code, nil
}

func (l *lesson) learn() (code int, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg := l.cfg
	cfg.Baseline = l.from
	clear := l.fs.e.progress(&cfg)
	l.learned, err = app.Learn(ctx, cfg)
	clear()
	if err != nil {
		return exitFailed, err
	}
	for _, p := range l.learned.Problems {
		l.fs.e.complain(l.fs.Name(), p)
	}
	if l.learned.Bad > 0 || len(l.learned.Problems) > 0 {
		code = exitFailed
		l.fs.e.complain(l.fs.Name(), "not all was understood; \"entrawatch scan\" on the same logs says what")
	}
	if len(l.learned.Tally.Events) == 0 {
		return exitFailed, errors.New("no log entries and no directory objects to learn from; name exported logs, or a wider -since")
	}
	return code, nil
}

// propose makes the draft without thresholds.
func (l *lesson) propose() *learn.Draft {
	r := l.learned
	d := &learn.Draft{Home: guid(r.Home), Period: [2]time.Time{r.Tally.First, r.Tally.Last}, From: l.fromName, Kinds: map[string]string{}, Others: map[string][]learn.Block{}}
	if l.from != nil {
		d.Decided = l.from.Sets
	}
	d.Blocks = learn.Propose(r.Profiles[r.Home], &r.Tally, r.Roles, true)
	d.Kinds[d.Home] = learn.Kind(r.Profiles[r.Home])
	for id, p := range r.Profiles {
		if id == r.Home || guid(id) == "" {
			continue
		}
		d.Others[id] = learn.Propose(p, &r.Tally, r.Roles, false)
		d.Kinds[id] = learn.Kind(p)
	}
	return d
}

func guid(id string) string {
	if isTenant(id) != nil {
		return ""
	}
	return id
}

// thresholds scans the logs with greater and greater thresholds and counts the
// alerts of the rules that read each.
func (l *lesson) thresholds(b *baseline.Baseline) ([]learn.Block, error) {
	lib := &library{}
	if err := lib.add(builtin); err != nil {
		return nil, err
	}
	if err := lib.finish(); err != nil {
		return nil, err
	}
	now := learn.Counted(b.View(b.HomeTenantID(), nil))
	readers, err := readersOf(lib.Rules, now)
	if err != nil {
		return nil, err
	}
	read := map[string]bool{}
	days := 0
	var rungs []learn.Rung
	for _, factor := range learn.Factors() {
		raised := b
		for name, t := range now {
			t, _ = learn.Raise(t, factor)
			raised = raised.WithThreshold(name, t)
		}
		cfg := l.cfg
		cfg.Rules, cfg.Baseline = lib.Rules, raised
		v, _, err := volumeOf(l.fs, cfg)
		if err != nil {
			return nil, err
		}
		days = v.Days
		rung := learn.Rung{Factor: factor, Alerts: map[string]int{}}
		for _, r := range v.Rules {
			for _, input := range readers[r.Rule] {
				rung.Alerts[input] += r.Total
			}
		}
		rungs = append(rungs, rung)
	}
	for _, inputs := range readers {
		for _, in := range inputs {
			read[in] = true
		}
	}
	return learn.Thresholds(now, rungs, read, days), nil
}

// readersOf returns, by rule, which of the inputs it reads.
func readersOf[V any](rules []*detect.Rule, inputs map[string]V) (map[string][]string, error) {
	engine, err := detect.New(detect.Config{Rules: rules})
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, c := range engine.Check() {
		for _, need := range c.Needs {
			for in := range strings.SplitSeq(need, "|") {
				if _, ok := inputs[in]; ok {
					out[c.Rule] = append(out[c.Rule], in)
				}
			}
		}
	}
	return out, nil
}

// volumeOf counts the alerts of a scan that is not shown.
func volumeOf(fs *flagSet, cfg app.ScanConfig) (v *volume, rules app.RuleSummary, err error) {
	res, err := scanQuietly(fs, cfg)
	if err != nil {
		return nil, rules, err
	}
	defer res.Close()
	v, err = measure(res, cfg.Baseline)
	return v, res.Summary.Rules, err
}
