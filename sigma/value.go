package sigma

import "strings"

// ValueKind is the type of a value in a rule or in a record.
type ValueKind uint8

// The kinds of value.
const (
	Null ValueKind = iota
	String
	Number
	Bool
)

func (k ValueKind) String() string {
	switch k {
	case String:
		return "string"
	case Number:
		return "number"
	case Bool:
		return "boolean"
	default:
		return "null"
	}
}

// Value is a value in a rule. Text is what the rule says, escapes included; what
// it means depends on the modifiers: with re it is a regular expression, else
// Pattern tells wildcards from plain characters.
type Value struct {
	Kind ValueKind
	Text string // "" for null
}

// Text returns a string value in which * and ? are wildcards unless escaped by
// a backslash.
func Text(s string) Value { return Value{String, s} }

// Literal returns the string value that stands for exactly s, without wildcards.
func Literal(s string) Value { return Value{String, Quote(s)} }

// Quote escapes s so that every character of it stands for itself.
func Quote(s string) string {
	if !strings.ContainsAny(s, `*?\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '*' || s[i] == '?' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// FieldValue is a value in a record.
type FieldValue struct {
	Kind ValueKind
	Text string // the string, "12.5", "true" or "false"; not read if Kind is Null
}

// Record is what rules are matched against.
type Record interface {
	// Append adds to dst the values of a field, known by the ID that
	// Options.Resolve gave it. A field that is missing has none; an element of
	// a list is one value.
	Append(dst []FieldValue, field int) []FieldValue
	// First returns the first of the values that Append adds and how many these
	// are: 0, 1, or 2 for several. Most fields have one, which is read in passing.
	First(field int) (v FieldValue, n int)
	// Text returns the i-th text in which keywords are looked for; ok is false
	// past the last.
	Text(i int) (text string, ok bool)
}
