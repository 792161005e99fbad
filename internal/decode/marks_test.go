package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// marked reports whether a byte has a mark.
func marked(c byte) bool { return c == '"' || c == '\\' || c < 0x20 }

// checkMarks holds the marks of a text, made in portions, to its bytes.
func checkMarks(tb fatal, text []byte, portion func() int) {
	tb.Helper()
	var k marker
	k.marks = append(k.marks, bytes.Repeat([]byte{0x55}, 40)...)
	k.reset()
	for n := 0; ; n += portion() {
		n = min(n, len(text))
		m := k.extend(text[:n:n])
		if len(m) == 0 {
			if canMark {
				tb.Fatal("no marks")
			}
			return
		}
		// Behind the text everything is marked, far enough for any question.
		want := n
		for i := n; i >= 0; i-- {
			if i < n && marked(text[i]) {
				want = i
			}
			if got := m.next(i); got != want {
				tb.Fatal(fmt.Sprintf("%q, %d bytes: the mark at %d or behind is at %d, not at %d", text, n, i, got, want))
			}
		}
		if n == len(text) {
			return
		}
	}
}

func TestMarks(t *testing.T) {
	if !canMark {
		t.Skip("this processor cannot make marks")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for c := range 256 {
		for at := range 3 * markStep {
			text := bytes.Repeat([]byte("x"), 3*markStep)
			text[at] = byte(c)
			checkMarks(t, text[:at+1+rnd.IntN(len(text)-at)], func() int { return len(text) })
		}
	}
	for range 2000 {
		text := make([]byte, rnd.IntN(400))
		for i := range text {
			if rnd.IntN(20) == 0 {
				text[i] = byte(rnd.IntN(256))
			} else {
				text[i] = 'x'
			}
		}
		checkMarks(t, text, func() int { return 1 + rnd.IntN(150) })
	}
}

// FuzzMarks holds the marks of anything at all to its bytes.
func FuzzMarks(f *testing.F) {
	f.Add([]byte(`{"a":"\\\"\u00e9"}`), 1)
	f.Add(bytes.Repeat([]byte("long "), 60), 64)
	f.Fuzz(func(t *testing.T, text []byte, portion int) {
		if len(text) < 2000 {
			checkMarks(t, text, func() int { return 1 + portion&255 })
		}
	})
}
