package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/setting"
)

const configurationIntro = `The configuration of the service is one YAML file. ` + "`entrawatch config init`" + ` writes a commented one to start from,
` + "`entrawatch config check FILE`" + ` tells all that is wrong with one, with lines, and ` + "`entrawatch config show FILE`" + ` prints what is in
force. Unknown keys, wrong types and contradictions are errors.

- A **path** is relative to the folder of the file.
- A **span** is written ` + "`500ms`, `90s`, `10m`, `24h`, `14d` or `2w`" + `, a **size** ` + "`512KiB`, `64MiB` or `2GiB`" + `.
- A **secret** never stands in the file. It is ` + "`{file: PATH}`" + `, a file whose text it is, without a line break at its end, or
  ` + "`{env: NAME}`" + `, an environment variable. A file that every user of the machine can read gives a notice.
- An **address** is a text, or a secret where something in it gives access: a password or a query.
- A span **by kind** is one span for all kinds of event, or ` + "`{default: 400d, signin: 90d}`" + `. The kinds are those of
  [the fields](fields.md).
- ` + "`true`, `false`" + ` and whole numbers are written plainly; ` + "`yes`, `on`, `0x10` and `010`" + ` are errors. References (` + "`&name`, `*name`, `<<`" + `) work.

`

// A docTable is the keys of one section.
type docTable struct {
	title string
	about string // how the section is written
	value any    // with defaults
}

// sections lists the top of the file and the sections of all kinds.
func sections() []docTable {
	out := []docTable{{"Top", "", config.Default()}}
	for _, group := range []struct {
		title, example string
		kinds          []config.Kind
	}{
		{"State", "state: {%s: {…}}", config.StoreKinds()},
		{"Source", "sources: [{%s: {…}}]", config.SourceKinds()},
		{"Outlet", "outlets: [{%s: {…}}]", config.OutletKinds()},
	} {
		for _, k := range group.kinds {
			out = append(out, docTable{group.title + " " + k.Name, fmt.Sprintf(group.example, k.Name), k.New()})
		}
	}
	return out
}

func configurationPage(b *bytes.Buffer) error {
	heading(b, "Configuration", "the types of internal/config and their comments")
	b.WriteString(configurationIntro)
	docs := &comments{}
	for _, s := range sections() {
		fmt.Fprintf(b, "## %s\n\n", s.title)
		t := reflect.TypeOf(s.value).Elem()
		if s.about != "" {
			about, err := docs.ofType(t)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%s\n\n%s\n\n", code(s.about), prose(sentence(about, t.Name())))
		}
		var rows [][]string
		err := keys(docs, t, setting.Node(s.value), "", func(k docKey) error {
			rows = append(rows, []string{code(k.path), typeName(k.field.Type), defaultText(k), prose(k.doc)})
			return nil
		})
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			table(b, []string{"key", "what to write", "default", "meaning"}, rows)
		}
	}
	var start bytes.Buffer
	if err := startingFile(&start); err != nil {
		return err
	}
	fmt.Fprintf(b, "## A file to start from\n\nWhat `entrawatch config init` writes:\n\n```yaml\n%s```\n", start.String())
	return nil
}

// A docKey is a key with its place, its default and its comment.
type docKey struct {
	path  string
	field setting.Field
	value *yaml.Node // nil = nothing
	doc   string
	// section tells that the keys below it follow.
	section bool
}

// keys calls fn for the keys of a type, each followed by those below it.
func keys(docs *comments, t reflect.Type, values *yaml.Node, path string, fn func(docKey) error) error {
	for _, f := range setting.Fields(t) {
		doc, err := docs.ofField(f)
		if err != nil {
			return err
		}
		k := docKey{path: path + f.Name, field: f, value: valueOf(values, f.Name), doc: sentence(doc, f.Go), section: section(f.Type)}
		if err := fn(k); err != nil {
			return err
		}
		if k.section {
			inner := f.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if err := keys(docs, inner, k.value, k.path+".", fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// section reports whether a key holds keys that its type declares.
func section(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[setting.Custom]()) && t.String() != "time.Time"
}

func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// sentence makes of a comment of Go that begins with a name one that does not.
func sentence(doc, name string) string {
	rest := doc
	for _, article := range []string{"", "A ", "An "} {
		if r, ok := strings.CutPrefix(doc, article+name+" "); ok {
			rest = r
		}
	}
	for _, verb := range []string{"is ", "are "} {
		rest = strings.TrimPrefix(rest, verb)
	}
	first, _, _ := strings.Cut(rest, " ")
	switch {
	case first == "" || first == "and": // about two fields
		return doc
	case strings.HasSuffix(first, ",") || strings.Contains(first, "_"): // a list of values
		return rest
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// typeName is what one writes for a value of a type.
func typeName(t reflect.Type) string {
	switch t.String() {
	case "time.Duration":
		return "span"
	case "time.Time":
		return "time"
	case "setting.Size", "setting.Path", "setting.Secret":
		return strings.ToLower(t.Name())
	case "setting.URL":
		return "address or secret"
	case "config.Spans":
		return "span by kind"
	case "config.Store":
		return "a store, see below"
	case "config.Source":
		return "source, see below"
	case "config.Outlet":
		return "outlet, see below"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of: " + typeName(t.Elem())
	case reflect.Map:
		return "names, each with: " + typeName(t.Elem())
	case reflect.Struct:
		return "keys below"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	return "text"
}

func defaultText(k docKey) string {
	if k.value == nil || k.section {
		return "—"
	}
	text, err := inline(k.value)
	if err != nil {
		return "—"
	}
	return code(text)
}

// inline writes a value in one line.
func inline(n *yaml.Node) (string, error) {
	flat := *n
	flat.Style |= yaml.FlowStyle
	text, err := yaml.Marshal(&flat)
	return strings.TrimSpace(string(text)), err
}
