package app

import "testing"

func TestMemoryLimit(t *testing.T) {
	for alive, want := range map[uint64]int64{0: aimedMemory, 1 << 30: aimedMemory, 4 << 30: 5583457350} {
		if got := memoryLimit(alive); got < want-1000 || got > want+1000 {
			t.Errorf("%d alive: %d, want %d", alive, got, want)
		}
	}
}
