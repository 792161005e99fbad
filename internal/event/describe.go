package event

import (
	"slices"
	"strings"
)

// Names lists the other names under which rules may ask for a field of kind k,
// as the registry writes them. The canonical name and the paths of the formats
// serve as well and are not repeated; a name that means another field is left
// out.
func (s *Schema) Names(k Kind, f *Field) []string {
	var all []string
	for i := range derivations {
		if d := &derivations[i]; d.of(k) && s.id(d.name) == f.ID {
			all = append(all, strings.Fields(d.instead)...)
		}
	}
	for i := range kindFields[k] {
		if d := &kindFields[k][i]; s.id(d.name) == f.ID {
			all = append(all, strings.Fields(d.alias)...)
		}
	}
	var out []string
	for _, name := range all {
		if strings.EqualFold(name, f.Name) || s.lookup(k, name) != f || slices.Contains(out, name) {
			continue
		}
		out = append(out, name)
	}
	return out
}

// Families lists the groups of fields of kind k that are told apart by a name
// in the record, such as changes.NAME.new. NAME stands for it in the fields and
// in their paths.
func (s *Schema) Families(k Kind) []*Field {
	var out []*Field
	for i := range kindFamilies[k] {
		fam := &kindFamilies[k][i]
		out = append(out, s.family(k, fam.prefix+"NAME"+fam.suffix))
	}
	return out
}
