package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPagesAreCurrent fails when a page of docs/ is not what the code says.
func TestPagesAreCurrent(t *testing.T) {
	for _, p := range pages() {
		var b bytes.Buffer
		if err := p.write(&b); err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		have, err := os.ReadFile(filepath.Join("..", "..", "docs", p.name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(have, b.Bytes()) {
			t.Errorf("docs/%s is out of date: run make generate", p.name)
		}
	}
}

// TestTablesAreEven finds rows that have more or fewer cells than their header.
func TestTablesAreEven(t *testing.T) {
	for _, p := range pages() {
		var b bytes.Buffer
		if err := p.write(&b); err != nil {
			t.Fatal(err)
		}
		columns := 0
		for i, line := range strings.Split(b.String(), "\n") {
			if !strings.HasPrefix(line, "|") {
				columns = 0
				continue
			}
			n := strings.Count(line, "|") - strings.Count(line, `\|`)
			if columns == 0 {
				columns = n
			}
			if n != columns {
				t.Errorf("%s:%d: %d cells instead of %d: %s", p.name, i+1, n-1, columns-1, line)
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	table(&b, []string{"a", "b"}, [][]string{{code("x|y"), prose("a_b * <c>")}, {code("p.`q.r`"), codes(nil)}})
	want := "| a | b |\n| --- | --- |\n| `x\\|y` | a\\_b \\* &lt;c> |\n| `` p.`q.r` `` | — |\n\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
