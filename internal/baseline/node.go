package baseline

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parser walks the YAML tree and collects every error instead of stopping at
// the first.
type parser struct {
	file     string
	readFile func(name string) ([]byte, error)
	cat      *catalogue
	errs     []*Error
}

// place says where a value was written, for errors found later.
type place struct {
	file string
	line int
	path string
}

// item is one text of a list.
type item struct {
	text string
	at   place
}

func (p *parser) at(n *yaml.Node, path string) place { return place{p.file, n.Line, path} }

func (p *parser) fail(at place, hint, format string, args ...any) {
	p.errs = append(p.errs, &Error{File: at.file, Line: at.line, Path: at.path, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (p *parser) failNode(n *yaml.Node, path, hint, format string, args ...any) {
	p.fail(p.at(n, path), hint, format, args...)
}

// key is one key that a mapping may have.
type key struct {
	name     string
	required bool
	read     func(n *yaml.Node, path string)
}

// object reads a mapping with known keys and reports whether it is free of errors.
func (p *parser) object(n *yaml.Node, path string, keys ...key) bool {
	before := len(p.errs)
	seen := map[string]bool{}
	if !p.each(n, path, func(name string, kn, vn *yaml.Node, path string) {
		for _, k := range keys {
			if k.name == name {
				seen[name] = true
				k.read(vn, path)
				return
			}
		}
		p.failNode(kn, path, didYouMean(name, keyNames(keys)), "unknown key")
	}) {
		return false
	}
	for _, k := range keys {
		if k.required && !seen[k.name] {
			p.failNode(n, path, "", "%s is missing", k.name)
		}
	}
	return len(p.errs) == before
}

func keyNames(keys []key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// each calls fn for every key of a mapping, in the order written, and reports
// whether n is one that is not empty.
func (p *parser) each(n *yaml.Node, path string, fn func(name string, kn, vn *yaml.Node, path string)) bool {
	if n.Kind != yaml.MappingNode {
		p.failNode(n, path, "", "want keys with values, got %s", describe(n))
		return false
	}
	if len(n.Content) == 0 {
		p.failNode(n, path, "remove it or fill it", "is empty")
		return false
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		kn, vn := n.Content[i], n.Content[i+1]
		if kn.Kind != yaml.ScalarNode {
			p.failNode(kn, path, "", "want text as key, got %s", describe(kn))
			continue
		}
		name := strings.TrimSpace(kn.Value)
		sub := name
		if path != "" {
			sub = path + "." + name
		}
		switch first, twice := lines[lower(name)]; {
		case name == "":
			p.failNode(kn, path, "", "a key is empty")
		case twice:
			p.failNode(kn, sub, "", "given twice, first in line %d", first)
		default:
			lines[lower(name)] = kn.Line
			fn(name, kn, vn, sub)
		}
	}
	return true
}

// sequence calls fn for every element of a list and reports whether n is one.
func (p *parser) sequence(n *yaml.Node, path string, fn func(n *yaml.Node, path string)) bool {
	if n.Kind != yaml.SequenceNode {
		hint := "write [] if there is none"
		if n.Kind == yaml.ScalarNode && n.Tag != nullTag {
			hint = "write [" + n.Value + "]"
		}
		p.failNode(n, path, hint, "want a list, got %s", describe(n))
		return false
	}
	for i, c := range n.Content {
		fn(c, fmt.Sprintf("%s[%d]", path, i))
	}
	return true
}

// scalar reads one text. Numbers, dates and the like are taken as written.
func (p *parser) scalar(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == nullTag {
		p.failNode(n, path, "", "want text, got %s", describe(n))
		return "", false
	}
	s := strings.TrimSpace(n.Value)
	if s == "" {
		p.failNode(n, path, "", "is empty")
		return "", false
	}
	return s, true
}

// texts reads a list of texts; "@name" stands for the lines of that file.
func (p *parser) texts(n *yaml.Node, path string) []item {
	items := []item{}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		s, ok := p.scalar(n, path)
		switch name, isFile := strings.CutPrefix(s, "@"); {
		case !ok:
		case isFile:
			items = append(items, p.fileItems(strings.TrimSpace(name), p.at(n, path))...)
		default:
			items = append(items, item{s, p.at(n, path)})
		}
	}) {
		return nil
	}
	return items
}

func (p *parser) fileItems(name string, at place) []item {
	if name == "" {
		p.fail(at, "write @ and the name of a file with one entry a line", "names no file")
		return nil
	}
	if p.readFile == nil {
		p.fail(at, "write the entries here", "cannot read the file %s: no files can be read here", name)
		return nil
	}
	data, err := p.readFile(name)
	if err != nil {
		p.fail(at, "", "cannot read the file %s: %v", name, err)
		return nil
	}
	var items []item
	text := strings.TrimPrefix(string(data), "\ufeff")
	line := 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSpace(s)
		if i := strings.Index(s, " #"); i >= 0 {
			s = strings.TrimSpace(s[:i])
		}
		inFile := place{name, line, at.path}
		switch {
		case s == "" || s[0] == '#':
		case s[0] == '@':
			p.fail(inFile, "write the entries here", "a file cannot refer to another file")
		default:
			items = append(items, item{s, inFile})
		}
	}
	return items
}

const nullTag = "!!null"

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.AliasNode:
		return "a reference (YAML anchors are not supported)"
	case n.Tag == nullTag:
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
