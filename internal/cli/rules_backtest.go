package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/lake"
)

var rulesBacktestHelp = help{
	about: `Says what rules would have raised on the events that the lake has, by the code that scans: the records are read, matched and correlated anew. Without a rule all are tried. Only the logs that the rules look at are read. The service may run meanwhile.

A rule that learns, or that compares with a week ago, sees only the period that is read: begin it early enough.`,
	usage: []string{"[flags] [RULE ...]"},
	examples: []example{
		{"entrawatch rules backtest mfa-fraud-alert -since 30d", "What one rule would have raised in thirty days, with the configuration of the service."},
		{"entrawatch rules backtest -data data -baseline new.yaml -since 30d", "All rules, with a baseline that is not in force yet."},
		{"entrawatch rules backtest -rules my-rules vpn -since 2026-11-01 -until 2026-11-08 -json", "A rule of yours, in one week, for another program."},
	},
	exits: []string{"done, and everything was understood", "the lake or rules could not be read, or records were not understood", "the command line is wrong, or there is no such rule"},
}

// A backtest is a scan of the lake with its flags.
type backtest struct {
	*flagSet
	place        placeFlags
	rules        ruleFlags
	baseline     *string
	since, until *string
	json         *bool
	workers      *int
}

func runRulesBacktest(e *env, args []string) int {
	b := &backtest{flagSet: newFlags(e, "rules backtest", rulesBacktestHelp)}
	b.place = b.flagSet.place()
	b.since, b.until = b.period()
	b.rules = b.flagSet.rules()
	b.baseline = b.text("baseline", "FILE", "what is normal, instead of the baseline of the configuration", nil)
	b.json = b.on("json", "prints alerts as JSON, one a line")
	b.workers = b.number("workers", "N", "uses N cores; default: all. The result is the same")
	slugs, code, done := b.parse(args)
	if done {
		return code
	}
	return b.run(slugs)
}

func (b *backtest) run(slugs []string) int {
	place, code := b.place.find(b.flagSet)
	if place == nil {
		return code
	}
	cfg := app.ScanConfig{Workers: *b.workers}
	var problem string
	if cfg.Since, cfg.Until, problem = between(*b.since, *b.until, b.e.now()); problem != "" {
		return b.usage("%s", problem)
	}
	base := *b.baseline
	if c := place.config; c != nil {
		cfg.Tenant = c.Tenant
		if base == "" {
			base = string(c.Baseline)
		}
		for _, dir := range c.Rules {
			*b.rules.dirs = append(*b.rules.dirs, string(dir))
		}
	}
	lib, code, done := b.rules.load(b.flagSet, *b.rules.noBuiltin)
	if done {
		return code
	}
	cfg.Rules = lib.Rules
	if len(slugs) > 0 {
		if cfg.Rules, problem = withInputs(lib.Rules, slugs); problem != "" {
			return b.usage("%s", problem)
		}
	}
	if base != "" {
		if cfg.Baseline, code, done = loadBaseline(b.flagSet, base, ""); done {
			return code
		}
	}
	ctx, stop := b.interruptible()
	defer stop()
	d, err := place.lake(ctx)
	if err != nil {
		return b.e.fail(b.Name(), err)
	}
	defer d.close()
	cfg.Lake = &app.LakeInput{Lake: d.Lake, Files: d.files}
	clear := b.e.progress(&cfg)
	res, err := app.Scan(ctx, cfg)
	clear()
	if err != nil {
		return b.e.fail(b.Name(), err)
	}
	defer res.Close()
	return b.report(ctx, res, slugs)
}

// report prints the alerts of the rules that were named.
func (b *backtest) report(ctx context.Context, res *app.Result, slugs []string) int {
	var print printer = newTablePrinter(b.e, res.Summary.Rules.Active)
	if *b.json {
		print = newJSONPrinter(b.e)
	}
	n := 0
	for a, err := range res.Alerts() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && (len(slugs) == 0 || slices.Contains(slugs, a.Rule)) {
			n++
			err = print.alert(a)
		}
		if err != nil {
			return b.e.fail(b.Name(), fmt.Errorf("print the alerts: %w", err))
		}
	}
	if err := print.end(); err != nil {
		return b.e.fail(b.Name(), fmt.Errorf("print the alerts: %w", err))
	}
	s := &res.Summary
	for _, r := range s.Rules.Inactive {
		if len(slugs) > 0 && slices.Contains(slugs, r.Rule) {
			b.e.complain("", r.Rule+" is inactive: "+r.Reason)
		}
	}
	for _, notice := range res.Notices {
		b.e.complain("", "notice: "+notice)
	}
	events := 0
	for _, k := range s.Events {
		events += k
	}
	days := 0
	if s.First != nil {
		days = max(1, int(math.Ceil(s.Last.Sub(*s.First).Hours()/24)))
	}
	b.e.complain("", fmt.Sprintf("%s in %s from %s read", count(n, "alert"), count(days, "day"), count(events, "event")))
	if s.Complete() {
		return exitDone
	}
	for _, f := range s.Files {
		for _, u := range f.Undecodable {
			b.e.complain(b.Name(), u.Reason)
		}
	}
	b.e.complain(b.Name(), count(s.Undecodable, "record")+" of the lake could not be read any more")
	return exitFailed
}

// withInputs gives the rules of these names, and those that they read.
func withInputs(all []*detect.Rule, slugs []string) (out []*detect.Rule, problem string) {
	var add func(r *detect.Rule)
	add = func(r *detect.Rule) {
		if slices.Contains(out, r) {
			return
		}
		for _, in := range r.Inputs {
			add(in)
		}
		out = append(out, r)
	}
	for _, slug := range slugs {
		i := slices.IndexFunc(all, func(r *detect.Rule) bool { return r.Slug == slug })
		if i < 0 {
			return nil, fmt.Sprintf("there is no rule %q; \"entrawatch rules list\" lists them%s", slug, similar(slug, all))
		}
		add(all[i])
	}
	return out, ""
}

// lake opens the lake of a place for reading, beside the service.
func (p *servicePlace) lake(ctx context.Context) (*lakeData, error) {
	if p.elsewhere() == "" {
		return openLake(ctx, p.data, reading)
	}
	s, err := app.OpenState(ctx, p.config)
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(filepath.Join(p.data, "lake"), nil)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	files, err := s.Files(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close(), l.Close())
	}
	return &lakeData{Lake: l, reader: s, files: files}, nil
}
