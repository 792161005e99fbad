package sigma

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ParseOptions opens the notation for a program's own extensions. The zero value
// accepts Sigma 2.1 only.
type ParseOptions struct {
	// ExtraCorrelationTypes are correlation types beside those of the
	// specification. Of such a correlation only type and rules are required.
	ExtraCorrelationTypes []string
	// ExtraCorrelationKeys are keys that the correlation section and its
	// condition may have beside those of the specification.
	ExtraCorrelationKeys []string
}

// Parse reads every YAML document of a file. It returns all documents that are
// sound and one error that joins an *Error for everything that is wrong. file is
// what messages call the file; it is not opened.
func Parse(file string, data []byte) ([]Document, error) { return ParseOptions{}.Parse(file, data) }

// Parse is the function Parse with options.
func (o ParseOptions) Parse(file string, data []byte) ([]Document, error) {
	r := &reader{opts: o, file: file}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !utf8.Valid(data) {
		r.fail(1+bytes.Count(data[:validPrefix(data)], []byte("\n")), "the file is not UTF-8", "")
		return nil, errors.Join(r.errs...)
	}
	c := collection{reader: r}
	for _, part := range splitDocuments(data) {
		root := r.decode(part)
		switch {
		case root == nil:
		case root.Kind != yaml.MappingNode:
			r.fail(root.Line, "the document is "+kindOf(root), "it must be a mapping with title, logsource and detection")
		default:
			c.add(root)
		}
	}
	slices.SortStableFunc(r.errs, func(a, b error) int { return cmp.Compare(lineOf(a), lineOf(b)) })
	return c.docs, errors.Join(r.errs...)
}

func lineOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Line
	}
	return 0
}

func validPrefix(data []byte) int {
	n := 0
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// collection is the documents of a file, in which those with an "action" modify
// others: global is merged into all rules that follow, up to reset; repeat is
// merged into the rule before it to make another.
type collection struct {
	*reader
	docs     []Document
	global   *yaml.Node
	previous *yaml.Node
}

func (c *collection) add(root *yaml.Node) {
	action := entry(root, "action")
	if action == nil {
		merged := root
		if sections := sectionsOf(root); c.global != nil && (len(sections) == 0 || sections[0] == "detection") {
			merged = c.mergeGlobal(root)
		}
		c.document(merged, merged != root)
		c.previous = merged
		return
	}
	c.note(action.Line, "actions are no part of Sigma 2; write each rule out")
	own := without(root, "action")
	switch action.Value {
	case "global":
		if c.global != nil {
			own = mergeMaps(c.global, own)
		}
		c.global, c.previous = own, own
	case "reset":
		c.global = nil
	case "repeat":
		if c.previous == nil {
			c.fail(action.Line, "there is no rule to repeat", "")
			return
		}
		merged := mergeMaps(c.previous, own)
		merged.Line = root.Line
		c.document(merged, true)
		c.previous = merged
	default:
		c.fail(action.Line, fmt.Sprintf("unknown action %s", kindOf(action)), suggest(action.Value, []string{"global", "reset", "repeat"}))
	}
}

// mergeGlobal merges the global document into a rule. Where both have a value,
// the global one counts, as in other implementations.
func (c *collection) mergeGlobal(root *yaml.Node) *yaml.Node {
	for _, k := range keys(root) {
		if g := entry(c.global, k); g != nil && g.Kind == yaml.ScalarNode {
			c.note(c.line(root, k), fmt.Sprintf("the action global in line %d replaces key %q", g.Line, k))
		}
	}
	merged := mergeMaps(root, c.global)
	merged.Line = root.Line
	return merged
}

// document reads one document and keeps it if it is sound. It gets the notes made
// since the last one, those on actions included.
func (c *collection) document(root *yaml.Node, merged bool) {
	errs := len(c.errs)
	defer func() { c.notes = nil }()
	var doc Document
	switch sections := sectionsOf(root); {
	case len(sections) > 1:
		c.fail(root.Line, "the document has "+strings.Join(sections, " and "), "write one document for each, separated by ---")
	case len(sections) == 0 || sections[0] == "detection":
		doc = c.rule(root)
	case sections[0] == "filter":
		doc = c.filter(root)
	default:
		doc = c.correlation(root)
	}
	if len(c.errs) > errs {
		return
	}
	m := doc.Metadata()
	m.Notes, m.merged = c.notes, merged
	c.docs = append(c.docs, doc)
}

// sectionsOf returns the keys that decide the kind of a document.
func sectionsOf(root *yaml.Node) []string {
	var found []string
	for _, k := range keys(root) {
		if k == "detection" || k == "filter" || k == "correlation" {
			found = append(found, k)
		}
	}
	return found
}

func without(n *yaml.Node, key string) *yaml.Node {
	out := *n
	out.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			out.Content = append(out.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &out
}

// mergeMaps returns a mapping with the entries of both; where both have a key,
// mappings are merged and else over's value counts.
func mergeMaps(base, over *yaml.Node) *yaml.Node {
	out := *base
	out.Content = append([]*yaml.Node(nil), base.Content...)
next:
	for i := 0; i+1 < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		for j := 0; j+1 < len(out.Content); j += 2 {
			if out.Content[j].Value != key.Value {
				continue
			}
			if value.Kind == yaml.MappingNode && out.Content[j+1].Kind == yaml.MappingNode {
				value = mergeMaps(out.Content[j+1], value)
			}
			out.Content[j+1] = value
			continue next
		}
		out.Content = append(out.Content, key, value)
	}
	return &out
}
