package source

import (
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, `{}`: true, `[]`: true, `{"a":[{"b":"c"}]}`: true, `{"a":"}"}`: true, `{"a":"\""}`: true, `{"a":"\\"}`: true,
		`{"a":"\\\""}`: true, `{"a":"[{"}`: true, `[{},{}]`: true,
		`{`: false, `{"a":1`: false, `{"a":"}`: false, `{"a":"\\\"}`: false, `{"a":"b`: false, `{]`: false, `[}`: false, `{"a":[}]`: false,
		`{} {}`: false, `{},`: false, "{\n}": false, `"a"`: false, `1`: false, `}`: false, `a,b`: false, `{"a":"\`: false,
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth):     true,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1): false,
	} {
		if got := OneLine([]byte(text)); got != want {
			t.Errorf("OneLine(%q) = %v", text, got)
		}
	}
}
