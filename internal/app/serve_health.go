package app

import (
	"sync"
	"time"
)

// health gathers how the parts of the service fare.
type health struct {
	mu      sync.Mutex
	streams map[[2]string]streamHealth
	store   error
	sinks   map[string]error
	duties  map[string]error // of upkeep
}

type streamHealth struct {
	problem error
	at      time.Time
}

func newHealth() *health {
	return &health{streams: map[[2]string]streamHealth{}, sinks: map[string]error{}}
}

func (h *health) report(source, stream string, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[[2]string{source, stream}] = streamHealth{problem, time.Now()}
}

func (h *health) storing(problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store = problem
}

func (h *health) delivered(sink string, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sinks[sink] = problem
}
