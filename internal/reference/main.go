// Command reference writes the pages of docs/ that are made from the code: the
// fields from the registry of package event, the inputs and fields of the
// baseline from its catalogue, the built-in rules from their files, what
// implements the guides, what is proven of the Sigma project's rules, and the
// configuration from its types and their comments. It runs with "make generate";
// "make check" compares what it would write with what is there.
// columns of the lake. It runs with "make generate"; "make check" compares what it
// would write with what is there.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . -o ../../docs

// A page is a generated file of docs/.
type page struct {
	name  string
	write func(*bytes.Buffer) error
}

func pages() []page {
	out := []page{
		{"fields.md", fieldsPage},
		{"baseline.md", baselinePage},
		{"rules.md", rulesPage},
		{"guides.md", guidesPage},
		{"sigmahq.md", sigmahqPage},
		{"configuration.md", configurationPage},
		{"../internal/config/starting.yaml", startingFile}, // for the program itself
		{"lake.md", lakePage},
		{"sources/graph.md", graphPage},
	}
	for _, g := range guides {
		out = append(out, page{g.page, guidePage(g.letter)})
	}
	return out
}

func main() {
	dir := flag.String("o", "docs", "write the pages into `folder`, and what belongs beside it")
	flag.Parse()
	if err := writeAll(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func writeAll(dir string) error {
	for _, p := range pages() {
		var b bytes.Buffer
		if err := p.write(&b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		name := filepath.Join(dir, filepath.FromSlash(p.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
