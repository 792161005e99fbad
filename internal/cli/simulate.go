package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

var simulateHelp = help{
	about: `Writes the logs of an invented tenant into a folder, with attacks in them on request: logs/ with a file for each log and day and the snapshots of the directory, baseline.yaml with the truth about the tenant, and labels.jsonl, which says of each attack what must alert. With its baseline a scan of the logs is quiet but for the attacks and for what the guides alert on although it happens in every company: phones of people who left, devices that Conditional Access turns away, false alarms of ID Protection. Equal arguments give equal bytes.

Attacks with a limit come twice: a tenth below the limit of the baseline, where the rows that they are about must be silent, and a tenth above. "entrawatch simulate score" holds alerts against the labels, "entrawatch simulate live" writes a tenant that goes on living.`,
	usage: []string{"-o DIR [flags]", "live -o DIR [flags]", "score ALERTS -labels FILE [flags]"},
	examples: []example{
		{"entrawatch simulate -o demo -people 500 -days 7", "A week of 500 people, with all attacks."},
		{"entrawatch scan -baseline demo/baseline.yaml -json demo/logs > alerts.jsonl", "What entrawatch makes of it."},
		{"entrawatch simulate score alerts.jsonl -labels demo/labels.jsonl", "How much of it was found, and what was raised for nothing."},
		{"entrawatch simulate -o calm -attacks none -format graph", "Only ordinary work, as Microsoft Graph has it."},
	},
	exits: []string{"done", "something could not be written", "the command line is wrong"},
}

// logFormats are the formats that -format takes, under their short names.
var logFormats = []struct {
	name   string
	format event.Format
}{
	{"diagnostic", event.Diagnostic},
	{"graph", event.Graph},
	{"loganalytics", event.LogAnalytics},
	{"o365", event.O365},
	{"portal", event.PortalCSV},
}

func formatNames() []string {
	var out []string
	for _, f := range logFormats {
		out = append(out, f.name)
	}
	return out
}

// simulatedFiles are what simulate writes into its folder.
var simulatedFiles = []string{"logs", "baseline.yaml", "labels.jsonl"}

func runSimulate(e *env, args []string) int {
	if len(args) > 0 && args[0] == "score" {
		return runSimulateScore(e, args[1:])
	}
	if len(args) > 0 && args[0] == "live" {
		return runSimulateLive(e, args[1:])
	}
	fs := newFlags(e, "simulate", simulateHelp)
	dir := fs.text("o", "DIR", "the folder to write into; new, or empty", nil)
	clean := fs.on("clean", "takes away an earlier simulation in DIR first")
	fs.group("The tenant")
	seed := fs.text("seed", "N", "another number gives another tenant; default: 1", isSeed)
	people := fs.number("people", "N", "staff and guests; default: 500")
	customers := fs.number("customers", "N", "customers, in a B2C tenant of their own; default: none")
	days := fs.number("days", "N", fmt.Sprintf("how many days; default: 7; attacks on what is usual need %d", simulate.FullDays))
	start := fs.text("start", "DATE", "the first day, in UTC; default: 2026-11-02, a Monday", isDate)
	format := fs.text("format", "NAME", "the format of logs: "+strings.Join(formatNames(), ", ")+"; logs that it lacks are in another; default: diagnostic", isLogFormat)
	fs.group("Attacks")
	chosen := fs.text("attacks", "LIST", "all, none, or names of attacks with commas between; default: all", areAttacks)
	list := fs.on("list", "prints the names of the attacks, and nothing else")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q; the folder to write into is named by -o, alerts are judged by \"entrawatch simulate score\"", others[0])
	case *list:
		for _, slug := range simulate.AttackSlugs() {
			fmt.Fprintln(e.stdout, slug)
		}
		return exitDone
	case *dir == "":
		return fs.usage("expected a folder to write into; name it with -o DIR")
	case *people > 0 && *people < simulate.MinPeople:
		return fs.usage("-people %d: expected %d or more, so that there is somebody for every duty", *people, simulate.MinPeople)
	}
	opt := simulate.Options{Seed: 1, People: 500, Customers: *customers, Days: 7, Start: time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC), Attacks: attackList(*chosen)}
	if *seed != "" {
		opt.Seed, _ = strconv.ParseUint(*seed, 10, 64)
	}
	if *people > 0 {
		opt.People = *people
	}
	if *days > 0 {
		opt.Days = *days
	}
	if *start != "" {
		opt.Start, _ = time.Parse(time.DateOnly, *start)
	}
	as := event.Diagnostic
	for _, f := range logFormats {
		if f.name == *format {
			as = f.format
		}
	}
	if err := makeRoom(*dir, *clean); err != nil {
		return e.fail(fs.Name(), err)
	}
	if err := writeSimulation(e, *dir, opt, as); err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

// makeRoom makes sure that a folder exists and holds nothing. With clean it
// takes away what an earlier simulation wrote, and nothing else.
func makeRoom(dir string, clean bool) error {
	if clean {
		if _, err := os.Stat(filepath.Join(dir, "labels.jsonl")); err == nil {
			for _, name := range simulatedFiles {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					return errors.New(missing(dir, err))
				}
			}
		}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o777)
	case err != nil:
		return errors.New(missing(dir, err))
	case len(entries) > 0 && clean:
		return fmt.Errorf("%s: holds %q, which no simulation wrote; name another folder", dir, entries[0].Name())
	case len(entries) > 0:
		return fmt.Errorf("%s: is not empty; name another folder, or replace an earlier simulation with -clean", dir)
	}
	return nil
}

func writeSimulation(e *env, dir string, opt simulate.Options, as event.Format) error {
	company, err := simulate.NewCompany(opt)
	if err != nil {
		return err
	}
	attack, labels, err := company.Attack()
	if err != nil {
		return err
	}
	w, err := company.WriteLogs(as, attack, func(name string) (io.WriteCloser, error) {
		name = filepath.Join(dir, "logs", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return nil, err
		}
		return os.Create(name)
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "baseline.yaml"), []byte(company.Baseline()), 0o666); err != nil {
		return err
	}
	var lines []byte
	for _, l := range labels {
		line, err := json.Marshal(l)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	// The labels come last: where they are, the simulation is complete.
	if err := os.WriteFile(filepath.Join(dir, "labels.jsonl"), lines, 0o666); err != nil {
		return err
	}
	for _, note := range w.Instead {
		e.complain("", note+", in which it exists")
	}
	if left := company.LeftOut(); len(left) > 0 {
		e.complain("", fmt.Sprintf("left out %s: the time before tells too little to compare with; as a rule -days %d is long enough, and those of customers need -customers", strings.Join(left, ", "), simulate.FullDays))
	}
	e.complain("", fmt.Sprintf("wrote %s in %s to %s, with %s; look at it with", count(w.Records, "record"), count(w.Files, "file"), dir, count(len(labels), "attack")))
	e.complain("", fmt.Sprintf("entrawatch scan -baseline %s %s", filepath.Join(dir, "baseline.yaml"), filepath.Join(dir, "logs")))
	return nil
}

func isSeed(s string) error {
	if _, err := strconv.ParseUint(s, 10, 64); err != nil {
		return errors.New("expected a whole number, 0 or more")
	}
	return nil
}

func isDate(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return errors.New("expected a date such as 2026-11-02")
	}
	return nil
}

func isLogFormat(s string) error {
	if names := formatNames(); !slices.Contains(names, s) {
		return errors.New("formats are " + strings.Join(names, ", ") + didYouMean(s, names))
	}
	return nil
}

func areAttacks(s string) error {
	all := simulate.AttackSlugs()
	for _, slug := range attackList(s) {
		if !slices.Contains(all, slug) {
			return fmt.Errorf("there is no attack %q%s; \"entrawatch simulate -list\" lists them", slug, didYouMean(slug, all))
		}
	}
	return nil
}

func attackList(s string) []string {
	switch s {
	case "", "all":
		return simulate.AttackSlugs()
	case "none":
		return nil
	}
	var out []string
	for slug := range strings.SplitSeq(s, ",") {
		out = append(out, strings.TrimSpace(slug))
	}
	return out
}
