package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/setting"
)

const configAbout = `The configuration of the service says where logs come from, where what is seen is
kept, and who is told of alerts.

Examples:
  entrawatch config init -o entrawatch.yaml     a commented file to fill in
  entrawatch config check entrawatch.yaml       whether it is right
  entrawatch config show entrawatch.yaml        what is in force, with all defaults
`

func runConfig(e *env, args []string) int {
	return dispatch(e, "entrawatch config", configAbout, []command{
		{"init", "write a starting configuration", runConfigInit},
		{"check", "check a configuration", runConfigCheck},
		{"show", "print a configuration with its defaults", runConfigShow},
	}, args)
}

var configInitHelp = help{
	about: "Writes a starting configuration: right as it is, with every key explained and commented out. Take away the # before a line that you change.",
	usage: []string{"[-o FILE]"},
	examples: []example{
		{"entrawatch config init -o entrawatch.yaml", "Writes a new file; one that exists is left alone."},
		{"entrawatch config init | less", "Shows what can be said."},
	},
	exits: []string{"done", "the file exists or cannot be written", "the command line is wrong"},
}

func runConfigInit(e *env, args []string) int {
	fs := newFlags(e, "config init", configInitHelp)
	out := fs.text("o", "FILE", "writes to a new file instead of standard output", nil)
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return fs.usage("unexpected argument %q; to write to a file, say -o %s", others[0], others[0])
	}
	if *out == "" {
		if _, err := e.stdout.Write(config.Starting()); err != nil {
			return e.fail(fs.Name(), err)
		}
		return exitDone
	}
	if err := create(*out, config.Starting()); err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", fmt.Sprintf("wrote %s; fill it in, then: entrawatch config check %s", *out, *out))
	return exitDone
}

var configCheckHelp = help{
	about: "Checks a configuration: keys, values, contradictions, that the files and secrets that it names can be read, and that baseline and rules are right. " +
		"All that is wrong is told at once, with its line. What is right but may not be meant is told as well. No connection is made; that is the matter of \"entrawatch doctor\".",
	usage: []string{"FILE"},
	examples: []example{
		{"entrawatch config check entrawatch.yaml", "Run it before you restart the service, with the environment of the service."},
	},
	exits: []string{"it is right", "it, the baseline or a rule is not right", "the command line is wrong, or there is no such file"},
}

func runConfigCheck(e *env, args []string) int {
	flags := newFlags(e, "config check", configCheckHelp)
	cfg, name, code := readConfig(e, flags, args)
	if cfg == nil {
		return code
	}
	wrong := false
	if cfg.Baseline != "" {
		_, _, wrong = loadBaseline(flags, string(cfg.Baseline), "")
	}
	var dirs []string
	for _, dir := range cfg.Rules {
		dirs = append(dirs, string(dir))
	}
	if _, _, failed := (ruleFlags{dirs: &dirs}).load(flags, false); failed || wrong {
		return exitFailed
	}
	fmt.Fprintf(e.stdout, "%s is right.\n", name)
	return exitDone
}

var configShowHelp = help{
	about: "Prints a configuration as it is in force: with all defaults, and with paths as they are opened. Of secrets it prints where they are, never what they are. " +
		"The output is a configuration again, and means the same.",
	usage: []string{"FILE"},
	examples: []example{
		{"entrawatch config show entrawatch.yaml", "All that the service will do."},
	},
	exits: []string{"done", "the configuration is not right", "the command line is wrong, or there is no such file"},
}

func runConfigShow(e *env, args []string) int {
	flags := newFlags(e, "config show", configShowHelp)
	cfg, _, code := readConfig(e, flags, args)
	if cfg == nil {
		return code
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(setting.Node(cfg)), enc.Close()); err != nil {
		return e.fail(flags.Name(), err)
	}
	if _, err := e.stdout.Write(b.Bytes()); err != nil {
		return e.fail(flags.Name(), err)
	}
	return exitDone
}

// readConfig reads the configuration that arguments name, and tells of what is
// wrong with it. cfg is nil when there is nothing more to do.
func readConfig(e *env, flags *flagSet, args []string) (cfg *config.Config, name string, code int) {
	others, code, done := flags.parse(args)
	if done {
		return nil, "", code
	}
	if len(others) != 1 {
		return nil, "", flags.usage("expected the file of a configuration; \"entrawatch config init\" writes one")
	}
	cfg, err := config.Read(others[0], os.LookupEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", flags.usage("%v; \"entrawatch config init\" writes one", err)
	}
	if err != nil {
		return nil, "", e.fail(flags.Name(), err)
	}
	for _, n := range cfg.Notices {
		e.complain("", "notice: "+n)
	}
	return cfg, others[0], exitDone
}
