package detect

import (
	"fmt"
	"testing"
	"unsafe"
)

// TestValueCountsKeepTheirTexts: texts are valid until the next record only.
func TestValueCountsKeepTheirTexts(t *testing.T) {
	var c valueCounts
	buf := make([]byte, 3)
	for range 3 {
		for i := range 20 {
			copy(buf, fmt.Sprintf("v%02d", i))
			c.add(unsafe.String(&buf[0], len(buf)))
		}
	}
	copy(buf, "v19")
	c.remove(unsafe.String(&buf[0], len(buf)))
	copy(buf, "xxx")
	total := map[string]int{}
	c.addTo(total)
	for i := range 20 {
		want := 3
		if i == 19 {
			want = 2
		}
		if got := total[fmt.Sprintf("v%02d", i)]; got != want {
			t.Errorf("v%02d: %d, want %d", i, got, want)
		}
	}
	if len(total) != 20 {
		t.Errorf("%d texts: %v", len(total), total)
	}
}
