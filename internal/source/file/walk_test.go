package file

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree creates files with their own path as content; a path that ends in a
// slash becomes a folder. It makes the new folder the current one.
func tree(t *testing.T, paths ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, p := range paths {
		var err error
		if strings.HasSuffix(p, "/") {
			err = os.MkdirAll(p, 0o700)
		} else if err = os.MkdirAll(filepath.Dir(p), 0o700); err == nil {
			err = os.WriteFile(p, []byte(p), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
}

// walk lists the paths that Walk found, and its problems as text; a notice
// begins with a star.
func walk(paths ...string) (files, problems []string) {
	in, ps := Walk(paths)
	for _, f := range in {
		files = append(files, filepath.ToSlash(f.Path))
	}
	for _, p := range ps {
		s := filepath.ToSlash(p.String())
		if p.Notice {
			s = "* " + s
		}
		problems = append(problems, s)
	}
	return files, problems
}

func TestWalk(t *testing.T) {
	for _, tc := range []struct {
		name            string
		tree            []string
		links           map[string]string // path to target
		paths           []string
		files, problems []string
	}{
		{
			name: "nothing named",
		},
		{
			name:  "the order of the paths, and lexical order in folders",
			tree:  []string{"logs/b.json", "logs/a/2.csv", "logs/a/1.csv", "logs/C.json", "logs/10", "logs/9", "z.json"},
			paths: []string{"z.json", "logs"},
			files: []string{"z.json", "logs/10", "logs/9", "logs/C.json", "logs/a/1.csv", "logs/a/2.csv", "logs/b.json"},
		},
		{
			name:     "the current folder, hidden files",
			tree:     []string{"a.json", ".DS_Store", "thumbs.db", ".git/config", "sub/.x"},
			paths:    []string{"."},
			files:    []string{"a.json"},
			problems: []string{"* .DS_Store: hidden, not read; name it to have it read", "* .git: hidden, not read; name it to have it read", "* sub/.x: hidden, not read; name it to have it read", "* sub: an empty folder", "* thumbs.db: hidden, not read; name it to have it read"},
		},
		{
			name:  "hidden, but named",
			tree:  []string{".logs/a.json", ".b.json"},
			paths: []string{".logs", ".b.json"},
			files: []string{".logs/a.json", ".b.json"},
		},
		{
			name:     "missing",
			tree:     []string{"a.json"},
			paths:    []string{"b.json", "logs/*.json", "", "a.json"},
			files:    []string{"a.json"},
			problems: []string{"b.json: no such file or folder; check the spelling and the current folder", "logs/*.json: no file has this name; if it is a pattern, nothing matches it", `"": an empty path; name a file; is a variable of the shell not set?`},
		},
		{
			name:     "empty folders",
			tree:     []string{"none/", "full/none/", "full/a.json", "deep/deeper/deepest/"},
			paths:    []string{"none", "full", "deep"},
			files:    []string{"full/a.json"},
			problems: []string{"none: no files in this folder; name the folder that holds the exported logs", "* full/none: an empty folder", "* deep/deeper/deepest: an empty folder", "deep: no files in this folder; name the folder that holds the exported logs"},
		},
		{
			name:     "twice",
			tree:     []string{"logs/a.json", "logs/b.json"},
			paths:    []string{"logs/b.json", "logs", "./logs/"},
			files:    []string{"logs/b.json", "logs/a.json"},
			problems: []string{"* logs/b.json: the same file as logs/b.json, read once", "* ./logs/: the same folder as logs, read once"},
		},
		{
			name:     "standard input",
			tree:     []string{"a.json"},
			paths:    []string{"-", "a.json", "-"},
			files:    []string{"<stdin>", "a.json"},
			problems: []string{"* <stdin>: named more than once, read once"},
		},
		{
			name:     "links",
			tree:     []string{"logs/b.json", "elsewhere/c.json"},
			links:    map[string]string{"logs/a.json": "b.json", "logs/folder": "../elsewhere", "logs/gone": "nowhere"},
			paths:    []string{"logs"},
			files:    []string{"logs/a.json", "logs/folder/c.json"},
			problems: []string{"* logs/b.json: the same file as logs/a.json, read once", "logs/gone: a link to nowhere, which does not exist; correct or remove the link"},
		},
		{
			name:     "loops",
			tree:     []string{"logs/sub/a.json"},
			links:    map[string]string{"logs/sub/up": "..", "logs/sub/here": ".", "logs/self": "self"},
			paths:    []string{"logs"},
			files:    []string{"logs/sub/a.json"},
			problems: []string{"logs/self: a link that leads back to itself; remove the link", "* logs/sub/here: leads back to logs/sub, not followed again", "* logs/sub/up: leads back to logs, not followed again"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree(t, tc.tree...)
			for path, target := range tc.links {
				link(t, target, path)
			}
			files, problems := walk(tc.paths...)
			if diff := cmp.Diff(tc.files, files); diff != "" {
				t.Errorf("files:\n%s", diff)
			}
			if diff := cmp.Diff(tc.problems, problems); diff != "" {
				t.Errorf("problems:\n%s", diff)
			}
		})
	}
}

func TestInput(t *testing.T) {
	tree(t, "a.json")
	when := time.Date(2026, 11, 2, 8, 15, 4, 0, time.UTC)
	if err := os.Chtimes("a.json", when, when); err != nil {
		t.Fatal(err)
	}
	files, problems := Walk([]string{"a.json", "-"})
	if len(files) != 2 || len(problems) > 0 {
		t.Fatal(files, problems)
	}
	files[0].ModTime = files[0].ModTime.UTC()
	want := []Input{{Path: "a.json", Size: 6, ModTime: when}, {Path: "<stdin>", Stdin: true}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
}

func TestProblemIsPrintable(t *testing.T) {
	p := Problem{Path: "a\x1b[2Jb", Reason: "no such file"}
	if got, want := p.String(), `"a\x1b[2Jb": no such file`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHardLink(t *testing.T) {
	tree(t, "a.json")
	if err := os.Link("a.json", "b.json"); err != nil {
		t.Skip(err)
	}
	files, problems := walk(".")
	if len(files) != 1 || len(problems) != 1 || problems[0] != "* b.json: the same file as a.json, read once" {
		t.Errorf("files %q, problems %q", files, problems)
	}
}

func TestPermissionDenied(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("root may read everything, and Windows has no such bits")
	}
	tree(t, "logs/a.json", "logs/b.json", "logs/sub/c.json", "locked/d.json")
	for _, p := range []string{"logs/a.json", "logs/sub", "locked"} {
		if err := os.Chmod(p, 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(p, 0o700)
	}
	files, problems := walk("logs", "locked", "locked/d.json")
	if diff := cmp.Diff([]string{"logs/b.json"}, files); diff != "" {
		t.Error(diff)
	}
	const denied = ": permission denied; run as a user who may read it, or change its permissions"
	if diff := cmp.Diff([]string{"logs/a.json" + denied, "logs/sub" + denied, "locked" + denied, "locked/d.json" + denied}, problems); diff != "" {
		t.Error(diff)
	}
	_, err := Open(Input{Path: "logs/a.json"})
	wantError(t, err, "logs/a.json", "permission denied")
}

func TestStdin(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = old; r.Close() }()
	go func() {
		io.WriteString(w, gz(sample))
		w.Close()
	}()
	files, _ := Walk([]string{"-"})
	s, err := Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if string(got) != sample || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Stat(); err != nil {
		t.Errorf("standard input was closed: %v", err)
	}
}
