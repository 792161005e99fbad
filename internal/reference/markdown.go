package main

import (
	"bytes"
	"fmt"
	"strings"
)

// heading begins a page that nobody should edit.
func heading(b *bytes.Buffer, title, source string) {
	fmt.Fprintf(b, "# %s\n\n<!-- Written by internal/reference from %s. Do not edit: run make generate. -->\n\n", title, source)
}

// table writes a table whose cells are Markdown already.
func table(b *bytes.Buffer, header []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat(" --- |", len(header)))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = strings.ReplaceAll(strings.Join(strings.Fields(c), " "), "|", `\|`)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteString("\n")
}

// code shows text as it is. Text with a backquote needs two around it.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// codes shows several texts, or a dash for none.
func codes(list []string) string {
	if len(list) == 0 {
		return "—"
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = code(s)
	}
	return strings.Join(out, ", ")
}

// prose keeps < and * of a text from being markup.
func prose(s string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`).Replace(s)
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
