package setting

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Node writes a section as Decode reads it, secrets as where they are. What is
// not set (an empty text, a list that is nil) is left out; nil = nothing is set.
func Node(section any) *yaml.Node { return node(reflect.ValueOf(section)) }

func node(v reflect.Value) *yaml.Node {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	switch value := v.Interface().(type) {
	case interface{ WriteSetting() *yaml.Node }:
		return value.WriteSetting()
	case time.Duration:
		return scalarNode("!!str", FormatSpan(value))
	case encoding.TextMarshaler:
		text, err := value.MarshalText()
		if err != nil || len(text) == 0 {
			return nil
		}
		return textNode(string(text))
	}
	switch v.Kind() {
	case reflect.Pointer:
		return node(v.Elem())
	case reflect.Struct:
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, f := range fieldsOf(v.Type()) {
			if value := node(v.FieldByIndex(f.Index)); value != nil {
				out.Content = append(out.Content, textNode(f.Name), value)
			}
		}
		if len(out.Content) == 0 {
			out.Style = yaml.FlowStyle
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			if value := node(v.Index(i)); value != nil {
				out.Content = append(out.Content, value)
			}
		}
		if len(out.Content) == 0 || out.Content[0].Kind == yaml.ScalarNode {
			out.Style = yaml.FlowStyle
		}
		return out
	case reflect.Map:
		if v.Len() == 0 {
			return nil
		}
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		names := make([]string, 0, v.Len())
		for _, k := range v.MapKeys() {
			names = append(names, k.String())
		}
		slices.Sort(names)
		for _, name := range names {
			if value := node(v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))); value != nil {
				out.Content = append(out.Content, textNode(name), value)
			}
		}
		return out
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
		return textNode(v.String())
	case reflect.Bool:
		return scalarNode("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Float64:
		return scalarNode("", strconv.FormatFloat(v.Float(), 'g', -1, 64))
	}
	return scalarNode("!!int", strconv.FormatInt(v.Int(), 10))
}

// textNode writes a text; the YAML writer quotes it where it would be read as
// something else.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func scalarNode(tag, s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: s}
}

// flow writes {key: text}.
func flow(key, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle, Content: []*yaml.Node{textNode(key), textNode(text)}}
}
