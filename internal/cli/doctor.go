package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/source"
)

var doctorHelp = help{
	about: `Looks whether the service can do what it is configured for, before it starts or while it runs: configuration, baseline and rules; the data folder, its speed and its room; state and lake; each outlet; and each source, with the connection, the sign-in, the permission and licence for each log, the clock, and certificates and signatures that end. What is wrong comes with what mends it.

It changes nothing, and sends no alert. Run it as the user of the service and with its environment: what root may do, that user may not. Notices are what works and will not for ever, or what is right and may not be meant.`,
	usage: []string{"[-config FILE] [-json]"},
	examples: []example{
		{"entrawatch doctor -config /etc/entrawatch/entrawatch.yaml", "All of it."},
		{"entrawatch doctor -json | grep '\"ok\":false'", "One object a line: part, stream, what, ok, problem, hint, note, and notice where it is one."},
	},
	exits: []string{"all is well, notices apart", "there are problems", "the command line is wrong, or there is no such file"},
}

func runDoctor(e *env, args []string) int {
	flags := newFlags(e, "doctor", doctorHelp)
	name := flags.text("config", "FILE", "the configuration, instead of "+configName, nil)
	asJSON := flags.on("json", "prints one JSON object per line")
	others, code, done := flags.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return flags.usage("unexpected argument %q; the configuration is named with -config", others[0])
	}
	if *name == "" {
		*name = configName
	}
	r := &doctorReport{e: e, json: *asJSON, line: progressLine{e: e}}
	cfg, err := config.Read(*name, os.LookupEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return flags.usage("%v; \"entrawatch config init\" writes one", err)
	}
	if err != nil {
		for _, err := range errorsOf(err) {
			r.problem("configuration", *name, err)
		}
		e.complain("", "nothing else was looked at: the configuration comes first")
		return r.end()
	}
	r.configuration(*name, cfg)
	r.rules(cfg)

	ctx, stop := flags.interruptible()
	defer stop()
	d := &app.Doctor{Config: cfg}
	if e.talk.terminal {
		d.Waiting = r.waiting
	}
	if err := d.Examine(ctx, r.tell); errors.Is(err, context.Canceled) {
		e.complain(flags.Name(), "interrupted; the rest was not looked at")
		_ = r.end()
		return exitFailed
	}
	return r.end()
}

// errorsOf are the errors that one holds.
func errorsOf(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// A doctorReport prints findings as they come.
type doctorReport struct {
	e    *env
	json bool
	line progressLine
	part string // that was printed last
	err  error  // of printing

	well, notices, problems int
}

// configuration tells of a configuration that is right.
func (r *doctorReport) configuration(name string, cfg *config.Config) {
	r.tell(app.Finding{Part: "configuration", Check: source.Check{What: name, Note: count(len(cfg.Sources), "source") + ", " + count(len(cfg.Outlets), "outlet")}})
	for _, n := range cfg.Notices {
		c := located(name, errors.New(n))
		c.Notice = true
		r.tell(app.Finding{Part: "configuration", Check: c})
	}
	if len(cfg.Sources) == 0 {
		r.tell(app.Finding{Part: "configuration", Check: source.Check{What: "sources", Notice: true, Problem: &source.Problem{What: "none is configured: nothing arrives", Hint: "name one under sources"}}})
	}
}

// rules looks at baseline and rules, by the code that serve has for it.
func (r *doctorReport) rules(cfg *config.Config) {
	var said bytes.Buffer
	quiet := *r.e
	quiet.stderr = &said
	flags := newFlags(&quiet, "doctor", doctorHelp)
	failed := func(part, what string) bool {
		for line := range strings.Lines(said.String()) {
			line = strings.TrimPrefix(strings.TrimSpace(line), flags.Name()+": ")
			if !strings.HasPrefix(line, "stopped because") && !strings.HasPrefix(line, `"`) {
				r.problem(part, what, errors.New(line))
			}
		}
		any := said.Len() > 0
		said.Reset()
		return any
	}
	var known *baseline.Baseline
	if cfg.Baseline != "" {
		known, _, _ = loadBaseline(flags, string(cfg.Baseline), "")
		if !failed("baseline", string(cfg.Baseline)) {
			r.tell(app.Finding{Part: "baseline", Check: source.Check{What: string(cfg.Baseline), Note: "it is right"}})
		}
	}
	var dirs []string
	for _, dir := range cfg.Rules {
		dirs = append(dirs, string(dir))
	}
	lib, _, _ := (ruleFlags{dirs: &dirs}).load(flags, false)
	if failed("rules", "loading") || lib == nil {
		return
	}
	engine, err := detect.New(detect.Config{Rules: lib.Rules, Baseline: known})
	if err != nil {
		r.problem("rules", "loading", err)
		return
	}
	c := source.Check{What: "loading"}
	active, idle := engine.Activity(everything(), homeOf(known))
	c.Note = count(len(active)+len(idle)+len(lib.aside), "rule")
	if n := len(idle) + len(lib.aside); n > 0 {
		c.Note += fmt.Sprintf("; %s %s inactive whatever arrives, mostly for want of baseline inputs: \"entrawatch guide -baseline FILE\" says which", number(n), plural(n, "is", "are"))
	}
	r.tell(app.Finding{Part: "rules", Check: c})
}

// everything is the input that holds all kinds of events in all formats.
func everything() map[event.Kind]map[event.Format]bool {
	all := map[event.Kind]map[event.Format]bool{}
	for k := event.Kind(1); k < event.NumKinds; k++ {
		all[k] = map[event.Format]bool{}
		for f := event.Format(0); f < event.NumFormats; f++ {
			all[k][f] = true
		}
	}
	return all
}

func homeOf(b *baseline.Baseline) []string {
	if b == nil || b.HomeTenantID() == "" {
		return nil
	}
	return []string{b.HomeTenantID()}
}

func (r *doctorReport) problem(part, what string, err error) {
	r.tell(app.Finding{Part: part, Check: located(what, err)})
}

// fileLine is how errors about files begin.
var fileLine = regexp.MustCompile(`^([^\s:]+:\d+): (.+)$`)

// located makes an error a finding about the line that it names, or else about
// what was looked at.
func located(what string, err error) source.Check {
	text, hint := app.Advice(err)
	if m := fileLine.FindStringSubmatch(text); m != nil {
		what, text = m[1], m[2]
	}
	return source.Check{What: what, Problem: &source.Problem{What: text, Hint: hint}}
}

// A findingLine is a finding in JSON.
type findingLine struct {
	Part    string `json:"part"`
	Stream  string `json:"stream,omitempty"`
	What    string `json:"what"`
	OK      bool   `json:"ok"`
	Notice  bool   `json:"notice,omitempty"`
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Note    string `json:"note,omitempty"`
}

// tell prints a finding.
func (r *doctorReport) tell(f app.Finding) {
	r.line.clear()
	out := findingLine{Part: f.Part, Stream: f.Stream, What: f.What, OK: f.Problem == nil || f.Notice, Notice: f.Problem != nil && f.Notice, Note: f.Note}
	word, st := "ok", green
	if f.Problem != nil {
		text, hint := app.Advice(f.Problem)
		out.Hint = hint
		if f.Notice {
			out.Note = strings.TrimPrefix(out.Note+"; "+text, "; ")
		} else {
			out.Problem = text
		}
	}
	switch {
	case !out.OK:
		r.problems++
		word, st = "problem", red
	case out.Notice:
		r.notices++
		word, st = "notice", yellow
	default:
		r.well++
	}
	if r.json {
		r.keep(writeJSON(r.e.stdout, out, ""))
		return
	}
	if f.Part != r.part {
		if r.part != "" {
			r.print("\n")
		}
		r.part = f.Part
		r.print(r.e.out.paint(bold, clean(f.Part)) + "\n")
	}
	text := out.What
	for _, more := range []string{out.Problem, out.Note} {
		if more != "" {
			text += ": " + more
		}
	}
	const before = "  problem  "
	r.print("  " + r.e.out.paint(st, word) + strings.Repeat(" ", len(before)-2-len(word)) + strings.TrimLeft(r.fold(before, text), " "))
	if out.Hint != "" {
		r.print(r.fold(strings.Repeat(" ", len(before))+"→ ", out.Hint))
	}
}

// fold wraps a text on a terminal; elsewhere it is one line, for grep.
func (r *doctorReport) fold(prefix, text string) string {
	indent := strings.Repeat(" ", columns(prefix))
	if strings.HasSuffix(prefix, "→ ") {
		indent = prefix
	}
	if !r.e.out.terminal {
		return indent + clean(text) + "\n"
	}
	return paragraph(indent, clean(text), r.e.out.width)
}

func (r *doctorReport) print(text string) {
	_, err := fmt.Fprint(r.e.stdout, text)
	r.keep(err)
}

func (r *doctorReport) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// waiting says on a terminal what is not done yet.
func (r *doctorReport) waiting(parts []string, since time.Duration) {
	if since < time.Second {
		return
	}
	r.line.shown = true
	text := "Waiting for " + strings.Join(parts, ", ")
	fmt.Fprint(r.e.stderr, "\r"+wrap(clean(text), r.e.talk.width-12)[0]+", "+roughly(since)+"\x1b[K")
}

// end says how it went.
func (r *doctorReport) end() int {
	r.line.clear()
	if r.err != nil {
		return r.e.fail("entrawatch doctor", r.err)
	}
	r.e.complain("", fmt.Sprintf("%s: %s ok, %s, %s", count(r.well+r.notices+r.problems, "check"), number(r.well), count(r.notices, "notice"), count(r.problems, "problem")))
	if r.problems > 0 {
		return exitFailed
	}
	return exitDone
}
