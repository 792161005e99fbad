package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/graph"
)

//go:embed graph.md
var graphText string

// graphPage writes the page about the source graph: its text with what the
// source itself knows.
func graphPage(b *bytes.Buffer) error {
	heading(b, "Logs and the directory from Microsoft Graph", "graph.md beside it and the tables in internal/source/graph")
	var logs, snapshots bytes.Buffer
	var permissions []string
	rows := func(list []graph.Stream, late bool) (out [][]string) {
		for _, s := range list {
			needs := strings.ReplaceAll(codes(s.Permissions), ", ", " or ")
			if len(s.Permissions) == 0 {
				needs = "*Reader* in Azure"
			} else if !slices.ContainsFunc(s.Permissions, func(p string) bool { return slices.Contains(permissions, p) }) {
				permissions = append(permissions, s.Permissions[0])
			}
			row := []string{code(s.Name), code(s.Path), needs, orDash(s.Licence)}
			if late {
				row = append(row, setting.FormatSpan(s.Late))
			}
			out = append(out, row)
		}
		return out
	}
	table(&logs, []string{"log", "path", "permission", "licence", "late"}, rows(graph.Logs(), true))
	table(&snapshots, []string{"snapshot", "path", "permission", "licence"}, rows(graph.Snapshots(), false))
	c := graph.Default()
	text := strings.NewReplacer(
		"{{logs}}\n", strings.TrimSuffix(logs.String(), "\n")+"\n", "{{snapshots}}\n", strings.TrimSuffix(snapshots.String(), "\n")+"\n",
		"{{permissions}}", lines(permissions, 3),
		"{{poll}}", setting.FormatSpan(c.Poll), "{{since}}", setting.FormatSpan(c.Since), "{{every}}", setting.FormatSpan(c.SnapshotEvery),
	).Replace(graphText)
	if i := strings.Index(text, "{{"); i >= 0 {
		return fmt.Errorf("nothing is known for %.20s", text[i:])
	}
	b.WriteString(text)
	return nil
}

// lines writes words for a shell, a few on each line.
func lines(words []string, each int) string {
	var out []string
	for part := range slices.Chunk(words, each) {
		out = append(out, strings.Join(part, " "))
	}
	return strings.Join(out, " \\\n        ")
}
