package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secretsOf are the secrets that the pages about sources name, by file.
var secretsOf = map[string]string{
	"graph-secret":      "not~a.real~secret",
	"entrawatch-client": "not~a.real~secret",
	"event-hubs":        "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=c2VjcmV0",
	"storage-sas":       "https://contosologs.blob.core.windows.net/?sv=2026-01-01&se=2030-01-01&sig=x",
}

// TestSourcePages reads every configuration in docs/sources as the service would,
// and wants an example of each kind of source.
func TestSourcePages(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "sources", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	dir := t.TempDir()
	for name, text := range secretsOf {
		write(t, filepath.Join(dir, name), text)
	}
	pem := certificate(t)
	for _, name := range []string{"entrawatch.pem", "kafka-ca.pem"} {
		write(t, filepath.Join(dir, name), pem)
	}
	env := func(name string) (string, bool) { return "value of " + name, true }
	shown := map[string]bool{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		if len(examples) < 2 {
			t.Errorf("%s: %d examples", page, len(examples))
		}
		for _, m := range examples {
			yaml := strings.NewReplacer("/run/secrets/", dir+"/", "/etc/entrawatch/", dir+"/").Replace(m[1])
			cfg, err := parse("page.yaml", dir, []byte(yaml), env)
			if err != nil {
				t.Errorf("%s: %v in\n%s", page, err, m[1])
				continue
			}
			for _, s := range cfg.Sources {
				shown[s.Kind] = true
			}
		}
	}
	for _, k := range SourceKinds() {
		if !shown[k.Name] {
			t.Errorf("docs/sources shows no source %s", k.Name)
		}
	}
}
