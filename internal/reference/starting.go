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

const startingIntro = `# The configuration of the entrawatch service.
#
# Every key is here, commented out, with what holds without it. Take away the #
# before a line that you change; "entrawatch config check FILE" tells whether the
# file is right, docs/configuration.md how values are written.
`

// startingFile writes what "entrawatch config init" prints.
func startingFile(b *bytes.Buffer) error {
	b.WriteString(startingIntro)
	docs := &comments{}
	t := reflect.TypeFor[config.Config]()
	values := setting.Node(config.Default())
	for _, f := range setting.Fields(t) {
		doc, err := docs.ofField(f)
		if err != nil {
			return err
		}
		b.WriteByte('\n')
		remark(b, "", sentence(doc, f.Go))
		switch f.Name {
		case "sources":
			if err := startingKinds(b, docs, f.Name, config.SourceKinds(), ""); err != nil {
				return err
			}
		case "outlets":
			if err := startingKinds(b, docs, f.Name, config.OutletKinds(), "stdout"); err != nil {
				return err
			}
		default:
			if err := startingKey(b, docs, "# ", f, valueOf(values, f.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// startingKinds writes an item of each kind. The one that is active is not
// commented out.
func startingKinds(b *bytes.Buffer, docs *comments, key string, kinds []config.Kind, active string) error {
	switch {
	case len(kinds) == 0:
		b.WriteString("# " + key + ": []\n")
	case active == "":
		b.WriteString("# " + key + ":\n")
	default:
		b.WriteString(key + ":\n")
	}
	for _, k := range kinds {
		section := k.New()
		t := reflect.TypeOf(section).Elem()
		about, err := docs.ofType(t)
		if err != nil {
			return err
		}
		remark(b, "  ", sentence(about, t.Name()))
		switch fields := setting.Fields(t); {
		case k.Name == active:
			fmt.Fprintf(b, "  - %s: {}\n", k.Name)
		case len(fields) == 0:
			fmt.Fprintf(b, "  # - %s: {}\n", k.Name)
		default:
			fmt.Fprintf(b, "  # - %s:\n", k.Name)
			if err := startingFields(b, docs, "  #     ", t, setting.Node(section)); err != nil {
				return err
			}
		}
	}
	return nil
}

// startingFields writes the keys of a section, each with its comment before it.
func startingFields(b *bytes.Buffer, docs *comments, indent string, t reflect.Type, values *yaml.Node) error {
	for _, f := range setting.Fields(t) {
		doc, err := docs.ofField(f)
		if err != nil {
			return err
		}
		remark(b, indent, sentence(doc, f.Go))
		if err := startingKey(b, docs, indent, f, valueOf(values, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

// startingKey writes a key with its default, or with what is written there.
func startingKey(b *bytes.Buffer, docs *comments, indent string, f setting.Field, value *yaml.Node) error {
	if section(f.Type) {
		fmt.Fprintf(b, "%s%s:\n", indent, f.Name)
		t := f.Type
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		return startingFields(b, docs, indent+"  ", t, value)
	}
	text := placeholder(f.Type)
	if value != nil {
		var err error
		if text, err = inline(value); err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "%s%s: %s\n", indent, f.Name, text)
	return nil
}

// placeholder stands for a value that has no default.
func placeholder(t reflect.Type) string {
	switch t.String() {
	case "setting.Secret":
		return "{file: …}"
	case "setting.URL":
		return "https://…"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return placeholder(t.Elem())
	case reflect.Slice:
		return "[" + placeholder(t.Elem()) + "]"
	case reflect.Map:
		return "{}"
	}
	return "…"
}

// remark writes a comment of at most 100 columns.
func remark(b *bytes.Buffer, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 100 && line != indent+"#" {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
