package config

import (
	"maps"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// anyKind is the key of the span of kinds that have none of their own.
const anyKind = "default"

// Spans are lengths of time by kind of event.
type Spans map[string]time.Duration

// For is the span of a kind.
func (s Spans) For(kind event.Kind) time.Duration {
	if v, ok := s[kind.String()]; ok {
		return v
	}
	return s[anyKind]
}

// kindNames lists the kinds that may have a span of their own.
func kindNames() []string {
	names := []string{anyKind}
	for k := event.Signin; k < event.Generic; k++ {
		names = append(names, k.String())
	}
	return names
}

// ReadSetting reads {default: span, kind: span}, or one span for all kinds.
func (s *Spans) ReadSetting(d *setting.Decoder, n *yaml.Node, path string) {
	out := maps.Clone(*s)
	if out == nil {
		out = Spans{}
	}
	*s = out
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		var all time.Duration
		d.Decode(n, &all, path)
		out[anyKind] = all
		return
	}
	names := kindNames()
	d.Keys(n, path, nil, func(name string, kn, vn *yaml.Node, path string) {
		known := false
		for _, k := range names {
			known = known || k == name
		}
		if !known {
			d.Fail(kn, path, setting.DidYouMean(name, names), "unknown kind of event")
			return
		}
		var span time.Duration
		d.Decode(vn, &span, path)
		out[name] = span
	})
}

// WriteSetting writes the default first, then kinds in the order of listings.
func (s Spans) WriteSetting() *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	for _, name := range kindNames() {
		if span, ok := s[name]; ok {
			out.Content = append(out.Content, setting.Node(name), setting.Node(span))
		}
	}
	return out
}
