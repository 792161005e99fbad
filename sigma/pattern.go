package sigma

import "strings"

// PartKind says what a Part of a pattern stands for.
type PartKind uint8

// The kinds of part.
const (
	Plain  PartKind = iota // exactly Text
	AnyRun                 // *: any characters, also none
	AnyOne                 // ?: one character

	anyDash // one of the dashes of the modifier windash
)

// Part is a piece of a pattern.
type Part struct {
	Kind PartKind
	Text string // of Plain
}

// dashes are the characters that the modifier windash takes for one another.
const dashes = "-/\u2013\u2014\u2015"

// Pattern returns the parts of a value without modifiers. A backslash makes a
// following *, ? or backslash plain and is itself plain before anything else.
func (v Value) Pattern() []Part { return parsePattern(v.Text) }

func parsePattern(s string) []Part {
	var parts []Part
	var plain strings.Builder
	add := func(p Part) {
		if plain.Len() > 0 {
			parts = append(parts, Part{Plain, plain.String()})
			plain.Reset()
		}
		parts = append(parts, p)
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`*?\`, s[i+1]) >= 0:
			i++
			plain.WriteByte(s[i])
		case c == '*':
			add(Part{Kind: AnyRun})
		case c == '?':
			add(Part{Kind: AnyOne})
		default:
			plain.WriteByte(c)
		}
	}
	if plain.Len() > 0 {
		parts = append(parts, Part{Plain, plain.String()})
	}
	return parts
}

// tidy joins neighbouring plain parts and drops repeated stars.
func tidy(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		last := len(out) - 1
		switch {
		case p.Kind == Plain && p.Text == "":
		case last >= 0 && p.Kind == Plain && out[last].Kind == Plain:
			out[last].Text += p.Text
		case last >= 0 && p.Kind == AnyRun && out[last].Kind == AnyRun:
		default:
			out = append(out, p)
		}
	}
	return out
}

// hasWildcard reports whether the parts are more than one plain text.
func hasWildcard(parts []Part) bool {
	for _, p := range parts {
		if p.Kind != Plain {
			return true
		}
	}
	return false
}

// plainText returns the text of parts without wildcards.
func plainText(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// foldParts returns the parts with folded texts.
func foldParts(parts []Part) []Part {
	out := make([]Part, len(parts))
	for i, p := range parts {
		out[i] = Part{p.Kind, fold(p.Text)}
	}
	return out
}

// matchParts reports whether the whole of s matches. It looks at stars from left
// to right and lets each take as little as possible, which finds a match if there
// is one and never goes back beyond the last star.
func matchParts(parts []Part, s []byte) bool {
	pos, part := 0, 0
	starPart, starPos := -1, 0
	for {
		switch {
		case part < len(parts) && parts[part].Kind == AnyRun:
			starPart, starPos = part, pos
			part++
			if part == len(parts) {
				return true
			}
			continue
		case part < len(parts):
			if n := matchPart(parts[part], s[pos:]); n >= 0 {
				pos += n
				part++
				continue
			}
		case pos == len(s):
			return true
		}
		if starPart < 0 || starPos >= len(s) {
			return false
		}
		// Let the last star take one byte more. A continuation byte in front of
		// the rest is no place at which ? may begin, so whole runes are taken.
		_, size := runeAt(s, starPos)
		starPos += size
		pos, part = starPos, starPart+1
	}
}

// matchPart returns how many bytes at the start of s the part takes, -1 if none
// fit.
func matchPart(p Part, s []byte) int {
	switch p.Kind {
	case Plain:
		if len(s) >= len(p.Text) && string(s[:len(p.Text)]) == p.Text {
			return len(p.Text)
		}
		return -1
	default:
		if len(s) == 0 {
			return -1
		}
		r, size := runeAt(s, 0)
		if p.Kind == anyDash && !strings.ContainsRune(dashes, r) {
			return -1
		}
		return size
	}
}
