package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/ruletest"
	"github.com/entrawatch/entrawatch/rules"
)

var root = filepath.Join("..", "..")

// blocks returns what a page shows as YAML, in order.
func blocks(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}

// TestExamplesWork runs the rules that pages show whole, with their tests.
func TestExamplesWork(t *testing.T) {
	for _, page := range []string{"docs/handbook.md", "docs/correlations.md"} {
		b := blocks(t, page)
		lib := &detect.Library{}
		if err := lib.Add(fstest.MapFS{"example.yml": {Data: []byte(b[0])}}, ".", "", false); err != nil {
			t.Fatal(err)
		}
		if err := lib.Finish(); err != nil {
			t.Fatal(err)
		}
		results, err := ruletest.Run(lib.Rules, "example_test.yml", []byte(b[1]))
		if err != nil || len(results) == 0 {
			t.Errorf("%s: %d runs, %v", page, len(results), err)
		}
		for _, r := range results {
			if r.Err != nil {
				t.Errorf("%s: %s in %s: %v", page, r.Case, r.Format, r.Err)
			}
		}
	}
}

// TestFragmentsAreRead completes the correlations that docs/correlations.md
// shows in part and loads them beside the built-in rules.
func TestFragmentsAreRead(t *testing.T) {
	const missing = "title: %\nname: %\nlogsource: {product: azure, service: signinlogs}\ndetection: {s: {outcome: success}, condition: s}\n---\n"
	n := 0
	for _, b := range blocks(t, "docs/correlations.md")[2:] {
		if !strings.Contains(b, "correlation:\n  type:") {
			continue
		}
		n++
		if !strings.HasPrefix(b, "title:") {
			b = "title: fragment\n" + b
		}
		for _, name := range []string{"sign-in-of-person", "role-activated"} {
			if strings.Contains(b, name) {
				b = strings.ReplaceAll(missing, "%", name) + b
			}
		}
		lib := &detect.Library{}
		if err := lib.Add(fstest.MapFS{"f.yml": {Data: []byte(b)}}, ".", "", false); err != nil {
			t.Errorf("%v in\n%s", err, b)
		}
		all := &detect.Library{}
		if err := all.Add(rules.FS, ".", "rules", true); err != nil {
			t.Fatal(err)
		}
		lib.Borrow(all)
		if err := lib.Finish(); err != nil {
			t.Errorf("%v in\n%s", err, b)
		}
	}
	if n < 6 {
		t.Errorf("only %d fragments were found", n)
	}
}

var (
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingLine = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor      = regexp.MustCompile(`<a id="([^"]+)">`)
	noSlug      = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksLeadSomewhere follows the links of hand-written pages within the
// repository, with their anchors.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/handbook.md", "docs/correlations.md", "docs/outlets.md", "docs/deploy.md", "docs/hunt.md"}
	for _, folder := range []string{"adr", "sources"} {
		found, err := filepath.Glob(filepath.Join(root, "docs", folder, "*.md"))
		if err != nil || len(found) == 0 {
			t.Fatal(err)
		}
		for _, f := range found {
			pages = append(pages, "docs/"+folder+"/"+filepath.Base(f))
		}
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, name, _ := strings.Cut(m[1], "#")
			file := filepath.Join(root, filepath.FromSlash(page))
			if target != "" {
				file = filepath.Join(filepath.Dir(file), filepath.FromSlash(target))
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
			} else if name != "" && !slices.Contains(anchors(t, file), name) {
				t.Errorf("%s: link to %s: there is no such heading", page, m[1])
			}
		}
	}
}

// anchors lists what links may name within a page.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range headingLine.FindAllStringSubmatch(string(text), -1) {
		out = append(out, strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	for _, m := range anchor.FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}
