// Package cli is the command line: one file per command, and one table of
// them. It parses flags, calls app and the core packages, and prints.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// Exit codes.
const (
	exitDone   = 0 // everything was read and understood
	exitFailed = 1 // something could not be read or understood
	exitUsage  = 2 // the command line is wrong
	exitAlerts = 3 // scan -fail-on: there are such alerts
)

// An env is what a command may touch.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// A command is one line of the table.
type command struct {
	name, short string
	run         func(e *env, args []string) int
}

func commands() []command {
	return []command{
		{"scan", "read logs and print alerts", runScan},
		{"rules", "list, show, check and test rules", runRules},
		{"baseline", "write a starting baseline, check one", runBaseline},
		{"version", "print the version", runVersion},
	}
}

// Main runs the command line and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin, stdout, stderr}
	return dispatch(e, "entrawatch", topUsage, commands(), args)
}

const topUsage = `entrawatch watches Microsoft Entra ID: it reads the logs that an organisation
already has, compares them with what the organisation calls normal, and prints
alerts that a person can act on.

    entrawatch scan signins.json                 what in it deserves a look
    entrawatch scan -baseline b.yaml logs/       compare with your normal
    entrawatch baseline init > baseline.yaml     write down your normal
    entrawatch rules list                        what it looks for
`

// dispatch picks the command that args name.
func dispatch(e *env, name, about string, table []command, args []string) int {
	usage := func(w io.Writer) {
		fmt.Fprintf(w, "%s\nUsage: %s COMMAND [flags] [arguments]\n\nCommands:\n", about, name)
		for _, c := range table {
			fmt.Fprintf(w, "  %-10s %s\n", c.name, c.short)
		}
		fmt.Fprintf(w, "\n%s COMMAND -h tells more.\n", name)
	}
	if len(args) == 0 {
		usage(e.stderr)
		return exitUsage
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		usage(e.stdout)
		return exitDone
	}
	for _, c := range table {
		if c.name == args[0] {
			return c.run(e, args[1:])
		}
	}
	names := make([]string, len(table))
	for i, c := range table {
		names[i] = c.name
	}
	fmt.Fprintf(e.stderr, "%s: unknown command %q; commands are %s\n", name, args[0], strings.Join(names, ", "))
	return exitUsage
}

// flags returns a flag set that prints usage in our way.
func flags(e *env, name, usage string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	_ = usage
	return fs
}

// parse parses args. done tells that the command has nothing left to do and
// should return code.
func parse(e *env, fs *flag.FlagSet, usage string, args []string) (code int, done bool) {
	err := fs.Parse(args)
	switch {
	case err == nil:
		return 0, false
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.stdout, usage)
		fmt.Fprint(e.stdout, "\nFlags:\n")
		fs.SetOutput(e.stdout)
		fs.PrintDefaults()
		return exitDone, true
	}
	fmt.Fprintf(e.stderr, "%s: %v\n%s -h lists the flags.\n", fs.Name(), err, fs.Name())
	return exitUsage, true
}

// fail prints an error, one line for each of its parts.
func fail(e *env, name string, err error) int {
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		fmt.Fprintf(e.stderr, "%s: %s\n", name, line)
	}
	return exitFailed
}

func readFile(name string) ([]byte, error) { return os.ReadFile(name) }
