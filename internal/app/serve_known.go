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
	s *Service
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

func newKnown(s *Service) *known {
	k := &known{
		s: s, young: map[event.Key]struct{}{}, old: map[event.Key]struct{}{},
		days: map[dayKey]bool{}, recent: map[dayKey]bool{}, before: map[dayKey]bool{},
	}
	for day := range s.manifest.days {
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
		there, err := k.ask(ctx, day, keys)
		if err != nil {
			return nil, err
		}
		for _, i := range which {
			k.double[i] = k.double[i] || there[items[i].key]
		}
	}
	return k.double, nil
}

// ask asks the lake. What stands in damaged files counts as unknown: it is better
// to watch and have some events twice than not to watch. Where the lake cannot be
// read at all, the sources wait.
func (k *known) ask(ctx context.Context, day dayKey, keys []event.Key) (there map[event.Key]bool, err error) {
	look := func() error {
		found, err := k.s.Lake.Known(ctx, k.s.manifest.of(day), keys)
		damages := lake.Damages(err)
		k.s.damaged(damages)
		if err != nil && len(damages) == 0 {
			return fmt.Errorf("look for known events: %w", err)
		}
		there = found
		return nil
	}
	if err = look(); err != nil {
		err = k.s.insist(ctx, look)
	}
	return there, err
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
