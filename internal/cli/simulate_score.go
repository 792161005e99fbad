package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

var simulateScoreHelp = help{
	about: `Holds the alerts of "scan -json" against the labels of a simulation: which attacks were found, which were missed, which alerted below their limit, and which alerts belong to no attack, by rule and day. An attack is found if an alert names one of its rows of the guides and one of its entities, no further from it in time than the period of the rule.`,
	usage: []string{"ALERTS -labels FILE [flags]"},
	examples: []example{
		{"entrawatch simulate score alerts.jsonl -labels demo/labels.jsonl", "For people."},
		{"entrawatch simulate score -json alerts.jsonl -labels demo/labels.jsonl", "One object: recall, missed, partly, loud, false."},
		{"entrawatch simulate score -require-recall 1.0 alerts.jsonl -labels demo/labels.jsonl", "Fails when an attack was missed."},
	},
	exits: []string{"done", "the recall is below what -require-recall wants, or a file cannot be read", "the command line is wrong"},
}

func runSimulateScore(e *env, args []string) int {
	fs := newFlags(e, "simulate score", simulateScoreHelp)
	file := fs.text("labels", "FILE", "labels.jsonl of the simulation", nil)
	required := fs.text("require-recall", "RATIO", "exits with 1 if a smaller part of the attacks was found, from 0 to 1", isRatio)
	asJSON := fs.on("json", "prints one JSON object")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) != 1:
		return fs.usage("expected one file of alerts; \"entrawatch scan -json … > alerts.jsonl\" writes one")
	case *file == "":
		return fs.usage("expected the labels of the simulation; name them with -labels FILE")
	}
	alerts, err := readLines(others[0], "an alert of scan -json", func(a *simulate.Alert) bool { return a.Schema == 1 && a.Rule != "" })
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	labels, err := readLines(*file, "a label of simulate", func(l *simulate.Label) bool {
		return l.Attack != "" && (l.Must == simulate.MustAlert || l.Must == simulate.MustSilent)
	})
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	span, err := spans()
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	v := simulate.Judge(alerts, labels, span)
	show := printVerdict
	if *asJSON {
		show = func(e *env, v *simulate.Verdict) error { return writeJSON(e.stdout, v, "") }
	}
	if err := show(e, &v); err != nil {
		return e.fail(fs.Name(), err)
	}
	if *required != "" {
		if want, _ := strconv.ParseFloat(*required, 64); v.Recall < want {
			e.complain(fs.Name(), fmt.Sprintf("recall is %.3f; -require-recall wants %s", v.Recall, *required))
			return exitFailed
		}
	}
	return exitDone
}

// spans returns how far apart a rule joins events: its period.
func spans() (func(rule string) time.Duration, error) {
	lib := &library{}
	if err := lib.add(builtin); err != nil {
		return nil, err
	}
	if err := lib.finish(); err != nil {
		return nil, err
	}
	periods := map[string]time.Duration{}
	for _, r := range lib.Rules {
		periods[r.Slug] = r.Period()
	}
	return func(rule string) time.Duration {
		if d, ok := periods[rule]; ok {
			return d
		}
		return detect.DefaultPeriod
	}, nil
}

// readLines reads a file of one JSON object a line.
func readLines[T any](name, what string, sound func(*T) bool) (out []T, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, errors.New(missing(name, err))
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s:%d: expected %s as one JSON object: %w", name, n, what, err)
		}
		if !sound(&v) {
			return nil, fmt.Errorf("%s:%d: expected %s; it lacks what one has", name, n, what)
		}
		out = append(out, v)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

func isRatio(s string) error {
	if f, err := strconv.ParseFloat(s, 64); err != nil || !(f >= 0 && f <= 1) {
		return errors.New("expected a number from 0 to 1")
	}
	return nil
}

func printVerdict(e *env, v *simulate.Verdict) error {
	out := bufio.NewWriter(e.stdout)
	line := func(format string, args ...any) { fmt.Fprintln(out, clean(fmt.Sprintf(format, args...))) }
	line("recall       %.3f: %d of %s found", v.Recall, v.Found, count(v.Attacks, "attack"))
	line("silent       %d of %d below their limit alerted", len(v.Loud), v.Silent)
	line("false alerts %d of %d", v.FalseAlerts, v.Alerts)
	section := func(title string, n int, each func(i int)) {
		if n == 0 {
			return
		}
		line("")
		line("%s", title)
		for i := range n {
			each(i)
		}
	}
	section("Missed", len(v.Missed), func(i int) {
		l := v.Missed[i]
		line("  %-36s %s  %s", labelName(l.Attack, l.Variant), strings.Join(l.Rows, " "), l.First.Format(time.RFC3339))
	})
	section("Found, but not by all rows", len(v.Partly), func(i int) {
		p := v.Partly[i]
		line("  %-36s silent: %s", labelName(p.Attack, p.Variant), strings.Join(p.Rows, " "))
	})
	section("Alerted below the limit", len(v.Loud), func(i int) {
		line("  %-36s %s", labelName(v.Loud[i].Attack, v.Loud[i].Variant), strings.Join(v.Loud[i].Rows, " "))
	})
	section("False alerts", len(v.False), func(i int) {
		f := v.False[i]
		line("  %10s  %4d  %s: %s", f.Day, f.Count, f.Rule, f.Example)
	})
	return out.Flush()
}

func labelName(attack, variant string) string {
	if variant == "" {
		return attack
	}
	return attack + " (" + variant + ")"
}
