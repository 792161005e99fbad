package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/state"
)

// aMoment is how long the service may be away without a word.
const aMoment = 5 * time.Minute

// valueHealth is the name of what the state holds of the pulse.
const valueHealth = "health"

// A memo is what of the pulse outlasts the process: troubles, so that none is told
// of twice, and which columns had values.
type memo struct {
	At       time.Time       `json:"at"`
	Watching time.Time       `json:"watching"`
	Streams  []memoStream    `json:"streams,omitempty"`
	Silent   []memoSilence   `json:"silent,omitempty"`
	Outlets  []memoOutlet    `json:"outlets,omitempty"`
	Late     map[int64]int64 `json:"late,omitempty"` // events too late, by hour
	Columns  *health.Columns `json:"columns"`
}

type memoStream struct {
	Source string        `json:"source"`
	Stream health.Stream `json:"stream"`
}

type memoSilence struct {
	Source string    `json:"source"`
	Kind   string    `json:"kind"`
	Since  time.Time `json:"since"`
}

type memoOutlet struct {
	Name    string    `json:"name"`
	Problem string    `json:"problem"`
	Since   time.Time `json:"since"`
}

// memo writes down what is to be known after a restart.
func (h *pulse) memo(now time.Time) (state.Value, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := memo{At: now.UTC(), Watching: h.watching, Columns: h.columns, Late: h.rules.late}
	for name, s := range h.sources {
		for _, st := range s.streams {
			if st.Problem != "" {
				m.Streams = append(m.Streams, memoStream{name, *st})
			}
		}
	}
	for name, l := range h.logs {
		if !l.Silent.IsZero() {
			m.Silent = append(m.Silent, memoSilence{name.Source, name.Kind, l.Silent})
		}
	}
	for name, s := range h.sinks {
		if s.Problem != "" {
			m.Outlets = append(m.Outlets, memoOutlet{name, s.Problem, s.Since})
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return state.Value{}, fmt.Errorf("encode health: %w", err)
	}
	return state.Value{Name: valueHealth, Text: string(text)}, nil
}

// recall brings back what the state knows of how the service fared.
func (h *pulse) recall(ctx context.Context, store state.Store, now time.Time) error {
	text, err := store.Value(ctx, valueHealth)
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	m := memo{Columns: health.NewColumns()}
	if text != "" {
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return fmt.Errorf("read the state: %w: value %s: %w", state.ErrCorrupt, valueHealth, err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restart = now
	if now.Sub(m.At) < aMoment {
		h.watching = m.Watching
	}
	if m.Columns != nil {
		h.columns = m.Columns
	}
	for at, n := range m.Late {
		h.rules.late[at] = n
	}
	for x, err := range store.Hours(ctx, now.Add(-health.Remembered)) {
		if err != nil {
			return fmt.Errorf("read what was counted: %w", err)
		}
		h.history.Add(&x)
		// Sources that are no more do not count; their past may help them later.
		if h.sources[x.Source] == nil || x.Kind == "" {
			continue
		}
		l := h.log(health.Name{Source: x.Source, Kind: x.Kind})
		l.LastEvent = newest(l.LastEvent, x.Last)
		if x.Events > 0 {
			l.LastArrival = newest(l.LastArrival, earlier(x.At.Add(time.Hour), now))
		}
	}
	for _, x := range m.Streams {
		if s := h.sources[x.Source]; s != nil {
			st := x.Stream
			s.streams[st.Name], s.remembered[st.Name] = &st, true
		}
	}
	for _, x := range m.Silent {
		if l := h.logs[health.Name{Source: x.Source, Kind: x.Kind}]; l != nil {
			l.Silent = x.Since
		}
	}
	for _, x := range m.Outlets {
		if s := h.sinks[x.Name]; s != nil {
			s.Problem, s.Since = x.Problem, x.Since
		}
	}
	return h.pending(ctx, store)
}

// pending counts what is to be delivered.
func (h *pulse) pending(ctx context.Context, store state.Store) error {
	const most = 100_000
	for name, s := range h.sinks {
		due, err := store.Pending(ctx, name, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), most)
		if err != nil {
			return fmt.Errorf("read what is to be delivered: %w", err)
		}
		for i := range due {
			s.pending[pendingKey{due[i].Alert, due[i].Revision}] = due[i].Stored
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
