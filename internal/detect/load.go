package detect

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/entrawatch/entrawatch/sigma"
)

// A Library is what a set of rule files holds.
type Library struct {
	Rules        []*Rule
	Filters      []*sigma.Filter
	Correlations []*sigma.Correlation
	docs         []sigma.Document
}

// extensions are the correlation types that entrawatch adds to Sigma's.
var extensions = []string{"first_seen", "period_change", "travel", "absent"}

// Add reads every rule file below root of fsys. name is put before the paths
// in messages. All that is wrong is reported at once; sound files are kept.
func (l *Library) Add(fsys fs.FS, root, name string, builtin bool) error {
	var errs []error
	parser := sigma.ParseOptions{ExtraCorrelationTypes: extensions}
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		ext := path.Ext(p)
		if d.IsDir() || ext != ".yml" && ext != ".yaml" || strings.HasSuffix(strings.TrimSuffix(p, ext), "_test") {
			return nil
		}
		data, err := fs.ReadFile(fsys, p)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		docs, err := parser.Parse(path.Join(name, p), data)
		if err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, l.take(docs, builtin))
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func (l *Library) take(docs []sigma.Document, builtin bool) error {
	var errs []error
	for _, doc := range docs {
		l.docs = append(l.docs, doc)
		switch d := doc.(type) {
		case *sigma.Rule:
			r, err := NewRule(d, builtin)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			l.Rules = append(l.Rules, r)
		case *sigma.Filter:
			l.Filters = append(l.Filters, d)
		case *sigma.Correlation:
			l.Correlations = append(l.Correlations, d)
		}
	}
	return errors.Join(errs...)
}

// Finish applies filters and checks that every rule has a name of its own and
// every reference a rule.
func (l *Library) Finish() error {
	if err := sigma.Link(l.docs); err != nil {
		return err
	}
	if err := UniqueSlugs(l.Rules); err != nil {
		return err
	}
	if len(l.Filters) == 0 {
		return nil
	}
	plain := make([]*sigma.Rule, len(l.Rules))
	for i, r := range l.Rules {
		plain[i] = r.Rule
	}
	for i, r := range sigma.ApplyFilters(plain, l.Filters) {
		if i >= len(l.Rules) {
			return fmt.Errorf("a filter made rules out of nothing")
		}
		l.Rules[i].Rule = r
	}
	return nil
}
