package decode

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// str views bytes as a string without copying. The bytes belong to a batch or
// to an event's scratch space, which nobody writes to while the event lives.
func str(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// fold reports whether key equals the lower-case ASCII name without regard to
// case.
func fold(key []byte, name string) bool {
	if len(key) != len(name) {
		return false
	}
	for i, c := range key {
		if c != name[i] && lower(c) != name[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c + 'a' - 'A'
	}
	return c
}

// unescape appends the text of a JSON string, given without its quotes. ok is
// false when an escape is malformed; the rest is then kept as it stands.
func unescape(dst, s []byte) (out []byte, ok bool) {
	ok = true
	for i := 0; i < len(s); {
		c := s[i]
		if c != '\\' || i+1 == len(s) {
			dst = append(dst, c)
			i++
			continue
		}
		i += 2
		switch c := s[i-1]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, valid := hex4(s[i:])
			if !valid {
				dst, ok = append(dst, '\\', 'u'), false
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 <= len(s) && s[i] == '\\' && s[i+1] == 'u' {
					if low, valid := hex4(s[i+2:]); valid {
						if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
							dst = utf8.AppendRune(dst, pair)
							i += 6
							continue
						}
					}
				}
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst, ok = append(dst, '\\', c), false
		}
	}
	return dst, ok
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range s[:4] {
		switch {
		case c-'0' < 10:
			r = r<<4 | rune(c-'0')
		case lower(c)-'a' < 6:
			r = r<<4 | rune(lower(c)-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// appendJSONString appends s as a quoted JSON string.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(dst, '"')
}

// stringAt returns the text of the scalar at data[i]: a string's content, or
// the literal as it stands. Containers give "".
func stringAt(data []byte, i int) string {
	if i >= len(data) {
		return ""
	}
	switch data[i] {
	case '"':
		end, escaped, err := skipString(data, i+1)
		if err != scanOK {
			return ""
		}
		text := data[i+1 : end]
		if escaped {
			text, _ = unescape(nil, text)
		}
		return string(text)
	case '{', '[':
		return ""
	}
	end := i
	for end < len(data) && data[end] > ' ' && data[end] != ',' && data[end] != '}' && data[end] != ']' {
		end++
	}
	return string(data[i:end])
}

// walkObject calls f for each key of the object at data[i] with the place of
// its value. Damaged or cut text ends the walk early.
func walkObject(data []byte, i int, f func(key []byte, value int)) {
	if i >= len(data) || data[i] != '{' {
		return
	}
	i = skipBlank(data, i+1)
	for i < len(data) && data[i] == '"' {
		end, _, err := skipString(data, i+1)
		if err != scanOK {
			return
		}
		key := data[i+1 : end]
		if i = skipBlank(data, end+1); i >= len(data) || data[i] != ':' {
			return
		}
		if i = skipBlank(data, i+1); i >= len(data) {
			return
		}
		f(key, i)
		i = skipBlank(data, skip(data, i))
		if i < len(data) && data[i] == ',' {
			i = skipBlank(data, i+1)
		}
	}
}

// walkArray calls f with the place of each element of the array at data[i].
func walkArray(data []byte, i int, f func(elem int)) {
	if i >= len(data) || data[i] != '[' {
		return
	}
	i = skipBlank(data, i+1)
	for i < len(data) && data[i] != ']' {
		from := i
		f(i)
		i = skipBlank(data, skip(data, i))
		if i < len(data) && data[i] == ',' {
			i = skipBlank(data, i+1)
		}
		if i == from {
			return
		}
	}
}
