// Command evaluation measures what a learned baseline is worth: it simulates a
// month in which nothing happens, learns a baseline from it, simulates the
// month after with all attacks, and counts what is found, what is missed and
// what alerts about nothing. It runs the commands of package cli, with the
// arguments that docs/evaluation.md shows, and writes that page. It runs with
// "make eval"; a small run is a test.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// An experiment is what is measured.
type experiment struct {
	seeds     []uint64
	people    int
	customers int
	days      int
	dir       string // for logs, baselines and alerts
	keep      bool   // leaves them there
}

// The budget: what one person can look at, and nobody ignores.
const (
	highPerDay   = 1
	mediumPerDay = 10
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "evaluation:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, talk io.Writer) error {
	fs := flag.NewFlagSet("evaluation", flag.ContinueOnError)
	fs.SetOutput(talk)
	seeds := fs.String("seeds", "1 2 3 4 5", "the `numbers` of the tenants, with spaces between")
	x := experiment{}
	fs.IntVar(&x.people, "people", 2000, "staff and guests")
	fs.IntVar(&x.days, "days", 30, "length of each of the two months")
	page := fs.String("o", "", "write the page into `file`; else to standard output")
	fs.StringVar(&x.dir, "dir", "", "keep logs, baselines and alerts in `folder`; else they are temporary")
	if err := fs.Parse(args); err != nil {
		return err
	}
	for field := range strings.FieldsSeq(*seeds) {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return fmt.Errorf("-seeds %q: expected whole numbers, 0 or more", *seeds)
		}
		x.seeds = append(x.seeds, n)
	}
	if len(x.seeds) == 0 {
		return errors.New("-seeds: expected at least one number")
	}
	x.customers = x.people / 4
	if x.keep = x.dir != ""; !x.keep {
		dir, err := os.MkdirTemp("", "entrawatch-evaluation-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }() // what cannot be removed is temporary all the same
		x.dir = dir
	}
	var results []*result
	for _, seed := range x.seeds {
		r, err := x.measure(ctx, seed, talk)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		results = append(results, r)
	}
	text := x.page(results)
	if *page == "" {
		if _, err := os.Stdout.WriteString(text); err != nil {
			return err
		}
	} else if err := os.WriteFile(filepath.Clean(*page), []byte(text), 0o666); err != nil {
		return err
	}
	return shortfalls(results)
}

// shortfalls says what is not as it must be: an attack that nobody hears of, or
// more alerts about nothing than the budget allows.
func shortfalls(results []*result) error {
	var all []error
	for _, r := range results {
		for _, l := range r.attacked.Missed {
			all = append(all, fmt.Errorf("seed %d: missed %s", r.seed, l.Attack))
		}
		for _, v := range []struct {
			level string
			most  int
		}{{"high", highPerDay}, {"medium", mediumPerDay}} {
			if n := r.clean[v.level].worst; n > v.most {
				all = append(all, fmt.Errorf("seed %d: %d %s alerts on a day of the clean month; the budget is %d", r.seed, n, v.level, v.most))
			}
		}
	}
	return errors.Join(all...)
}
