package decode

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A csvTable is a CSV file whose header was understood.
type csvTable struct {
	title   string
	comma   byte
	columns []string // normalised header
	format  event.Format
	kind    event.Kind // unless the rows tell
	sub     event.Sub
	// write turns a row into the JSON of the record that it stands for.
	// nil when the file was refused.
	write func(t *csvTable, dst []byte, row []string) []byte
	skip  int // bytes of the header, still to be dropped
	env   *Envelope
	days  dayOrder
}

// normalHeader makes header cells comparable: the portal writes some with
// trailing or double blanks.
func normalHeader(s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// beginCSV decides from the first line whether this is a CSV that we know.
func (f *Framer) beginCSV(b *Batch, i int) {
	end, _ := csvRow(b.Data, i)
	if columnZeroLine(b.Data[i:]) {
		// Lines of JSON follow: the first one is damaged, not the file.
		return
	}
	line := b.Data[i:end]
	comma := separator(line)
	cells := csvCells(nil, line, comma)
	if len(cells) < 2 || bytes.IndexByte(line, 0) >= 0 {
		f.refuse(b, i, end, "neither JSON nor the CSV of a log: the file begins with "+clip(bytes.TrimSpace(line)))
		return
	}
	columns := make([]string, len(cells))
	for k, c := range cells {
		columns[k] = normalHeader(c)
	}
	t, reason := tableFor(columns, f.top.hint)
	if t == nil {
		f.refuse(b, i, end, reason)
		return
	}
	t.comma, t.columns, t.skip = comma, columns, end
	t.env = &Envelope{Format: t.title, csv: t, hint: f.top.hint}
	t.days.decide(t, b.Data[end:])
	f.csv = t
}

// refuse reports a file that is no log, once, and reads no more of it.
func (f *Framer) refuse(b *Batch, i, end int, reason string) {
	f.bad(b, i, end, -1, reason)
	f.csv = &csvTable{title: "unknown"}
}

// separator guesses what stands between the cells of a header: a localised
// spreadsheet writes semicolons.
func separator(line []byte) byte {
	best, most := byte(','), bytes.Count(line, []byte{','})
	for _, c := range []byte{';', '\t'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// columnZeroLine reports whether a line of data begins with a brace.
func columnZeroLine(data []byte) bool { return bytes.Contains(data, []byte("\n{")) }

// csvRows cuts b.Data into rows. The rewritten records carry their own text.
func (f *Framer) csvRows(b *Batch) (used int) {
	t := f.csv
	i := t.skip
	t.skip = 0
	if i > len(b.Data) {
		i = len(b.Data)
	}
	if t.write == nil {
		// The file was refused as a whole: its lines would only repeat that.
		return len(b.Data)
	}
	var row []string
	for i < len(b.Data) {
		if b.Data[i] == '\n' || b.Data[i] == '\r' {
			i++
			continue
		}
		end, ok := csvRow(b.Data, i)
		if !ok && !f.eof && len(b.Data)-i <= MaxRecord {
			return i
		}
		line := b.lineOf(i)
		if !ok || end-i > MaxRecord {
			// A quote was opened and never closed, or so far on that it does
			// not matter: drop its first line and read on.
			stop := len(b.Data)
			if n := bytes.IndexByte(b.Data[i:], '\n'); n >= 0 {
				stop = i + n
			}
			if f.eof && bytes.IndexByte(b.Data[i:stop], '"') < 0 {
				end = stop
			} else {
				f.bad(b, i, stop, -1, "a quote opened in this row is never closed")
				i = stop
				continue
			}
		}
		row = csvCells(row[:0], b.Data[i:end], t.comma)
		switch {
		case len(row) != len(t.columns):
			f.bad(b, i, end, -1, fmt.Sprintf("expected %d cells as in the header, found %d", len(t.columns), len(row)))
		default:
			f.buf = t.write(t, f.buf[:0], row)
			f.detached(b, f.buf, line, -1, t.env)
		}
		i = end
	}
	return i
}

// csvRow returns the end of the row that begins at i: the line break outside
// quotes, or the end of data.
func csvRow(data []byte, i int) (end int, ok bool) {
	quoted := false
	for {
		n := bytes.IndexAny(data[i:], "\"\n")
		if n < 0 {
			return len(data), false
		}
		i += n
		if data[i] == '"' {
			quoted = !quoted
		} else if !quoted {
			return i, true
		}
		i++
	}
}

// csvCells splits a row, which may span lines inside quotes.
func csvCells(dst []string, row []byte, comma byte) []string {
	row = bytes.TrimRight(row, "\r\n")
	for i := 0; ; {
		if i < len(row) && row[i] == '"' {
			var cell []byte
			i++
			for i < len(row) {
				if row[i] != '"' {
					n := bytes.IndexByte(row[i:], '"')
					if n < 0 {
						n = len(row) - i
					}
					cell = append(cell, row[i:i+n]...)
					i += n
					continue
				}
				if i+1 < len(row) && row[i+1] == '"' {
					cell = append(cell, '"')
					i += 2
					continue
				}
				i++
				break
			}
			// Text behind the closing quote belongs to the cell all the same.
			n := bytes.IndexByte(row[i:], comma)
			if n < 0 {
				return append(dst, string(append(cell, row[i:]...)))
			}
			dst = append(dst, string(append(cell, row[i:i+n]...)))
			i += n + 1
			continue
		}
		n := bytes.IndexByte(row[i:], comma)
		if n < 0 {
			return append(dst, string(row[i:]))
		}
		dst = append(dst, string(row[i:i+n]))
		i += n + 1
	}
}

func has(columns []string, names ...string) bool {
	for _, n := range names {
		found := false
		for _, c := range columns {
			found = found || c == n
		}
		if !found {
			return false
		}
	}
	return true
}

func hasSuffix(columns []string, suffix string) bool {
	for _, c := range columns {
		if strings.HasSuffix(c, suffix) {
			return true
		}
	}
	return false
}

// tableFor recognises a header.
func tableFor(c []string, hint event.Sub) (*csvTable, string) {
	switch {
	case has(c, "date (utc)", "request id"):
		t := &csvTable{title: "portal sign-in CSV", format: event.PortalCSV, kind: event.Signin, sub: event.Interactive, write: writePortalSignin}
		if !has(c, "username") && has(c, "service principal id") {
			t.sub = event.ServicePrincipalSignin
			if hint == event.ManagedIdentity {
				t.sub = hint
			}
		} else if hint == event.NonInteractive {
			t.sub = hint
		}
		return t, ""
	case has(c, "date (utc)", "activity"):
		return &csvTable{title: "portal audit CSV", format: event.PortalCSV, kind: event.Audit, write: writePortalAudit}, ""
	case has(c, "request id", "succeeded"):
		return nil, "an authentication details CSV: it adds steps to a sign-in CSV and holds no sign-ins; scan the sign-in CSV or the JSON download"
	case has(c, "auditdata"):
		return &csvTable{title: "unified audit log CSV", format: event.O365, write: writeAuditData}, ""
	case has(c, "timegenerated [utc]"), has(c, "timegenerated"), has(c, "$table"), hasSuffix(c, " [utc]"), hasSuffix(c, "_dynamic"),
		has(c, "operationname", "category"), has(c, "operationnamevalue"), has(c, "officeworkload"):
		return &csvTable{title: "Log Analytics CSV", format: event.LogAnalytics, write: writeRow}, ""
	case has(c, "createddatetime", "userprincipalname"), has(c, "activitydatetime", "activitydisplayname"):
		return &csvTable{title: "flattened Graph CSV", format: event.LogAnalytics, write: writeRow}, ""
	}
	shown := c
	if len(shown) > 8 {
		shown = shown[:8]
	}
	return nil, fmt.Sprintf("unknown CSV header (%s …): expected a portal download in English, a unified audit log export, or a Log Analytics export", strings.Join(shown, ", "))
}

// writeRow writes a Log Analytics row as the object that the query API would
// give. The portal renames columns, and splits those whose type differs
// between united tables.
func writeRow(t *csvTable, dst []byte, row []string) []byte {
	dst = append(dst, '{')
	n := 0
	put := func(name, cell string) {
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, name)
		dst = append(dst, ':')
		dst = appendJSONString(dst, cell)
	}
	for i, cell := range row {
		if cell == "" {
			continue
		}
		name := strings.TrimSuffix(t.columns[i], " [utc]")
		if name == "$table" {
			name = "type"
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_dynamic"), "_string")
		put(name, unquoteCell(cell))
	}
	return append(dst, '}')
}

// unquoteCell strips the apostrophe that exports put before a cell that a
// spreadsheet would take for a formula.
func unquoteCell(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte("-+=@", s[1]) >= 0 {
		return s[1:]
	}
	return s
}

func writeAuditData(t *csvTable, dst []byte, row []string) []byte {
	for i, c := range t.columns {
		if c == "auditdata" {
			dst = append(dst, `{"AuditData":`...)
			dst = appendJSONString(dst, row[i])
			return append(dst, '}')
		}
	}
	return dst
}
