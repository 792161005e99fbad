package kafka

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestDocs reads every configuration in the page about this source.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/sources/event-hubs.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(page), "```yaml\n")[1:]
	if len(examples) < 4 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, text := range examples {
		text, _, _ = strings.Cut(text, "```")
		var file struct {
			Sources []struct {
				Kafka *Config `yaml:"kafka"`
			} `yaml:"sources"`
		}
		d := yaml.NewDecoder(strings.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&file); err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		for _, s := range file.Sources {
			if s.Kafka.Group == "" {
				s.Kafka.Group = Default().Group
			}
			if p := s.Kafka.Problems(); len(p) > 0 {
				t.Errorf("%v in\n%s", p, text)
			}
		}
	}
}
