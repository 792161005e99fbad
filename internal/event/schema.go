package event

import (
	"fmt"
	"sort"
	"strings"
)

// A Field is a field of one kind of event, canonical or made for a rule that
// asks for a path outside the registry.
type Field struct {
	ID   int
	Name string
	Type Type
	Doc  string
	// Paths are the places of the field in each format, best first. A derived
	// field has none.
	Paths [NumFormats][]string
	// Column is the column of the portal's CSV, for people.
	Column string
	// Needs are the fields that a derived field is computed from; "a|b" means
	// that either will do.
	Needs []string
	// Registered is false for a path that only a rule names.
	Registered bool

	reads  []string
	timed  bool
	derive func(*Event)
	fold   func(string) string
}

// In reports whether records of format f can have the field.
func (fd *Field) In(f Format) bool { return len(fd.Paths[f]) > 0 }

// Normalize puts a rule's text into the form in which the field's values are
// kept, so that both compare equal.
func (fd *Field) Normalize(text string) string {
	if fd.fold == nil {
		return text
	}
	return fd.fold(text)
}

// A Schema is the registry of one run: the canonical fields, and the paths
// that its rules added. Field ids are the same for all kinds.
type Schema struct {
	ids   map[string]int // by lower-case canonical name
	names []string
	kinds [NumKinds]kindSchema
}

type kindSchema struct {
	fields  map[int]*Field
	aliases map[string]int // every name by which a rule may ask, lower case
	// derivedBy finds derived fields by id without a map.
	derivedBy []*Field
}

// NewSchema returns the registry without additions.
func NewSchema() *Schema {
	s := &Schema{ids: make(map[string]int)}
	for i := range core {
		s.id(core[i])
	}
	for k := Kind(1); k < NumKinds; k++ {
		s.kinds[k] = kindSchema{fields: make(map[int]*Field), aliases: make(map[string]int)}
		s.addKind(k)
	}
	for _, id := range []int{FRoleNew, FRoleOld} {
		s.Resolve(Audit, core[id])
	}
	return s
}

// id returns the id of a canonical name, new or old.
func (s *Schema) id(name string) int {
	key := strings.ToLower(name)
	if id, ok := s.ids[key]; ok {
		return id
	}
	id := len(s.names)
	s.ids[key] = id
	s.names = append(s.names, name)
	return id
}

// Size is the number of field ids given out so far.
func (s *Schema) Size() int { return len(s.names) }

// FieldName is the canonical name of a field id.
func (s *Schema) FieldName(id int) string { return s.names[id] }

// Field returns what is known of field id in events of kind k, or nil.
func (s *Schema) Field(k Kind, id int) *Field { return s.kinds[k].fields[id] }

// Fields lists the fields of a kind in the order of the registry.
func (s *Schema) Fields(k Kind) []*Field {
	out := make([]*Field, 0, len(s.kinds[k].fields))
	for _, f := range s.kinds[k].fields {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (s *Schema) addKind(k Kind) {
	ks := &s.kinds[k]
	for i := range kindFields[k] {
		d := &kindFields[k][i]
		f := &Field{ID: s.id(d.name), Name: d.name, Type: d.typ, Doc: d.doc, Registered: true, Column: d.csv}
		if f.Column == "-" {
			f.Column = ""
		}
		for _, format := range formatsOf[k] {
			f.Paths[format] = d.paths(format)
		}
		ks.fields[f.ID] = f
	}
	for i := range derivations {
		d := &derivations[i]
		if !d.of(k) {
			continue
		}
		f := &Field{ID: s.id(d.name), Name: d.name, Type: d.typ, Doc: d.doc, Needs: d.needs, reads: strings.Fields(d.reads), timed: d.timed, Registered: true, derive: d.fn, fold: d.fold}
		ks.fields[f.ID] = f
		for len(ks.derivedBy) <= f.ID {
			ks.derivedBy = append(ks.derivedBy, nil)
		}
		ks.derivedBy[f.ID] = f
	}
	for _, f := range s.Fields(k) {
		if f.derive == nil {
			continue
		}
		for _, format := range formatsOf[k] {
			if s.computable(k, format, f.Needs) {
				f.Paths[format] = []string{"(derived)"}
			}
		}
	}
	s.addAliases(k)
}

// computable reports whether a format has what a derived field needs.
func (s *Schema) computable(k Kind, format Format, needs []string) bool {
	for _, need := range needs {
		found := false
		for name := range strings.SplitSeq(need, "|") {
			f := s.kinds[k].fields[s.id(name)]
			found = found || f != nil && f.In(format)
		}
		if !found {
			return false
		}
	}
	return true
}

// addAliases fills the names by which rules may ask: what rules are better
// served with, the canonical names, other names, and the names of each format.
func (s *Schema) addAliases(k Kind) {
	ks := &s.kinds[k]
	add := func(name string, id int) {
		name = strings.ToLower(strings.ReplaceAll(name, "`", ""))
		if _, taken := ks.aliases[name]; !taken {
			ks.aliases[name] = id
		}
	}
	for i := range derivations {
		d := &derivations[i]
		if !d.of(k) {
			continue
		}
		for name := range strings.FieldsSeq(d.instead) {
			add(name, s.id(d.name))
		}
	}
	for _, f := range s.Fields(k) {
		add(f.Name, f.ID)
	}
	for i := range kindFields[k] {
		d := &kindFields[k][i]
		for name := range strings.FieldsSeq(d.alias) {
			add(name, s.id(d.name))
		}
	}
	// A place is first of all the field that looks there first.
	for rank, more := 0, true; more; rank++ {
		more = false
		for _, f := range s.Fields(k) {
			for _, format := range formatsOf[k] {
				if rank >= len(f.Paths[format]) {
					continue
				}
				more = true
				if p := f.Paths[format][rank]; !strings.Contains(p, "{") && p != "(derived)" {
					add(strings.TrimPrefix(p, "properties."), f.ID)
				}
			}
		}
	}
}

// Resolve finds the field that a rule means by name in events of kind k. A
// name outside the registry becomes a field that is read by its path.
func (s *Schema) Resolve(k Kind, name string) *Field {
	ks := &s.kinds[k]
	key := aliasKey(k, name)
	if id, ok := ks.aliases[key]; ok {
		return ks.fields[id]
	}
	f := s.family(k, name)
	if f == nil {
		f = s.byPath(k, name)
	}
	ks.fields[f.ID] = f
	ks.aliases[key] = f.ID
	return f
}

// aliasKey is how names are compared: diagnostic records have most fields below
// properties, and rules may say so or not.
func aliasKey(k Kind, name string) string {
	key := strings.ToLower(strings.TrimSpace(name))
	if k != Generic {
		key = strings.TrimPrefix(key, "properties.")
	}
	return key
}

// lookup finds a field by any of its names without adding one.
func (s *Schema) lookup(k Kind, name string) *Field {
	if id, ok := s.kinds[k].aliases[aliasKey(k, name)]; ok {
		return s.kinds[k].fields[id]
	}
	return nil
}

// family makes the field of a family that name asks for.
func (s *Schema) family(k Kind, name string) *Field {
	lower := strings.ToLower(name)
	for i := range kindFamilies[k] {
		fam := &kindFamilies[k][i]
		if !strings.HasPrefix(lower, fam.prefix) || !strings.HasSuffix(lower, fam.suffix) || len(name) <= len(fam.prefix)+len(fam.suffix) {
			continue
		}
		inner := name[len(fam.prefix) : len(name)-len(fam.suffix)]
		d := def{name: fam.prefix + inner + fam.suffix, typ: fam.typ}
		fill := func(path string) string { return strings.ReplaceAll(path, "{}", inner) }
		d.graph, d.diag, d.la, d.o365 = fill(fam.graph), fill(fam.diag), fill(fam.la), fill(fam.o365)
		f := &Field{ID: s.id(d.name), Name: d.name, Type: d.typ, Doc: fam.doc, Registered: true}
		for _, format := range formatsOf[k] {
			if format == PortalCSV && fam.csv {
				f.Paths[format] = []string{d.graph}
				continue
			}
			f.Paths[format] = d.paths(format)
		}
		return f
	}
	return nil
}

// byPath makes a field that is read by the path that the rule gives.
func (s *Schema) byPath(k Kind, name string) *Field {
	plain := strings.TrimPrefix(name, "properties.")
	f := &Field{ID: s.id("path:" + name), Name: name, Doc: "read by its path"}
	for _, format := range formatsOf[k] {
		switch format {
		case Diagnostic:
			f.Paths[format] = []string{name, "properties." + plain}
		case PortalCSV:
		case JSONLines:
			f.Paths[format] = []string{name}
			if strings.Contains(name, ".") {
				f.Paths[format] = append(f.Paths[format], "`"+name+"`")
			}
		default:
			f.Paths[format] = []string{plain}
		}
	}
	return f
}

// paths lists where the field is in records of a format, best first.
func (d *def) paths(f Format) []string {
	graph := d.graph
	if graph == "" {
		graph = d.name
	}
	p := "-"
	switch f {
	case Graph:
		p = graph
	case Diagnostic:
		if p = d.diag; p == "" {
			p = eachPath(graph, func(s string) string { return "properties." + s })
		}
	case LogAnalytics:
		if p = d.la; p == "" {
			p = eachPath(graph, func(s string) string { return strings.ToUpper(s[:1]) + s[1:] })
		}
	case O365:
		if d.o365 != "" {
			p = d.o365
		}
	case ResourceManager:
		p = d.rm
	case PortalCSV:
		// Rows are rewritten to Graph's shape before they are decoded.
		if d.csv != "" && d.csv != "-" {
			p = graph
		}
	}
	if p == "-" || p == "" {
		return nil
	}
	return splitPaths(p)
}

func eachPath(paths string, f func(string) string) string {
	if paths == "-" {
		return "-"
	}
	all := splitPaths(paths)
	for i := range all {
		all[i] = f(all[i])
	}
	return strings.Join(all, " ")
}

// splitPaths splits at blanks outside braces and backquotes.
func splitPaths(s string) []string {
	var out []string
	from, depth, quoted := 0, 0, false
	for i := 0; i <= len(s); i++ {
		switch {
		case i == len(s) || s[i] == ' ' && depth == 0 && !quoted:
			if i > from {
				out = append(out, s[from:i])
			}
			from = i + 1
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case s[i] == '`':
			quoted = !quoted
		}
	}
	return out
}

// MustID returns the id of a canonical name that is known to exist.
func (s *Schema) MustID(name string) int {
	id, ok := s.ids[strings.ToLower(name)]
	if !ok {
		panic(fmt.Sprintf("event: no field %q in the registry", name))
	}
	return id
}

// Lookup finds the field of kind k that has the name, canonical or other,
// without adding one.
func (s *Schema) Lookup(k Kind, name string) *Field {
	if id, ok := s.ids[strings.ToLower(name)]; ok {
		if f := s.kinds[k].fields[id]; f != nil {
			return f
		}
	}
	return s.lookup(k, name)
}

// Hidden gives out an id for a value that is no field of any rule.
func (s *Schema) Hidden(name string) int { return s.id("hidden:" + name) }

// Derived reports whether the field is computed from others.
func (fd *Field) Derived() bool { return fd.derive != nil }

// Inputs lists the fields that a derived field is computed from.
func (fd *Field) Inputs() []string {
	if fd.timed {
		return nil // the time of an event is always read
	}
	var out []string
	for _, need := range fd.Needs {
		out = append(out, strings.Split(need, "|")...)
	}
	return append(out, fd.reads...)
}
