package sigma

import (
	"bytes"
	"regexp"
)

// answer evaluates a predicate that marks do not decide.
func (m *Matcher) answer(p *predicate) bool {
	values := m.valuesOf(p.slot)
	for i := range values {
		if values[i].Kind != Null && m.answerValue(p, &values[i]) {
			return true
		}
	}
	return false
}

func (m *Matcher) answerValue(p *predicate, v *FieldValue) bool {
	switch p.kind {
	case networks:
		a, ok := parseAddr(v.Text)
		return ok && inRanges(p.ranges, a)
	case compares:
		return p.compares(v)
	case reference:
		return m.refers(p, v)
	}
	if answerText(m, p, v.Text) {
		return true
	}
	if v.Kind == Number && !plainInteger(v.Text) {
		if canonical, ok := m.canonical(v.Text); ok {
			return answerText(m, p, canonical)
		}
	}
	return false
}

func (p *predicate) compares(v *FieldValue) bool {
	var n number
	var ok bool
	if p.timePart != "" {
		var part int
		part, ok = timePart(p.timePart, v.Text)
		n = intNumber(int64(part))
	} else {
		n, ok = parseNumber(v.Text)
	}
	if !ok {
		return false
	}
	for _, want := range p.numbers {
		if p.relation.holds(n, want) {
			return true
		}
	}
	return false
}

// answerText matches one spelling of a value against patterns or regular
// expressions.
func answerText[T byteseq](m *Matcher, p *predicate, text T) bool {
	if p.kind == regexes {
		for _, re := range p.regex {
			if matchRegex(re, text) {
				return true
			}
		}
		return false
	}
	if p.cased {
		m.buf = append(m.buf[:0], text...)
	} else {
		m.buf = appendFold(m.buf[:0], text)
	}
	for _, parts := range p.parts {
		if matchParts(parts, m.buf) {
			return true
		}
	}
	return false
}

func matchRegex[T byteseq](re *regexp.Regexp, text T) bool {
	switch text := any(text).(type) {
	case string:
		return re.MatchString(text)
	case []byte:
		return re.Match(text)
	default:
		return false
	}
}

// refers compares a value with those of another field.
func (m *Matcher) refers(p *predicate, v *FieldValue) bool {
	for _, w := range m.valuesOf(p.other) {
		if w.Kind == Null {
			continue
		}
		for i := range 2 {
			var ok bool
			if m.buf, ok = appendSpelling(m.buf[:0], v, i, p.cased); !ok {
				break
			}
			for j := range 2 {
				if m.other, ok = appendSpelling(m.other[:0], &w, j, p.cased); !ok {
					break
				}
				if compareTexts(p.position, m.buf, m.other) {
					return true
				}
			}
		}
	}
	return false
}

// appendSpelling appends the i-th spelling of a value, folded unless cased. The
// second spelling is the canonical one of a number.
func appendSpelling(dst []byte, v *FieldValue, i int, cased bool) ([]byte, bool) {
	switch {
	case i > 0 && v.Kind != Number:
		return dst, false
	case i > 0:
		return appendCanonical(dst, v.Text)
	case cased:
		return append(dst, v.Text...), true
	default:
		return appendFold(dst, v.Text), true
	}
}

func compareTexts(position string, a, b []byte) bool {
	switch position {
	case "contains":
		return bytes.Contains(a, b)
	case "startswith":
		return bytes.HasPrefix(a, b)
	case "endswith":
		return bytes.HasSuffix(a, b)
	default:
		return bytes.Equal(a, b)
	}
}
