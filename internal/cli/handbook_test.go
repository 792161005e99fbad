package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHandbook holds what the handbook shows of learning to what the commands
// print of the example.
func TestHandbook(t *testing.T) {
	book, err := os.ReadFile("../../docs/handbook.md")
	if err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join("..", "..", "examples", "contoso", "logs")
	draft := filepath.Join(t.TempDir(), "draft.yaml")
	run := func(args ...string) string {
		var out, talk bytes.Buffer
		e := &env{stdout: &out, stderr: &talk, now: time.Now, out: screen{width: 110}, talk: screen{width: 110}}
		if code := runBaseline(e, args); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, talk.String())
		}
		return out.String()
	}
	learned := run("learn", logs)
	if err := os.WriteFile(draft, []byte(learned), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"learn": learned, "check": run("check", draft, logs)} {
		_, text, ok := strings.Cut(string(book), "<!-- output of baseline "+name+" -->\n")
		if !ok {
			t.Fatalf("the handbook shows nothing of baseline %s", name)
		}
		_, text, _ = strings.Cut(text, "\n") // the line that opens the fence
		text, _, _ = strings.Cut(text, "```")
		for line := range strings.Lines(text) {
			if !strings.Contains(out, line) {
				t.Errorf("baseline %s does not print: %s", name, line)
			}
		}
	}
}
