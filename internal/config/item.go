package config

import (
	"fmt"
	"io"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// An Item is a source, a store or an outlet: one key says its kind and holds its
// section.
type Item struct {
	Kind    string
	Name    string // what the service calls it; "" = as its kind
	Section setting.Section
}

// A Source is an item of sources.
type Source struct{ Item }

// A Store is where the state is kept.
type Store struct{ Item }

// An Outlet is an item of outlets.
type Outlet struct{ Item }

// Open returns the outlet. stdout is the standard output of the program.
func (o Outlet) Open(stdout io.Writer) (notify.Sink, error) {
	c, ok := o.Section.(notify.Config)
	if !ok {
		return nil, fmt.Errorf("%s is no outlet", o.Kind)
	}
	return c.Open(stdout)
}

// Label is the name of the item, or else its kind. Cursors and deliveries are
// kept under it.
func (i Item) Label() string {
	if i.Name != "" {
		return i.Name
	}
	return i.Kind
}

// ReadSetting reads a source.
func (s *Source) ReadSetting(d *setting.Decoder, n *yaml.Node, path string) {
	s.read(d, n, path, "source", SourceKinds(), true)
}

// ReadSetting reads a store.
func (s *Store) ReadSetting(d *setting.Decoder, n *yaml.Node, path string) {
	s.read(d, n, path, "store", StoreKinds(), false)
}

// ReadSetting reads an outlet.
func (o *Outlet) ReadSetting(d *setting.Decoder, n *yaml.Node, path string) {
	o.read(d, n, path, "outlet", OutletKinds(), true)
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func (i *Item) read(d *setting.Decoder, n *yaml.Node, path, what string, kinds []Kind, named bool) {
	names := make([]string, len(kinds))
	for k := range kinds {
		names[k] = kinds[k].Name
	}
	if n.Kind == yaml.ScalarNode && slices.Contains(names, n.Value) {
		d.Fail(n, path, fmt.Sprintf("write %s: {}", n.Value), "want a key with a section, got the text %q", n.Value)
		return
	}
	*i = Item{}
	d.Keys(n, path, nil, func(name string, kn, vn *yaml.Node, at string) {
		k := slices.Index(names, name)
		switch {
		case named && name == "name":
			text, ok := d.Text(vn, at)
			if ok && !nameForm.MatchString(text) {
				d.Fail(vn, at, "use a-z, 0-9, dots, - and _, at most 63", "%q is not a name", text)
			}
			i.Name = text
		case k < 0 && named:
			d.Fail(kn, at, setting.DidYouMean(name, append(slices.Clone(names), "name")), "unknown kind of %s", what)
		case k < 0:
			d.Fail(kn, at, setting.DidYouMean(name, names), "unknown kind of %s", what)
		case i.Section != nil:
			d.Fail(kn, at, "begin another item with -, or remove one", "is a second kind of %s beside %s", what, i.Kind)
		default:
			i.Kind, i.Section = name, kinds[k].New()
			d.Decode(vn, i.Section, at)
			d.Report(at, i.Section.Problems())
		}
	})
	if i.Section == nil && !faulty(d, path) {
		d.Fail(n, path, setting.DidYouMean("", names), "does not say which kind of %s it is", what)
	}
}

// faulty reports whether something at path or below is wrong already.
func faulty(d *setting.Decoder, path string) bool {
	return slices.ContainsFunc(d.Faults, func(f setting.Fault) bool { return setting.Within(f.Key, path) })
}

// WriteSetting writes the kind with its section, and the name.
func (i Item) WriteSetting() *yaml.Node {
	if i.Section == nil {
		return nil
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{setting.Node(i.Kind), setting.Node(i.Section)}}
	if i.Name != "" {
		out.Content = append(out.Content, setting.Node("name"), setting.Node(i.Name))
	}
	return out
}
