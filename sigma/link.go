package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// References returns rules and correlations by what others may call them: their
// name, and their id in lower case. Of several with one key the first counts.
func References(docs []Document) map[string]Document {
	refs := map[string]Document{}
	for _, d := range docs {
		if _, isFilter := d.(*Filter); isFilter {
			continue
		}
		m := d.Metadata()
		for _, key := range []string{m.Name, strings.ToLower(m.ID)} {
			if _, taken := refs[key]; key != "" && !taken {
				refs[key] = d
			}
		}
	}
	return refs
}

// resolve looks up a reference in the result of References.
func resolve(refs map[string]Document, ref string) Document {
	if d := refs[ref]; d != nil {
		return d
	}
	return refs[strings.ToLower(ref)]
}

// Link checks what documents say about one another and returns one error that
// joins an *Error for everything that is wrong: names and ids used twice,
// references of correlations and filters to rules that do not exist or, for
// filters, have another log source, aliases for rules that a correlation does not
// read, and correlations that go in a circle. docs are the documents of all
// files.
func Link(docs []Document) error {
	l := &linker{refs: References(docs), state: map[*Correlation]int{}}
	for key := range l.refs {
		l.known = append(l.known, key)
	}
	slices.Sort(l.known)
	for _, d := range docs {
		l.unique(d)
		switch d := d.(type) {
		case *Correlation:
			l.correlation(d)
		case *Filter:
			l.filter(d)
		}
	}
	return errors.Join(l.errs...)
}

type linker struct {
	refs  map[string]Document
	known []string
	state map[*Correlation]int // 1: on the path that is being followed, 2: done
	errs  []error
}

func (l *linker) fail(m *Meta, msg, hint string) {
	l.errs = append(l.errs, &Error{m.File, m.Line, msg, hint})
}

// unique reports a name or id that an earlier document has. Rules that a
// collection action made out of one another share theirs.
func (l *linker) unique(d Document) {
	m := d.Metadata()
	if _, isFilter := d.(*Filter); isFilter {
		return
	}
	for kind, key := range map[string]string{"name": m.Name, "id": strings.ToLower(m.ID)} {
		if key == "" || l.refs[key] == d {
			continue
		}
		first := l.refs[key].Metadata()
		if m.merged && first.File == m.File {
			continue
		}
		l.fail(m, fmt.Sprintf("%s %q is taken", kind, key), "by "+strings.TrimSuffix(where(first.File, first.Line), ": "))
	}
}

func (l *linker) missing(m *Meta, ref string) {
	l.fail(m, fmt.Sprintf("there is no rule %q", ref), near(ref, l.known))
}

func (l *linker) correlation(c *Correlation) {
	for _, ref := range c.Rules {
		if resolve(l.refs, ref) == nil {
			l.missing(&c.Meta, ref)
		}
	}
	l.follow(c, nil)
	below := l.below(c)
	for _, a := range c.Aliases {
		for _, f := range a.Fields {
			if d := resolve(l.refs, f.Rule); d == nil || !below[d] {
				l.fail(&c.Meta, fmt.Sprintf("alias %q is for rule %q, which the correlation does not read", a.Name, f.Rule), near(f.Rule, c.Rules))
			}
		}
	}
}

// follow reports a circle that c is part of, once.
func (l *linker) follow(c *Correlation, path []string) {
	if l.state[c] == 2 {
		return
	}
	path = append(path, c.Title)
	if l.state[c] == 1 {
		l.fail(&c.Meta, "correlations refer to one another in a circle", strings.Join(path, " -> "))
		return
	}
	l.state[c] = 1
	for _, ref := range c.Rules {
		if next, ok := resolve(l.refs, ref).(*Correlation); ok {
			l.follow(next, path)
		}
	}
	l.state[c] = 2
}

// below returns everything that c reads, directly or through correlations.
func (l *linker) below(c *Correlation) map[Document]bool {
	seen := map[Document]bool{}
	queue := []*Correlation{c}
	for len(queue) > 0 {
		c, queue = queue[0], queue[1:]
		for _, ref := range c.Rules {
			d := resolve(l.refs, ref)
			if d == nil || seen[d] {
				continue
			}
			seen[d] = true
			if next, ok := d.(*Correlation); ok {
				queue = append(queue, next)
			}
		}
	}
	return seen
}

func (l *linker) filter(f *Filter) {
	for _, ref := range f.Rules {
		switch d := resolve(l.refs, ref).(type) {
		case nil:
			l.missing(&f.Meta, ref)
		case *Correlation:
			l.fail(&f.Meta, fmt.Sprintf("%q is a correlation", ref), "filter the rules that it reads")
		case *Rule:
			if !f.LogSource.Covers(d.LogSource) {
				l.fail(&f.Meta, fmt.Sprintf("rule %q has another log source", ref), "the filter would not apply to it")
			}
		}
	}
}
