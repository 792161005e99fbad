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

	learning(b)
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

const learningIntro = `## What is learned

` + "`entrawatch baseline learn LOGS`" + ` drafts a baseline. Each value stands on a line of its own with its evidence: how many users, on
how many days, how many events, which share of the sign-ins that teach, from when to when. Nothing is in force before a person
has read the draft and uses it: delete what is not meant to be normal.

An attacker may have been active while the logs were written, and must not become normal by one loud day:

- No number of events is enough. What counts is on how many different days something was seen, and by how many different
  users; who makes changes is proposed from three days on, a country from three users and five days.
- Only successful sign-ins teach, and none that Entra held for risky. From an address that a risk detection, or one risky
  sign-in, names, nothing is learned at all.
- What falls short is listed in comments with the reason, so that it can be approved by hand, or looked into.
- Names that would stand for more than themselves are never proposed: those with ` + "`*`" + `, with ` + "`@`" + ` in front, with the form of a role, a
  group or another's id.
- A threshold is raised to at most eight times what holds now. Alerts of an attack in the logs count as well: read them first.
- Who was there with three accounts for five days can be in the draft all the same. Logs of a month in which you know of
  nothing are better than those of last week.

Events with an id count once, however often they were exported.

`

func learning(b *bytes.Buffer) {
	b.WriteString(learningIntro)
	var rows [][]string
	for _, l := range baseline.Learnable() {
		what := "learned: " + l.How
		if l.How == "" {
			what = "to be declared: " + l.Why
		}
		rows = append(rows, []string{code(l.Input), prose(what)})
	}
	table(b, []string{"input", "how it is learned, or why a person declares it"}, rows)
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
