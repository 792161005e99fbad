package sigma

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Bounds on a document, so that aliases and nesting cannot exhaust memory.
const (
	maxDepth = 64
	maxNodes = 1 << 21
)

// chunk is one YAML document of a file, or what is meant to be one.
type chunk struct {
	data []byte
	line int // of its first byte, from 0
}

// splitDocuments cuts a file at the lines that YAML reserves for that, --- and
// "...", so that a fault in one document does not hide the others.
func splitDocuments(data []byte) []chunk {
	var chunks []chunk
	start, startLine := 0, 0
	empty := true // nothing but comments and directives since start
	marked := false
	cut := func(end, endLine int) {
		if !empty || marked {
			chunks = append(chunks, chunk{data[start:end], startLine})
		}
		start, startLine, empty, marked = end, endLine, true, false
	}
	line := 0
	for pos := 0; pos < len(data); line++ {
		next := len(data)
		if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
			next = pos + i + 1
		}
		text := data[pos:next]
		switch {
		case isMarker(text, "---"):
			if !empty || marked {
				cut(pos, line)
			}
			marked = true
			if len(bytes.TrimSpace(text)) > len("---") {
				empty = false
			}
		case isMarker(text, "..."):
			cut(pos, line)
			start, startLine = next, line+1
		case len(bytes.TrimSpace(text)) > 0 && text[0] != '#' && text[0] != '%':
			empty = false
		}
		pos = next
	}
	cut(len(data), line)
	return chunks
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// reader reads documents and collects what is wrong with them.
type reader struct {
	opts  ParseOptions
	file  string
	errs  []error
	notes []string
	nodes int
}

func (r *reader) fail(line int, msg, hint string) {
	r.errs = append(r.errs, &Error{File: r.file, Line: line, Msg: msg, Hint: hint})
}

func (r *reader) note(line int, msg string) {
	r.notes = append(r.notes, where(r.file, line)+msg)
}

// decode returns the root of a chunk, nil if it is empty or faulty.
func (r *reader) decode(c chunk) *yaml.Node {
	var doc yaml.Node
	// The library refuses the directive for YAML 1.2, which Sigma is written in.
	// As a comment it does no harm.
	data := bytes.Replace(c.data, []byte("%YAML 1.2"), []byte("#YAML 1.2"), 1)
	if !bytes.HasPrefix(bytes.TrimSpace(c.data), []byte("%YAML")) {
		data = c.data
	}
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		if len(bytes.TrimSpace(c.data)) > 0 && err.Error() != "EOF" {
			line, msg := yamlFault(err, c.data)
			r.fail(c.line+line, msg, "")
		}
		return nil
	}
	shiftLines(&doc, c.line)
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil
	}
	r.nodes = 0
	errs := len(r.errs)
	root = r.plain(root, 0)
	if len(r.errs) > errs {
		return nil
	}
	return root
}

var (
	yamlLine   = regexp.MustCompile(`^(?:unmarshal errors:\s*)?line (\d+): `)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
)

// yamlFault takes the line, from 1, out of an error of the YAML library.
func yamlFault(err error, data []byte) (line int, msg string) {
	msg = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	if strings.HasPrefix(msg, "did not find expected") {
		line++ // the parser, unlike the scanner, counts from 0
	}
	if m := yamlAnchor.FindStringSubmatch(msg); m != nil {
		before, _, _ := bytes.Cut(data, []byte("*"+m[1]))
		line = 1 + bytes.Count(before, []byte("\n"))
	}
	return max(line, 1), "not YAML: " + msg
}

// shiftLines turns lines of the chunk into lines of the file. It does not follow
// aliases, so every node is met once.
func shiftLines(n *yaml.Node, by int) {
	n.Line += by
	for _, c := range n.Content {
		shiftLines(c, by)
	}
}

// plain replaces aliases and merge keys below n by what they stand for and
// reports keys that are no text or occur twice.
func (r *reader) plain(n *yaml.Node, depth int) *yaml.Node {
	r.nodes++
	switch {
	case len(r.errs) > 0 && r.nodes > maxNodes:
		return n
	case r.nodes > maxNodes:
		r.fail(n.Line, "the document is too large", "aliases count as what they stand for")
		return n
	case depth > maxDepth:
		r.fail(n.Line, "the document is nested too deeply", "")
		r.nodes = maxNodes // no need to look further
		return n
	case n.Kind == yaml.AliasNode:
		return r.plain(n.Alias, depth+1)
	case n.Kind == yaml.ScalarNode:
		return n
	}
	for i := range n.Content {
		n.Content[i] = r.plain(n.Content[i], depth+1)
	}
	if n.Kind == yaml.MappingNode {
		r.merge(n)
		r.checkKeys(n)
	}
	return n
}

// merge puts the entries that "<<" refers to in its place, unless the mapping
// has them itself.
func (r *reader) merge(n *yaml.Node) {
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() != "!!merge" {
			own = append(own, key, value)
			continue
		}
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, s := range sources {
			if s.Kind != yaml.MappingNode {
				r.fail(key.Line, "the merge key << takes a mapping", "")
				continue
			}
			merged = append(merged, s.Content...)
		}
	}
	if len(merged) == 0 {
		return
	}
	have := map[string]bool{}
	for i := 0; i < len(own); i += 2 {
		have[own[i].Value] = true
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if key := merged[i]; !have[key.Value] {
			have[key.Value] = true
			own = append(own, key, merged[i+1])
		}
	}
	n.Content = own
}

func (r *reader) checkKeys(n *yaml.Node) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null" {
			r.fail(key.Line, "a key must be a text", "write it in quotes")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			r.fail(key.Line, fmt.Sprintf("key %q is given twice, first in line %d", key.Value, line), "remove or rename one")
		}
		seen[key.Value] = key.Line
	}
}

// entry returns the value of a key of a mapping, nil if it is not there.
func entry(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// keys returns the keys of a mapping.
func keys(n *yaml.Node) []string {
	var out []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, n.Content[i].Value)
	}
	return out
}

// kindOf names what a node is, for messages.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// valueOf reads a scalar. The tag decides about its kind and the text stays as
// written, so NO is a string and 007 a number of that spelling. Numbers that are
// none to Sigma, such as .inf, and dates are strings.
func valueOf(n *yaml.Node) Value {
	switch n.ShortTag() {
	case "!!null":
		return Value{}
	case "!!bool":
		if t := strings.ToLower(n.Value); t == "true" || t == "false" {
			return Value{Bool, n.Value}
		}
	case "!!int", "!!float":
		if _, ok := ruleNumber(n.Value); ok {
			return Value{Number, n.Value}
		}
	}
	return Value{String, n.Value}
}
