package cli

import (
	"context"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

var baselineCheckHelp = help{
	about: `Checks a baseline strictly: unknown inputs, wrong types and contradictions are errors with their lines, all at once. Then says what it sets, and which rules work with it, given logs of every kind; or, given logs, which rules work on them and how many alerts there would have been, by rule and week, against alert_budget.

It also says what could be better. Too loose: a network of half the world, a wildcard that covers everybody, a pattern that every name fits. Given logs also what they never needed: countries, networks and accounts that were not met, approved actors who changed nothing, exceptions without which there are as many alerts; thresholds that hide what the built-in ones would show; and the inputs of the rule that breaks the budget. For exceptions and thresholds the logs are scanned again without them.`,
	usage: []string{"[flags] FILE [LOGS ...]", "-data DIR [flags] FILE"},
	examples: []example{
		{"entrawatch baseline check baseline.yaml", "Is it right, and what does it do?"},
		{"entrawatch baseline check baseline.yaml logs/", "Is it too tight? What would have alerted in the weeks of the logs."},
		{"entrawatch baseline check -data data -since 30d baseline.yaml", "The same with what the service has stored in thirty days."},
		{"entrawatch baseline check -rules my-rules -json baseline.yaml", "With rules of yours too; one JSON object."},
	},
	exits: []string{"the baseline is right", "it is not, or not all of the logs was understood", "the command line is wrong, or there is no such file"},
}

// A baselineReport is what `baseline check -json` prints.
type baselineReport struct {
	File    string   `json:"file"`
	Tenants []string `json:"tenants"`
	// Set lists the inputs that the file sets; Overridden those that it sets
	// for some tenant only.
	Set        []string        `json:"set"`
	Overridden []string        `json:"overridden"`
	Rules      app.RuleSummary `json:"rules"`
	// Alerts is how many there would have been, if there are logs.
	Alerts *volume `json:"alerts,omitempty"`
	// Advice is what could be better; without logs only what the file shows.
	Advice []advice `json:"advice"`
}

func runBaselineCheck(e *env, args []string) int {
	fs := newFlags(e, "baseline check", baselineCheckHelp)
	chosen := fs.rules()
	data := fs.text("data", "DIR", "the folder of the service: its lake instead of logs", nil)
	since, until := fs.period()
	asJSON := fs.on("json", "prints one JSON object: file, tenants, set, overridden, rules, advice, and alerts if there are logs")
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) == 0 {
		return fs.usage("expected a baseline file, and logs if there are some; \"entrawatch baseline init\" writes one to start from")
	}
	lib, code, done := chosen.load(fs, *chosen.noBuiltin)
	if done {
		return code
	}
	b, code, done := loadBaseline(fs, others[0], "")
	if done {
		return code
	}
	cfg := app.ScanConfig{Paths: others[1:], Rules: lib.Rules, Baseline: b}
	var problem string
	if cfg.Since, cfg.Until, problem = between(*since, *until, e.now()); problem != "" {
		return fs.usage("%s", problem)
	}
	if *data != "" {
		if len(others) > 1 {
			return fs.usage("-data and logs exclude each other: the lake is read instead of logs")
		}
		d, err := openLake(context.Background(), *data, reading)
		if err != nil {
			return e.fail(fs.Name(), err)
		}
		defer d.close()
		cfg.Lake = &app.LakeInput{Lake: d.Lake, Files: d.files, All: true}
	}
	report, err := checkBaseline(others[0], b, lib)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	if len(cfg.Paths) > 0 || cfg.Lake != nil {
		if code, err = checkLogs(fs, report, lib, cfg); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	if *asJSON {
		if err := writeJSON(e.stdout, report, ""); err != nil {
			return e.fail(fs.Name(), err)
		}
		return code
	}
	s := &sheet{screen: e.out}
	s.say("", others[0]+" is right.")
	s.WriteByte('\n')
	s.fact("sets", listOr(report.Set, "nothing"))
	if len(report.Overridden) > 0 {
		s.fact("overrides", strings.Join(report.Overridden, ", "))
	}
	if len(report.Tenants) > 0 {
		s.fact("tenants", strings.Join(report.Tenants, ", "))
	}
	active, all := len(report.Rules.Active), len(report.Rules.Active)+len(report.Rules.Inactive)
	where := " with it"
	if report.Alerts != nil {
		where = " with it on these logs"
	}
	s.head(number(active) + " of " + count(all, "rule") + plural(active, " works", " work") + where)
	for _, g := range reasons(report.Rules.Inactive) {
		if len(g.Parts) == 0 {
			s.say("  - ", g.Reason+": "+strings.Join(g.Rules, ", "))
			continue
		}
		s.say("  - ", count(len(g.Rules), "rule")+" "+g.Reason+":")
		for _, part := range g.Parts {
			s.say("      ", part.Reason+": "+strings.Join(part.Rules, ", "))
		}
	}
	if _, err := e.stdout.Write([]byte(s.String())); err != nil {
		return e.fail(fs.Name(), err)
	}
	if report.Alerts != nil {
		if err := report.Alerts.write(e); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	if err := writeAdvice(e, report.Advice); err != nil {
		return e.fail(fs.Name(), err)
	}
	return code
}

// checkLogs says which rules work on logs, and counts what would have alerted.
func checkLogs(fs *flagSet, report *baselineReport, lib *library, cfg app.ScanConfig) (code int, err error) {
	res, code, err := scanFor(fs, cfg)
	if err != nil {
		return code, err
	}
	defer res.Close()
	report.Rules = res.Summary.Rules
	report.Rules.Inactive = append(report.Rules.Inactive, lib.inactive()...)
	if report.Alerts, err = measure(res, cfg.Baseline); err != nil {
		return code, err
	}
	if slices.Contains(cfg.Paths, "-") {
		fs.e.complain(fs.Name(), "what the logs never needed is not looked for: standard input can be read only once")
		return code, nil
	}
	a := &adviser{fs: fs, cfg: cfg, now: report.Alerts, lib: lib, base: cfg.Baseline}
	advice, err := a.advise()
	report.Advice = append(report.Advice, advice...)
	return code, err
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

// checkBaseline says what a sound baseline sets and which rules work with it on
// logs of every kind and format.
func checkBaseline(file string, b *baseline.Baseline, lib *library) (*baselineReport, error) {
	report := &baselineReport{File: file, Tenants: []string{}, Set: []string{}, Overridden: []string{}, Advice: looseAdvice(b)}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Inputs  map[string]yaml.Node `yaml:",inline"`
		Tenants []struct {
			Overrides map[string]yaml.Node `yaml:"overrides"`
		} `yaml:"tenants"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	for _, in := range baseline.Inputs() {
		if in.Name == "tenants" {
			continue
		}
		if sets(doc.Inputs, in.Name) {
			report.Set = append(report.Set, in.Name)
		}
		for _, t := range doc.Tenants {
			if sets(t.Overrides, in.Name) {
				report.Overridden = append(report.Overridden, in.Name)
				break
			}
		}
	}
	engine, err := detect.New(detect.Config{Rules: lib.Rules, Baseline: b})
	if err != nil {
		return nil, err
	}
	tenants := []string{}
	for _, t := range b.Tenants() {
		tenants = append(tenants, t.ID)
		name := t.ID
		if t.Name != "" {
			name = t.Name
		}
		report.Tenants = append(report.Tenants, name+" ("+t.Kind+")")
	}
	report.Rules = everyLog(engine, tenants)
	report.Rules.Inactive = append(report.Rules.Inactive, lib.inactive()...)
	return report, nil
}

// everyLog says which rules work if there are logs of every kind and format.
func everyLog(engine *detect.Engine, tenants []string) app.RuleSummary {
	seen := map[event.Kind]map[event.Format]bool{}
	for k := range event.NumKinds {
		seen[k] = map[event.Format]bool{}
		for _, f := range event.FormatsOf(k) {
			seen[k][f] = true
		}
	}
	var rules app.RuleSummary
	rules.Active, rules.Inactive = engine.Activity(seen, tenants)
	rules.Active = orEmpty(rules.Active)
	if rules.Inactive == nil {
		rules.Inactive = []detect.Inactive{}
	}
	return rules
}

// sets reports whether a mapping of inputs has one, given its full name.
func sets(inputs map[string]yaml.Node, name string) bool {
	group, part, nested := strings.Cut(name, ".")
	node, ok := inputs[group]
	if !ok || !nested {
		return ok
	}
	var parts map[string]yaml.Node
	if node.Decode(&parts) != nil {
		return false
	}
	_, ok = parts[part]
	return ok
}
