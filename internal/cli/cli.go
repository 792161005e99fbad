// Package cli is the command line: one file per command, and one table of
// them. It parses flags, calls app and the core packages, and prints: data on
// stdout, talk on stderr. It is the frame's outermost part and decides nothing
// about logs or rules.
package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Exit codes.
const (
	exitDone   = 0 // everything was read and understood
	exitFailed = 1 // something failed, or was not understood
	exitUsage  = 2 // the command line is wrong
	exitAlerts = 3 // scan -fail-on: there are such alerts
)

// An env is what a command may touch.
type env struct {
	stdout, stderr io.Writer
	now            func() time.Time
	out, talk      screen // what stdout and stderr are shown on
}

// A command is one line of the table.
type command struct {
	name, short string
	run         func(e *env, args []string) int
}

func commands() []command {
	return []command{
		{"scan", "read logs and print alerts", runScan},
		{"serve", "watch sources of logs and raise alerts", runServe},
		{"status", "say how the running service fares, and what to do", runStatus},
		{"doctor", "look whether the service can do what it is configured for", runDoctor},
		{"rules", "list, show, check and test rules", runRules},
		{"baseline", "draft, check and compare baselines", runBaseline},
		{"report", "answer questions about logs", runReport},
		{"config", "write, check and show the configuration of the service", runConfig},
		{"guide", "say what of Microsoft's guides is covered", runGuide},
		{"hunt", "ask questions in SQL about stored events", runHunt},
		{"lake", "import, check, export and erase stored events", runLake},
		{"simulate", "write an invented tenant with attacks, score alerts", runSimulate},
		{"version", "print the version", runVersion},
	}
}

// Main runs the command line and returns its exit code. Standard input is read
// where logs are, by the file source.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdout: stdout, stderr: stderr, now: time.Now, out: screenOf(stdout), talk: screenOf(stderr)}
	if len(args) > 0 && (args[0] == "-version" || args[0] == "--version") {
		args = append([]string{"version"}, args[1:]...)
	}
	return dispatch(e, "entrawatch", topHelp, commands(), args)
}

const topHelp = `entrawatch watches Microsoft Entra ID. It reads the logs that an organisation
already has, compares them with what the organisation calls normal, and prints
alerts that a person can act on.

Examples:
  entrawatch scan signins.json                  what in it deserves a look
  entrawatch baseline init -o baseline.yaml     write down what is normal
  entrawatch scan -baseline baseline.yaml logs  compare a folder with that
  entrawatch rules list                         what it looks for
  entrawatch guide -baseline baseline.yaml      what of Microsoft's guides works
`

// dispatch picks the command that args name.
func dispatch(e *env, name, about string, table []command, args []string) int {
	usage := func(w io.Writer) {
		width := 10
		for _, c := range table {
			width = max(width, len(c.name)+1)
		}
		fmt.Fprintf(w, "%s\nUsage:\n  %s COMMAND [flags] [arguments]\n\nCommands:\n", about, name)
		for _, c := range table {
			fmt.Fprintf(w, "  %-*s%s\n", width, c.name, c.short)
		}
		fmt.Fprintf(w, "\n\"%s COMMAND -h\" explains a command.\n", name)
	}
	if len(args) == 0 {
		usage(e.stderr)
		return exitUsage
	}
	word := args[0]
	switch word {
	case "-h", "-help", "--help":
		usage(e.stdout)
		return exitDone
	case "help":
		if len(args) == 1 {
			usage(e.stdout)
			return exitDone
		}
		return dispatch(e, name, about, table, append(slices.Clone(args[1:]), "-h"))
	}
	names := make([]string, len(table))
	for i, c := range table {
		if c.name == word {
			return c.run(e, args[1:])
		}
		names[i] = c.name
	}
	what := "unknown command"
	if strings.HasPrefix(word, "-") {
		what = "expected a command instead of"
	}
	e.complain(name, fmt.Sprintf("%s %q; commands are %s%s", what, word, strings.Join(names, ", "), didYouMean(word, names)))
	e.complain("", fmt.Sprintf("\"%s -h\" explains them.", name))
	return exitUsage
}

// complain prints a message on stderr. Text from files is part of messages, so
// it is cleaned.
func (e *env) complain(who, message string) {
	for line := range strings.SplitSeq(strings.TrimRight(message, "\n"), "\n") {
		if who != "" {
			line = who + ": " + line
		}
		fmt.Fprintln(e.stderr, clean(line))
	}
}

// fail prints an error, one line for each of its parts.
func (e *env) fail(who string, err error) int {
	e.complain(who, err.Error())
	return exitFailed
}
