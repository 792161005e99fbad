package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// errWildcard is what an encoding says of a value in which something is open.
var errWildcard = errors.New("a value with wildcards cannot be encoded")

// toUTF16 encodes the plain parts, each on its own, as the modifiers utf16le
// (alias wide), utf16be and utf16 do. utf16 is little-endian behind a byte order
// mark.
func toUTF16(parts []Part, modifier string) []Part {
	out := make([]Part, 0, len(parts)+1)
	if modifier == "utf16" {
		out = append(out, Part{Plain, "\xff\xfe"})
	}
	for _, p := range parts {
		if p.Kind == Plain {
			var b []byte
			for _, u := range utf16.Encode([]rune(p.Text)) {
				if modifier == "utf16be" {
					b = binary.BigEndian.AppendUint16(b, u)
				} else {
					b = binary.LittleEndian.AppendUint16(b, u)
				}
			}
			p.Text = string(b)
		}
		out = append(out, p)
	}
	return tidy(out)
}

// toBase64 encodes a value as a whole.
func toBase64(parts []Part) ([][]Part, error) {
	if hasWildcard(parts) {
		return nil, errWildcard
	}
	return [][]Part{{{Plain, base64.StdEncoding.EncodeToString([]byte(plainText(parts)))}}}, nil
}

// toBase64Offset returns how a value looks inside something longer that was
// encoded, behind 0, 1 and 2 bytes more than a multiple of three. Of each
// encoding those characters are kept whose six bits all belong to the value.
func toBase64Offset(parts []Part) ([][]Part, error) {
	if hasWildcard(parts) {
		return nil, errWildcard
	}
	text := plainText(parts)
	var out [][]Part
	for before := range 3 {
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
		first, end := (4*before+2)/3, 4*(before+len(text))/3
		if first >= end {
			return nil, errors.New("the value is too short: it leaves no trace of its own in the encoding")
		}
		out = append(out, []Part{{Plain, enc[first:end]}})
	}
	return out, nil
}

// openDashes replaces every dash that begins a command line flag by a part that
// stands for any of the dashes. A dash begins a flag if a letter, digit or
// underscore follows it and none stands before it.
func openDashes(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		if p.Kind != Plain {
			out = append(out, p)
			continue
		}
		from, before := 0, rune(0)
		for i, r := range p.Text {
			size := utf8.RuneLen(r)
			if strings.ContainsRune(dashes, r) && !wordRune(before) {
				if next, _ := utf8.DecodeRuneInString(p.Text[i+size:]); wordRune(next) {
					out = append(out, Part{Plain, p.Text[from:i]}, Part{Kind: anyDash})
					from = i + size
				}
			}
			before = r
		}
		out = append(out, Part{Plain, p.Text[from:]})
	}
	return tidy(out)
}

func wordRune(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// maxDashes bounds the flags of one value that is encoded after windash: each
// multiplies the variants by five.
const maxDashes = 5

// spellDashes returns all variants of parts with a certain dash in each place,
// ok = false if that would be too many.
func spellDashes(parts []Part) (variants [][]Part, ok bool) {
	variants, n := [][]Part{nil}, 0
	for _, p := range parts {
		if p.Kind != anyDash {
			for i := range variants {
				variants[i] = append(variants[i], p)
			}
			continue
		}
		if n++; n > maxDashes {
			return nil, false
		}
		var next [][]Part
		for _, v := range variants {
			for _, d := range dashes {
				next = append(next, append(v[:len(v):len(v)], Part{Plain, string(d)}))
			}
		}
		variants = next
	}
	for i := range variants {
		variants[i] = tidy(variants[i])
	}
	return variants, true
}
