package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/entrawatch/entrawatch"
	root   = "../.."
)

// impure are the packages of the standard library that core packages must not
// touch: what reads or writes outside, and what logs.
var impure = []string{"os", "os/exec", "os/signal", "net", "net/http", "log", "log/slog", "database/sql"}

// vague are names that say nothing about what a package does.
var vague = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "models", "base", "pkg", "lib"}

// A row is one line of the table in ARCHITECTURE.md.
type row struct {
	sort      string
	imports   []string // packages of the module, relative to it
	libraries []string // modules
}

// A pkg is a folder with Go files.
type pkg struct {
	files map[string]*ast.File // by name
}

func (p *pkg) sources(tests bool) []*ast.File {
	var out []*ast.File
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		if strings.HasSuffix(name, "_test.go") == tests {
			out = append(out, p.files[name])
		}
	}
	return out
}

func imports(files []*ast.File) []string {
	seen := map[string]bool{}
	for _, f := range files {
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			seen[p] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// readTable reads the import table, and the list of what tests may use beyond.
func readTable(t *testing.T) (rows map[string]row, testLibraries []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows, testLibraries, err = parseTable(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return rows, testLibraries
}

var quoted = regexp.MustCompile("`([^`]+)`")

func names(cell string) []string {
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func parseTable(text string) (rows map[string]row, testLibraries []string, err error) {
	_, section, ok := strings.Cut(text, "\n## Imports\n")
	if !ok {
		return nil, nil, fmt.Errorf("there is no section Imports")
	}
	_, tests, ok := strings.Cut(section, "\nTests may import")
	if !ok {
		return nil, nil, fmt.Errorf("nothing says what tests may import")
	}
	testLibraries = names(tests)
	rows = map[string]row{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name := names(cells[0])
		if len(cells) != 4 || len(name) != 1 {
			return nil, nil, fmt.Errorf("not a row of the table: %s", line)
		}
		if _, twice := rows[name[0]]; twice {
			return nil, nil, fmt.Errorf("%s has two rows", name[0])
		}
		rows[name[0]] = row{strings.TrimSpace(cells[1]), names(cells[2]), names(cells[3])}
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("the table is empty")
	}
	return rows, testLibraries, nil
}

// readPackages parses every Go file of the module.
func readPackages(t *testing.T) map[string]*pkg {
	t.Helper()
	out := map[string]*pkg{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if p != root && (name == "testdata" || name[0] == '.' || name[0] == '_') {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if out[name] == nil {
			out[name] = &pkg{map[string]*ast.File{}}
		}
		out[name].files[d.Name()] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if out["."] == nil || out["internal/arch"] == nil {
		t.Fatalf("found only %v", slices.Sorted(maps.Keys(out)))
	}
	return out
}

// local returns the path within the module of one of its packages.
func local(imp string) (string, bool) {
	if imp == module {
		return ".", true
	}
	return strings.CutPrefix(imp, module+"/")
}

func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

// from reports whether a package is part of one of the modules.
func from(modules []string, imp string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
}

func TestImports(t *testing.T) {
	rows, testLibraries := readTable(t)
	all := readPackages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r, ok := rows[name]
		if !ok {
			t.Errorf("%s has no row in the table of ARCHITECTURE.md", name)
			continue
		}
		for _, imp := range imports(all[name].sources(false)) {
			if in, ok := local(imp); ok {
				if !slices.Contains(r.imports, in) {
					t.Errorf("%s imports %s, which its row does not allow", name, in)
				}
			} else if standard(imp) {
				if r.sort == "core" && slices.Contains(impure, imp) {
					t.Errorf("%s is core and imports %s", name, imp)
				}
			} else if !from(r.libraries, imp) {
				t.Errorf("%s imports %s, which its row does not allow", name, imp)
			}
		}
		for _, imp := range imports(all[name].sources(true)) {
			if _, ok := local(imp); !ok && !standard(imp) && !from(testLibraries, imp) {
				t.Errorf("tests of %s import %s, which ARCHITECTURE.md does not allow", name, imp)
			}
		}
	}
}

// TestTable holds the table itself to the rule about sorts.
func TestTable(t *testing.T) {
	rows, _ := readTable(t)
	all := readPackages(t)
	allowed := map[string][]string{
		"core":  {"core"},
		"edge":  {"core"},
		"frame": {"core", "edge", "frame", "lab"},
		"lab":   {"core", "lab"},
	}
	for name, r := range rows {
		if all[name] == nil {
			t.Errorf("the table lists %s, which has no Go files", name)
		}
		if allowed[r.sort] == nil {
			t.Errorf("%s: there is no sort %q", name, r.sort)
		}
		for _, imp := range r.imports {
			if to, ok := rows[imp]; !ok {
				t.Errorf("%s may import %s, which has no row", name, imp)
			} else if !slices.Contains(allowed[r.sort], to.sort) {
				t.Errorf("%s is %s and may not import %s, which is %s", name, r.sort, imp, to.sort)
			}
		}
	}
}

// TestGoroutines: only internal/app starts any, and labs may, as tests do.
func TestGoroutines(t *testing.T) {
	rows, _ := readTable(t)
	for name, p := range readPackages(t) {
		if name == "internal/app" || rows[name].sort == "lab" {
			continue
		}
		for _, f := range p.sources(false) {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s starts a goroutine; only internal/app does", name)
				case *ast.CallExpr:
					if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Go" && len(n.Args) == 1 {
						t.Errorf("%s calls a method Go, which starts a goroutine; only internal/app does", name)
					}
				}
				return true
			})
		}
	}
}

// TestComments: every package says what it is.
func TestComments(t *testing.T) {
	for name, p := range readPackages(t) {
		documented, command := false, false
		for _, f := range p.sources(false) {
			command = command || f.Name.Name == "main"
			if f.Doc == nil {
				continue
			}
			text := f.Doc.Text()
			if documented {
				t.Errorf("%s has two package comments", name)
			}
			documented = true
			if !strings.HasPrefix(text, "Package "+f.Name.Name+" ") && !(f.Name.Name == "main" && strings.HasPrefix(text, "Command ")) {
				t.Errorf("%s: the package comment begins with %.30q", name, text)
			}
		}
		if !documented {
			t.Errorf("%s has no package comment", name)
		}
		if base := path.Base(name); !command && slices.Contains(vague, base) {
			t.Errorf("%s: %q says nothing about what the package does", name, base)
		}
	}
}

func TestParseTable(t *testing.T) {
	const text = "# A\n\n## Imports\n\nWords.\n\n| package | sort |\n| --- | --- |\n" +
		"| `a/b` | core | | `x.org/y` |\n| `.` | frame | `a/b`, `c` | |\n\nTests may import more: `z.org/t`.\n"
	rows, libraries, err := parseTable(text)
	if err != nil {
		t.Fatal(err)
	}
	if r := rows["a/b"]; r.sort != "core" || r.imports != nil || !slices.Equal(r.libraries, []string{"x.org/y"}) {
		t.Errorf("row of a/b: %+v", r)
	}
	if r := rows["."]; r.sort != "frame" || !slices.Equal(r.imports, []string{"a/b", "c"}) || r.libraries != nil {
		t.Errorf("row of .: %+v", r)
	}
	if !slices.Equal(libraries, []string{"z.org/t"}) {
		t.Errorf("libraries of tests: %q", libraries)
	}
	for _, bad := range []string{
		"no section", "\n## Imports\n| `a` | core | | |\n", "\n## Imports\n| `a` | core |\n\nTests may import nothing",
		"\n## Imports\n\nTests may import nothing", "\n## Imports\n| `a` | core | | |\n| `a` | core | | |\n\nTests may import nothing",
	} {
		if _, _, err := parseTable(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
