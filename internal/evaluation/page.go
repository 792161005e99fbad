package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

// page writes what was measured. It holds no date and no machine, so that equal
// code gives an equal page.
func (x *experiment) page(results []*result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("<!-- Written by make eval. -->\n")
	line("# How well it works with a learned baseline\n")
	line("    make eval SEEDS=%q PEOPLE=%d DAYS=%d\n", x.seedList(), x.people, x.days)
	x.summary(line, results)
	x.method(line, results[0])
	line("\n## Attacks\n")
	line("Found are attacks of which at least one expected row of Microsoft's guides raised an alert about one of their entities.")
	line("Complete are those of which every expected row did. Loud are attempts a tenth below a limit that the simulation")
	line("declares: a learned limit may be lower, and then they alert with good reason.\n")
	line("| seed | attacks | found | recall | complete | missed | below a limit | loud | records |")
	line("| ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |")
	for _, r := range results {
		v := &r.attacked
		line("| %d | %d | %d | %.1f %% | %d | %s | %d | %d | %d |", r.seed, v.Attacks, v.Found, 100*v.Recall, v.Found-len(v.Partly), orNone(labelNames(v.Missed)), v.Silent, len(v.Loud), r.records[1])
	}
	b.WriteString(incomplete(results))
	line("\n## Alerts when nothing happens\n")
	line("A day's alerts in the clean month, from which the baseline was learned, and the alerts of the month after that belong")
	line("to no attack. Alerts about the directory count on the last day, of which its snapshots are.\n")
	for _, m := range []struct {
		title string
		of    func(*result) levels
		i     int
	}{{"The clean month", func(r *result) levels { return r.clean }, 0}, {"The month after, beside the attacks", func(r *result) levels { return r.next }, 1}} {
		line("### %s\n", m.title)
		line("| seed | severity | mean a day | worst day | in all | records |")
		line("| ---: | --- | ---: | ---: | ---: | ---: |")
		for _, r := range results {
			for _, name := range severities {
				l := m.of(r)[name]
				if l.total == 0 && name == "informational" {
					continue
				}
				worst := strconv.Itoa(l.worst)
				if l.worst > 0 {
					worst += " (" + l.day + ")"
				}
				line("| %d | %s | %.2f | %s | %d | %d |", r.seed, name, l.mean, worst, l.total, r.records[m.i])
			}
		}
		line("")
	}
	line("### By rule, a day, over all seeds\n")
	b.WriteString(x.byRule(results))
	return b.String()
}

var severities = []string{"high", "medium", "low", "informational"}

func (x *experiment) seedList() string {
	return strings.Trim(fmt.Sprint(x.seeds), "[]")
}

// summary is the answer, before how it came about.
func (x *experiment) summary(line func(string, ...any), results []*result) {
	attacks, found, high, medium := 0, 0, 0, 0
	for _, r := range results {
		attacks, found = attacks+r.attacked.Attacks, found+r.attacked.Found
		high, medium = max(high, r.clean["high"].worst), max(medium, r.clean["medium"].worst)
	}
	line("With a baseline learned from %d clean days of an invented tenant of %d people, %d of %d labelled attacks of the next", x.days, x.people, found, attacks)
	line("%d days raised an alert. On the clean days that baseline raised at most %d high and %d medium alerts a day; the budget is %d", x.days, high, medium, highPerDay)
	line("and %d. Tenants: %d. `make eval` fails when an attack is missed or the budget exceeded.\n", mediumPerDay, len(results))
}

func (x *experiment) method(line func(string, ...any), r *result) {
	line("## What is measured\n")
	line("For each seed another tenant is simulated: a month in which nothing happens, and the month after, of the same people,")
	line("with every attack that the simulation knows. The baseline is learned from the clean month alone. These are the commands,")
	line("here for seed %d:\n", r.seed)
	for _, s := range x.steps(r.seed) {
		line("    %s", s)
	}
	line("\nA learned draft holds what logs show. What they cannot show a person declares, and `declared.yaml` is cut from the")
	line("simulation's own baseline, with these inputs and no others: %s.", strings.Join(r.declared, ", "))
	line("`normal.yaml` is `declared.yaml` and `learned.yaml` in one file, unread and unchanged, which nobody should do with a real one.")
	line("[baseline.md](baseline.md) says of each input whether it is learned. People who are attacked join after the clean month.\n")
	line("## What it does not prove\n")
	line("The tenant is ours: its people, its noise and its attacks were written by the authors of the rules. Attacks are written from")
	line("what attackers do and what Entra logs, not from rules, but nobody can invent what did not occur to them. Real tenants have")
	line("more applications, stranger scripts and worse habits: expect more alerts, and read the draft. Here nobody refuses a prompt by")
	line("mistake, and nothing changes between the months: no merger, no new country, no new HR system. The baseline is measured on the")
	line("month that it was learned from, which flatters it; the month after does not. Recall of 100 %% means that no known attack got")
	line("lost on the way, not that none can.")
}

// incomplete lists which expected rows were silent although the attack was found.
func incomplete(results []*result) string {
	seen := map[string][]string{}
	for _, r := range results {
		for _, p := range r.attacked.Partly {
			key := fmt.Sprintf("| %s | %s |", named(p.Attack, p.Variant), strings.Join(p.Rows, " "))
			seen[key] = append(seen[key], strconv.FormatUint(r.seed, 10))
		}
	}
	loud := map[string][]string{}
	for _, r := range results {
		for _, l := range r.attacked.Loud {
			loud[l.Attack] = append(loud[l.Attack], strconv.FormatUint(r.seed, 10))
		}
	}
	var b strings.Builder
	if len(seen) > 0 {
		b.WriteString("\nFound, but not by every row:\n\n| attack | silent rows | seeds |\n| --- | --- | --- |\n")
		for _, key := range sortedKeys(seen) {
			fmt.Fprintf(&b, "%s %s |\n", key, strings.Join(seen[key], " "))
		}
	}
	if len(loud) > 0 {
		b.WriteString("\nLoud below the declared limit:\n\n| attack | seeds |\n| --- | --- |\n")
		for _, key := range sortedKeys(loud) {
			fmt.Fprintf(&b, "| %s | %s |\n", key, strings.Join(loud[key], " "))
		}
	}
	return b.String()
}

// byRule lists false alerts of each rule.
func (x *experiment) byRule(results []*result) string {
	type key struct{ rule, severity string }
	count := map[key]*[2]int{}
	for _, r := range results {
		for i, v := range []*simulate.Verdict{&r.quiet, &r.attacked} {
			for _, f := range v.False {
				k := key{f.Rule, f.Severity}
				if count[k] == nil {
					count[k] = &[2]int{}
				}
				count[k][i] += f.Count
			}
		}
	}
	if len(count) == 0 {
		return "No rule alerted about nothing.\n"
	}
	keys := make([]key, 0, len(count))
	for k := range count {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		if d := count[b][0] + count[b][1] - count[a][0] - count[a][1]; d != 0 {
			return d
		}
		return strings.Compare(a.rule+a.severity, b.rule+b.severity)
	})
	var b strings.Builder
	b.WriteString("| rule | severity | clean month | month after |\n| --- | --- | ---: | ---: |\n")
	days := float64(x.days * len(results))
	for _, k := range keys {
		fmt.Fprintf(&b, "| %s | %s | %.2f | %.2f |\n", k.rule, k.severity, float64(count[k][0])/days, float64(count[k][1])/days)
	}
	return b.String()
}

func labelNames(labels []simulate.Label) []string {
	var out []string
	for _, l := range labels {
		out = append(out, named(l.Attack, l.Variant))
	}
	return out
}

func named(attack, variant string) string {
	if variant == "" {
		return attack
	}
	return attack + " (" + variant + ")"
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
