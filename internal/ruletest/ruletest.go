// Package ruletest runs the tests of rules: each rule file has a sibling
// slug_test.yml with cases that overlay a few fields on a named, realistic base
// record. Every case is written in every format that the rule works on, decoded
// and matched by the same code that scans logs. The tests run in the build and
// in the field (`rules test`).
package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// A File is a test file.
type File struct {
	// Baseline is what the organisation declares, in every case that has
	// none of its own.
	Baseline yaml.Node `yaml:"baseline"`
	// Directory lists snapshot records by which groups and roles are resolved.
	Directory []Overlay `yaml:"directory"`
	Cases     []Case    `yaml:"cases"`
}

// An Overlay is a base record with changes.
type Overlay struct {
	Base   string         `yaml:"base"`
	Set    map[string]any `yaml:"set"`
	Delete []string       `yaml:"delete"`
	// Changes sets modified properties of an audit record: name → [old, new].
	Changes map[string][2]string `yaml:"changes"`
	// Tenant replaces the tenant of the base record.
	Tenant string `yaml:"tenant"`
	// Time replaces the time of the base record.
	Time time.Time `yaml:"time"`
}

// A Case is one event, or several, on which the rule must, or must not, fire.
type Case struct {
	Name  string `yaml:"name"`
	Fires *bool  `yaml:"fires"`
	Event `yaml:",inline"`
	// Events are several, each after the one before.
	Events   []Event   `yaml:"events"`
	Baseline yaml.Node `yaml:"baseline"`
	// Formats limits the case to some formats, where a base record cannot be
	// written in the others. A rule's cases must cover two formats where its
	// log has two.
	Formats []string `yaml:"formats"`
	// Alerts is how many alerts there must be; default: one or more.
	Alerts int `yaml:"alerts"`
	// Rule, Severity, Summary and Count are what the first alert must say,
	// when given.
	Rule     string `yaml:"rule"`
	Severity string `yaml:"severity"`
	Summary  string `yaml:"summary"`
	Count    int    `yaml:"count"`

	line int
}

// A Result is the outcome of one case in one format.
type Result struct {
	Rule, Case, Format string
	Err                error
}

// Run tests the rules of one file by its test file. file names it in messages.
// Rules that correlations of other files read are tested as if they alerted by
// themselves.
func Run(rules []*detect.Rule, file string, data []byte) ([]Result, error) {
	f, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	return RunCases(rules, file, f)
}

// RunCases is Run for cases that do not stand in a test file. file names them
// in messages.
func RunCases(rules []*detect.Rule, file string, f *File) ([]Result, error) {
	rules = audible(rules)
	works, err := worksOn(rules, file)
	if err != nil {
		return nil, err
	}
	dir, err := directory(f.Directory)
	if err != nil {
		return nil, fmt.Errorf("%s: directory: %w", file, err)
	}
	fires, silent := 0, 0
	formats := map[string]bool{}
	var out []Result
	for i := range f.Cases {
		c := &f.Cases[i]
		where := fmt.Sprintf("%s:%d: case %q", file, c.line, c.Name)
		if c.Fires == nil {
			return nil, fmt.Errorf("%s: says neither fires: true nor fires: false", where)
		}
		if *c.Fires {
			fires++
		} else {
			silent++
		}
		node := &f.Baseline
		if c.Baseline.Kind != 0 {
			node = &c.Baseline
		}
		b, err := declared(file, node)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		for _, name := range c.Formats {
			if _, ok := event.FormatByName(name); !ok {
				return nil, fmt.Errorf("%s: there is no format %q", where, name)
			}
		}
		if c.Rule != "" && !slices.ContainsFunc(rules, func(r *detect.Rule) bool { return r.Slug == c.Rule && !r.Silent }) {
			return nil, fmt.Errorf("%s: no rule %q alerts; there are %s", where, c.Rule, slugs(rules))
		}
		recs, err := c.records()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		eng, err := detect.New(detect.Config{Rules: rules, Baseline: b, Directory: dir})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		decoder, err := decode.NewDecoder(eng.Schema, eng.Wanted())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		n := 0
		for _, format := range formatsOf(recs) {
			if !slices.Contains(works, format.String()) || len(c.Formats) > 0 && !slices.Contains(c.Formats, format.String()) {
				continue
			}
			for _, layout := range simulate.Layouts(format) {
				n++
				formats[format.String()] = true
				out = append(out, Result{
					Rule: slugs(rules), Case: c.Name, Format: format.String() + " " + layout.String(),
					Err: runCase(eng, decoder, c, recs, format, layout),
				})
			}
		}
		if n == 0 {
			return nil, fmt.Errorf("%s: ran in no format: the rule works on %s", where, strings.Join(works, ", "))
		}
	}
	switch {
	case fires == 0:
		err = fmt.Errorf("%s: no case that fires", file)
	case silent == 0:
		err = fmt.Errorf("%s: no case that stays silent", file)
	case len(formats) < min(2, len(works)):
		err = fmt.Errorf("%s: ran only over %s; the rule works on %s", file, strings.Join(slices.Sorted(maps.Keys(formats)), ", "), strings.Join(works, ", "))
	}
	return out, err
}

// worksOn lists the formats on which one of the rules works.
func worksOn(rules []*detect.Rule, file string) ([]string, error) {
	eng, err := detect.New(detect.Config{Rules: rules})
	if err != nil {
		return nil, err
	}
	var works []string
	cannot := ""
	for _, c := range eng.Check() {
		if !slices.ContainsFunc(rules, func(r *detect.Rule) bool { return r.Slug == c.Rule && !r.Silent }) {
			continue
		}
		if c.Cannot != "" {
			cannot = fmt.Sprintf("%s: rule %s cannot match: %s", file, c.Rule, c.Cannot)
		}
		for _, f := range c.WorksOn {
			if !slices.Contains(works, f) {
				works = append(works, f)
			}
		}
	}
	if cannot != "" {
		return nil, errors.New(cannot)
	}
	return works, nil
}

// audible returns the rules, or if all of them are silent copies that are not.
func audible(rules []*detect.Rule) []*detect.Rule {
	if slices.ContainsFunc(rules, func(r *detect.Rule) bool { return !r.Silent }) {
		return rules
	}
	var out []*detect.Rule
	for _, r := range rules {
		c := *r
		c.Silent = false
		out = append(out, &c)
	}
	return out
}

// slugs names the rules that alert.
func slugs(rules []*detect.Rule) string {
	var out []string
	for _, r := range rules {
		if !r.Silent {
			out = append(out, r.Slug)
		}
	}
	return strings.Join(out, ", ")
}

// formatsOf lists the formats that a case is written in: those of the record
// with the most. A record that does not come in one takes its own best.
func formatsOf(recs []simulate.Record) []event.Format {
	var out []event.Format
	for _, r := range recs {
		for _, f := range r.Formats() {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}

func parse(file string, data []byte) (*File, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	f := &File{}
	if err := dec.Decode(f); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var lines struct {
		Cases []yaml.Node `yaml:"cases"`
	}
	if err := yaml.Unmarshal(data, &lines); err == nil {
		for i := range min(len(f.Cases), len(lines.Cases)) {
			f.Cases[i].line = lines.Cases[i].Line
		}
	}
	return f, nil
}

func declared(file string, node *yaml.Node) (*baseline.Baseline, error) {
	if node.Kind == 0 {
		return nil, nil
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return nil, err
	}
	return baseline.Parse(file+" (baseline)", text, func(string) ([]byte, error) {
		return nil, errors.New("rule tests read no files")
	})
}

// Record is the base record with its changes.
func (o *Overlay) Record() (simulate.Record, error) {
	rec, ok := simulate.Base(o.Base)
	if !ok {
		return rec, fmt.Errorf("there is no base record %q; there are %s", o.Base, strings.Join(simulate.BaseNames(), ", "))
	}
	if o.Tenant != "" {
		rec.Tenant = o.Tenant
	}
	if !o.Time.IsZero() {
		rec = rec.WithTime(o.Time)
	}
	for _, p := range slices.Sorted(maps.Keys(o.Set)) {
		if err := rec.Set(p, o.Set[p]); err != nil {
			return rec, err
		}
	}
	for _, p := range o.Delete {
		if err := rec.Delete(p); err != nil {
			return rec, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Changes)) {
		if err := rec.SetChange(name, o.Changes[name][0], o.Changes[name][1]); err != nil {
			return rec, err
		}
	}
	return rec, nil
}

// fileName is what the portal would call a download of the record: its CSV
// tells the sort of sign-in by nothing else.
func fileName(rec simulate.Record) string {
	switch rec.Sub {
	case event.NonInteractive:
		return "NonInteractiveSignIns.csv"
	case event.ServicePrincipalSignin:
		return "ApplicationSignIns.csv"
	case event.ManagedIdentity:
		return "MSISignIns.csv"
	}
	return "InteractiveSignIns.csv"
}

// directory makes the view by which groups and roles are resolved.
func directory(overlays []Overlay) (*baseline.Directory, error) {
	d := baseline.NewDirectory()
	text := func(rec simulate.Record, path string) string {
		v, _ := rec.Get(path)
		s, _ := v.(string)
		return s
	}
	for i := range overlays {
		rec, err := overlays[i].Record()
		if err != nil {
			return nil, err
		}
		switch rec.Kind {
		case event.User:
			d.AddUser(baseline.User{ID: text(rec, "id"), UPN: text(rec, "userPrincipalName"), DisplayName: text(rec, "displayName")})
		case event.Group:
			d.AddGroup(text(rec, "id"), text(rec, "displayName"))
			for n := 0; ; n++ {
				id := text(rec, fmt.Sprintf("members.%d.id", n))
				if id == "" {
					break
				}
				d.AddMember(text(rec, "id"), id)
			}
		case event.RoleAssignment:
			d.AddRoleAssignment(text(rec, "roleDefinitionId"), text(rec, "roleDefinition.displayName"), text(rec, "principalId"), false)
			if typ := text(rec, "assignmentType"); typ != "" {
				d.AddSchedule(text(rec, "roleDefinitionId"), text(rec, "roleDefinition.displayName"), text(rec, "principalId"), typ == "Assigned" && text(rec, "endDateTime") == "")
			}
			d.AddUser(baseline.User{ID: text(rec, "principalId"), UPN: text(rec, "principal.userPrincipalName")})
		case event.ServicePrincipal:
			d.AddServicePrincipal(text(rec, "id"), text(rec, "appId"), text(rec, "displayName"))
		default:
			return nil, fmt.Errorf("%s is no directory object", overlays[i].Base)
		}
	}
	return d, nil
}

// TestFile returns the path of a rule's test file.
func TestFile(ruleFile string) string {
	ext := path.Ext(ruleFile)
	return strings.TrimSuffix(ruleFile, ext) + "_test" + ext
}

// All tests every rule of a folder, file by file. Rules without a test file
// are reported as failures: a rule that nobody tested is not done. Those that
// only correlations read are tested with these.
func All(fsys fs.FS, rules []*detect.Rule, prefix string) ([]Result, error) {
	var out []Result
	var errs []error
	done := map[string]bool{}
	for _, r := range rules {
		if done[r.File] {
			continue
		}
		done[r.File] = true
		var same []*detect.Rule
		for _, o := range rules {
			if o.File == r.File {
				same = append(same, o)
			}
		}
		i := slices.IndexFunc(same, func(o *detect.Rule) bool { return !o.Silent })
		name := TestFile(strings.TrimPrefix(strings.TrimPrefix(r.File, prefix), "/"))
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			if i >= 0 {
				errs = append(errs, fmt.Errorf("%s: rule %s has no tests; write %s", r.File, same[i].Slug, path.Base(name)))
			}
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		res, err := Run(same, name, data)
		out = append(out, res...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}
