package app

import (
	"cmp"
	"fmt"
	"maps"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/health"
)

// mostStreams is how many streams of a source without a problem are told of.
const mostStreams = 50

// Health says how the service fares.
func (s *Service) Health(now time.Time) *health.Health {
	out := &health.Health{
		Time: now.UTC(), Lateness: s.Lateness.Seconds(), Disk: diskOf(s.Data), Memory: memory(),
		Queues: health.Queues{Batches: len(s.jobs), Results: len(s.results)},
	}
	s.health.fill(out, now, s)
	out.Judge()
	return out
}

func (h *pulse) fill(out *health.Health, now time.Time, s *Service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(now)
	out.Started, out.Store, out.Queues.BufferBytes = h.started, h.store, h.buffer
	out.Store.Duties = maps.Clone(h.store.Duties)
	out.Store.DamagedFiles = maps.Clone(h.store.DamagedFiles)
	out.Sources = []health.Source{}
	for _, name := range slices.Sorted(maps.Keys(h.sources)) {
		out.Sources = append(out.Sources, h.sourceAt(name, now))
	}
	out.Outlets = []health.Outlet{}
	for _, name := range slices.Sorted(maps.Keys(h.sinks)) {
		o := h.sinks[name]
		x := o.Outlet
		x.Pending = len(o.pending)
		for _, since := range o.pending {
			if x.Oldest.IsZero() || since.Before(x.Oldest) {
				x.Oldest = since
			}
		}
		out.Outlets = append(out.Outlets, x)
	}
	r := &h.rules
	out.Rules = health.Rules{Groups: r.size.Groups, Members: r.size.Members, Alerts: maps.Clone(r.alerts)}
	for _, n := range r.late {
		out.Rules.Late += n
	}
	if s.engine != nil {
		out.Rules.TooLate, out.Rules.LeftOut = s.counts(r.tooLate), s.counts(r.leftOut)
		out.Rules.Blind = h.blindAt(s, out.Sources)
	}
}

// forget gives up what is of no more account.
func (h *pulse) forget(now time.Time) {
	h.history.Forget(now)
	before := now.Truncate(time.Hour).Add(-time.Hour).Unix()
	old := func(at, _ int64) bool { return at < before }
	maps.DeleteFunc(h.rules.late, old)
	for _, s := range h.sources {
		maps.DeleteFunc(s.quarantined, old)
		// What nobody has confirmed since the start is over, or nobody looks any more.
		if now.Sub(h.restart) > unconfirmed {
			for stream := range s.remembered {
				delete(s.remembered, stream)
				setProblem(s.stream(stream), nil, now)
			}
		}
	}
}

// unconfirmed is how long problems from before a start are believed.
const unconfirmed = 30 * time.Minute

func (h *pulse) sourceAt(name string, now time.Time) health.Source {
	s := h.sources[name]
	out := health.Source{Name: name, Quarantined: s.sum, Bytes: s.bytes, Ended: s.ended, Logs: []health.Log{}, Streams: []health.Stream{}}
	for _, n := range s.quarantined {
		out.Undecodable += n
	}
	for key, l := range h.logs {
		if key.Source == name {
			h.look(key, l, s, now)
			out.Logs = append(out.Logs, *l)
		}
	}
	slices.SortFunc(out.Logs, func(x, y health.Log) int { return cmp.Compare(x.Kind, y.Kind) })
	for _, st := range s.streams {
		if *st != (health.Stream{Behind: -1}) { // "" only ever was well
			out.Streams = append(out.Streams, *st)
		}
	}
	slices.SortFunc(out.Streams, func(x, y health.Stream) int {
		well := func(s health.Stream) int {
			if s.Problem != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(well(x)-well(y), y.LastArrival.Compare(x.LastArrival), cmp.Compare(x.Name, y.Name))
	})
	bad := 0
	for bad < len(out.Streams) && out.Streams[bad].Problem != "" {
		bad++
	}
	if most := bad + mostStreams; len(out.Streams) > most {
		out.MoreStreams = len(out.Streams) - most
		out.Streams = out.Streams[:most]
	}
	return out
}

// look compares a log with what is usual.
func (h *pulse) look(name health.Name, l *health.Log, s *sourcePulse, now time.Time) {
	l.Hour, l.WeekBefore = h.history.Volume(name, now)
	l.UsualPause = h.history.UsualPause(name, now).Seconds()
	l.Gaps, l.Empty = h.history.Gaps(name, now), h.columns.Empty(name)
	kind, _ := event.KindByName(name.Kind)
	switch {
	// Directory objects come when they are listed, and the same ones again.
	case s.ended || kind.Snapshot() || !h.history.Knows(name):
		l.Silent = time.Time{}
	case l.Silent.IsZero() && !h.started.IsZero() && h.history.Silent(name, l.LastArrival, h.watching, now):
		l.Silent = l.LastArrival
	}
}

func (s *Service) counts(of map[int]int64) []health.Count {
	var out []health.Count
	for rule, n := range of {
		out = append(out, health.Count{Rule: s.engine.Rules()[rule].Slug, Events: n})
	}
	slices.SortFunc(out, func(x, y health.Count) int {
		return cmp.Or(cmp.Compare(y.Events, x.Events), cmp.Compare(x.Rule, y.Rule))
	})
	return out
}

// blindRules are those that lack columns, as they were worked out last.
type blindRules struct {
	of    string
	rules []health.Blind
}

// blindAt lists the rules whose columns are empty, and those whose logs are silent.
func (h *pulse) blindAt(s *Service, sources []health.Source) []health.Blind {
	everywhere := h.columns.Everywhere()
	if of := fmt.Sprint(everywhere, h.rules.tenants); of != h.blind.of {
		h.blind = blindRules{of: of}
		for _, name := range slices.Sorted(maps.Keys(everywhere)) {
			h.blind.rules = append(h.blind.rules, s.without(name, everywhere[name], h.columns.Formats(name), h.rules.tenants)...)
		}
	}
	out := slices.Clone(h.blind.rules)
	silent, speaks := map[event.Kind]time.Time{}, map[event.Kind]bool{}
	for _, src := range sources {
		for _, l := range src.Logs {
			kind, _ := event.KindByName(l.Kind)
			if l.Silent.IsZero() {
				speaks[kind] = speaks[kind] || !l.LastArrival.IsZero()
			} else {
				silent[kind] = newest(silent[kind], l.Silent)
			}
		}
	}
	if len(silent) == 0 {
		return out
	}
	for i, r := range s.engine.Rules() {
		if !s.engine.Works(i, h.rules.tenants) {
			continue
		}
		var first event.Kind
		for _, k := range s.engine.Reads(i) {
			if speaks[k] {
				first = event.KindUnknown
				break
			}
			if !silent[k].IsZero() && first == event.KindUnknown {
				first = k
			}
		}
		if first != event.KindUnknown {
			out = append(out, health.Blind{Rule: r.Slug, Kind: first.String(), Why: "no " + first.String() + " events come any more", Since: silent[first]})
		}
	}
	return out
}

// without lists the rules that can find nothing while columns of a kind are empty.
func (s *Service) without(name string, empty map[string]time.Time, formats, tenants []string) []health.Blind {
	kind, ok := event.KindByName(name)
	if !ok {
		return nil
	}
	var since time.Time
	for _, at := range empty {
		since = newest(since, at)
	}
	seen := map[event.Format]bool{}
	for _, f := range formats {
		if format, ok := event.FormatByName(f); ok {
			seen[format] = true
		}
	}
	var out []health.Blind
	for _, x := range s.engine.Without(map[event.Kind][]string{kind: slices.Collect(maps.Keys(empty))}, map[event.Kind]map[event.Format]bool{kind: seen}, tenants) {
		out = append(out, health.Blind{Rule: x.Rule, Kind: name, Why: strings.TrimPrefix(x.Reason, "no data: "), Since: since})
	}
	return out
}

// memory is what the process has of the system, and what of it is in use.
func memory() health.Memory {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return health.Memory{Total: sample[0].Value.Uint64() - sample[1].Value.Uint64(), Heap: sample[2].Value.Uint64()}
}
