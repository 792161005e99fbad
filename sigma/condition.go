package sigma

import (
	"fmt"
	"strings"
	"unicode"
)

// Bounds on a condition with its searches inlined.
const (
	maxConditionDepth = 100
	maxExpression     = 100_000
)

// conditionParser turns the condition of a rule or filter into an expression:
//
//	or      = and { "or" and }
//	and     = not { "and" not }
//	not     = { "not" } primary
//	primary = "(" or ")" | ("1" | "any" | "all") "of" ("them" | pattern) | search
//
// Words are taken without regard to case, names of searches with it.
type conditionParser struct {
	searches []Search
	tokens   []string
	pos      int
	depth    int
	size     int // items and operators inlined so far
	used     map[string]bool
	msg      string // the first fault
	hint     string
}

// parseCondition returns the expression and the names of the searches in it.
func parseCondition(condition string, searches []Search) (n Node, used map[string]bool, msg, hint string) {
	p := &conditionParser{searches: searches, tokens: conditionTokens(condition), used: map[string]bool{}}
	if len(p.tokens) == 0 {
		return nil, nil, "the condition is empty", "name a search"
	}
	n = p.or()
	if p.msg == "" && p.pos < len(p.tokens) {
		p.unexpected("and, or, or the end")
	}
	return n, p.used, p.msg, p.hint
}

// splitAggregation cuts off what follows a pipe.
func splitAggregation(condition string) (search, aggregation string) {
	search, aggregation, _ = strings.Cut(condition, "|")
	return strings.TrimSpace(search), strings.TrimSpace(aggregation)
}

// isAggregation reports whether s begins as aggregations of Sigma 1 did.
func isAggregation(s string) bool {
	word := strings.ToLower(s)
	if i := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		word = word[:i]
	}
	switch word {
	case "count", "min", "max", "avg", "sum", "near":
		return true
	}
	return false
}

// parentheses become words of their own.
var parentheses = strings.NewReplacer("(", " ( ", ")", " ) ")

func conditionTokens(s string) []string {
	return strings.Fields(parentheses.Replace(s))
}

// peek returns the token at a distance, "" behind the end.
func (p *conditionParser) peek(ahead int) string {
	if p.pos+ahead < len(p.tokens) {
		return p.tokens[p.pos+ahead]
	}
	return ""
}

// word reports whether the token at a distance is the keyword.
func (p *conditionParser) word(ahead int, keyword string) bool {
	return strings.EqualFold(p.peek(ahead), keyword)
}

func (p *conditionParser) fail(msg, hint string) Node {
	if p.msg == "" {
		p.msg, p.hint = msg, hint
	}
	p.pos = len(p.tokens)
	return Or{}
}

func (p *conditionParser) unexpected(want string) Node {
	if p.pos >= len(p.tokens) {
		return p.fail("the condition ends too early", "expected "+want)
	}
	return p.fail(fmt.Sprintf("unexpected %q in the condition", p.tokens[p.pos]), "expected "+want)
}

func (p *conditionParser) or() Node {
	nodes := []Node{p.and()}
	for p.word(0, "or") {
		p.pos++
		nodes = append(nodes, p.and())
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return Or(nodes)
}

func (p *conditionParser) and() Node {
	nodes := []Node{p.not()}
	for p.word(0, "and") {
		p.pos++
		nodes = append(nodes, p.not())
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return And(nodes)
}

func (p *conditionParser) not() Node {
	if p.word(0, "not") {
		p.pos++
		defer p.enter()()
		return Not{p.not()}
	}
	return p.primary()
}

// enter counts a level of nesting until the function it returns is called.
func (p *conditionParser) enter() func() {
	if p.depth++; p.depth > maxConditionDepth {
		p.fail("the condition is nested too deeply", "")
	}
	return func() { p.depth-- }
}

func (p *conditionParser) primary() Node {
	const operand = "the name of a search, 'not', '1 of', 'all of' or '('"
	token := p.peek(0)
	switch {
	case token == "(":
		p.pos++
		defer p.enter()()
		n := p.or()
		if p.peek(0) != ")" {
			return p.unexpected("')'")
		}
		p.pos++
		return n
	case token == "" || token == ")" || p.word(0, "and") || p.word(0, "or"):
		return p.unexpected(operand)
	case p.word(1, "of"):
		return p.selector()
	}
	p.pos++
	for _, s := range p.searches {
		if s.Name == token {
			return p.inline(s)
		}
	}
	return p.fail(fmt.Sprintf("the condition names search %q, which does not exist", token), suggest(token, names(p.searches)))
}

// selector reads "1 of selection_*" and the like.
func (p *conditionParser) selector() Node {
	quantifier := strings.ToLower(p.peek(0))
	if quantifier != "1" && quantifier != "any" && quantifier != "all" {
		return p.fail(fmt.Sprintf("%q of a pattern", p.peek(0)), "use 1, any or all")
	}
	pattern := p.peek(2)
	if pattern == "" || pattern == "(" || pattern == ")" {
		p.pos = min(p.pos+2, len(p.tokens))
		return p.unexpected("'them' or a pattern behind 'of'")
	}
	p.pos += 3
	var nodes []Node
	for _, s := range p.searches {
		if selects(pattern, s.Name) {
			nodes = append(nodes, p.inline(s))
		}
	}
	switch {
	case len(nodes) == 0 && p.msg == "":
		return p.fail(fmt.Sprintf("no search is selected by %q", pattern), suggest(strings.Trim(pattern, "*"), names(p.searches)))
	case len(nodes) == 1:
		return nodes[0]
	case quantifier == "all":
		return And(nodes)
	default:
		return Or(nodes)
	}
}

// selects reports whether a pattern takes in a search. Searches whose names begin
// with an underscore are helpers: only a pattern that begins with one selects
// them.
func selects(pattern, name string) bool {
	if strings.HasPrefix(name, "_") && !strings.HasPrefix(pattern, "_") {
		return false
	}
	if strings.EqualFold(pattern, "them") {
		return true
	}
	var parts []Part
	for i, plain := range strings.Split(pattern, "*") {
		if i > 0 {
			parts = append(parts, Part{Kind: AnyRun})
		}
		parts = append(parts, Part{Plain, plain})
	}
	return matchParts(tidy(parts), []byte(name))
}

func (p *conditionParser) inline(s Search) Node {
	p.used[s.Name] = true
	Walk(s.Node, func(Node, bool) { p.size++ })
	if p.size > maxExpression {
		return p.fail("the condition is too large", "it repeats large searches")
	}
	return s.Node
}

func names(searches []Search) []string {
	out := make([]string, len(searches))
	for i, s := range searches {
		out[i] = s.Name
	}
	return out
}
