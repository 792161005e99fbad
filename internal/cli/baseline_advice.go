package cli

import (
	"context"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
)

// The problems that a value can have.
const (
	unused   = "unused"    // the logs never needed it
	tooLoose = "too loose" // it lets nearly everything through
	tooTight = "too tight" // it raises more alerts than the budget allows
)

// An advice says what could be better about one input.
type advice struct {
	Problem string `json:"problem"`
	Tenant  string `json:"tenant,omitempty"` // whose override it is; "" for the file
	Input   string `json:"input"`
	Value   string `json:"value,omitempty"`
	Why     string `json:"why"`
}

// looseAdvice looks at the file alone.
func looseAdvice(b *baseline.Baseline) []advice {
	out := []advice{}
	for _, l := range b.Loose() {
		out = append(out, advice{tooLoose, l.Tenant, l.Input, l.Text, l.Why})
	}
	return out
}

// exceptions are the inputs that take something out of alerts and do nothing
// else.
func exceptions() []string {
	return []string{"standing_access_exceptions", "conditional_access_exceptions", "planned_changes", "single_factor_expected_apps"}
}

// An adviser holds a baseline against logs.
type adviser struct {
	fs   *flagSet
	cfg  app.ScanConfig
	now  *volume
	lib  *library
	base *baseline.Baseline
}

// advise says which values the logs never needed, which thresholds hide what
// the built-in ones would show, and what raises more alerts than the budget
// allows. Exceptions and thresholds are measured: the logs are scanned again
// without them.
func (a *adviser) advise() ([]advice, error) {
	out, err := a.unmet()
	if err != nil {
		return nil, err
	}
	for _, input := range exceptions() {
		if !a.sets(input) {
			continue
		}
		v, err := a.without(input)
		if err != nil {
			return nil, err
		}
		if v.total() == a.now.total() {
			out = append(out, advice{Problem: unused, Input: input, Why: "hid no alert: without it there are as many"})
		}
	}
	loose, err := a.deaf()
	if err != nil {
		return nil, err
	}
	tight, err := a.loud()
	return slices.Concat(out, loose, tight), err
}

func (a *adviser) sets(input string) bool {
	if a.base.Sets("", input) {
		return true
	}
	return slices.ContainsFunc(a.base.Tenants(), func(t baseline.Tenant) bool { return a.base.Sets(t.ID, input) })
}

// unmet lists the values of lists that no event met.
func (a *adviser) unmet() ([]advice, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	entries, err := app.Unused(ctx, a.cfg)
	var out []advice
	for _, e := range entries {
		why := "met nothing in these logs"
		switch {
		case e.Input == "allowed_countries":
			why = "no sign-in came from there"
		case strings.HasPrefix(e.Input, "approved_actors."):
			why = "changed nothing"
		}
		tenant := ""
		if a.base.Sets(e.Tenant, e.Input) && e.Tenant != "" {
			tenant = e.Tenant
		}
		out = append(out, advice{unused, tenant, e.Input, e.Text, why})
	}
	return out, err
}

// without scans as if some inputs were not set.
func (a *adviser) without(inputs ...string) (*volume, error) {
	cfg := a.cfg
	for _, input := range inputs {
		cfg.Baseline = cfg.Baseline.Without(input)
	}
	v, _, err := volumeOf(a.fs, cfg)
	return v, err
}

// deaf finds thresholds of the file whose rules are silent and would not be
// with the built-in value.
func (a *adviser) deaf() ([]advice, error) {
	set := map[string]bool{}
	for _, in := range baseline.Inputs() {
		if strings.HasPrefix(in.Name, "thresholds.") && in.Default != "" && a.sets(in.Name) {
			set[in.Name] = true
		}
	}
	if len(set) == 0 {
		return nil, nil
	}
	readers, err := readersOf(a.lib.Rules, set)
	if err != nil {
		return nil, err
	}
	v, err := a.without(names(set)...)
	if err != nil {
		return nil, err
	}
	now, then := a.now.byInput(readers), v.byInput(readers)
	var out []advice
	for _, input := range names(set) {
		if n := then[input]; now[input] == 0 && n > 0 {
			out = append(out, advice{Problem: tooLoose, Input: input, Why: "never reached: the rules that read it raised no alert, and " + count(n, "alert") + " with the built-in values"})
		}
	}
	return out, nil
}

// loud finds the rules that raise most of the alerts of a level with more than
// the budget allows, and names the inputs that would quieten them.
func (a *adviser) loud() ([]advice, error) {
	all := map[string]bool{}
	for _, in := range baseline.Inputs() {
		all[in.Name] = true
	}
	readers, err := readersOf(a.lib.Rules, all)
	if err != nil {
		return nil, err
	}
	var out []advice
	for i := range a.now.Levels {
		l := &a.now.Levels[i]
		if l.Over == 0 {
			continue
		}
		// Rules are in the order of how many alerts they raise.
		worst := slices.IndexFunc(a.now.Rules, func(r ruleVolume) bool { return r.Level == l.Level })
		if worst < 0 {
			continue
		}
		r := &a.now.Rules[worst]
		inputs := readers[r.Rule]
		why := fmt.Sprintf("%s raised %s of the %s of level %s, of which there are more than %s a day on %s", r.Rule, number(r.Total), count(l.Total, "alert"), l.Level, number(l.Budget), count(l.Over, "day"))
		if len(inputs) == 0 {
			out = append(out, advice{Problem: tooTight, Input: "alert_budget", Value: r.Rule, Why: why + "; it reads no input that could quieten it"})
			continue
		}
		out = append(out, advice{Problem: tooTight, Input: strings.Join(inputs, ", "), Value: r.Rule, Why: why})
	}
	return out, nil
}

func names(set map[string]bool) []string {
	var out []string
	for _, in := range baseline.Inputs() {
		if set[in.Name] {
			out = append(out, in.Name)
		}
	}
	return out
}

// total is how many alerts there would be.
func (v *volume) total() int {
	n := 0
	for _, r := range v.Rules {
		n += r.Total
	}
	return n
}

// byInput counts the alerts of the rules that read each input.
func (v *volume) byInput(readers map[string][]string) map[string]int {
	out := map[string]int{}
	for _, r := range v.Rules {
		for _, input := range readers[r.Rule] {
			out[input] += r.Total
		}
	}
	return out
}

// writeAdvice prints what could be better, by problem.
func writeAdvice(e *env, list []advice) error {
	s := &sheet{screen: e.out}
	for _, problem := range []struct{ name, title string }{
		{unused, "Never used by these logs"}, {tooLoose, "Too loose"}, {tooTight, "Too tight"},
	} {
		first := true
		for _, a := range list {
			if a.Problem != problem.name {
				continue
			}
			if first {
				s.head(problem.title)
				first = false
			}
			input := a.Input
			if a.Tenant != "" {
				input += " of tenant " + a.Tenant
			}
			if a.Value != "" && a.Problem != tooTight {
				input += ": " + a.Value
			}
			s.say("  - ", input+": "+a.Why)
		}
	}
	_, err := e.stdout.Write([]byte(s.String()))
	return err
}
