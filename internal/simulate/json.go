package simulate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object whose keys have an order of their own. The envelopes
// are made of it.
type object []member

type member struct {
	key   string
	value any
}

func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// add appends the member unless its value is nil or "": the envelopes leave
// out what they do not know.
func (o object) add(key string, value any) object {
	if value == nil || value == "" {
		return o
	}
	return append(o, member{key, value})
}

// appendJSON appends v without blanks. Keys of maps come in the order of the
// base records, those not found there last and sorted. Unlike encoding/json it
// leaves < > and & alone, as the services do.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return appendString(dst, v)
	case json.Number:
		return append(dst, v...)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case object:
		dst = append(dst, '{')
		for i, m := range v {
			dst = appendMember(dst, i, m.key, m.value)
		}
		return append(dst, '}')
	case map[string]any:
		dst = append(dst, '{')
		for i, k := range orderedKeys(v) {
			dst = appendMember(dst, i, k, v[k])
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	}
	raw, err := json.Marshal(v) // put there by hand, not by Set
	if err != nil {
		panic(fmt.Sprintf("simulate: %T in a record: %v", v, err))
	}
	return append(dst, raw...)
}

func appendMember(dst []byte, i int, key string, value any) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = append(appendString(dst, key), ':')
	return appendJSON(dst, value)
}

func orderedKeys(m map[string]any) []string {
	rank := bases().rank
	place := func(k string) int {
		if r, ok := rank[k]; ok {
			return r
		}
		return len(rank) + 1
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
	return keys
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ':
			dst = fmt.Appendf(dst, `\u%04x`, c)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r) // U+FFFD for bytes that are not UTF-8
			i += n
			continue
		}
		i++
	}
	return append(dst, '"')
}

// jsonText returns v as JSON without blanks.
func jsonText(v any) string { return string(appendJSON(nil, v)) }

// prettyText returns v as JSON indented by two blanks, lines ended by newline.
func prettyText(v any, newline string) string {
	var buf bytes.Buffer
	if err := json.Indent(&buf, appendJSON(nil, v), "", "  "); err != nil {
		panic(err) // appendJSON writes valid JSON
	}
	return strings.ReplaceAll(buf.String(), "\n", newline)
}

// text returns a scalar as text, nil as "", and the rest as JSON.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return jsonText(v)
}

// dig follows keys through nested objects and returns nil where there is none.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		switch at := v.(type) {
		case map[string]any:
			v = at[k]
		case object:
			v = at.get(k)
		default:
			return nil
		}
	}
	return v
}

// list returns v as an array, nil when it is none.
func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// number is a number as the records hold it.
func number(s string) json.Number { return json.Number(s) }
