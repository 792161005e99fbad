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
	line := func(cells []string, st func(int, string) style) {
		for i, c := range cells[:last] {
			w.WriteString(s.paint(st(i, c), c) + strings.Repeat(" ", widths[i]-columns(c)+gap))
		}
		lines := []string{cells[last]}
		if s.terminal {
			lines = wrap(cells[last], max(s.width-before, 20))
		}
		for i, l := range lines {
			if i > 0 {
				w.WriteString(strings.Repeat(" ", before))
			}
			w.WriteString(s.paint(st(last, cells[last]), l))
			w.WriteByte('\n')
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
