package sigma

import (
	"fmt"
	"strings"
)

// maxExpansion bounds how many values placeholders may make of one value.
const maxExpansion = 1 << 20

// piece is a part of a value before and after its placeholders are replaced:
// text of the rule (raw), text of a replacement, or the name of a placeholder.
type piece struct {
	text        string
	raw         bool
	placeholder bool
}

// splitPlaceholders finds the placeholders %name% of a value. \% is a percent
// sign; other escapes are left to whoever reads the pieces.
func splitPlaceholders(s string) []piece {
	var out []piece
	var plain strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			if s[i] != '%' {
				plain.WriteByte(c)
			}
			plain.WriteByte(s[i])
		case c == '%' && strings.IndexByte(s[i+1:], '%') > 0:
			n := strings.IndexByte(s[i+1:], '%')
			out = append(out, piece{text: plain.String(), raw: true}, piece{text: s[i+1 : i+1+n], placeholder: true})
			plain.Reset()
			i += n + 1
		default:
			plain.WriteByte(c)
		}
	}
	return append(out, piece{text: plain.String(), raw: true})
}

// substitute returns the pieces with every placeholder replaced, once for each
// combination of values.
func (r *itemReader) substitute(pieces []piece) [][]piece {
	out := [][]piece{nil}
	for _, p := range pieces {
		if !p.placeholder {
			for i := range out {
				out[i] = append(out[i], p)
			}
			continue
		}
		if r.expand == nil {
			return nil
		}
		values, ok := r.expand(p.text)
		if !ok {
			if r.err == nil {
				r.err = &PlaceholderError{File: r.file, Line: r.item.Line, Field: r.item.Field, Name: p.text}
			}
			return nil
		}
		if len(values) > 0 && len(out) > maxExpansion/len(values) {
			r.fail(fmt.Sprintf("placeholder %%%s%% makes more than %d values", p.text, maxExpansion), "")
			return nil
		}
		next := make([][]piece, 0, len(out)*len(values))
		for _, o := range out {
			for _, v := range values {
				next = append(next, append(o[:len(o):len(o)], piece{text: v}))
			}
		}
		out = next
	}
	return out
}

// texts returns what a value without wildcards stands for.
func (r *itemReader) texts(v Value) []string {
	if !r.set.expand {
		return []string{v.Text}
	}
	var out []string
	for _, pieces := range r.substitute(splitPlaceholders(v.Text)) {
		var b strings.Builder
		for _, p := range pieces {
			b.WriteString(p.text)
		}
		out = append(out, b.String())
	}
	return out
}

// patterns returns the patterns that a value of a text test stands for, after
// all modifiers.
func (r *itemReader) patterns(v Value) [][]Part {
	pos := r.set.class[position]
	encoded := r.set.class[widening] != "" || r.set.class[base64ing] != ""
	var group [][]Part
	switch {
	case v.Kind == Null:
		r.fail("null in a list", "null is no value: use a search of its own and 'or'")
		return nil
	case v.Kind == Bool && (pos != "" || encoded || r.set.class[dashing] != ""), v.Kind != String && r.set.expand:
		r.fail(fmt.Sprintf("%s %s is no text", v.Kind, v.Text), "write it in quotes")
		return nil
	case v.Kind == Bool:
		group = [][]Part{{{Plain, strings.ToLower(v.Text)}}}
	case v.Kind == Number:
		group = [][]Part{{{Plain, v.Text}}}
		if canonical, ok := ruleNumber(v.Text); ok && canonical != v.Text {
			group = append(group, []Part{{Plain, canonical}})
		}
	case r.set.expand:
		for _, pieces := range r.substitute(splitPlaceholders(v.Text)) {
			var parts []Part
			for _, p := range pieces {
				parts = append(parts, parsePattern(p.text)...)
			}
			group = append(group, tidy(parts))
		}
	default:
		group = [][]Part{tidy(parsePattern(v.Text))}
	}
	if r.item.Field == "" && v.Text == "" {
		r.fail("an empty keyword", "it would match everything")
	}
	group = r.encode(group)
	for i, parts := range group {
		if pos == "" && r.item.Field == "" {
			pos = "contains" // what keywords are, without saying so
		}
		if pos == "contains" || pos == "endswith" {
			parts = append([]Part{{Kind: AnyRun}}, parts...)
		}
		if pos == "contains" || pos == "startswith" {
			parts = append(parts, Part{Kind: AnyRun})
		}
		if !r.set.cased {
			parts = foldParts(parts)
		}
		group[i] = tidy(parts)
	}
	return group
}

// encode applies windash, the forms of utf16 and those of base64, in this order.
func (r *itemReader) encode(group [][]Part) [][]Part {
	widen, b64 := r.set.class[widening], r.set.class[base64ing]
	var out [][]Part
	for _, parts := range group {
		variants := [][]Part{parts}
		if r.set.class[dashing] != "" {
			variants[0] = openDashes(parts)
			if widen != "" || b64 != "" {
				var ok bool
				if variants, ok = spellDashes(variants[0]); !ok {
					r.fail(fmt.Sprintf("more than %d dashes to vary before encoding", maxDashes), "split the value")
					return nil
				}
			}
		}
		for _, v := range variants {
			if widen != "" {
				v = toUTF16(v, widen)
			}
			encoded, err := [][]Part{v}, error(nil)
			switch b64 {
			case "base64":
				encoded, err = toBase64(v)
			case "base64offset":
				encoded, err = toBase64Offset(v)
			}
			if err != nil {
				r.fail(err.Error(), `escape wildcards that are meant literally, as \*`)
				return nil
			}
			out = append(out, encoded...)
		}
	}
	return out
}
