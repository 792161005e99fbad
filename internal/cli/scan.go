package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/rules"
)

type list []string

func (l *list) String() string     { return fmt.Sprint([]string(*l)) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func runScan(e *env, args []string) int {
	const usage = "Usage: entrawatch scan [flags] FILE|FOLDER|- …\n"
	fs := flags(e, "entrawatch scan", usage)
	asJSON := fs.Bool("json", false, "one alert per line as JSON")
	base := fs.String("baseline", "", "baseline `file`")
	noBuiltin := fs.Bool("no-builtin", false, "")
	generic := fs.Bool("generic", false, "")
	summary := fs.String("summary", "", "")
	tenant := fs.String("tenant", "", "")
	workers := fs.Int("workers", 0, "")
	var ruleDirs list
	fs.Var(&ruleDirs, "rules", "")
	if code, done := parse(e, fs, usage, args); done {
		return code
	}
	lib := &detect.Library{}
	if !*noBuiltin {
		if err := lib.Add(rules.FS, ".", "builtin", true); err != nil {
			return fail(e, fs.Name(), err)
		}
	}
	for _, d := range ruleDirs {
		if err := lib.Add(os.DirFS(d), ".", d, false); err != nil {
			return fail(e, fs.Name(), err)
		}
	}
	if err := lib.Finish(); err != nil {
		return fail(e, fs.Name(), err)
	}
	var b *baseline.Baseline
	if *base != "" {
		data, err := os.ReadFile(*base)
		if err != nil {
			return fail(e, fs.Name(), err)
		}
		if b, err = baseline.Parse(*base, data, readFile); err != nil {
			return fail(e, fs.Name(), err)
		}
	}
	t0 := time.Now()
	res, err := app.Scan(context.Background(), app.ScanConfig{Paths: fs.Args(), Rules: lib.Rules, Baseline: b, Generic: *generic, Tenant: *tenant, Workers: *workers})
	if err != nil {
		return fail(e, fs.Name(), err)
	}
	defer res.Close()
	enc := json.NewEncoder(e.stdout)
	for a, err := range res.Alerts() {
		if err != nil {
			return fail(e, fs.Name(), err)
		}
		if *asJSON {
			enc.Encode(a)
		} else {
			fmt.Fprintf(e.stdout, "%-8s %s %4d %-40s %s\n", a.Severity, a.First, a.Count, a.Rule, a.Summary)
		}
	}
	if *summary != "" {
		data, _ := json.MarshalIndent(res.Summary, "", " ")
		os.WriteFile(*summary, data, 0o644)
	}
	fmt.Fprintln(e.stderr, time.Since(t0), res.Summary.Events, res.Summary.Undecodable, res.Summary.Alerts, "dup", res.Summary.Duplicates)
	for _, n := range res.Notices {
		fmt.Fprintln(e.stderr, n)
	}
	if !res.Summary.Complete() {
		return exitFailed
	}
	return 0
}

func runRules(e *env, args []string) int    { return 0 }
func runBaseline(e *env, args []string) int { return 0 }
func runVersion(e *env, args []string) int  { return 0 }

var _ io.Reader
