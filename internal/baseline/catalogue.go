package baseline

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Input is one input of the catalogue, as its reference shows it.
type Input struct {
	Name    string // as rules and messages name it: "approved_actors.user_lifecycle"
	Shape   string // what to write
	Doc     string // what it is for, one line
	Default string // the built-in value in YAML; "" if there is none
}

// Inputs returns every input, in the order of the template.
func Inputs() []Input {
	var out []Input
	for _, s := range inputTable() {
		if !s.apart {
			out = append(out, Input{s.name, s.shape, s.doc, s.def})
			continue
		}
		for _, part := range s.parts {
			out = append(out, Input{s.name + "." + part.name, part.shape, part.doc, part.def})
		}
	}
	return out
}

type parseFunc func(p *parser, n *yaml.Node, path string) any

// spec describes one input or, with parts, a mapping of several.
type spec struct {
	name, shape, doc string
	def              string // built-in value in YAML

	// parse returns the value, or nil after it has reported an error.
	parse parseFunc

	parts []spec
	apart bool // each part is an input of its own, and overridden as such

	principals bool // the value is a list of principals
	grants     bool // being listed allows something
	global     bool // for the whole file, not to be overridden by a tenant
}

// catalogue finds specs by full name: parts as "group.part".
type catalogue struct {
	specs  []spec
	byName map[string]*spec
}

func newCatalogue() *catalogue {
	c := &catalogue{specs: inputTable(), byName: map[string]*spec{}}
	for i := range c.specs {
		s := &c.specs[i]
		c.byName[s.name] = s
		for j := range s.parts {
			part := &s.parts[j]
			part.name = s.name + "." + part.name
			part.grants = part.grants || s.grants
			c.byName[part.name] = part
		}
	}
	return c
}

func (c *catalogue) find(name string) *spec { return c.byName[lower(name)] }

// leaves calls fn for every input and part that holds a value.
func (c *catalogue) leaves(fn func(s *spec)) {
	for i := range c.specs {
		s := &c.specs[i]
		if s.parts == nil {
			fn(s)
		}
		for j := range s.parts {
			fn(&s.parts[j])
		}
	}
}

func (c *catalogue) principalInputs() []string {
	var names []string
	c.leaves(func(s *spec) {
		if s.principals {
			names = append(names, s.name)
		}
	})
	return names
}

// entry is the value of one input or part.
type entry struct {
	val     any
	at      place
	builtin bool
}

// scope holds what the file, or the overrides of one tenant, set.
type scope map[string]entry

// inputs reads a mapping of inputs.
func (p *parser) inputs(n *yaml.Node, path string, override bool) scope {
	out := scope{}
	p.each(n, path, func(name string, kn, vn *yaml.Node, path string) {
		s := p.cat.find(name)
		switch {
		case s == nil || strings.Contains(name, "."):
			p.failNode(kn, path, p.unknownHint(name), "unknown input")
		case s.name != name:
			p.failNode(kn, path, "write "+s.name, "unknown input")
		case override && s.global:
			p.failNode(kn, path, "", "holds for the whole file, a tenant cannot override it")
		case s.parts != nil:
			p.parts(out, s, vn, path)
		default:
			out.put(s.name, s.parse(p, vn, path), p.at(kn, path))
		}
	})
	return out
}

func (s scope) put(name string, val any, at place) {
	if val != nil {
		s[name] = entry{val: val, at: at}
	}
}

func (p *parser) parts(out scope, group *spec, n *yaml.Node, path string) {
	keys := make([]key, len(group.parts))
	for i := range group.parts {
		s := &group.parts[i]
		short := s.name[len(group.name)+1:]
		keys[i] = key{short, false, func(n *yaml.Node, path string) {
			out.put(s.name, s.parse(p, n, path), p.at(n, path))
		}}
	}
	p.object(n, path, keys...)
}

// unknownHint helps with an unknown input; it also finds a part that was written
// outside its group.
func (p *parser) unknownHint(name string) string {
	var top, leaf []string
	for _, s := range p.cat.specs {
		top = append(top, s.name)
		for _, part := range s.parts {
			leaf = append(leaf, part.name)
		}
	}
	if i := slices.IndexFunc(leaf, func(l string) bool { return lower(name) == l || strings.HasSuffix(l, "."+lower(name)) }); i >= 0 {
		group, part, _ := strings.Cut(leaf[i], ".")
		return "write " + group + ": {" + part + ": …}"
	}
	return didYouMean(name, top)
}

// merge lays the overrides of a tenant over the file. A mapping that is one
// input is replaced as a whole, one whose parts are inputs part by part.
func (c *catalogue) merge(base, over scope) scope {
	out := make(scope, len(base)+len(over))
	for name, e := range base {
		out[name] = e
	}
	for i := range c.specs {
		s := &c.specs[i]
		if s.apart || !over.sets(s) {
			continue
		}
		for j := range s.parts {
			delete(out, s.parts[j].name)
		}
	}
	for name, e := range over {
		out[name] = e
	}
	return out
}

// sets reports whether the scope holds the input or any part of it.
func (s scope) sets(sp *spec) bool {
	if _, ok := s[sp.name]; ok {
		return true
	}
	for i := range sp.parts {
		if _, ok := s[sp.parts[i].name]; ok {
			return true
		}
	}
	return false
}

// defaults returns the built-in values.
func (c *catalogue) defaults() scope {
	p := &parser{file: "built-in", cat: c}
	out := scope{}
	c.leaves(func(s *spec) {
		if s.def == "" {
			return
		}
		var doc yaml.Node
		if yaml.Unmarshal([]byte(s.def), &doc) == nil && len(doc.Content) == 1 {
			out[s.name] = entry{val: s.parse(p, doc.Content[0], s.name), builtin: true}
		}
	})
	return out
}
