package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxRegex bounds the length of a regular expression in bytes.
const maxRegex = 16 << 10

// compileRegex compiles a regular expression with the flags i, m and s. In the
// position startswith or endswith it must match at that end; without one, as
// with contains, anywhere.
func compileRegex(expr, flags, position string) (re *regexp.Regexp, hint string, err error) {
	if len(expr) > maxRegex {
		return nil, "", fmt.Errorf("a regular expression of %d bytes is too long", len(expr))
	}
	// Compiled on its own first, so that a stray parenthesis is not taken for
	// the end of the group below.
	if _, err := regexp.Compile(expr); err != nil {
		return nil, regexHint(expr, err), fmt.Errorf("regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	switch position {
	case "startswith":
		expr = `\A(?:` + flags + expr + `)`
	case "endswith":
		expr = `(?:` + flags + expr + `)\z`
	default:
		expr = flags + expr
	}
	re, err = regexp.Compile(expr)
	return re, "", err
}

func regexHint(expr string, err error) string {
	var se *syntax.Error
	switch {
	case strings.Contains(expr, "(?=") || strings.Contains(expr, "(?!") || strings.Contains(expr, "(?<"):
		return "look-around is not part of Sigma; use a second search and 'not'"
	case errors.As(err, &se) && se.Code == syntax.ErrInvalidEscape:
		return "back-references and unknown escapes are not part of Sigma"
	case errors.As(err, &se) && (se.Code == syntax.ErrInvalidRepeatSize || se.Code == syntax.ErrLarge):
		return "repeat at most 1000 times"
	default:
		return ""
	}
}

// patternRegex returns the regular expression that matches what the parts of a
// placeholder's value do.
func patternRegex(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		switch p.Kind {
		case AnyRun:
			b.WriteString("(?s:.*)")
		case AnyOne:
			b.WriteString("(?s:.)")
		default:
			b.WriteString(regexp.QuoteMeta(p.Text))
		}
	}
	return b.String()
}

// requiredLiterals returns folded texts of which at least one occurs, folded, in
// everything that the expression matches; nil if there is no such set.
func requiredLiterals(re *regexp.Regexp) []string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	return literalsOf(tree.Simplify())
}

// maxAlternatives bounds how many literals are worth keeping for one expression.
const maxAlternatives = 32

// literalsOf is requiredLiterals of a simplified tree, which has no counted
// repetitions.
func literalsOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if slices.Contains(re.Rune, utf8.RuneError) {
			return nil // regexp takes any byte that is not UTF-8 for this rune
		}
		return []string{fold(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return literalsOf(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if lits := literalsOf(sub); shortest(lits) > shortest(best) {
				best = lits
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			lits := literalsOf(sub)
			if lits == nil || len(all)+len(lits) > maxAlternatives {
				return nil
			}
			all = append(all, lits...)
		}
		return all
	}
	return nil
}

// shortest returns the length of the shortest literal, 0 for none: a set is as
// selective as that.
func shortest(lits []string) int {
	if len(lits) == 0 {
		return 0
	}
	n := len(lits[0])
	for _, l := range lits {
		n = min(n, len(l))
	}
	return n
}
