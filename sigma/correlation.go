package sigma

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// correlationTypes are those of Sigma 2.1.
var correlationTypes = []string{
	"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile",
}

var correlationKeys = []string{"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"}

var operators = []string{"gt", "gte", "lt", "lte", "eq", "neq"}

var (
	placeholderForm = regexp.MustCompile(`^%([^%\s]+)%$`)
	timespanForm    = regexp.MustCompile(`^([0-9]+)([smhd])$`)
)

// correlation reads a document with a correlation section. Of types that only
// ParseOptions knows it asks for no more than type and rules.
func (r *reader) correlation(root *yaml.Node) *Correlation {
	c := &Correlation{Meta: r.meta(root, "correlation", "generate")}
	n := entry(root, "correlation")
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "correlation is "+kindOf(n), "it is a mapping of type, rules, group-by, timespan and condition")
		return c
	}
	c.Type = r.text(n, "type")
	known := slices.Concat(correlationTypes, r.opts.ExtraCorrelationTypes)
	switch {
	case c.Type == "":
		r.fail(n.Line, "the correlation has no type", suggest("", known))
	case !slices.Contains(known, c.Type):
		r.fail(r.line(n, "type"), fmt.Sprintf("unknown correlation type %q", c.Type), suggest(c.Type, known))
	}
	c.Rules = r.list(n, "rules", "")
	if len(c.Rules) == 0 {
		r.fail(n.Line, "the correlation names no rules", "list ids or names under rules")
	}
	for i, ref := range c.Rules {
		if slices.Contains(c.Rules[:i], ref) {
			r.fail(r.line(n, "rules"), fmt.Sprintf("rule %q is listed twice", ref), "remove one")
		}
	}
	c.GroupBy = r.list(n, "group-by", "")
	c.Generate = r.generate(root, n)
	c.Aliases = r.aliases(entry(n, "aliases"))
	c.Timespan = r.timespan(entry(n, "timespan"))
	c.Condition = r.correlationCondition(entry(n, "condition"), slices.Contains(correlationTypes, c.Type))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case slices.Contains(correlationKeys, key.Value):
		case slices.Contains(r.opts.ExtraCorrelationKeys, key.Value):
			if c.Options == nil {
				c.Options = map[string]*yaml.Node{}
			}
			c.Options[key.Value] = n.Content[i+1]
		default:
			r.fail(key.Line, fmt.Sprintf("unknown key %q in the correlation", key.Value),
				suggest(key.Value, slices.Concat(correlationKeys, r.opts.ExtraCorrelationKeys)))
		}
	}
	if slices.Contains(correlationTypes, c.Type) {
		r.checkCorrelation(c, n)
	}
	return c
}

// checkCorrelation holds a correlation against what its type requires.
func (r *reader) checkCorrelation(c *Correlation, n *yaml.Node) {
	temporal := strings.HasPrefix(c.Type, "temporal")
	line := r.line(n, "condition")
	if isNull(entry(n, "timespan")) {
		r.fail(n.Line, "the correlation has no timespan", "such as 'timespan: 10m'")
	}
	if !temporal && isNull(entry(n, "condition")) {
		r.fail(n.Line, "the correlation has no condition", "such as 'condition: {gte: 10}'")
	}
	if len(c.GroupBy) == 0 {
		r.note(n.Line, "the correlation has no group-by: it counts over all records together")
	}
	switch fields := len(c.Condition.Fields); {
	case fields == 0 && strings.HasPrefix(c.Type, "value_") && !isNull(entry(n, "condition")):
		r.fail(line, c.Type+" needs a field in its condition", "add 'field: …'")
	case fields > 0 && !strings.HasPrefix(c.Type, "value_"):
		r.fail(line, c.Type+" takes no field", "value_count counts the distinct values of a field")
	case fields > 1 && c.Type != "value_count":
		r.fail(line, c.Type+" takes one field", "")
	}
	switch {
	case c.Condition.Percentile != nil && c.Type != "value_percentile":
		r.fail(line, c.Type+" takes no percentile", "use type value_percentile")
	case c.Condition.Percentile == nil && c.Type == "value_percentile" && len(c.Condition.Fields) > 0:
		r.note(line, "no percentile is given, such as 'percentile: 95'")
	}
	if temporal && len(c.Rules) == 1 {
		r.note(r.line(n, "rules"), c.Type+" over a single rule")
	}
	for _, a := range c.Aliases {
		if !slices.Contains(c.GroupBy, a.Name) && !slices.Contains(c.Condition.Fields, a.Name) {
			r.note(r.line(n, "aliases"), fmt.Sprintf("neither group-by nor condition uses alias %q", a.Name))
		}
	}
	r.checkRange(c, line)
}

// checkRange reports limits that a count cannot have or that no number meets.
func (r *reader) checkRange(c *Correlation, line int) {
	low, high := math.Inf(-1), math.Inf(1)
	counts := c.Type == "event_count" || c.Type == "value_count" || strings.HasPrefix(c.Type, "temporal")
	step := 0.0 // between a limit and the next value beyond it
	if counts {
		low, step = 0, 1
	}
	if strings.HasPrefix(c.Type, "temporal") {
		high = float64(len(c.Rules))
	}
	openLow, openHigh := false, false
	raise := func(to float64, open bool) {
		if to > low || to == low && open {
			low, openLow = to, open
		}
	}
	lower := func(to float64, open bool) {
		if to < high || to == high && open {
			high, openHigh = to, open
		}
	}
	var except []float64
	for _, t := range c.Condition.Terms {
		v := t.Limit.Number
		switch {
		case t.Limit.Placeholder != "":
			continue
		case counts && v != math.Trunc(v):
			r.fail(line, fmt.Sprintf("%s counts in whole numbers, not %s", c.Type, t.Limit.Text), "")
			return
		}
		switch t.Op {
		case "gt":
			raise(v+step, step == 0)
		case "gte":
			raise(v, false)
		case "lt":
			lower(v-step, step == 0)
		case "lte":
			lower(v, false)
		case "eq":
			raise(v, false)
			lower(v, false)
		case "neq":
			except = append(except, v)
		}
	}
	if low > high || low == high && (openLow || openHigh || slices.Contains(except, low)) {
		r.fail(line, "no number can meet the condition", "check the limits")
	}
}

func (r *reader) generate(root, n *yaml.Node) bool {
	out := false
	for _, v := range []*yaml.Node{entry(root, "generate"), entry(n, "generate")} {
		if v == nil {
			continue
		}
		value := valueOf(v)
		if v.Kind != yaml.ScalarNode || value.Kind != Bool {
			r.fail(v.Line, "generate is "+kindOf(v), "write true or false")
			continue
		}
		out = out || strings.EqualFold(value.Text, "true")
	}
	return out
}

func (r *reader) aliases(n *yaml.Node) []Alias {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "aliases is "+kindOf(n), "map each alias to fields by rule")
		return nil
	}
	var out []Alias
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, fields := n.Content[i].Value, n.Content[i+1]
		if fields.Kind != yaml.MappingNode || len(fields.Content) == 0 {
			r.fail(fields.Line, fmt.Sprintf("alias %q is %s", name, kindOf(fields)), "map names of rules to fields")
			continue
		}
		a := Alias{Name: name}
		for _, rule := range keys(fields) {
			field := r.text(fields, rule)
			if field == "" {
				r.fail(r.line(fields, rule), fmt.Sprintf("alias %q names no field for rule %q", name, rule), "")
			}
			a.Fields = append(a.Fields, AliasField{rule, field})
		}
		out = append(out, a)
	}
	return out
}

func (r *reader) timespan(n *yaml.Node) Timespan {
	if isNull(n) {
		return Timespan{}
	}
	const hint = "write a number and s, m, h or d, such as 10m"
	if n.Kind != yaml.ScalarNode {
		r.fail(n.Line, "timespan is "+kindOf(n), hint)
		return Timespan{}
	}
	t := Timespan{Text: n.Value}
	if m := placeholderForm.FindStringSubmatch(n.Value); m != nil {
		t.Placeholder = m[1]
		return t
	}
	m := timespanForm.FindStringSubmatch(n.Value)
	if m == nil {
		r.fail(n.Line, fmt.Sprintf("%q is no timespan", n.Value), hint)
		return t
	}
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	count, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || count == 0 || count > int64(math.MaxInt64/unit) {
		r.fail(n.Line, fmt.Sprintf("a timespan of %s is out of range", n.Value), hint)
		return t
	}
	t.Duration = time.Duration(count) * unit
	return t
}

// correlationCondition reads the condition; only those of Sigma's own types must
// have a limit.
func (r *reader) correlationCondition(n *yaml.Node, standard bool) (c CorrelationCondition) {
	if isNull(n) {
		return c
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "the condition is "+kindOf(n), "write limits, such as {gte: 10}; expressions over rules are no part of Sigma 2.1")
		return c
	}
	c.Fields = r.list(n, "field", "")
	if p := entry(n, "percentile"); p != nil {
		limit := r.limit(p, "percentile")
		if limit.Number < 0 || limit.Number > 100 {
			r.fail(p.Line, fmt.Sprintf("percentile %s does not exist", limit.Text), "from 0 to 100")
		}
		c.Percentile = &limit
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Value == "field" || key.Value == "percentile":
		case slices.Contains(operators, key.Value):
			c.Terms = append(c.Terms, Term{key.Value, r.limit(n.Content[i+1], key.Value)})
		case slices.Contains(r.opts.ExtraCorrelationKeys, key.Value):
			if c.Options == nil {
				c.Options = map[string]*yaml.Node{}
			}
			c.Options[key.Value] = n.Content[i+1]
		default:
			r.fail(key.Line, fmt.Sprintf("unknown key %q in the condition", key.Value),
				suggest(key.Value, slices.Concat(operators, []string{"field", "percentile"}, r.opts.ExtraCorrelationKeys)))
		}
	}
	if len(c.Terms) == 0 && standard {
		r.fail(n.Line, "the condition has no limit", "such as 'gte: 10'")
	}
	return c
}

func (r *reader) limit(n *yaml.Node, key string) Limit {
	bad := func() Limit {
		r.fail(n.Line, fmt.Sprintf("%s is %s", key, kindOf(n)), "write a number without quotes, or a placeholder such as '%name%'")
		return Limit{}
	}
	if n.Kind != yaml.ScalarNode {
		return bad()
	}
	l := Limit{Text: n.Value}
	switch v := valueOf(n); v.Kind {
	case Number:
		canonical, _ := ruleNumber(v.Text)
		f, err := strconv.ParseFloat(canonical, 64)
		if err != nil {
			return bad()
		}
		l.Number = f
	case String:
		m := placeholderForm.FindStringSubmatch(v.Text)
		if m == nil {
			return bad()
		}
		l.Placeholder = m[1]
	default:
		return bad()
	}
	return l
}
