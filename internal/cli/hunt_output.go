package cli

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/lake/duck"
)

// write prints the answer to a query. more tells that it has more rows than were
// wanted.
func (h *hunt) write(out io.Writer, res *duck.Result) (more bool, err error) {
	w := bufio.NewWriter(out)
	var row func([]any) error
	end := func() error { return nil }
	switch h.format {
	case "json":
		row = func(values []any) error { return writeObject(w, res.Columns, values) }
	case "csv":
		for i := range res.Columns {
			writeCell(w, i, res.Columns[i].Name)
		}
		w.WriteByte('\n')
		row = func(values []any) error {
			for i, v := range values {
				writeCell(w, i, v)
			}
			return w.WriteByte('\n')
		}
	default:
		t := &table{}
		for i := range res.Columns {
			t.head = append(t.head, res.Columns[i].Name)
		}
		row = func(values []any) error {
			cells := make([]string, len(values))
			for i, v := range values {
				cells[i] = cellText(v)
			}
			t.row(cells...)
			return nil
		}
		s := h.e.out
		if h.output != "" {
			s = screen{}
		}
		end = func() error { return t.write(w, s) }
	}
	for n := 0; ; n++ {
		values, err := res.Next()
		if err != nil {
			return false, err
		}
		if values == nil {
			break
		}
		if n == h.limit {
			more = true
			break
		}
		if err := row(values); err != nil {
			return false, err
		}
	}
	if err := end(); err != nil {
		return false, err
	}
	return more, w.Flush()
}

// writeCell writes a cell of CSV. Numbers are as they are; text must not look like
// a formula.
func writeCell(w *bufio.Writer, column int, v any) {
	if column > 0 {
		w.WriteByte(',')
	}
	text := cellText(v)
	switch v.(type) {
	case string, []byte, []any, map[string]any:
		text = inert(text)
	}
	w.WriteString(`"` + strings.ReplaceAll(text, `"`, `""`) + `"`)
}

// cellText is a value for people and spreadsheets.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return base64.StdEncoding.EncodeToString(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = cellText(e)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		if b, err := json.Marshal(jsonValue(v)); err == nil {
			return string(b)
		}
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(v)
}

// writeObject writes a row as a JSON object, with its columns in their order.
func writeObject(w *bufio.Writer, columns []duck.Column, values []any) error {
	w.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			w.WriteByte(',')
		}
		if err := writeValue(w, columns[i].Name); err != nil {
			return err
		}
		w.WriteByte(':')
		if err := writeValue(w, jsonValue(v)); err != nil {
			return err
		}
	}
	_, err := w.WriteString("}\n")
	return err
}

func writeValue(w *bufio.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}

// jsonValue is a value as JSON has it.
func jsonValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case *big.Int:
		return json.Number(v.String())
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = jsonValue(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = jsonValue(e)
		}
		return out
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case fmt.Stringer:
		return v.String()
	case nil, string, bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, []byte:
		return v
	}
	return fmt.Sprint(v)
}
