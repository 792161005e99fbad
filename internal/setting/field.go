package setting

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// A Field is a key of a section.
type Field struct {
	Name  string
	Index []int // for reflect.Value.FieldByIndex
	Type  reflect.Type
	// Owner and Go say where the field is declared, and so where its comment is.
	Owner reflect.Type
	Go    string
}

// Fields lists the keys of a section, a struct or a pointer to one, in the order
// in which they are declared.
func Fields(t reflect.Type) []Field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return fieldsOf(t)
}

func fieldsOf(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.Index = append([]int{i}, inner.Index...)
				out = append(out, inner)
			}
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = strings.ToLower(f.Name)
		}
		out = append(out, Field{name, []int{i}, f.Type, t, f.Name})
	}
	return out
}

// Supported says which key of a type a Decoder cannot read; nil = all can be.
func Supported(t reflect.Type) error {
	pointer := reflect.PointerTo(t)
	if pointer.Implements(reflect.TypeFor[Custom]()) || pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return Supported(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return fmt.Errorf("%s: keys of maps are texts", t)
		}
		return Supported(t.Elem())
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if err := Supported(f.Type); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		}
		return nil
	case reflect.String, reflect.Bool, reflect.Float64, reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return nil
	}
	return fmt.Errorf("%s cannot be read from a configuration", t)
}

// secretive reports whether a text that stands in place of a value of the type
// may be a secret.
func secretive(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[Secret](), reflect.TypeFor[URL]():
		return true
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return secretive(t.Elem())
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if secretive(f.Type) {
				return true
			}
		}
	}
	return false
}
