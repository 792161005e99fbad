package baseline

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Takes reports whether a value, as an entry of an input that is a list, means
// itself and nothing more. Text from logs may not: a wildcard would stand for
// everybody, role: for its holders, an @ in front for a file, a blank at the end
// for nothing.
func Takes(input, value string) bool {
	cat := newCatalogue()
	s := cat.byName[lower(input)]
	if s == nil || s.parse == nil || value == "" || strings.ContainsAny(value, "*\x00\ufffd") || value[0] == '@' || strings.TrimSpace(value) != value {
		return false
	}
	for _, many := range []string{"role:", "group:"} {
		if _, ok := cutPrefixFold(value, many); ok && s.principals {
			return false // stands for its members
		}
	}
	p := &parser{file: input, cat: cat}
	list := flatten(s.parse(p, sequenceOf(value), input))
	return len(p.errs) == 0 && len(list) == 1 && strings.EqualFold(list[0].text, value)
}

func sequenceOf(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}}}
}
