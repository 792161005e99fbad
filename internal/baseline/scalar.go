package baseline

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

const maxSpan = 20 * 365 * 24 * time.Hour

// span reads a length of time: a whole number and one of s, m, h, d, w.
func (p *parser) span(n *yaml.Node, path string) (time.Duration, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return 0, false
	}
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	unit := units[s[len(s)-1]]
	count, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	switch {
	case unit == 0 || err != nil || s[0] == '+':
		p.failNode(n, path, "write a number and s, m, h, d or w, like 90s, 10m, 24h, 14d", "%q is not a span of time", s)
	case count <= 0:
		p.failNode(n, path, "", "%s is not more than zero", s)
	case count > int64(maxSpan/unit):
		p.failNode(n, path, "", "%s is longer than 20 years", s)
	default:
		return time.Duration(count) * unit, true
	}
	return 0, false
}

// formatSpan writes a span as Sigma does: one number and the largest unit that
// divides it.
func formatSpan(d time.Duration) string {
	switch day := 24 * time.Hour; {
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

func (p *parser) integer(n *yaml.Node, path string, least int) (int, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 32)
	switch {
	case err != nil || n.Tag != "!!int":
		p.failNode(n, path, "", "want a whole number, got %q", s)
	case int(v) < least:
		p.failNode(n, path, "", "%d is less than %d", v, least)
	default:
		return int(v), true
	}
	return 0, false
}

// number reads a number greater than zero.
func (p *parser) number(n *yaml.Node, path string) (float64, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || math.IsInf(v, 0) || math.IsNaN(v) || n.Tag != "!!int" && n.Tag != "!!float":
		p.failNode(n, path, "", "want a number, got %q", s)
	case v <= 0:
		p.failNode(n, path, "", "%s is not more than zero", s)
	default:
		return v, true
	}
	return 0, false
}

func (p *parser) boolean(n *yaml.Node, path string) (bool, bool) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		return strings.EqualFold(n.Value, "true"), true
	}
	p.failNode(n, path, "", "want true or false, got %s", describe(n))
	return false, false
}

// oneOf reads one of a few words and returns it as it stands in the list.
func (p *parser) oneOf(n *yaml.Node, path string, words ...string) (string, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return "", false
	}
	return p.word(item{s, p.at(n, path)}, words)
}

func (p *parser) word(it item, words []string) (string, bool) {
	i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, it.text) })
	if i < 0 {
		p.fail(it.at, didYouMean(it.text, words), "%q is not known", it.text)
		return "", false
	}
	return words[i], true
}

// day reads a calendar date.
func (p *parser) day(it item) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, it.text)
	if err != nil {
		p.fail(it.at, "write it like 2026-12-24", "%q is not a date", it.text)
		return time.Time{}, false
	}
	return t, true
}

// moment reads a time with its zone, or, where a day is enough, a date (its
// beginning in UTC).
func (p *parser) moment(n *yaml.Node, path string, dayIsEnough bool) (time.Time, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return time.Time{}, false
	}
	hint := "write it like 2026-11-10T18:00:00Z or 2026-11-10T19:00:00+01:00"
	if dayIsEnough {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			return t, true
		}
		hint = "write it like 2026-03-01"
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		p.failNode(n, path, hint, "%q is not a time", s)
		return time.Time{}, false
	}
	return t, true
}

// pattern reads a regular expression; prefix is put before it ("(?i)").
func (p *parser) pattern(n *yaml.Node, path, prefix string) (*regexp.Regexp, bool) {
	s, ok := p.scalar(n, path)
	if !ok {
		return nil, false
	}
	re, err := regexp.Compile(prefix + s)
	if err != nil {
		_, bare := regexp.Compile(s) // so that the text names what was written
		if bare != nil {
			err = bare
		}
		p.failNode(n, path, "RE2 syntax, without look-around and back-references",
			"is not a regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil, false
	}
	return re, true
}

// FormatSpan writes a span as baselines have it: 90s, 10m, 24h, 14d.
func FormatSpan(d time.Duration) string { return formatSpan(d) }
