package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// An Error is one thing wrong with a configuration. Its text is
// "file:line: path.of.key: what; hint".
type Error struct {
	File string
	setting.Fault
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.What)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// joined returns all faults as one error, in the order of the file.
func joined(file string, faults []setting.Fault) error {
	slices.SortStableFunc(faults, func(a, b setting.Fault) int { return cmp.Compare(a.Line, b.Line) })
	all := make([]error, len(faults))
	for i, f := range faults {
		all[i] = &Error{file, f}
	}
	return errors.Join(all...)
}
