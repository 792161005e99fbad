package sigma

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// filter reads a document with a filter section.
func (r *reader) filter(root *yaml.Node) *Filter {
	f := &Filter{Meta: r.meta(root, "logsource", "filter"), LogSource: r.logSource(root)}
	section := entry(root, "filter")
	if section.Kind != yaml.MappingNode {
		r.fail(section.Line, "filter is "+kindOf(section), "it is a mapping of rules, searches and a condition")
		return f
	}
	f.Rules = r.list(section, "rules", "")
	if len(f.Rules) == 1 && strings.EqualFold(f.Rules[0], "any") && entry(section, "rules").Kind == yaml.ScalarNode {
		f.Rules, f.Any = nil, true
	}
	if len(f.Rules) == 0 && !f.Any {
		r.fail(section.Line, "the filter names no rules", "list ids or names under rules, or write 'rules: any'")
	}
	f.Searches = r.searches(section, "rules", "condition")
	cond := entry(section, "condition")
	switch {
	case isNull(cond):
		r.fail(section.Line, "the filter has no condition", "such as 'not selection'")
		return f
	case cond.Kind != yaml.ScalarNode:
		r.fail(cond.Line, "the condition of a filter is "+kindOf(cond), "it must be a text")
		return f
	}
	f.Condition = cond.Value
	r.checkConditions([]string{f.Condition}, cond.Line, f.Searches)
	if words := conditionTokens(strings.ToLower(f.Condition)); !slices.Contains(words, "not") {
		r.note(cond.Line, "a filter keeps the records for which its condition is true; to suppress records write 'not …'")
	}
	return f
}

// appliesTo reports whether the filter names the rule and covers its log source.
func (f *Filter) appliesTo(r *Rule) bool {
	return f.LogSource.Covers(r.LogSource) && (f.Any || slices.ContainsFunc(f.Rules, r.is))
}

// is reports whether ref names the document by id or name.
func (m *Meta) is(ref string) bool {
	return ref != "" && (ref == m.Name || strings.EqualFold(ref, m.ID))
}

// ApplyFilters returns the rules, those replaced by a copy to which filters
// apply: filters that name the rule by id or name, or name any rule, and whose
// log source covers the rule's.
func ApplyFilters(rules []*Rule, filters []*Filter) []*Rule {
	out := slices.Clone(rules)
	for i, r := range rules {
		for _, f := range filters {
			if !f.appliesTo(r) || slices.Contains(r.Filters, f) {
				continue
			}
			if out[i] == r {
				c := *r
				c.Filters = slices.Clone(r.Filters)
				out[i] = &c
			}
			out[i].Filters = append(out[i].Filters, f)
		}
	}
	return out
}
