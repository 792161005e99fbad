package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestShelf: what was laid down is found and taken as it was, beside much that was
// taken, and what is taken leaves its room to others.
func TestShelf(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var s shelf
	want := map[string][][]byte{}
	var names []string
	for i := range 60_000 {
		if len(names) > 0 && rng.IntN(2) == 0 {
			at := rng.IntN(len(names))
			name := names[at]
			got := s.take([]byte(name))
			if !slices.EqualFunc(got, want[name], bytes.Equal) {
				t.Fatalf("%s: took %q of %q", name, got, want[name])
			}
			if s.take([]byte(name)) != nil || s.look([]byte(name)) != nil {
				t.Fatalf("%s is still there", name)
			}
			delete(want, name)
			names[at] = names[len(names)-1]
			names = names[:len(names)-1]
			continue
		}
		name := fmt.Sprint("group ", i)
		var recs [][]byte
		for range 1 + rng.IntN(3) {
			recs = append(recs, []byte(strings.Repeat(name, rng.IntN(20))))
		}
		if !s.put(name, recs) {
			t.Fatalf("no place for %s", name)
		}
		want[name], names = recs, append(names, name)
	}
	size := 0
	for name, recs := range want {
		if got := s.look([]byte(name)); !slices.EqualFunc(got, recs, bytes.Equal) {
			t.Fatalf("%s: %q is there, not %q", name, got, recs)
		}
		size += checkSize + 2
		for _, rec := range recs {
			size += len(rec) + 2
		}
	}
	if s.len() != len(want) {
		t.Errorf("%d of %d groups", s.len(), len(want))
	}
	if most := 2*size + 3*chunkSize; len(s.chunks)*chunkSize > most {
		t.Errorf("%d bytes take %d", size, len(s.chunks)*chunkSize)
	}
	if s.put("large", [][]byte{make([]byte, largestResting)}) {
		t.Error("what is large rests")
	}
}
