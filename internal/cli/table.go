package cli

import (
	"bufio"
	"io"
	"strings"
)

// A table is a listing in columns. The last column is wrapped on a terminal;
// elsewhere every row is one line, for grep and its kin.
type table struct {
	head []string
	rows [][]string
	// style gives the style of a cell; nil = plain.
	style func(column int, text string) style
}

func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	t.rows = append(t.rows, cells)
}

func (t *table) write(out io.Writer, s screen) error {
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = columns(h)
	}
	for _, r := range t.rows {
		for i, c := range r {
			widths[i] = max(widths[i], columns(c))
		}
	}
	last, before := len(widths)-1, 0
	for _, w := range widths[:last] {
		before += w + gap
	}
	w := bufio.NewWriter(out)
	if s.terminal && before > s.width-minText {
		t.stacked(w, s)
		return w.Flush()
	}
	line := func(cells []string, st func(int, string) style) {
		blanks := 0
		for i, c := range cells[:last] {
			if c != "" {
				w.WriteString(strings.Repeat(" ", blanks) + s.paint(st(i, c), c))
				blanks = 0
			}
			blanks += widths[i] - columns(c) + gap
		}
		lines := []string{cells[last]}
		if s.terminal {
			lines = wrap(cells[last], s.width-before)
		}
		for _, l := range lines {
			if l != "" {
				w.WriteString(strings.Repeat(" ", blanks) + s.paint(st(last, cells[last]), l))
			}
			w.WriteByte('\n')
			blanks = before
		}
	}
	line(t.head, func(int, string) style { return dim })
	for _, r := range t.rows {
		line(r, func(i int, text string) style {
			if t.style == nil {
				return plain
			}
			return t.style(i, text)
		})
	}
	return w.Flush()
}

// minText is the least width of the last column.
const minText = 30

// stacked writes each row as a name and what there is to say about it, for
// screens that are too narrow for columns.
func (t *table) stacked(w *bufio.Writer, s screen) {
	for _, r := range t.rows {
		var facts []string
		for _, c := range r[1:] {
			if c != "" {
				facts = append(facts, c)
			}
		}
		w.WriteString(s.paint(bold, r[0]) + "\n" + paragraph("    ", strings.Join(facts, " · "), s.width))
	}
}
