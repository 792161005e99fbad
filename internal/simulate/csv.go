package simulate

import (
	"bufio"
	"strings"
)

const byteOrderMark = "\ufeff"

// writeRow writes one CSV line. encoding/csv quotes only where it must, the
// portal quotes all cells.
func writeRow(w *bufio.Writer, quoteAll bool, cells []string) error {
	for i, c := range cells {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		if quoteAll || strings.ContainsAny(c, "\",\r\n") || strings.HasPrefix(c, " ") {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		_, _ = w.WriteString(c)
	}
	_, err := w.WriteString("\r\n") // bufio keeps the first error
	return err
}
