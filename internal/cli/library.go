package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/rules"
	"github.com/entrawatch/entrawatch/sigma"
)

// builtinName stands before the paths of built-in rules.
const builtinName = "builtin"

// A library is the rules of a command line, and where they came from.
type library struct {
	detect.Library
	origins []origin
	// aside are sound rules that cannot be evaluated.
	aside []asideRule
}

type asideRule struct {
	*detect.Rule
	reason string
}

// An origin is a tree of rule files. name is its path as rules and messages
// have it.
type origin struct {
	fsys fs.FS
	root string // within fsys
	name string
}

var builtin = origin{rules.FS, ".", builtinName}

// originOf finds the folder or file that an argument names. problem says what
// is wrong with the argument.
func originOf(arg string) (o origin, problem string) {
	info, err := os.Stat(arg)
	switch {
	case os.IsNotExist(err):
		return o, arg + ": no such file or folder; expected Sigma rules, a folder or a .yml file"
	case err != nil:
		return o, err.Error()
	case info.IsDir():
		return origin{os.DirFS(arg), ".", path.Clean(filepath.ToSlash(arg))}, ""
	}
	if ext := filepath.Ext(arg); ext != ".yml" && ext != ".yaml" {
		return o, arg + ": expected Sigma rules, a folder or a .yml file"
	}
	folder, name := filepath.Split(filepath.Clean(arg))
	if folder == "" {
		folder = "."
	}
	return origin{os.DirFS(folder), name, path.Clean(filepath.ToSlash(folder))}, ""
}

// add loads the rules of an origin. Sound ones are kept when others are not.
func (l *library) add(o origin) error {
	before := l.size()
	l.origins = append(l.origins, o)
	err := l.Library.Add(o.fsys, o.root, o.name, o.name == builtinName)
	if err == nil && l.size() == before {
		return fmt.Errorf("%s: no rules in it; expected Sigma rules in files that end in .yml", o.path())
	}
	return err
}

// finish checks the rules against each other. Sound rules that use what cannot
// be evaluated are set aside: they must not keep the others from working.
func (l *library) finish() error {
	err := l.Finish()
	var usable []*detect.Rule
	for _, r := range l.Rules {
		if why := l.unusable(r); why != "" {
			l.aside = append(l.aside, asideRule{r, why})
			continue
		}
		usable = append(usable, r)
	}
	l.Rules = usable
	return err
}

// unusable says why a sound rule cannot be evaluated, or nothing.
func (l *library) unusable(r *detect.Rule) string {
	for _, in := range r.Inputs {
		if why := l.unusable(in); why != "" {
			return "its rule " + in.Slug + ": " + why
		}
	}
	if r.Match != nil {
		var u *sigma.UnsupportedError
		if _, err := r.Match.Expr(); errors.As(err, &u) {
			return u.Feature + " is not supported; " + u.Hint
		}
	}
	return ""
}

// borrow lets correlations refer to built-in rules that were not asked for.
func (l *library) borrow() {
	lender := &library{}
	if err := lender.add(builtin); err == nil {
		l.Borrow(&lender.Library)
	}
}

// all returns every rule, also those set aside, by slug.
func (l *library) all() []*detect.Rule {
	out := slices.DeleteFunc(slices.Clone(l.Rules), func(r *detect.Rule) bool { return r.Borrowed })
	for _, r := range l.aside {
		out = append(out, r.Rule)
	}
	slices.SortFunc(out, func(a, b *detect.Rule) int { return cmp.Compare(a.Slug, b.Slug) })
	return out
}

// inactive lists what stands in the library and is not evaluated.
func (l *library) inactive() []detect.Inactive {
	var out []detect.Inactive
	for _, r := range l.aside {
		out = append(out, detect.Inactive{Rule: r.Slug, Reason: r.reason})
	}
	return out
}

func (l *library) size() int { return len(l.Rules) + len(l.Filters) }

// path is the origin as the user named it.
func (o origin) path() string { return path.Join(o.name, o.root) }

// inside returns the path within the origin's file system of a file that rules
// call by the given name.
func (o origin) inside(file string) (name string, ok bool) {
	if o.name == "." {
		return file, fs.ValidPath(file)
	}
	name, ok = strings.CutPrefix(file, strings.TrimSuffix(o.name, "/")+"/")
	return name, ok && fs.ValidPath(name)
}

// read returns the text of a rule file, or of one beside it, by its name in
// messages.
func (l *library) read(file string) ([]byte, error) {
	err := fmt.Errorf("%s: %w", file, fs.ErrNotExist)
	for _, o := range l.origins {
		if name, ok := o.inside(file); ok {
			var data []byte
			if data, err = fs.ReadFile(o.fsys, name); err == nil {
				return data, nil
			}
		}
	}
	return nil, err
}

// ruleFlags are the flags that choose rules.
type ruleFlags struct {
	dirs      *[]string
	noBuiltin *bool
}

func (fs *flagSet) rules() ruleFlags {
	return ruleFlags{
		dirs:      fs.list("rules", "DIR", "adds the Sigma rules below a folder, or of one file; may be repeated"),
		noBuiltin: fs.on("no-builtin", "leaves out the built-in rules"),
	}
}

// load loads the chosen rules. done tells that it failed, with the exit code.
func (r ruleFlags) load(fs *flagSet, noBuiltin bool) (lib *library, code int, done bool) {
	var from []origin
	if !noBuiltin {
		from = append(from, builtin)
	}
	for _, dir := range *r.dirs {
		o, problem := originOf(dir)
		if problem != "" {
			return nil, fs.usage("-rules %s", problem), true
		}
		from = append(from, o)
	}
	if len(from) == 0 {
		return nil, fs.usage("-no-builtin leaves no rules; name some with -rules DIR"), true
	}
	lib = &library{}
	failed := false
	for _, o := range from {
		if err := lib.add(o); err != nil {
			fs.e.fail(fs.Name(), err)
			failed = true
		}
	}
	if !failed {
		if err := lib.finish(); err != nil {
			fs.e.fail(fs.Name(), err)
			failed = true
		}
	}
	if failed {
		fs.e.complain(fs.Name(), "stopped because of the errors in rules above; correct them or leave these files out")
		return nil, exitFailed, true
	}
	return lib, 0, false
}
