package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/entrawatch/entrawatch/internal/guide"
)

// guidesPage lists what the guides ask for and what implements it.
func guidesPage(w *bytes.Buffer) error {
	all, err := builtin()
	if err != nil {
		return err
	}
	entries, err := guide.Entries(all)
	if err != nil {
		return err
	}
	heading(w, "What the guides ask for", "internal/guide and the rules in rules/")
	fmt.Fprint(w, `Every row of the tables of Microsoft's three security operations guides, every recommendation between them, and what of
entrawatch implements it. `+"`entrawatch guide -baseline FILE LOGS`"+` says which of it works for you, and what is missing.
The ids are ours: tables of the user (U), privileged (P) and consumer guide (C), and their prose (UX, PX, CX).
`)
	for _, g := range []struct{ prefix, title string }{
		{"U", "User accounts: tables"},
		{"UX", "User accounts: recommendations"},
		{"P", "Privileged accounts: tables"},
		{"PX", "Privileged accounts: recommendations"},
		{"C", "Consumer accounts: tables"},
		{"CX", "Consumer accounts: recommendations"},
	} {
		fmt.Fprintf(w, "\n## %s\n\n| entry | implemented by | how |\n| --- | --- | --- |\n", g.title)
		for i := range entries {
			if strings.TrimRight(entries[i].ID, "0123456789") == g.prefix {
				guideRow(w, &entries[i])
			}
		}
	}
	return nil
}

func guideRow(w io.Writer, e *guide.Entry) {
	var by []string
	for _, b := range e.By {
		switch b.What {
		case "rule":
			by = append(by, "["+b.Name+"](rules.md#"+b.Name+")")
		case "page":
			by = append(by, "["+b.Name+"](../"+b.Name+")")
		case "command":
			by = append(by, "`entrawatch "+b.Name+"`")
		default:
			by = append(by, b.What+" `"+b.Name+"`")
		}
	}
	if len(by) == 0 {
		by = append(by, "**not yet**")
	}
	fmt.Fprintf(w, "| **%s** %s | %s | %s |\n", e.ID, e.Slug, strings.Join(by, ", "), e.How)
}
