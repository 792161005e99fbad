package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
)

// A printer prints alerts on stdout.
type printer interface {
	alert(a *alert.Alert) error
	end() error
}

// jsonPrinter prints one alert per line.
type jsonPrinter struct{ w *bufio.Writer }

func newJSONPrinter(e *env) *jsonPrinter { return &jsonPrinter{bufio.NewWriter(e.stdout)} }

func (p *jsonPrinter) alert(a *alert.Alert) error { return writeJSON(p.w, a, "") }
func (p *jsonPrinter) end() error                 { return p.w.Flush() }

func writeSummary(w io.Writer, res *app.Result) error { return writeJSON(w, res.Summary, "  ") }

// writeJSON writes a value and a line break. Signs of HTML stay as they are.
// Characters that could play tricks on a terminal are written as \u escapes,
// which mean the same.
func writeJSON(w io.Writer, v any, indent string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	data := buf.Bytes()
	for len(data) > 0 {
		n := bytes.IndexFunc(data, tricky)
		if n < 0 {
			n = len(data)
		}
		if _, err := w.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
		if len(data) == 0 {
			break
		}
		r, size := utf8.DecodeRune(data)
		data = data[size:]
		text := fmt.Sprintf(`\u%04x`, r)
		if r > 0xffff {
			r -= 0x10000
			text = fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// tricky reports whether a character in JSON is better escaped. Line breaks
// and ASCII control characters within strings are escaped already.
func tricky(r rune) bool {
	return r >= 0x7f && r != utf8.RuneError && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r))
}
