package cli

import (
	"context"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/guide"
)

var guideHelp = help{
	about: `Lists what Microsoft's three security operations guides (user, privileged and consumer accounts) ask for: 133 rows of tables (U, P, C) and 126 recommendations (UX, PX, CX), what implements each, and whether it works with your baseline and on your logs.

States: active; inactive, an input of the baseline is missing; no data, a log is missing, or a column of it is empty in all records; not licensed, the records say that the licence hides it; not computable, the formats of the logs lack a field; not implemented, this version does not do it. Without logs every log is taken to be there.`,
	usage: []string{"[flags] [FILE|FOLDER|- ...]"},
	examples: []example{
		{"entrawatch guide", "What this version covers, without a baseline."},
		{"entrawatch guide -baseline baseline.yaml logs/", "What works for you, and what is missing."},
		{"entrawatch guide -state inactive,no-data -baseline baseline.yaml logs/", "What you could still have."},
		{"entrawatch guide -json", "One object per line: id, slug, implemented_by, state, reason."},
	},
	exits: []string{"done", "something failed, or could not be read or understood", "the command line is wrong"},
}

func runGuide(e *env, args []string) int {
	fs := newFlags(e, "guide", guideHelp)
	base := fs.text("baseline", "FILE", "what is normal for you; \"entrawatch baseline init\" writes one to start from", nil)
	tenant := fs.text("tenant", "ID", "the tenant of records that name none; default: home_tenant_id of the baseline", isTenant)
	states := fs.text("state", "LIST", "only entries in these states, with commas between: active, inactive, no-data, not-licensed, not-computable, not-implemented", areStates)
	asJSON := fs.on("json", "prints one JSON object per line")
	html := fs.text("html", "FILE", "writes a page to read, print and pass on", nil)
	paths, code, done := fs.parse(args)
	if done {
		return code
	}
	lib := &library{}
	if err := lib.add(builtin); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := lib.finish(); err != nil {
		return e.fail(fs.Name(), err)
	}
	var b *baseline.Baseline
	if *base != "" {
		if b, code, done = loadBaseline(fs, *base, "-baseline "); done {
			return code
		}
	}
	rules, code, err := activity(fs, lib, b, paths, strings.ToLower(*tenant))
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	all, err := statuses(lib, b, rules)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	shown := slices.DeleteFunc(slices.Clone(all), func(s guide.Status) bool { return *states != "" && !slices.Contains(stateList(*states), s.State) })
	if err := printGuide(e, shown, *asJSON); err != nil {
		return e.fail(fs.Name(), err)
	}
	if *html != "" {
		if err := writeGuidePage(*html, e.now(), all); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	e.complain("", guideTotals(all))
	return code
}

// areStates wants states as -state has them.
func areStates(s string) error {
	for _, name := range stateList(s) {
		if !slices.Contains(guide.States, name) {
			dashed := make([]string, len(guide.States))
			for i, state := range guide.States {
				dashed[i] = strings.ReplaceAll(state, " ", "-")
			}
			return &stateError{strings.ReplaceAll(name, " ", "-"), dashed}
		}
	}
	return nil
}

type stateError struct {
	name   string
	states []string
}

func (e *stateError) Error() string {
	return "states are " + strings.Join(e.states, ", ") + didYouMean(e.name, e.states)
}

func stateList(s string) []string {
	var out []string
	for name := range strings.SplitSeq(s, ",") {
		out = append(out, strings.ReplaceAll(strings.TrimSpace(name), "-", " "))
	}
	return out
}

// activity says which rules work: on the logs that paths name, or without any
// on logs of every kind.
func activity(fs *flagSet, lib *library, b *baseline.Baseline, paths []string, tenant string) (rules app.RuleSummary, code int, err error) {
	if len(paths) == 0 {
		rules, err = onEveryLog(lib, b)
		return rules, exitDone, err
	}
	res, code, err := scanFor(fs, app.ScanConfig{Paths: paths, Rules: lib.Rules, Baseline: b, Tenant: tenant, Columns: true})
	if err != nil {
		return rules, code, err
	}
	defer res.Close()
	return res.Summary.Rules, code, nil
}

// scanFor scans logs for a command that wants to know about them. The code says
// whether all was understood.
func scanFor(fs *flagSet, cfg app.ScanConfig) (res *app.Result, code int, err error) {
	if res, err = scanQuietly(fs, cfg); err != nil {
		return nil, exitFailed, err
	}
	if !res.Summary.Complete() {
		code = exitFailed
		fs.e.complain(fs.Name(), "not all was understood; \"entrawatch scan\" on the same logs says what")
	}
	return res, code, nil
}

// scanQuietly scans without a word about what was not understood.
func scanQuietly(fs *flagSet, cfg app.ScanConfig) (*app.Result, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	clear := fs.e.progress(&cfg)
	res, err := app.Scan(ctx, cfg)
	clear()
	return res, err
}

// statuses says how each entry stands.
func statuses(lib *library, b *baseline.Baseline, rules app.RuleSummary) ([]guide.Status, error) {
	entries, err := guide.Entries(lib.Rules)
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	for _, r := range rules.Inactive {
		reasons[r.Rule] = r.Reason
	}
	facts := guide.Facts{
		Rule:  func(slug string) string { return reasons[slug] },
		Input: func(name string) bool { return hasInput(b, name) },
	}
	out := make([]guide.Status, len(entries))
	for i := range entries {
		out[i] = entries[i].Status(facts)
	}
	return out, nil
}

// hasInput reports whether some tenant of the baseline has an input.
func hasInput(b *baseline.Baseline, name string) bool {
	if b == nil {
		return false
	}
	ids := []string{b.HomeTenantID()}
	for _, t := range b.Tenants() {
		ids = append(ids, t.ID)
	}
	return slices.ContainsFunc(ids, func(id string) bool { return b.View(id, nil).Has(name) })
}

var stateStyle = map[string]style{guide.Active: green, guide.Inactive: yellow, guide.NoData: yellow, guide.NotLicensed: yellow, guide.NotComputable: yellow, guide.NotImplemented: dim}

func printGuide(e *env, all []guide.Status, asJSON bool) error {
	t := &table{head: []string{"ENTRY", "STATE", "IMPLEMENTED BY, AND WHAT IS MISSING"}, style: func(column int, text string) style {
		if column == 1 {
			return stateStyle[text]
		}
		return plain
	}}
	for i := range all {
		s := &all[i]
		if asJSON {
			if err := writeJSON(e.stdout, s, ""); err != nil {
				return err
			}
			continue
		}
		t.row(s.ID+" "+s.Slug, s.State, guideRemark(s))
	}
	if asJSON || len(t.rows) == 0 {
		return nil
	}
	return t.write(e.stdout, e.out)
}

// guideRemark is what implements an entry and what keeps it from working.
func guideRemark(s *guide.Status) string {
	remark := strings.Join(s.ImplementedBy, ", ")
	if s.Reason != "" {
		if remark != "" {
			remark += ": "
		}
		remark += s.Reason
	}
	return remark
}

// guideTotals counts the entries by state.
func guideTotals(all []guide.Status) string {
	var parts []string
	for _, state := range guide.States {
		n := 0
		for i := range all {
			if all[i].State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, number(n)+" "+state)
		}
	}
	return count(len(all), "entry") + ": " + strings.Join(parts, ", ")
}

// onEveryLog says which rules work with a baseline on logs of every kind and
// format.
func onEveryLog(lib *library, b *baseline.Baseline) (app.RuleSummary, error) {
	engine, err := detect.New(detect.Config{Rules: lib.Rules, Baseline: b})
	if err != nil {
		return app.RuleSummary{}, err
	}
	var tenants []string
	if b != nil {
		for _, t := range b.Tenants() {
			tenants = append(tenants, t.ID)
		}
	}
	return everyLog(engine, tenants), nil
}
