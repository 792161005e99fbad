package detect

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/sigma"
)

// A Library is what a set of rule files holds.
type Library struct {
	// Rules are rules and correlations; the inputs of correlations are among
	// them.
	Rules   []*Rule
	Filters []*sigma.Filter
	docs    []sigma.Document
	filters []byte // hashes of their files
}

// Add reads every rule file below root of fsys. name is put before the paths
// in messages. All that is wrong is reported at once; sound files are kept.
func (l *Library) Add(fsys fs.FS, root, name string, builtin bool) error {
	var errs []error
	parser := sigma.ParseOptions{ExtraCorrelationTypes: extensions, ExtraCorrelationKeys: extensionKeys}
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
		errs = append(errs, l.take(docs, builtin, sha256.Sum256(data)))
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func (l *Library) take(docs []sigma.Document, builtin bool, source [32]byte) error {
	var errs []error
	for _, doc := range docs {
		l.docs = append(l.docs, doc)
		if f, ok := doc.(*sigma.Filter); ok {
			l.Filters = append(l.Filters, f)
			l.filters = append(l.filters, source[:]...)
			continue
		}
		r, err := NewRule(doc, builtin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Source = source
		l.Rules = append(l.Rules, r)
	}
	return errors.Join(errs...)
}

// Borrow takes from another library what correlations refer to and this one
// does not have, so that a file can be looked at by itself. Borrowed rules make
// no alerts.
func (l *Library) Borrow(from *Library) {
	theirs := sigma.References(from.docs)
	byMeta := map[*sigma.Meta]*Rule{}
	for _, r := range from.Rules {
		byMeta[r.Meta] = r
	}
	for i := 0; i < len(l.docs); i++ { // what is borrowed may need more
		c, ok := l.docs[i].(*sigma.Correlation)
		if !ok {
			continue
		}
		ours := sigma.References(l.docs)
		for _, ref := range c.Rules {
			if reference(ours, ref) != nil {
				continue
			}
			doc := reference(theirs, ref)
			if doc == nil || byMeta[doc.Metadata()] == nil {
				continue
			}
			r := *byMeta[doc.Metadata()]
			r.Silent, r.Borrowed = true, true
			l.docs, l.Rules = append(l.docs, doc), append(l.Rules, &r)
			ours = sigma.References(l.docs)
		}
	}
}

// reference looks up a name or an id.
func reference(refs map[string]sigma.Document, ref string) sigma.Document {
	if doc := refs[ref]; doc != nil {
		return doc
	}
	return refs[strings.ToLower(ref)]
}

// Finish applies filters, connects correlations with the rules that they read,
// and checks that every rule has a name of its own and every reference a rule.
// What is sound works together whatever else is wrong.
func (l *Library) Finish() error {
	errs := []error{sigma.Link(l.docs), UniqueSlugs(l.Rules)}
	if len(l.filters) > 0 {
		for _, r := range l.Rules {
			r.Source = sha256.Sum256(append(r.Source[:], l.filters...))
		}
	}
	l.connect()
	var plain []*sigma.Rule
	var filtered []*Rule
	for _, r := range l.Rules {
		if r.Match != nil {
			plain, filtered = append(plain, r.Match), append(filtered, r)
		}
	}
	for i, m := range sigma.ApplyFilters(plain, l.Filters) {
		filtered[i].Match, filtered[i].Meta = m, &m.Meta
	}
	return errors.Join(errs...)
}

// connect finds the inputs of correlations. What a correlation reads makes no
// alerts of its own unless one says "generate: true"; a correlation of the
// user's does not silence a built-in rule.
func (l *Library) connect() {
	refs := sigma.References(l.docs)
	byMeta := map[*sigma.Meta]*Rule{}
	for _, r := range l.Rules {
		byMeta[r.Meta] = r
	}
	for _, r := range l.Rules {
		if r.Correlate == nil {
			continue
		}
		r.Inputs = nil
		for _, ref := range r.Correlate.Rules {
			var in *Rule // nil if there is none, or it could not be loaded
			if doc := reference(refs, ref); doc != nil {
				in = byMeta[doc.Metadata()]
			}
			r.Inputs = append(r.Inputs, in)
		}
	}
	// What could not be loaded was reported; what reads it cannot work.
	l.Rules = slices.DeleteFunc(l.Rules, func(r *Rule) bool { return !r.whole() })
	generated := map[*Rule]bool{}
	for _, r := range l.Rules {
		for _, in := range r.Inputs {
			in.Silent = in.Silent || r.Builtin == in.Builtin
			generated[in] = generated[in] || r.Correlate.Generate
		}
	}
	for r := range generated {
		r.Silent = r.Silent && !generated[r]
	}
}

// whole reports whether everything that the rule reads was loaded. above are
// the correlations that read it: one that reads itself never ends.
func (r *Rule) whole(above ...*Rule) bool {
	if r == nil || slices.Contains(above, r) {
		return false
	}
	above = append(above, r)
	return !slices.ContainsFunc(r.Inputs, func(in *Rule) bool { return !in.whole(above...) })
}
