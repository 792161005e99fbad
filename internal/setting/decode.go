package setting

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/spelling"
)

// A Fault is a problem with the line on which it stands. Its Key is the path
// from the top of the file.
type Fault struct {
	Line int
	Problem
}

// A Custom value reads itself, where its form is not that of a struct, a list or
// a scalar, and writes itself for Node; nil leaves it out.
type Custom interface {
	ReadSetting(d *Decoder, n *yaml.Node, path string)
	WriteSetting() *yaml.Node
}

// A Decoder reads YAML into structs. It is strict: each key must be that of a
// field, each value of the field's type. It goes on after faults, so that all
// are known at once. What the file does not name keeps its value.
type Decoder struct {
	// Path makes of a path in the file the one to open; nil leaves it.
	Path func(string) string
	// Secret fills in what a secret on a line names; nil leaves it empty.
	Secret func(s *Secret, line int) *Problem
	Faults []Fault

	lines map[string]int
	used  int // values read, also through references
	depth int
}

// Files are small. References let a few lines stand for millions of values; more
// than these are not read.
const (
	maxValues = 20_000
	maxDepth  = 40
)

// Decode reads a node into what into points to, with path before the names of
// its keys, and returns what is wrong.
func Decode(n *yaml.Node, into any, path string) []Fault {
	var d Decoder
	d.Decode(n, into, path)
	return d.Faults
}

// Decode reads a node into what into points to. The types that it knows are
// structs, pointers, slices and maps with texts as keys, of texts, numbers,
// booleans, time.Duration, Custom and encoding.TextUnmarshaler; another is a
// mistake in the program.
func (d *Decoder) Decode(n *yaml.Node, into any, path string) {
	d.value(n, reflect.ValueOf(into).Elem(), path)
}

// Report adds the problems of a section that stands at path, without those of
// values that could not be read.
func (d *Decoder) Report(path string, problems []Problem) {
	read := d.Faults
	for _, p := range problems {
		p.Key = join(path, p.Key)
		if p.Key == path || !slices.ContainsFunc(read, func(f Fault) bool {
			return Within(f.Key, p.Key) || f.Key != path && Within(p.Key, f.Key)
		}) {
			d.Faults = append(d.Faults, Fault{d.Line(p.Key), p})
		}
	}
}

// Within reports whether a path is another, or leads to a part of it.
func Within(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Line is where the value at path stands or, if the file does not name it, what
// it is part of.
func (d *Decoder) Line(path string) int {
	for {
		if line := d.lines[path]; line > 0 || path == "" {
			return max(line, 1)
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// Fail adds a fault at a node.
func (d *Decoder) Fail(n *yaml.Node, path, hint, format string, args ...any) {
	d.Faults = append(d.Faults, Fault{max(n.Line, 1), Problem{Key: path, What: fmt.Sprintf(format, args...), Hint: hint}})
}

// enter follows references and counts what is read. It reports false when that
// becomes too much.
func (d *Decoder) enter(n *yaml.Node, path string) (*yaml.Node, bool) {
	for range maxDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	d.used++
	if d.used == maxValues || d.depth == maxDepth {
		d.used = maxValues
		d.Fail(n, path, "write out what &references stand for", "the file stands for too many values, or for values within themselves")
	}
	return n, d.used < maxValues
}

func (d *Decoder) value(n *yaml.Node, v reflect.Value, path string) {
	n, ok := d.enter(n, path)
	if !ok {
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	if d.lines == nil {
		d.lines = map[string]int{}
	}
	if d.lines[path] == 0 {
		d.lines[path] = n.Line
	}
	switch into := v.Addr().Interface().(type) {
	case Custom:
		into.ReadSetting(d, n, path)
		return
	case *time.Duration:
		if s, ok := d.plain(n, v.Type(), path); ok {
			d.span(n, s, into, path)
		}
		return
	case encoding.TextUnmarshaler:
		if s, ok := d.plain(n, v.Type(), path); ok {
			if err := into.UnmarshalText([]byte(s)); err != nil {
				d.Fail(n, path, "", "%v", err)
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem(), path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	default:
		if s, ok := d.plain(n, v.Type(), path); ok {
			d.scalar(n, s, v, path)
		}
	}
}

// object reads keys with values into a struct. Nothing at all stands for no keys.
func (d *Decoder) object(n *yaml.Node, v reflect.Value, path string) {
	known := fieldsOf(v.Type())
	if empty(n) {
		return
	}
	d.Keys(n, path, v.Type(), func(name string, kn, vn *yaml.Node, path string) {
		i := slices.IndexFunc(known, func(f Field) bool { return f.Name == name })
		if i < 0 {
			names := make([]string, len(known))
			for i, f := range known {
				names[i] = f.Name
			}
			d.Fail(kn, path, DidYouMean(name, names), "unknown key")
			return
		}
		d.value(vn, v.FieldByIndex(known[i].Index), path)
	})
}

// Keys calls fn for each key of a mapping, in the order written; those of merged
// mappings ("<<") last, unless they are given. of is what the mapping is read into; nil =
// nothing in particular.
func (d *Decoder) Keys(n *yaml.Node, path string, of reflect.Type, fn func(name string, kn, vn *yaml.Node, path string)) {
	d.keys(n, path, of, map[string]int{}, fn)
}

func (d *Decoder) keys(n *yaml.Node, path string, of reflect.Type, seen map[string]int, fn func(name string, kn, vn *yaml.Node, path string)) {
	n, ok := d.enter(n, path)
	if !ok {
		return
	}
	d.depth++
	defer func() { d.depth-- }()
	if n.Kind != yaml.MappingNode {
		d.want(n, of, path, "keys with values", "")
		return
	}
	var merged []*yaml.Node
	here := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		kn, vn := n.Content[i], n.Content[i+1]
		switch first, twice := seen[kn.Value]; {
		case kn.Kind != yaml.ScalarNode || kn.Value == "":
			d.Fail(kn, path, "", "a key is not a name")
		case kn.Tag == "!!merge":
			merged = append(merged, vn)
		case here[kn.Value]:
			d.Fail(kn, join(path, shown(kn.Value)), "", "given twice, first in line %d", first)
		case !twice:
			seen[kn.Value], here[kn.Value] = kn.Line, true
			fn(kn.Value, kn, vn, join(path, shown(kn.Value)))
		}
	}
	for _, m := range merged {
		if m.Kind != yaml.SequenceNode {
			d.keys(m, path, of, seen, fn)
			continue
		}
		for _, m := range m.Content {
			d.keys(m, path, of, seen, fn)
		}
	}
}

func (d *Decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		hint := "write [] if there is none"
		if n.Kind == yaml.ScalarNode && !empty(n) && !secretive(v.Type()) {
			hint = "write [" + n.Value + "]"
		}
		d.want(n, v.Type(), path, "a list", hint)
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, min(len(n.Content), maxValues))
	for i, c := range n.Content {
		if d.used >= maxValues {
			return
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(c, item, fmt.Sprintf("%s[%d]", path, i))
		out = reflect.Append(out, item)
	}
	v.Set(out)
}

// mapping adds to a map, so that what is not named keeps its default.
func (d *Decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if empty(n) {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	} else { // a default may be shared
		v.Set(cloneMap(v))
	}
	d.Keys(n, path, v.Type(), func(name string, _, vn *yaml.Node, path string) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(vn, item, path)
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), item)
	})
}

func cloneMap(v reflect.Value) reflect.Value {
	out := reflect.MakeMap(v.Type())
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	return out
}

// want says that a node is something else than it should be.
func (d *Decoder) want(n *yaml.Node, of reflect.Type, path, what, hint string) {
	got := describe(n)
	if of != nil && n.Kind == yaml.ScalarNode && !empty(n) && secretive(of) {
		got = "a text that is not shown, because it may be a secret"
	}
	d.Fail(n, path, hint, "want %s, got %s", what, got)
}

// DidYouMean is a hint that names the nearest of the known names or, when none is
// near, all of them.
func DidYouMean(name string, known []string) string {
	if best := spelling.Nearest(name, known, max(2, len(name)/3)); best != "" {
		return "did you mean " + best + "?"
	}
	return "known: " + strings.Join(known, ", ")
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case empty(n):
		return "nothing"
	}
	return fmt.Sprintf("%q", shorten(n.Value))
}

// empty reports whether a key has no value.
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func join(path, name string) string {
	switch {
	case path == "" || name == "":
		return path + name
	case name[0] == '[':
		return path + name
	}
	return path + "." + name
}

// shown is how a key stands in messages.
func shown(key string) string {
	if strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '.' || r == '[' }) < 0 {
		return shorten(key)
	}
	return fmt.Sprintf("%q", shorten(key))
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
