package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/cli"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// firstDay is the Monday on which the clean month begins.
var firstDay = time.Date(2026, time.November, 2, 0, 0, 0, 0, time.UTC)

// A result is what one tenant showed.
type result struct {
	seed     uint64
	records  [2]int // of the clean and of the attacked month
	declared []string
	clean    levels // of the month that the baseline was learned from
	next     levels // false alerts of the month with attacks
	quiet    simulate.Verdict
	attacked simulate.Verdict
}

// measure plays one tenant. What it writes is gone afterwards, unless it is to
// be kept.
func (x *experiment) measure(ctx context.Context, seed uint64, talk io.Writer) (*result, error) {
	dir := filepath.Join(x.dir, fmt.Sprintf("seed-%d", seed))
	if !x.keep {
		defer func() { _ = os.RemoveAll(dir) }() // what cannot be removed is temporary all the same
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	r := &result{seed: seed}
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, s := range x.steps(seed) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fmt.Fprintf(talk, "seed %d: %s\n", seed, s)
		if err := s.run(r, at); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	r.clean, r.next = levelsOf(r.quiet.False, x.days), levelsOf(r.attacked.False, x.days)
	return r, nil
}

// A step is a command line, as a person would type it in the folder of the
// tenant, and what is done before and after it.
type step struct {
	args  []string
	out   string                             // the file that standard output goes to; "" = none
	first func(at func(string) string) error // at returns the path of a file of the tenant
	then  func(r *result, at func(string) string, stdout, stderr []byte) error
}

func (s step) String() string {
	text := "entrawatch " + strings.Join(s.args, " ")
	if s.out != "" {
		text += " > " + s.out
	}
	return text
}

// steps are the experiment with one tenant.
func (x *experiment) steps(seed uint64) []step {
	month := func(name, attacks string, start time.Time, i int) step {
		return step{
			args: []string{
				"simulate", "-o", name, "-seed", strconv.FormatUint(seed, 10), "-people", strconv.Itoa(x.people), "-customers", strconv.Itoa(x.customers),
				"-days", strconv.Itoa(x.days), "-start", start.Format(time.DateOnly), "-attacks", attacks,
			},
			then: func(r *result, at func(string) string, _, stderr []byte) (err error) {
				if r.records[i], err = written(stderr); err != nil {
					return err
				}
				r.declared, err = declare(at(name+"/baseline.yaml"), at(name+"/declared.yaml"))
				return err
			},
		}
	}
	scan := func(name string) step {
		return step{
			args: []string{"scan", "-baseline", name + "/normal.yaml", "-json", name + "/logs"}, out: name + "/alerts.jsonl",
			first: func(at func(string) string) error {
				return join(at(name+"/normal.yaml"), at(name+"/declared.yaml"), at("learned.yaml"))
			},
			then: func(_ *result, at func(string) string, _, _ []byte) error {
				if x.keep {
					return nil
				}
				return os.RemoveAll(at(name + "/logs"))
			},
		}
	}
	score := func(name string, into func(*result) *simulate.Verdict) step {
		return step{
			args: []string{"simulate", "score", "-json", "-labels", name + "/labels.jsonl", name + "/alerts.jsonl"},
			then: func(r *result, _ func(string) string, stdout, _ []byte) error { return json.Unmarshal(stdout, into(r)) },
		}
	}
	learn := step{args: []string{"baseline", "learn", "-from", "clean/declared.yaml", "-o", "learned.yaml", "clean/logs"}}
	return []step{
		month("clean", "none", firstDay, 0),
		learn,
		scan("clean"),
		score("clean", func(r *result) *simulate.Verdict { return &r.quiet }),
		month("attacked", "all", firstDay.AddDate(0, 0, x.days), 1),
		scan("attacked"),
		score("attacked", func(r *result) *simulate.Verdict { return &r.attacked }),
	}
}

// run does what the command line says, with its files in the folder of the
// tenant.
func (s step) run(r *result, at func(string) string) error {
	args := make([]string, len(s.args))
	for i, a := range s.args {
		args[i] = a
		if i > 0 && isFile(s.args[i-1], a) {
			args[i] = at(a)
		}
	}
	if s.first != nil {
		if err := s.first(at); err != nil {
			return err
		}
	}
	var stdout, stderr bytes.Buffer
	out := io.Writer(&stdout)
	if s.out != "" {
		f, err := os.Create(at(s.out))
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	if code := cli.Main(args, nil, out, &stderr); code != 0 {
		return fmt.Errorf("exit code %d: %s", code, strings.TrimSpace(stderr.String()))
	}
	if s.then == nil {
		return nil
	}
	return s.then(r, at, stdout.Bytes(), stderr.Bytes())
}

// isFile reports whether an argument names a file of the experiment.
func isFile(before, arg string) bool {
	switch before {
	case "-o", "-from", "-baseline", "-labels":
		return true
	}
	return strings.Contains(arg, "/")
}

var wrote = regexp.MustCompile(`wrote ([0-9,]+) records`)

// written reads how many records simulate says that it wrote.
func written(said []byte) (int, error) {
	m := wrote.FindSubmatch(said)
	if m == nil {
		return 0, errors.New("simulate does not say how many records it wrote")
	}
	return strconv.Atoi(strings.ReplaceAll(string(m[1]), ",", ""))
}
