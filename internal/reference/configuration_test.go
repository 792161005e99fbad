package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/setting"
)

func TestSentence(t *testing.T) {
	for _, tc := range []struct{ doc, name, want string }{
		{"Path is the file. It must exist.", "Path", "The file. It must exist."},
		{"Secrets are one or two texts.", "Secrets", "One or two texts."},
		{"A Lake is how events are kept.", "Lake", "How events are kept."},
		{"Cloud is global, china or another.", "Cloud", "global, china or another."},
		{"Method is client_secret or nothing.", "Method", "client_secret or nothing."},
		{"User and Password sign in.", "User", "User and Password sign in."},
		{"How long it takes.", "Timeout", "How long it takes."},
		{"", "Timeout", ""},
	} {
		if got := sentence(tc.doc, tc.name); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.doc, got, tc.want)
		}
	}
}

// TestEveryKeyIsExplained: no key of the top or of any section is missing on the
// page, and a field without a comment is an error.
func TestEveryKeyIsExplained(t *testing.T) {
	var b bytes.Buffer
	if err := configurationPage(&b); err != nil {
		t.Fatal(err)
	}
	for _, f := range setting.Fields(reflect.TypeFor[config.Config]()) {
		if !strings.Contains(b.String(), "| `"+f.Name+"` | ") {
			t.Errorf("%s is not on the page", f.Name)
		}
	}
	f := setting.Field{Name: "file", Type: reflect.TypeFor[string](), Owner: reflect.TypeFor[setting.Secret](), Go: "File"}
	if _, err := (&comments{}).ofField(f); err == nil || !strings.Contains(err.Error(), "setting.Secret.File has no comment") {
		t.Errorf("a field without a comment: %v", err)
	}
}
