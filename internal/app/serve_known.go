package app

import (
	"context"
	"fmt"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
)

// known tells which events are stored already, or are about to be: those of
// late from memory, older ones from the lake.
type known struct {
	lake     *lake.Lake
	manifest *manifest
	// Two generations of keys: when the younger is full it becomes the older.
	young, old map[event.Key]struct{}
	// days are those of which the lake has events that are in neither.
	days map[dayKey]bool
	// recent are those of which only the generations know so far.
	recent, before map[dayKey]bool
	double         []bool
}

// mostKnown is how many keys a generation holds.
const mostKnown = 1 << 19

func newKnown(l *lake.Lake, m *manifest) *known {
	k := &known{
		lake: l, manifest: m, young: map[event.Key]struct{}{}, old: map[event.Key]struct{}{},
		days: map[dayKey]bool{}, recent: map[dayKey]bool{}, before: map[dayKey]bool{},
	}
	for day := range m.days {
		k.days[day] = true
	}
	return k
}

// look reports which items are known, and knows all of them from now on. The
// result is valid until the next call.
func (k *known) look(ctx context.Context, items []item) ([]bool, error) {
	k.double = k.double[:0]
	ask := map[dayKey][]int{}
	for i := range items {
		it := &items[i]
		_, young := k.young[it.key]
		_, old := k.old[it.key]
		k.double = append(k.double, young || old)
		if young {
			continue
		}
		day := dayKey{it.tenant, it.kind.String(), dayOf(it.at)}
		if !old && k.days[day] {
			ask[day] = append(ask[day], i)
		}
		if len(k.young) >= mostKnown {
			k.turn()
		}
		k.young[it.key] = struct{}{}
		k.recent[day] = true
	}
	for day, which := range ask {
		keys := make([]event.Key, len(which))
		for j, i := range which {
			keys[j] = items[i].key
		}
		there, err := k.lake.Known(ctx, k.manifest.of(day), keys)
		if err != nil {
			return nil, fmt.Errorf("look for known events: %w", err)
		}
		for _, i := range which {
			k.double[i] = k.double[i] || there[items[i].key]
		}
	}
	return k.double, nil
}

// turn gives up the older generation: the lake must be asked from now on for
// the days of its events.
func (k *known) turn() {
	for day := range k.before {
		k.days[day] = true
	}
	k.old, k.young = k.young, make(map[event.Key]struct{}, mostKnown)
	k.before, k.recent = k.recent, map[dayKey]bool{}
}
