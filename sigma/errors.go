package sigma

import (
	"fmt"
	"strconv"
)

// Error is a fault in a file.
type Error struct {
	File string
	Line int
	Msg  string // what is wrong
	Hint string // what to do, "" if that is obvious
}

func (e *Error) Error() string {
	s := where(e.File, e.Line) + e.Msg
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// where returns "file:line: ", without what is not known.
func where(file string, line int) string {
	switch {
	case file == "" && line == 0:
		return ""
	case line == 0:
		return file + ": "
	case file == "":
		return "line " + strconv.Itoa(line) + ": "
	default:
		return file + ":" + strconv.Itoa(line) + ": "
	}
}

// UnsupportedError says that a rule is sound but uses what this package cannot
// evaluate: an aggregation behind a pipe in the condition.
type UnsupportedError struct {
	File    string
	Line    int
	Feature string
	Hint    string
}

func (e *UnsupportedError) Error() string {
	return where(e.File, e.Line) + e.Feature + " is not supported; " + e.Hint
}

// PlaceholderError says that Options.Expand has no values for a placeholder.
type PlaceholderError struct {
	File  string
	Line  int
	Field string
	Name  string // without percent signs
}

func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("%splaceholder %%%s%% of field %q has no values", where(e.File, e.Line), e.Name, e.Field)
}

// RuleError says which rule an error of Compile belongs to.
type RuleError struct {
	Rule *Rule
	Err  error
}

func (e *RuleError) Error() string { return e.Err.Error() }

func (e *RuleError) Unwrap() error { return e.Err }
