package cli

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Widths of text in columns. What is not shown on a terminal gets plainWidth;
// lines longer than maxWidth are hard to read.
const (
	plainWidth = 100
	minWidth   = 40
	maxWidth   = 200
	helpWidth  = 80
)

// A screen is where an output is shown.
type screen struct {
	terminal bool // a person is looking; lines may be overwritten
	colour   bool
	width    int // columns
}

// screenOf looks at what w is, and at what the environment says: COLUMNS sets
// the width, NO_COLOR (no-color.org) and TERM=dumb forbid colour.
func screenOf(w io.Writer) screen {
	s := screen{width: plainWidth}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		dumb := os.Getenv("TERM") == "dumb" || !understandsEscapes(f)
		s.terminal = !dumb
		s.colour = !dumb && os.Getenv("NO_COLOR") == ""
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			s.width = columns
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		s.width = columns
	}
	s.width = min(max(s.width, minWidth), maxWidth)
	return s
}

// A style is the parameter of an SGR escape sequence.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	yellow style = "33"
	green  style = "32"
	cyan   style = "36"
	violet style = "1;35"
)

// paint adds a style to text that was cleaned.
func (s screen) paint(st style, text string) string {
	if !s.colour || st == plain || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

var severityStyle = map[string]style{"critical": violet, "high": red, "medium": yellow, "low": cyan, "informational": dim}
