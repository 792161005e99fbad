package stdout

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/entrawatch/entrawatch/internal/printable"
)

// What people read is so many columns wide, with the sentence set in.
const (
	textWidth = 80
	textIn    = 9
)

// A told alert is what people are shown of a fact.
type told struct {
	Rule         string    `json:"rule"`
	Severity     string    `json:"severity"`
	Status       string    `json:"status"`
	Revision     int       `json:"revision"`
	SupersededBy *string   `json:"superseded_by"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Count        int       `json:"count"`
	Summary      string    `json:"summary"`
	Entities     []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"entities"`
}

// text is an alert in lines: when it is new with its sentence, later in one
// line that says what became of it.
func (p paint) text(alert []byte) ([]byte, error) {
	var t told
	if err := json.Unmarshal(alert, &t); err != nil {
		return nil, fmt.Errorf("the alert is not JSON: %w", err)
	}
	severity, when := printable.Clean(t.Severity), "no time given"
	if severity == "informational" {
		severity = "info"
	}
	if !t.First.IsZero() {
		when = t.First.UTC().Format("2006-01-02 15:04:05")
	}
	head := when + " " + t.Rule
	if t.Revision > 1 {
		head += t.became()
	}
	var b strings.Builder
	for i, line := range printable.Wrap(printable.Clean(head), textWidth-textIn) {
		if i == 0 {
			line = p.in(t.Severity, fmt.Sprintf("%-*s%s", textIn, severity, line))
		} else {
			line = strings.Repeat(" ", textIn) + line
		}
		b.WriteString(line + "\n")
	}
	if t.Revision <= 1 {
		for _, line := range printable.Wrap(printable.Clean(t.Summary), textWidth-textIn) {
			b.WriteString(strings.Repeat(" ", textIn) + line + "\n")
		}
	}
	return []byte(b.String()), nil
}

// became says what is new about an alert that was told of before.
func (t *told) became() string {
	who := ""
	for _, e := range t.Entities {
		name := e.Name
		if name == "" {
			name = e.ID
		}
		if who == "" || e.Type == "user" {
			who = ", " + name
		}
		if e.Type == "user" {
			break
		}
	}
	switch {
	case t.SupersededBy != nil:
		return who + ": is now part of another alert"
	case t.Status == "withdrawn":
		return who + ": withdrawn, what came later explains it"
	case t.Status != "" && t.Status != "new":
		return who + ": " + t.Status
	case t.Last.IsZero():
		return fmt.Sprintf("%s: now ×%d", who, t.Count)
	}
	return fmt.Sprintf("%s: now ×%d until %s", who, t.Count, t.Last.UTC().Format(time.TimeOnly))
}

// paint is whether there may be colour.
type paint bool

// paintOn looks at what w is, and at what the environment says (NO_COLOR,
// TERM=dumb).
func paintOn(w io.Writer) paint {
	f, ok := w.(*os.File)
	return paint(ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && runtime.GOOS != "windows")
}

// colours are parameters of SGR escape sequences.
var colours = map[string]string{"critical": "1;35", "high": "1;31", "medium": "33", "low": "36", "informational": "2"}

// in paints a line that was cleaned.
func (p paint) in(severity, line string) string {
	colour, ok := colours[severity]
	if !bool(p) || !ok {
		return line
	}
	return "\x1b[" + colour + "m" + line + "\x1b[0m"
}
