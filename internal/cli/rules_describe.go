package cli

import (
	"strings"

	"github.com/entrawatch/entrawatch/sigma"
)

// A described line is a part of a rule's condition in words.
type described struct {
	depth int
	mark  string // "" or "- "
	text  string
}

// describe puts a condition into words, one line for each comparison.
func describe(n sigma.Node) []described {
	var d describer
	d.node(flatten(n), false, 0, "")
	return d.lines
}

type describer struct{ lines []described }

func (d *describer) add(depth int, mark, text string) {
	d.lines = append(d.lines, described{depth, mark, text})
}

func (d *describer) node(n sigma.Node, negated bool, depth int, mark string) {
	switch n := n.(type) {
	case sigma.And:
		d.several(n, negated, "all of these hold", "these do not hold all together", depth, mark)
	case sigma.Or:
		d.several(n, negated, "one of these holds", "none of these holds", depth, mark)
	case sigma.Not:
		d.node(n.X, !negated, depth, mark)
	case *sigma.Item:
		text := item(n)
		if negated {
			text = "not: " + text
		}
		d.add(depth, mark, text)
	}
}

func (d *describer) several(nodes []sigma.Node, negated bool, yes, no string, depth int, mark string) {
	head := yes
	if negated {
		head = no
	}
	d.add(depth, mark, head+":")
	for _, n := range nodes {
		d.node(n, false, depth+1, "- ")
	}
}

// flatten joins an And within an And, and an Or within an Or.
func flatten(n sigma.Node) sigma.Node {
	switch n := n.(type) {
	case sigma.And:
		n = joined(n)
		if len(n) == 1 {
			return n[0]
		}
		return n
	case sigma.Or:
		n = joined(n)
		if len(n) == 1 {
			return n[0]
		}
		return n
	case sigma.Not:
		return sigma.Not{X: flatten(n.X)}
	}
	return n
}

// joined flattens the nodes of a list and takes those in that are lists of the
// same sort.
func joined[T sigma.And | sigma.Or](list T) T {
	var out T
	for _, x := range list {
		x = flatten(x)
		if inner, ok := any(x).(T); ok {
			out = append(out, inner...)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// verbs are the words for modifiers that compare.
var verbs = []struct{ modifier, verb string }{
	{"contains", "contains"},
	{"startswith", "starts with"},
	{"endswith", "ends with"},
	{"cidr", "is in the network"},
	{"gte", "is at least"},
	{"gt", "is more than"},
	{"lte", "is at most"},
	{"lt", "is less than"},
	{"fieldref", "is the same as the field"},
	{"re", "fits the regular expression"},
}

// item puts one comparison into words.
func item(it *sigma.Item) string {
	subject := it.Field
	if subject == "" {
		subject = "the record"
	}
	verb, extra := "is", []string{}
	if it.Field == "" {
		verb = "contains"
	}
	if it.Has("exists") {
		if len(it.Values) == 1 && strings.EqualFold(it.Values[0].Text, "false") {
			return subject + " is missing"
		}
		return subject + " is there"
	}
	used := ""
	for _, v := range verbs {
		if it.Has(v.modifier) {
			verb, used = v.verb, v.modifier
			break
		}
	}
	for _, m := range it.Modifiers {
		switch m {
		case used, "all", "neq", "expand":
		case "re":
			extra = append(extra, "as a regular expression")
		case "minute", "hour", "day", "week", "month", "year":
			subject = "the " + m + " of " + subject
		case "cased":
			extra = append(extra, "upper and lower case told apart")
		default:
			extra = append(extra, m)
		}
	}
	if it.Has("neq") {
		subject = "not: " + subject
	}
	values := make([]string, len(it.Values))
	for i, v := range it.Values {
		values[i] = valueText(v, it.Has("expand"))
	}
	join := " or "
	if it.Has("all") {
		join = " and "
	}
	out := subject + " " + verb + " " + strings.Join(values, join)
	if len(extra) > 0 {
		out += " (" + strings.Join(extra, ", ") + ")"
	}
	return out
}

func valueText(v sigma.Value, expand bool) string {
	switch {
	case v.Kind == sigma.Null:
		return "missing"
	case v.Text == "":
		return "empty"
	case expand && strings.HasPrefix(v.Text, "%") && strings.HasSuffix(v.Text, "%") && len(v.Text) > 2:
		return "in " + strings.Trim(v.Text, "%") + " of the baseline"
	}
	return v.Text
}
