package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/entrawatch/entrawatch/internal/guide"
)

// guides are Microsoft's, each with its page of docs/.
var guides = []struct{ letter, page, title, url string }{
	{"U", "guide-user.md", "User accounts", "https://learn.microsoft.com/entra/architecture/security-operations-user-accounts"},
	{"P", "guide-privileged.md", "Privileged accounts", "https://learn.microsoft.com/entra/architecture/security-operations-privileged-accounts"},
	{"C", "guide-consumer.md", "Consumer accounts", "https://learn.microsoft.com/entra/architecture/security-operations-consumer-accounts"},
}

// guidesPage is the index of the pages of the guides.
func guidesPage(w *bytes.Buffer) error {
	entries, err := guideEntries()
	if err != nil {
		return err
	}
	heading(w, "What the guides ask for", "internal/guide and the rules in rules/")
	fmt.Fprint(w, `Every row of the tables of Microsoft's three security operations guides, every recommendation between them, and what of
entrawatch implements it, a page for each guide. `+"`entrawatch guide -baseline FILE LOGS`"+` says which of it works for you,
and what is missing. The ids are ours: tables of the user (U), privileged (P) and consumer guide (C), and their prose (UX, PX, CX).

`)
	var rows [][]string
	for _, g := range guides {
		rows = append(rows, []string{
			"[" + g.title + "](" + g.page + ")", fmt.Sprintf("%d, %s01 to %[2]s%02[1]d", countOf(entries, g.letter), g.letter),
			fmt.Sprintf("%d, %s01 to %[2]s%02[1]d", countOf(entries, g.letter+"X"), g.letter+"X"), "[Microsoft](" + g.url + ")",
		})
	}
	table(w, []string{"guide", "rows of tables", "recommendations", "the guide itself"}, rows)
	return nil
}

// guidePage lists what one guide asks for and what implements it.
func guidePage(letter string) func(*bytes.Buffer) error {
	return func(w *bytes.Buffer) error {
		entries, err := guideEntries()
		if err != nil {
			return err
		}
		for _, g := range guides {
			if g.letter != letter {
				continue
			}
			heading(w, g.title+": what the guide asks for", "internal/guide and the rules in rules/")
			fmt.Fprintf(w, "What [Microsoft's guide](%s) asks for, and what of entrawatch implements it. The other guides: [index](guides.md).\n", g.url)
			for _, part := range []struct{ prefix, title string }{{letter, "Tables"}, {letter + "X", "Recommendations"}} {
				fmt.Fprintf(w, "\n## %s\n\n| entry | implemented by | how |\n| --- | --- | --- |\n", part.title)
				for i := range entries {
					if prefixOf(&entries[i]) == part.prefix {
						guideRow(w, &entries[i])
					}
				}
			}
		}
		return nil
	}
}

func guideEntries() ([]guide.Entry, error) {
	all, err := builtin()
	if err != nil {
		return nil, err
	}
	return guide.Entries(all)
}

// prefixOf is an id without its number.
func prefixOf(e *guide.Entry) string { return strings.TrimRight(e.ID, "0123456789") }

func countOf(entries []guide.Entry, prefix string) int {
	n := 0
	for i := range entries {
		if prefixOf(&entries[i]) == prefix {
			n++
		}
	}
	return n
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
