package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

const baselineIntro = `The baseline is one YAML file that says what is normal in your organisation. ` + "`entrawatch baseline init`" + ` writes a commented
file to start from, ` + "`scan -baseline FILE`" + ` uses it. Every input is optional: a rule whose input is missing is reported as
inactive, with the name of the input, and costs nothing. Unknown keys, wrong types and contradictions are errors that
name the line.

- A **principal** is a user principal name in which ` + "`*`" + ` stands for anything, an object id, ` + "`app:NAME`" + ` or ` + "`app:APPID`" + `, or
  ` + "`role:NAME`" + ` and ` + "`group:NAME`" + `, whose members come from the directory snapshots among the input. Applications may be named
  by whoever registers them; prefer their ids.
- An entry ` + "`\"@file\"`" + ` in a list stands for the lines of that text file, which is looked for beside the baseline.
- A **span** is written ` + "`90s`, `10m`, `24h` or `14d`" + `. Countries are ISO codes; quote ` + "`\"NO\"`" + `, and whatever begins with ` + "`*`" + ` or ` + "`@`" + `.
- Names compare without regard to case.
- ` + "`planned_changes`" + ` silence what they cover: actor, activity, time and, where the entry names any, target must all fit.
- ` + "`tenants`" + ` lets several tenants share the file; each may override any input under ` + "`overrides`" + `.

`

func baselinePage(b *bytes.Buffer) error {
	heading(b, "Baseline", "the catalogue in internal/baseline")
	b.WriteString(baselineIntro)
	checks, err := checkRules()
	if err != nil {
		return err
	}
	readers := map[string][]string{}
	for _, c := range checks {
		for _, need := range c.Needs {
			readers[need] = append(readers[need], c.Rule)
		}
	}
	b.WriteString("## Inputs\n\nThe last column names the built-in rules that read the input.\n\n")
	var rows [][]string
	for _, in := range baseline.Inputs() {
		rows = append(rows, []string{
			code(in.Name), prose(in.Doc), prose(in.Shape), defaultOf(in.Default), linked(rulesReading(readers, in.Name)),
		})
	}
	table(b, []string{"input", "meaning", "what to write", "built-in", "rules"}, rows)

	b.WriteString("## Fields\n\n" +
		"Rules ask these questions about an event. A field without an answer, because an input is missing or the event lacks\n" +
		"what is compared, satisfies neither `true` nor `false`.\n\n")
	rows = nil
	for _, f := range baseline.Fields() {
		var needs []string
		for _, n := range f.Needs {
			needs = append(needs, strings.ReplaceAll(codes(strings.Split(n, "|")), ", ", " or "))
		}
		rows = append(rows, []string{code(f.Name), prose(f.Doc), orDash(strings.Join(needs, ", "))})
	}
	table(b, []string{"field", "meaning", "needs"}, rows)

	b.WriteString("## Placeholders\n\n" +
		"A Sigma rule may compare with a list of the baseline: `field|expand: '%allowed_countries%'`. The name between the percent\n" +
		"signs is that of an input above, or of a threshold with its part: `%thresholds.failed_signins.count%`.\n\n" +
		"## A file to start from\n\nWhat `entrawatch baseline init` writes:\n\n```yaml\n")
	fmt.Fprintf(b, "%s```\n", baseline.Template())
	return nil
}

func defaultOf(yaml string) string {
	switch {
	case yaml == "":
		return "—"
	case yaml == "[]":
		return "empty"
	}
	return code(yaml)
}

// rulesReading returns the rules that read an input, or a part of it.
func rulesReading(readers map[string][]string, input string) []string {
	var out []string
	for name, rules := range readers {
		for alternative := range strings.SplitSeq(name, "|") {
			if alternative == input || strings.HasPrefix(alternative, input+".") {
				out = append(out, rules...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
