// Package sigmahq holds, for each rule of the Sigma project that is about Entra
// ID and what surrounds it, records on which the unmodified rule must fire and
// near misses on which it must not, and the list of rules that no record
// satisfies. Its test runs them over a copy of the rules, which is not part of
// this module; internal/reference makes a page of docs/ from it. It has no
// place in the pipeline.
package sigmahq

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/ruletest"
)

//go:embed cases/*.yml impossible.yml
var files embed.FS

// Folders are those of the Sigma project whose rules count as live. Deprecated
// and unsupported rules stand in others.
var Folders = []string{"rules", "rules-placeholder", "rules-threat-hunting"}

// A Folder is a folder of the Sigma project with the proof of its rules.
type Folder struct {
	Path  string `yaml:"folder"` // relative to the project, with slashes
	Rules []Rule `yaml:"rules"`
}

// A Rule is the proof of one rule.
type Rule struct {
	File string `yaml:"rule"` // its name in the folder, without .yml
	// Says and Logs are what the rule compares with and what is logged
	// instead, where these differ.
	Says string `yaml:"says"`
	Logs string `yaml:"logs"`
	// Unseen says why nobody is known to log what the rule looks for, though
	// the rule would fire on it.
	Unseen   string    `yaml:"unseen"`
	Baseline yaml.Node `yaml:"baseline"`
	Fires    []Record  `yaml:"fires"`
	NearMiss []Record  `yaml:"near_miss"`
}

// A Record is a base record with changes. Formats limits it to some of those
// that its kind comes in, where a log reaches only them.
type Record struct {
	ruletest.Overlay `yaml:",inline"`
	Formats          []string `yaml:"formats"`
}

// Cases are the records of a rule as cases of a rule test.
func (r *Rule) Cases() *ruletest.File {
	f := &ruletest.File{Baseline: r.Baseline}
	add := func(name string, fires bool, list []Record) {
		for i := range list {
			f.Cases = append(f.Cases, ruletest.Case{
				Name: fmt.Sprintf("%s %d", name, i+1), Fires: &fires, Event: ruletest.Event{Overlay: list[i].Overlay}, Formats: list[i].Formats,
			})
		}
	}
	add("fires", true, r.Fires)
	add("near miss", false, r.NearMiss)
	return f
}

// An Impossible rule is one that no record satisfies.
type Impossible struct {
	Path   string `yaml:"rule"` // relative to the project, without .yml
	Reason string `yaml:"reason"`
	// Instead is the built-in rule that is after the same, if there is one.
	Instead string `yaml:"instead"`
}

// Load reads the proofs, sorted by folder, and the rules that have none.
func Load() ([]Folder, []Impossible, error) {
	names, err := fs.Glob(files, "cases/*.yml")
	if err != nil {
		return nil, nil, err
	}
	var folders []Folder
	for _, name := range names {
		var list []Folder
		if err := parse(name, &list); err != nil {
			return nil, nil, err
		}
		folders = append(folders, list...)
	}
	slices.SortFunc(folders, func(a, b Folder) int { return strings.Compare(a.Path, b.Path) })
	var impossible []Impossible
	if err := parse("impossible.yml", &impossible); err != nil {
		return nil, nil, err
	}
	return folders, impossible, check(folders, impossible)
}

func parse(name string, into any) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// check finds what makes a proof none.
func check(folders []Folder, impossible []Impossible) error {
	seen := map[string]bool{}
	once := func(p string) error {
		if seen[p] {
			return fmt.Errorf("%s stands twice", p)
		}
		seen[p] = true
		return nil
	}
	for _, f := range folders {
		for i := range f.Rules {
			r := &f.Rules[i]
			p := path.Join(f.Path, r.File)
			if len(r.Fires) == 0 || len(r.NearMiss) == 0 {
				return fmt.Errorf("%s: needs records under fires and under near_miss", p)
			}
			if (r.Says == "") != (r.Logs == "") {
				return fmt.Errorf("%s: says and logs belong together", p)
			}
			if err := once(p); err != nil {
				return err
			}
		}
	}
	for _, im := range impossible {
		if im.Reason == "" {
			return fmt.Errorf("%s: has no reason", im.Path)
		}
		if err := once(im.Path); err != nil {
			return err
		}
	}
	return nil
}
