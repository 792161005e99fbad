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
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/alert"
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

// A Case is one event that the rule must, or must not, match.
type Case struct {
	Name     string `yaml:"name"`
	Fires    *bool  `yaml:"fires"`
	Overlay  `yaml:",inline"`
	Baseline yaml.Node `yaml:"baseline"`
	// Formats limits the case to some formats, where a base record cannot be
	// written in the others. A rule's cases must cover two formats where its
	// log has two.
	Formats []string `yaml:"formats"`
	// Severity and Summary are what the alert must say, when given.
	Severity string `yaml:"severity"`
	Summary  string `yaml:"summary"`

	line int
}

// A Result is the outcome of one case in one format.
type Result struct {
	Rule, Case, Format string
	Err                error
}

// Run tests one rule by its test file. file names it in messages.
func Run(rule *detect.Rule, file string, data []byte) ([]Result, error) {
	f, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	check, err := engine(rule, nil, nil)
	if err != nil {
		return nil, err
	}
	works := check.Check()[0]
	if works.Cannot != "" {
		return nil, fmt.Errorf("%s: rule %s cannot match: %s", file, rule.Slug, works.Cannot)
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
		rec, err := record(&c.Overlay)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		eng, err := engine(rule, b, dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		n := 0
		for _, format := range rec.Formats() {
			if !slices.Contains(works.WorksOn, format.String()) || len(c.Formats) > 0 && !slices.Contains(c.Formats, format.String()) {
				continue
			}
			for _, layout := range simulate.Layouts(format) {
				n++
				formats[format.String()] = true
				out = append(out, Result{
					Rule: rule.Slug, Case: c.Name, Format: format.String() + " " + layout.String(),
					Err: runCase(eng, c, rec, format, layout),
				})
			}
		}
		if n == 0 {
			return nil, fmt.Errorf("%s: ran in no format: the rule works on %s", where, strings.Join(works.WorksOn, ", "))
		}
	}
	switch {
	case fires == 0:
		err = fmt.Errorf("%s: no case that fires", file)
	case silent == 0:
		err = fmt.Errorf("%s: no case that stays silent", file)
	case len(formats) < min(2, len(works.WorksOn)):
		err = fmt.Errorf("%s: ran only over %s; the rule works on %s", file, strings.Join(slices.Sorted(maps.Keys(formats)), ", "), strings.Join(works.WorksOn, ", "))
	}
	return out, err
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

func engine(rule *detect.Rule, b *baseline.Baseline, dir *baseline.Directory) (*detect.Engine, error) {
	return detect.New(detect.Config{Rules: []*detect.Rule{rule}, Baseline: b, Directory: dir})
}

func record(o *Overlay) (simulate.Record, error) {
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

// runCase writes, decodes and matches one record.
func runCase(eng *detect.Engine, c *Case, rec simulate.Record, format event.Format, layout simulate.Layout) error {
	var buf bytes.Buffer
	if err := simulate.Write(&buf, format, layout, []simulate.Record{rec}); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	d, err := decode.NewDecoder(eng.Schema, eng.Wanted())
	if err != nil {
		return err
	}
	w := d.NewWorker(decode.Entra)
	w.Tenant = rec.Tenant
	m, ev := eng.NewMatcher(), event.New(eng.Schema)
	fr := decode.NewFramer(&buf, fileName(rec))
	var alerts []*alert.Alert
	build := alert.NewBuilder(eng.Rules(), func(a *alert.Alert) error { alerts = append(alerts, a); return nil })
	var b decode.Batch
	events := 0
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		for _, bad := range b.Bad {
			return fmt.Errorf("line %d: %s", bad.Line, bad.Reason)
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				return errors.New(reason)
			}
			events++
			if ev.Kind != rec.Kind {
				return fmt.Errorf("decoded as %s instead of %s", ev.Kind, rec.Kind)
			}
			for _, rule := range slices.Clone(m.Match(ev)) {
				if err := build.Add(m.Signal(rule, ev)); err != nil {
					return err
				}
			}
		}
	}
	if err := build.Close(); err != nil {
		return err
	}
	if events != 1 {
		return fmt.Errorf("one record was written, %d events were read", events)
	}
	return judge(c, alerts)
}

func judge(c *Case, alerts []*alert.Alert) error {
	switch {
	case *c.Fires && len(alerts) == 0:
		return errors.New("the rule stays silent, it should fire")
	case !*c.Fires && len(alerts) > 0:
		return fmt.Errorf("the rule fires, it should stay silent: %s", alerts[0].Summary)
	case len(alerts) == 0:
		return nil
	}
	if c.Severity != "" && alerts[0].Severity != c.Severity {
		return fmt.Errorf("severity is %s (%s), expected %s", alerts[0].Severity, alerts[0].SeverityReason, c.Severity)
	}
	if c.Summary != "" && alerts[0].Summary != c.Summary {
		return fmt.Errorf("summary is %q, expected %q", alerts[0].Summary, c.Summary)
	}
	return nil
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
		rec, err := record(&overlays[i])
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

// All tests every rule of a folder. Rules without a test file are reported as
// failures: a rule that nobody tested is not done.
func All(fsys fs.FS, rules []*detect.Rule, prefix string) ([]Result, error) {
	var out []Result
	var errs []error
	for _, r := range rules {
		name := TestFile(strings.TrimPrefix(strings.TrimPrefix(r.File, prefix), "/"))
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("%s: rule %s has no tests; write %s", r.File, r.Slug, path.Base(name)))
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		res, err := Run(r, name, data)
		out = append(out, res...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}
