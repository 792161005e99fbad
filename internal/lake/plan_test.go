package lake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// TestPlanCopiesLittle: while a day's files arrive, and when it is over, its bytes
// are copied a few times, whatever the size of a file, and few files are left.
func TestPlanCopiesLittle(t *testing.T) {
	for size, arrivals := range map[int64]int64{4 << 10: 2000, 1500 << 10: 2000, 20 << 20: 500, 60 << 20: 200, 300 << 20: 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			const together = 60
			now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
			n := 0
			file := func(bytes int64, level int) state.File {
				n++
				return state.File{Path: fmt.Sprintf("tenant=t/kind=signin/day=2026-11-02/%012x-0000000000000000-00000000.parquet", n), Bytes: bytes, Level: level, Added: now}
			}
			var files []state.File
			copied, most := int64(0), 0
			compact := func(quiet time.Time) {
				for group := lake.Plan(files, quiet, nil); len(group) > 0; group = lake.Plan(files, quiet, nil) {
					sum, level := int64(0), 0
					for _, f := range group {
						sum, level = sum+f.Bytes, max(level, f.Level)
					}
					copied += sum
					var removed []string
					for _, f := range group {
						removed = append(removed, f.Path)
					}
					files = apply(files, []state.File{file(sum, level+1)}, removed)
				}
			}
			for i := range arrivals {
				now = now.Add(time.Second)
				files = append(files, file(size, 0))
				if i%together == 0 {
					compact(now.Add(-6 * time.Hour))
				}
			}
			most = len(files)
			compact(now.Add(time.Hour))
			total := size * arrivals
			t.Logf("copied %.1f times, %d files while it grew, %d in the end", float64(copied)/float64(total), most, len(files))
			if float64(copied) > 4*float64(total) {
				t.Errorf("copied %.1f times", float64(copied)/float64(total))
			}
			if least := total/(192<<20) + 1; int64(len(files)) > 3*least && size < 64<<20 {
				t.Errorf("%d files are left of %d MiB", len(files), total>>20)
			}
			if most > 200 && size < 20<<20 {
				t.Errorf("%d files while it grew", most)
			}
		})
	}
}
