package file

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestPick reads parts of texts in any order and compares them with what Open
// gives.
func TestPick(t *testing.T) {
	for _, tc := range []struct{ name, in string }{
		{"plain", long},
		{"byte order mark", "\ufeff" + long},
		{"8 bits", "Name\nZo\xeb\n" + long},
		{"gzip", gz(long, long)},
		{"gzip in zstd", zst(gz(long))},
		{"utf-16le", utf16Bytes("\ufeff"+long, binary.LittleEndian)},
		{"utf-16be in gzip", gz(utf16Bytes("\ufeff"+long, binary.BigEndian))},
		{"byte order mark in gzip", gz("\ufeff" + long)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := Input{Path: filepath.Join(t.TempDir(), "in")}
			if err := os.WriteFile(in.Path, []byte(tc.in), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(in)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(s)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			p, err := NewPicker(in)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range 60 {
				from := rng.IntN(len(text))
				if i%10 < 7 { // rising, mostly
					from = i * len(text) / 60
				}
				got := make([]byte, rng.IntN(min(5000, len(text)-from)+1))
				if err := p.Pick(got, int64(from)); err != nil {
					t.Fatal(err)
				}
				if want := text[from : from+len(got)]; string(got) != string(want) {
					t.Fatalf("%d bytes at %d: %.60q, want %.60q", len(got), from, got, want)
				}
			}
			err = p.Pick(make([]byte, 100), int64(len(text)-50))
			wantError(t, err, in.Path, "has become shorter while it was scanned")
		})
	}
}

func TestPickErrors(t *testing.T) {
	_, err := NewPicker(Input{Stdin: true})
	wantError(t, err, stdinPath, "standard input cannot be read twice")
	missing := filepath.Join(t.TempDir(), "missing")
	_, err = NewPicker(Input{Path: missing})
	wantError(t, err, missing, "no such file or folder")
}
