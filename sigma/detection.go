package sigma

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// searches reads the searches of a detection or filter section, all its keys but
// those named.
func (r *reader) searches(section *yaml.Node, except ...string) []Search {
	var out []Search
next:
	for i := 0; i+1 < len(section.Content); i += 2 {
		key, value := section.Content[i], section.Content[i+1]
		for _, e := range except {
			if key.Value == e {
				continue next
			}
		}
		out = append(out, Search{key.Value, key.Line, r.search(key.Value, value)})
	}
	return out
}

// search reads a mapping (all entries must hold), a list of mappings or keywords
// (one must), or a single keyword.
func (r *reader) search(name string, n *yaml.Node) Node {
	empty := func() Node {
		r.fail(n.Line, fmt.Sprintf("search %q is empty", name), "give it at least one field or keyword")
		return Or{}
	}
	switch {
	case isNull(n) || n.Kind != yaml.ScalarNode && len(n.Content) == 0:
		return empty()
	case n.Kind == yaml.MappingNode:
		return r.entries(n)
	case n.Kind == yaml.ScalarNode:
		return r.item("", n.Line, n)
	}
	scalars := true
	for _, c := range n.Content {
		scalars = scalars && c.Kind == yaml.ScalarNode
	}
	if scalars {
		return r.item("", n.Line, n)
	}
	var nodes Or
	for _, c := range n.Content {
		switch {
		case c.Kind == yaml.MappingNode && len(c.Content) > 0:
			nodes = append(nodes, r.entries(c))
		case c.Kind == yaml.ScalarNode:
			nodes = append(nodes, r.item("", c.Line, c))
		case c.Kind == yaml.MappingNode:
			return empty()
		default:
			r.fail(c.Line, fmt.Sprintf("search %q holds a list in a list", name), "use mappings or keywords")
		}
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return nodes
}

// entries reads a mapping of fields to values.
func (r *reader) entries(n *yaml.Node) Node {
	var nodes And
	for i := 0; i+1 < len(n.Content); i += 2 {
		nodes = append(nodes, r.item(n.Content[i].Value, n.Content[i].Line, n.Content[i+1]))
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return nodes
}

// item reads one field with its modifiers and values.
func (r *reader) item(key string, line int, n *yaml.Node) Node {
	parts := strings.Split(key, "|")
	it := &Item{Field: parts[0], Modifiers: parts[1:], Line: line}
	if len(it.Modifiers) == 0 {
		it.Modifiers = nil
	}
	scalars := []*yaml.Node{n}
	switch n.Kind {
	case yaml.SequenceNode:
		scalars = n.Content
	case yaml.MappingNode:
		r.fail(n.Line, fmt.Sprintf("field %q has a mapping for a value", it.Field), "write a value or a list of values; nested fields are written with dots")
		return it
	}
	for _, s := range scalars {
		if s.Kind != yaml.ScalarNode {
			r.fail(s.Line, fmt.Sprintf("field %q has %s among its values", it.Field, kindOf(s)), "write a flat list")
			return it
		}
		v := valueOf(s)
		if s.Style == 0 && v.Kind == String && yaml11Bool(s.Value) && !it.Has("exists") {
			r.note(s.Line, fmt.Sprintf("%s without quotes is a text here but a boolean in YAML 1.1; quote it", s.Value))
		}
		it.Values = append(it.Values, v)
	}
	if it.Has("all") && len(it.Values) == 1 {
		r.note(line, fmt.Sprintf("field %q: modifier all has no effect on a single value", it.Field))
	}
	if _, err := newTest(it, r.file, nil); err != nil {
		r.errs = append(r.errs, err)
	}
	return it
}

// yaml11Bool reports whether YAML 1.1, unlike 1.2, takes the text for a boolean.
func yaml11Bool(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off":
		return true
	}
	return false
}

// checkConditions parses the conditions against the searches and notes searches
// that none of them uses.
func (r *reader) checkConditions(conditions []string, line int, searches []Search) {
	used := map[string]bool{}
	for _, c := range conditions {
		_, names, msg, hint := parseCondition(c, searches)
		if msg != "" {
			r.fail(line, msg, hint)
			return
		}
		for n := range names {
			used[n] = true
		}
	}
	for _, s := range searches {
		if !used[s.Name] {
			r.note(s.Line, fmt.Sprintf("no condition uses search %q", s.Name))
		}
	}
}

// rule reads a document with a detection section.
func (r *reader) rule(root *yaml.Node) *Rule {
	rule := &Rule{Meta: r.meta(root, "logsource", "detection"), LogSource: r.logSource(root)}
	section := entry(root, "detection")
	switch {
	case section == nil:
		hint := ""
		for _, k := range keys(root) {
			if h := near(k, []string{"detection"}); h != "" {
				hint = fmt.Sprintf("key %q: %s", k, h)
			}
		}
		r.fail(root.Line, "the rule has no detection", hint)
		return rule
	case section.Kind != yaml.MappingNode:
		r.fail(section.Line, "detection is "+kindOf(section), "it is a mapping of searches and a condition")
		return rule
	}
	rule.Searches = r.searches(section, "condition", "timeframe")
	rule.Timeframe = r.text(section, "timeframe")

	cond := entry(section, "condition")
	if isNull(cond) {
		r.fail(section.Line, "the detection has no condition", "name the searches that must match")
		return rule
	}
	rule.Conditions = r.list(section, "condition", "")
	if len(rule.Conditions) == 0 {
		r.fail(cond.Line, "the condition is empty", "name a search")
		return rule
	}
	plain := make([]string, len(rule.Conditions))
	for i, c := range rule.Conditions {
		var aggregation string
		plain[i], aggregation = splitAggregation(c)
		if !strings.Contains(c, "|") {
			continue
		}
		if !isAggregation(aggregation) {
			r.fail(cond.Line, "unexpected '|' in the condition", "expected and, or, or the end")
			return rule
		}
		rule.Aggregation = aggregation
	}
	notes := len(r.notes)
	r.checkConditions(plain, cond.Line, rule.Searches)
	switch {
	case rule.Aggregation != "":
		r.notes = r.notes[:notes] // a search may be used behind the pipe
		r.note(cond.Line, "aggregations in conditions are no part of Sigma 2; write a correlation")
	case rule.Timeframe != "":
		r.note(entry(section, "timeframe").Line, "timeframe has no effect without an aggregation; write a correlation")
	}
	return rule
}

// Expr returns the condition of the rule with its searches inlined: several
// conditions are joined by "or", the conditions of filters added by "and".
func (r *Rule) Expr() (Node, error) {
	expr, err := r.own()
	if err != nil || len(r.Filters) == 0 {
		return expr, err
	}
	all := And{expr}
	for _, f := range r.Filters {
		n, err := f.Expr()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// own is Expr without filters.
func (r *Rule) own() (Node, error) {
	if r.Aggregation != "" {
		return nil, &UnsupportedError{r.File, r.Line, "the aggregation | " + r.Aggregation, "write a correlation"}
	}
	if len(r.Conditions) == 0 {
		return nil, &Error{File: r.File, Line: r.Line, Msg: "the rule has no condition"}
	}
	var any Or
	for _, c := range r.Conditions {
		n, err := r.inline(c, r.Searches)
		if err != nil {
			return nil, err
		}
		any = append(any, n)
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return any, nil
}

// Expr returns the condition of the filter with its searches inlined.
func (f *Filter) Expr() (Node, error) { return f.inline(f.Condition, f.Searches) }

func (m *Meta) inline(condition string, searches []Search) (Node, error) {
	n, _, msg, hint := parseCondition(condition, searches)
	if msg != "" {
		return nil, &Error{m.File, m.Line, msg, hint}
	}
	return n, nil
}

// Map returns a copy of the rule in which each item of a search, those of its
// filters included, is replaced by f's result; nil keeps the item.
func (r *Rule) Map(f func(*Item) Node) *Rule {
	c := *r
	c.Searches = mapSearches(r.Searches, f)
	c.Filters = nil
	for _, filter := range r.Filters {
		copied := *filter
		copied.Searches = mapSearches(filter.Searches, f)
		c.Filters = append(c.Filters, &copied)
	}
	return &c
}

func mapSearches(searches []Search, f func(*Item) Node) []Search {
	out := make([]Search, len(searches))
	for i, s := range searches {
		out[i] = Search{s.Name, s.Line, mapItems(s.Node, f)}
	}
	return out
}
