package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// aimedMemory is what a service takes at most as long as it can do with it:
	// where garbage makes it more it is looked for more often.
	aimedMemory = 1600 << 20
	// memoryFor is how much more than what is alive it may be at least, in
	// percent: to look for garbage all the time would take longer than it is worth.
	memoryFor = 130
)

// boundMemory keeps the memory of the process small, unless whoever runs it says
// otherwise.
func boundMemory(ctx context.Context) {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	before := debug.SetMemoryLimit(aimedMemory)
	defer debug.SetMemoryLimit(before)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for pause(ctx, 10*time.Second) {
		metrics.Read(sample)
		debug.SetMemoryLimit(memoryLimit(sample[0].Value.Uint64()))
	}
}

func memoryLimit(alive uint64) int64 { return max(aimedMemory, int64(alive/100*memoryFor)) }
