package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A flagSet is the flags and the help of one command. Flags are declared in
// groups, in the order in which the help shows them, and may stand before and
// behind other arguments.
type flagSet struct {
	*flag.FlagSet
	e    *env
	help help
	docs []flagDoc
	// wrong is what is wrong with an argument of a flag.
	wrong string
}

// A help is what -h prints beside the flags.
type help struct {
	about    string // what the command does, and what one should know of it
	usage    []string
	examples []example
	exits    []string // from exit code 0 up; "" = not used
}

// An example is a command line with what it is good for.
type example struct{ line, why string }

// A flagDoc is a line of the help: a flag, or the title of a group.
type flagDoc struct {
	name, arg, text string
	title           bool
}

func newFlags(e *env, name string, h help) *flagSet {
	fs := &flagSet{FlagSet: flag.NewFlagSet("entrawatch "+name, flag.ContinueOnError), e: e, help: h}
	fs.SetOutput(io.Discard)
	return fs
}

// group begins a group of flags.
func (fs *flagSet) group(title string) {
	fs.docs = append(fs.docs, flagDoc{text: title, title: true})
}

// text declares a flag with an argument that may be given once. check may be nil.
func (fs *flagSet) text(name, arg, text string, check func(string) error) *string {
	out, given := "", false
	fs.declare(name, arg, text, func(s string) error {
		if given {
			return fmt.Errorf("given twice; it was %q before", out)
		}
		if check != nil {
			if err := check(s); err != nil {
				return err
			}
		}
		out, given = s, true
		return nil
	})
	return &out
}

// list declares a flag that may be given several times.
func (fs *flagSet) list(name, arg, text string) *[]string {
	var out []string
	fs.declare(name, arg, text, func(s string) error { out = append(out, s); return nil })
	return &out
}

// number declares a flag with a number from 1 up; 0 = not given.
func (fs *flagSet) number(name, arg, text string) *int {
	n := 0
	fs.declare(name, arg, text, func(s string) error {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			return errors.New("expected a number from 1 up")
		}
		return nil
	})
	return &n
}

// on declares a flag without an argument.
func (fs *flagSet) on(name, text string) *bool {
	out := false
	fs.declare(name, "", text, func(s string) error {
		var err error
		if out, err = strconv.ParseBool(s); err != nil {
			return errors.New("takes no value")
		}
		return nil
	})
	return &out
}

func (fs *flagSet) declare(name, arg, text string, set func(string) error) {
	fs.docs = append(fs.docs, flagDoc{name: name, arg: arg, text: text})
	fs.Var(&value{fs, name, arg == "", set}, name, "")
}

// A value is a flag as package flag sees it. What is wrong with an argument is
// kept in the flagSet, because package flag only hands on a sentence of its own.
type value struct {
	fs   *flagSet
	name string
	bare bool // takes no argument
	set  func(string) error
}

func (v *value) String() string   { return "" }
func (v *value) IsBoolFlag() bool { return v.bare }

func (v *value) Set(s string) error {
	err := v.set(s)
	if s == "" {
		err = errors.New("empty; is a variable of the shell not set?")
	}
	if err != nil {
		v.fs.wrong = fmt.Sprintf("-%s %q: %v", v.name, s, err)
	}
	return err
}

// parse reads flags and other arguments in any order; "--" ends the flags. done
// tells that the command has nothing left to do and returns code.
func (fs *flagSet) parse(args []string) (others []string, code int, done bool) {
	for {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(fs.e.stdout, fs.helpText())
			return nil, exitDone, true
		} else if err != nil {
			return nil, fs.usage("%s", fs.explain(err)), true
		}
		rest := fs.Args()
		if used := len(args) - len(rest); used > 0 && args[used-1] == "--" {
			return append(others, rest...), 0, false
		}
		if len(rest) == 0 {
			return others, 0, false
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}

// explain says what package flag says, with what to do.
func (fs *flagSet) explain(err error) string {
	if fs.wrong != "" {
		return fs.wrong
	}
	msg := err.Error()
	if name, ok := strings.CutPrefix(msg, "flag provided but not defined: -"); ok {
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		if hint := didYouMean(name, names); hint != "" {
			return "unknown flag -" + name + strings.Replace(hint, "mean ", "mean -", 1)
		}
		return "unknown flag -" + name + "; a file of that name is written ./-" + name
	}
	if name, ok := strings.CutPrefix(msg, "flag needs an argument: -"); ok {
		for _, d := range fs.docs {
			if d.name == name && !d.title {
				return "-" + name + " needs an argument; write -" + name + " " + d.arg
			}
		}
	}
	return msg
}

// usage complains about the command line.
func (fs *flagSet) usage(format string, args ...any) int {
	fs.e.complain(fs.Name(), fmt.Sprintf(format, args...))
	fs.e.complain("", fmt.Sprintf("%q explains the command.", fs.Name()+" -h"))
	return exitUsage
}

// helpText is what -h prints.
func (fs *flagSet) helpText() string {
	var b strings.Builder
	for i, p := range strings.Split(strings.TrimSpace(fs.help.about), "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(paragraph("", p, helpWidth))
	}
	b.WriteString("\nUsage:\n")
	for _, u := range fs.help.usage {
		b.WriteString("  " + fs.Name() + strings.TrimRight(" "+u, " ") + "\n")
	}
	b.WriteString("\nExamples:\n")
	for _, x := range fs.help.examples {
		b.WriteString("  " + x.line + "\n" + paragraph("      ", x.why, helpWidth))
	}
	for i, d := range fs.docs {
		if d.title {
			b.WriteString("\n" + d.text + ":\n")
			continue
		}
		if i == 0 {
			b.WriteString("\nFlags:\n")
		}
		head := strings.TrimRight("  -"+d.name+" "+d.arg, " ")
		if columns(head) > flagColumn-2 {
			b.WriteString(head + "\n")
			head = ""
		}
		b.WriteString(paragraph(pad(head, flagColumn), d.text, helpWidth))
	}
	b.WriteString("\nExit codes:\n")
	for code, text := range fs.help.exits {
		if text != "" {
			b.WriteString(paragraph(fmt.Sprintf("  %d  ", code), text, helpWidth))
		}
	}
	return b.String()
}

// flagColumn is where the explanation of a flag begins.
const flagColumn = 22
