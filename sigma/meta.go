package sigma

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// metaKeys are the top-level keys that every kind of document may have.
var metaKeys = []string{
	"title", "id", "related", "name", "taxonomy", "status", "description", "license", "author", "references",
	"date", "modified", "fields", "falsepositives", "level", "tags", "scope",
}

// Values that the specification lists.
var (
	statuses     = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	levels       = []string{"informational", "low", "medium", "high", "critical"}
	relatedTypes = []string{"derived", "obsolete", "merged", "renamed", "similar"}
)

var (
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	dateForm = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	tagForm  = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$`)
)

// meta reads what all documents have. sections are the keys that the kind of
// document has beside metaKeys.
func (r *reader) meta(root *yaml.Node, sections ...string) Meta {
	m := Meta{
		File: r.file, Line: root.Line,
		Name: r.text(root, "name"), ID: r.text(root, "id"), Title: r.text(root, "title"),
		Status: r.text(root, "status"), Description: r.text(root, "description"), Author: r.text(root, "author"),
		Date: r.text(root, "date"), Modified: r.text(root, "modified"), License: r.text(root, "license"),
		Level: r.text(root, "level"), Taxonomy: r.text(root, "taxonomy"),
		References: r.list(root, "references", "list"), Tags: r.list(root, "tags", "list"),
		FalsePositives: r.list(root, "falsepositives", ""), Fields: r.list(root, "fields", "list"),
		Scope: r.list(root, "scope", "list"),
	}
	if v := entry(root, "title"); m.Title == "" && (v == nil || v.Kind == yaml.ScalarNode) {
		r.fail(root.Line, "the document has no title", nearKey(root, "title"))
	} else if utf8.RuneCountInString(m.Title) > 256 {
		r.note(r.line(root, "title"), "the title is longer than 256 characters")
	}
	if m.Status != "" && !slices.Contains(statuses, m.Status) {
		r.fail(r.line(root, "status"), fmt.Sprintf("unknown status %q", m.Status), suggest(m.Status, statuses))
	}
	if m.Level != "" && !slices.Contains(levels, m.Level) {
		r.fail(r.line(root, "level"), fmt.Sprintf("unknown level %q", m.Level), suggest(m.Level, levels))
	}
	if m.ID != "" && !uuidForm.MatchString(m.ID) {
		r.note(r.line(root, "id"), fmt.Sprintf("id %q is not a UUID", m.ID))
	}
	for _, key := range []string{"date", "modified"} {
		if date := r.text(root, key); date != "" && !dateForm.MatchString(date) {
			r.note(r.line(root, key), fmt.Sprintf("%s %q is not written as YYYY-MM-DD", key, date))
		}
	}
	for _, t := range m.Tags {
		if !tagForm.MatchString(t) {
			r.note(r.line(root, "tags"), fmt.Sprintf("tag %q is not written as namespace.name", t))
		}
	}
	m.Related = r.related(entry(root, "related"))
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		if slices.Contains(metaKeys, key.Value) || slices.Contains(sections, key.Value) {
			continue
		}
		if hint := near(key.Value, slices.Concat(metaKeys, sections)); hint != "" {
			r.note(key.Line, fmt.Sprintf("key %q has no meaning in Sigma; %s", key.Value, hint))
		}
		if m.Extra == nil {
			m.Extra = map[string]*yaml.Node{}
		}
		m.Extra[key.Value] = root.Content[i+1]
	}
	return m
}

// line returns the line of the value of a key.
func (r *reader) line(n *yaml.Node, key string) int {
	if v := entry(n, key); v != nil {
		return v.Line
	}
	return n.Line
}

// nearKey hints at a key that probably stands for the one missing.
func nearKey(root *yaml.Node, missing string) string {
	for _, k := range keys(root) {
		if k != missing && near(k, []string{missing}) != "" {
			return fmt.Sprintf("key %q should be %q", k, missing)
		}
	}
	return fmt.Sprintf("add %q", missing+":")
}

// text returns the text of a key, "" if it is missing.
func (r *reader) text(n *yaml.Node, key string) string {
	v := entry(n, key)
	switch {
	case isNull(v):
		return ""
	case v.Kind == yaml.ScalarNode:
		return v.Value
	case v.Kind == yaml.SequenceNode && key == "author":
		r.note(v.Line, "author is a text: separate names by commas")
		return strings.Join(r.list(n, key, ""), ", ")
	default:
		r.fail(v.Line, fmt.Sprintf("%s is %s", key, kindOf(v)), "it must be a text")
		return ""
	}
}

// list returns the texts of a key, which may also be a single text. If it should
// be a list, want = "list", that is noted.
func (r *reader) list(n *yaml.Node, key, want string) []string {
	v := entry(n, key)
	switch {
	case isNull(v):
		return nil
	case v.Kind == yaml.ScalarNode:
		if want == "list" {
			r.note(v.Line, key+" should be a list")
		}
		return []string{v.Value}
	case v.Kind == yaml.MappingNode:
		r.fail(v.Line, key+" is a mapping", "it must be a list of texts")
		return nil
	}
	var out []string
	for _, c := range v.Content {
		switch {
		case isNull(c):
			r.note(c.Line, key+" has an empty entry")
		case c.Kind == yaml.ScalarNode:
			out = append(out, c.Value)
		default:
			r.fail(c.Line, fmt.Sprintf("%s has %s among its entries", key, kindOf(c)), "write texts")
		}
	}
	return out
}

func (r *reader) related(n *yaml.Node) []Related {
	if isNull(n) {
		return nil
	}
	entries := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		entries = n.Content
	}
	var out []Related
	for _, e := range entries {
		if e.Kind != yaml.MappingNode {
			r.fail(e.Line, "related has "+kindOf(e)+" among its entries", "write id and type")
			continue
		}
		rel := Related{ID: r.text(e, "id"), Type: r.text(e, "type")}
		if rel.ID == "" || rel.Type == "" {
			r.fail(e.Line, "a related rule needs id and type", "")
			continue
		}
		if !slices.Contains(relatedTypes, rel.Type) {
			r.note(e.Line, fmt.Sprintf("unknown relation %q; %s", rel.Type, suggest(rel.Type, relatedTypes)))
		}
		out = append(out, rel)
	}
	return out
}

func (r *reader) logSource(root *yaml.Node) LogSource {
	n := entry(root, "logsource")
	switch {
	case isNull(n):
		r.fail(root.Line, "the document has no logsource", nearKey(root, "logsource"))
		return LogSource{}
	case n.Kind != yaml.MappingNode:
		r.fail(n.Line, "logsource is "+kindOf(n), "it is a mapping with category, product or service")
		return LogSource{}
	}
	errs := len(r.errs)
	l := LogSource{
		Category: r.text(n, "category"), Product: r.text(n, "product"), Service: r.text(n, "service"),
		Definition: r.text(n, "definition"),
	}
	known := []string{"category", "product", "service", "definition"}
	for _, k := range keys(n) {
		if slices.Contains(known, k) {
			continue
		}
		if hint := near(k, known); hint != "" {
			r.note(r.line(n, k), fmt.Sprintf("logsource key %q has no meaning in Sigma; %s", k, hint))
		}
		if v := entry(n, k); v.Kind == yaml.ScalarNode {
			if l.Extra == nil {
				l.Extra = map[string]string{}
			}
			l.Extra[k] = v.Value
		}
	}
	if l.Category == "" && l.Product == "" && l.Service == "" && len(r.errs) == errs {
		r.fail(n.Line, "the logsource names no logs", "give category, product or service")
	}
	return l
}
