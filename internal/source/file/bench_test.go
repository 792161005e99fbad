package file

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRead reads 64 MiB of text; the rate is that of the text.
func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	rnd := rand.New(rand.NewPCG(1, 2))
	for text.Len() < 64<<20 {
		fmt.Fprintf(&text, `{"id":"%016x%016x","createdDateTime":"2026-11-%02dT%02d:%02d:%02dZ","userPrincipalName":"user%d@contoso.com","appDisplayName":"Azure Portal","ipAddress":"203.0.113.%d","status":{"errorCode":%d},"conditionalAccessStatus":"notApplied"}`+"\n",
			rnd.Uint64(), rnd.Uint64(), 1+rnd.IntN(30), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60), rnd.IntN(5000), rnd.IntN(256), rnd.IntN(2)*50126)
	}
	ascii := text.String()
	for _, bc := range []struct{ name, in string }{
		{"plain", ascii},
		{"gzip", gz(ascii)},
		{"zstd", zst(ascii)},
		{"utf-16le", utf16Bytes("\ufeff"+ascii, binary.LittleEndian)},
	} {
		path := filepath.Join(b.TempDir(), "in")
		if err := os.WriteFile(path, []byte(bc.in), 0o600); err != nil {
			b.Fatal(err)
		}
		for _, size := range []int{4 << 10, 256 << 10} {
			b.Run(bc.name+"/"+map[bool]string{true: "small-reads", false: "large-reads"}[size < 10<<10], func(b *testing.B) {
				buf := make([]byte, size)
				b.SetBytes(int64(len(ascii)))
				b.ReportAllocs()
				for b.Loop() {
					s, err := Open(Input{Path: path})
					if err != nil {
						b.Fatal(err)
					}
					n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, s, buf)
					if err != nil || n != int64(len(ascii)) {
						b.Fatal(n, err)
					}
					s.Close()
				}
			})
		}
	}
}

// BenchmarkOpen opens and reads a file of one record.
func BenchmarkOpen(b *testing.B) {
	for _, bc := range []struct{ name, in string }{{"plain", sample}, {"gzip", gz(sample)}, {"zstd", zst(sample)}} {
		b.Run(bc.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "in")
			if err := os.WriteFile(path, []byte(bc.in), 0o600); err != nil {
				b.Fatal(err)
			}
			in := Input{Path: path}
			b.ReportAllocs()
			for b.Loop() {
				s, err := Open(in)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, s); err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}
