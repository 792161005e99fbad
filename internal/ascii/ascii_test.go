package ascii

import (
	"strings"
	"testing"
)

// TestEveryByte puts every byte in every place of texts of all lengths up to
// two words.
func TestEveryByte(t *testing.T) {
	for n := 1; n <= 17; n++ {
		for at := range n {
			for c := range 256 {
				for _, around := range []byte{'a', '@', '[', 0, 0x7f} {
					b := []byte(strings.Repeat(string(rune(around)), n))
					b[at] = byte(c)
					s := string(b)
					if got, want := Only(s), c < 0x80; got != want {
						t.Fatalf("Only(%q) = %v", s, got)
					}
					if got, want := Lower(s), c < 0x80 && (c < 'A' || c > 'Z'); got != want {
						t.Fatalf("Lower(%q) = %v", s, got)
					}
					if got, added, want := ToLower(s), string(AppendLower([]byte("X"), s)), strings.ToLower(s); got != want || added != "X"+want {
						t.Fatalf("ToLower(%q) = %q, appended %q", s, got, added)
					}
				}
			}
		}
	}
	if !Only("") || !Lower("") {
		t.Error("the empty text is neither")
	}
}

func BenchmarkLower(b *testing.B) {
	const id = "0c6a3f5e-2b1d-4c7e-9f80-a1b2c3d4e5f6"
	for b.Loop() {
		if !Lower(id) {
			b.Fatal()
		}
	}
}
