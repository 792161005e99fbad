package baseline

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/spelling"
)

// Error is one thing wrong with a baseline file, or with a file it refers to.
// Its text is "file:line: path: what; hint".
type Error struct {
	File string
	Line int    // from 1; 0 if unknown
	Path string // where in the document: "working_hours[0].time_zone"; may be empty
	Msg  string
	Hint string // what to write instead; may be empty
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Msg)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// joinErrors returns all errors as one, those of the baseline file by line.
func joinErrors(file string, errs []*Error) error {
	slices.SortStableFunc(errs, func(a, b *Error) int {
		if a.File != b.File {
			switch file {
			case a.File:
				return -1
			case b.File:
				return 1
			}
			return cmp.Compare(a.File, b.File)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	all := make([]error, len(errs))
	for i, e := range errs {
		all[i] = e
	}
	return errors.Join(all...)
}

// didYouMean returns a hint that names the nearest of the known names, or lists
// them when there are few and none is near.
func didYouMean(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return "did you mean " + best + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		return "known: " + strings.Join(known, ", ")
	}
	return ""
}

// nearest returns the known name that is probably meant, or "".
func nearest(name string, known []string) string {
	return spelling.Nearest(name, known, max(2, len(name)/3))
}
