package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

var baselineInitHelp = help{
	about: "Writes a starting baseline: valid as it is, with every common input explained and commented out. Take away the # before a line that you fill in.",
	usage: []string{"[-o FILE]"},
	examples: []example{
		{"entrawatch baseline init -o baseline.yaml", "Writes a new file; one that exists is left alone."},
		{"entrawatch baseline init | less", "Shows what can be said."},
	},
	exits: []string{"done", "the file exists or cannot be written", "the command line is wrong"},
}

func runBaselineInit(e *env, args []string) int {
	fs := newFlags(e, "baseline init", baselineInitHelp)
	out := fs.text("o", "FILE", "writes to a new file instead of standard output", nil)
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return fs.usage("unexpected argument %q; to write to a file, say -o %s", others[0], others[0])
	}
	if *out == "" {
		if _, err := e.stdout.Write(baseline.Template()); err != nil {
			return e.fail(fs.Name(), err)
		}
		return exitDone
	}
	if err := create(*out, baseline.Template()); err != nil {
		return e.fail(fs.Name(), err)
	}
	e.complain("", fmt.Sprintf("wrote %s; fill it in, then: entrawatch baseline check %s", *out, *out))
	return exitDone
}

// create writes a file that must not exist yet.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: exists already and is left alone; name another file", path)
	}
	if err != nil {
		return errors.New(missing(path, err))
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
