package kafka

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkParcels puts together the messages of a fetch, each a record of 3 KB.
func BenchmarkParcels(b *testing.B) {
	var values []string
	for i := range 1000 {
		var text strings.Builder
		fmt.Fprintf(&text, `{"records":[{"id":"%d"`, i)
		for k := 0; text.Len() < 3000; k++ {
			fmt.Fprintf(&text, `,"property%d":{"name":"value of %d","list":["a","b"]}`, k, k)
		}
		text.WriteString("}]}")
		values = append(values, text.String())
	}
	in := messages(values...)
	for b.Loop() {
		size := 0
		for _, p := range parcels(in) {
			n, _ := io.Copy(io.Discard, p.body())
			size += int(n)
		}
		b.SetBytes(int64(size))
	}
}
