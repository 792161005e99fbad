package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

const (
	// evaluateEvery is how often groups that have changed are looked at.
	evaluateEvery = 50 * time.Millisecond
	// evaluateAtLeast is how often that is done also if it takes long.
	evaluateAtLeast = 300 * time.Millisecond
	// mostBuffered is how many bytes of rows wait at most for the flush under way.
	mostBuffered = 48 << 20
	// farAhead is how far ahead of the clock events may be and still move watermarks.
	farAhead = 24 * time.Hour
)

// A keeper takes what the workers made, in one goroutine: it leaves out what is
// known, correlates, makes alerts, and stores everything that belongs together
// at once. What it has not stored comes again from the sources when the service
// is started anew.
type keeper struct {
	s      *Service
	live   *detect.Live
	known  *known
	book   *alertBook
	newest map[string]*marks // by tenant: the latest events

	buffer    buffer
	flushed   chan error // of the flush under way; nil = there is none
	passed    []func()   // to be called when it has ended
	evaluated time.Time
	pause     time.Duration // until it is evaluated again
	fresh     bool          // there are hits, or groups, that were not evaluated
	enc       *zstd.Encoder
	dec       *segmentReader
	flushes   uint64 // their number
	forgotten time.Time
	// When the service itself was looked at, measured and remembered last, and
	// whether it is to be remembered with the next flush.
	watched, measured, memoed time.Time
	remember                  bool
	// flying are the hits of the flush under way, and stored the times of those
	// that are in the state.
	flying    []*segmentWriter
	directory chan *postureResult
	owed      state.Changes        // what the first flush says of the rules
	old       map[string]*oldRules // by their fingerprint
	stored    []storedSegment
	// adopted is what the state does not know of the lake, until it is matched.
	adopted *lake.Adoption
	// had are the events whose hits the state has, where something was adopted.
	had map[event.Key]bool
}

// A storedSegment is when the events of a segment happened.
type storedSegment struct {
	class       int
	first, last time.Time
}

// A buffer is what has come since the last flush.
type buffer struct {
	rows    []*matched
	bytes   int
	hits    []*segmentWriter // by class
	cursors map[[2]string]state.Cursor
	stored  []func()
	facts   []state.Alert
	bad     []state.Quarantined
	hours   map[hourKey]*state.Hour
	sights  []sight
	adopted *lake.Adoption
	began   time.Time // when the first of it came; zero = there is nothing
}

type hourKey struct {
	at                   int64
	source, stream, kind string
}

func newKeeper(ctx context.Context, s *Service) (*keeper, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	dec, err := newSegmentReader()
	if err != nil {
		return nil, err
	}
	k := &keeper{s: s, newest: map[string]*marks{}, old: map[string]*oldRules{}, directory: make(chan *postureResult), enc: enc, dec: dec, forgotten: time.Now()}
	k.live = s.engine.NewLive(func(ranges []detect.Range, each func(event.Key, []byte) error) error {
		return k.recall(ctx, ranges, each)
	})
	k.buffer.reset()
	return k, k.restore(ctx)
}

// openKeeper makes the keeper, without the files of the lake that cannot be read.
func (s *Service) openKeeper(ctx context.Context) (*keeper, error) {
	for {
		k, err := newKeeper(ctx, s)
		if !s.damaged(lake.Damages(err)) {
			return k, err
		}
	}
}

func (b *buffer) reset() {
	*b = buffer{cursors: map[[2]string]state.Cursor{}, hours: map[hourKey]*state.Hour{}}
	for range hitClasses {
		b.hits = append(b.hits, &segmentWriter{})
	}
}

func (k *keeper) run(ctx context.Context) error {
	tick := time.NewTicker(evaluateEvery)
	defer tick.Stop()
	for {
		results := k.s.results
		if k.flushed != nil && k.buffer.bytes >= mostBuffered {
			results = nil // the workers wait, and so do the sources
		}
		select {
		case m, more := <-results:
			if !more {
				return k.finish(ctx)
			}
			if err := k.take(ctx, m); err != nil {
				return err
			}
		case err := <-k.flushed:
			if err := k.end(err); err != nil {
				return err
			}
		case r := <-k.directory:
			facts, err := k.book.look(r, time.Now())
			if err != nil {
				return err
			}
			k.buffer.facts = append(k.buffer.facts, facts...)
			k.owed.Values = append(k.owed.Values, state.Value{Name: valuePosture, Text: r.mark})
			if k.buffer.began.IsZero() {
				k.buffer.began = time.Now()
			}
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := k.work(ctx, time.Now()); err != nil {
			return err
		}
	}
}

// work evaluates and flushes when it is time to.
func (k *keeper) work(ctx context.Context, now time.Time) error {
	if now.Sub(k.evaluated) >= k.pause {
		if err := k.evaluate(now, urgent); err != nil {
			return err
		}
		k.evaluated = time.Now()
		k.pause = min(max(evaluateEvery, 2*k.evaluated.Sub(now)), evaluateAtLeast)
	}
	if err := k.watch(now); err != nil {
		return err
	}
	b := &k.buffer
	if k.flushed != nil || len(b.facts) == 0 && b.bytes < mostBuffered/2 && (b.began.IsZero() || now.Sub(b.began) < k.s.Flush) {
		return nil
	}
	if now.Sub(k.forgotten) >= k.s.Forget {
		// What was left for later cannot be forgotten.
		if err := k.evaluate(now, everyGroup); err != nil {
			return err
		}
	}
	return k.flush(ctx, now)
}

// finish stores what is left.
func (k *keeper) finish(ctx context.Context) error {
	k.remember = true
	for {
		if k.flushed != nil {
			if err := k.end(<-k.flushed); err != nil {
				return err
			}
		}
		if err := k.evaluate(time.Now(), everything); err != nil {
			return err
		}
		if k.buffer.began.IsZero() && len(k.buffer.facts) == 0 && !k.remember {
			return nil
		}
		if err := k.flush(ctx, time.Now()); err != nil {
			return err
		}
	}
}

// take takes a batch.
func (k *keeper) take(ctx context.Context, m *matched) error {
	b := &k.buffer
	now := time.Now()
	if b.began.IsZero() {
		b.began = now
	}
	double, err := k.known.look(ctx, m.items)
	if err != nil {
		return err
	}
	hour := now.Truncate(time.Hour)
	for i := range m.items {
		it := &m.items[i]
		h := b.hour(hour, m.intake.source, m.stream, it.kind)
		if double[i] {
			m.rows.Drop(i)
			h.Duplicates++
			continue
		}
		h.Events++
		if !it.at.IsZero() {
			if h.First.IsZero() || it.at.Before(h.First) {
				h.First = it.at
			}
			h.Last = newest(h.Last, it.at)
			k.see(it, now)
		}
		hits := m.hits[it.from:it.to]
		if len(hits) == 0 {
			continue
		}
		at := it.at
		if at.IsZero() {
			at = m.received
		}
		if err := k.give(k.live.Add, it.key, at, hits); err != nil {
			return err
		}
	}
	if m.bytes > 0 || len(m.bad) > 0 {
		h := b.hour(hour, m.intake.source, m.stream, event.KindUnknown)
		h.Bytes += m.bytes
		h.Quarantined += int64(len(m.bad))
	}
	b.bad = append(b.bad, m.bad...)
	for _, x := range m.sights {
		b.sights = append(b.sights, sight{m.intake.source, x})
	}
	cursor, stored := m.intake.pass(m.stream, m.mark)
	if cursor != nil {
		cursor.At = now
		b.cursors[[2]string{cursor.Source, cursor.Stream}] = *cursor
	}
	b.stored = append(b.stored, stored...)
	b.bytes += m.rows.Bytes()
	b.rows = append(b.rows, m)
	return nil
}

func (b *buffer) hour(at time.Time, source, stream string, kind event.Kind) *state.Hour {
	name := ""
	if kind != event.KindUnknown {
		name = kind.String()
	}
	key := hourKey{at.Unix(), source, stream, name}
	h := b.hours[key]
	if h == nil {
		h = &state.Hour{At: at, Source: source, Stream: stream, Kind: name}
		b.hours[key] = h
	}
	return h
}

// see moves the latest event of a log.
func (k *keeper) see(it *item, now time.Time) {
	if it.at.Sub(now) > farAhead {
		return
	}
	m := k.newest[it.tenant]
	if m == nil {
		m = &marks{}
		k.newest[it.tenant] = m
	}
	m[it.kind] = newest(m[it.kind], it.at)
}

// watermark says up to when each log of each tenant is taken to be known.
func (k *keeper) watermark(tenant string, kind event.Kind) (int64, bool) {
	m := k.newest[tenant]
	if m == nil || m[kind].IsZero() {
		return 0, false
	}
	return m[kind].Add(-k.s.Delay(kind)).UnixNano(), true
}

// How much is evaluated: what is urgent; also groups that could be looked at later;
// also alerts that need not say yet how they have grown.
const (
	urgent = iota
	everyGroup
	everything
)

// evaluate correlates what is new, and makes the facts of alerts that have
// changed.
func (k *keeper) evaluate(now time.Time, much int) error {
	if k.fresh {
		var err error
		if k.fresh = false; much == urgent {
			k.fresh, err = k.live.EvaluateUrgent(k.watermark)
		} else {
			err = k.live.Evaluate(k.watermark)
		}
		if err != nil {
			return fmt.Errorf("correlate: %w", err)
		}
	}
	facts, err := k.book.revise(k.live, now, much == everything)
	if err != nil {
		return err
	}
	k.buffer.facts = append(k.buffer.facts, facts...)
	return nil
}

// Names of values in the state: the number of the last flush, and of the last one
// that notes stand for.
const (
	valueFlush = "flush"
	valueNoted = "noted"
)

// forget gives up what can change no more, and adds the notes of it to what is
// stored: everything that came so far stands behind them.
func (k *keeper) forget(changes *state.Changes) error {
	latest := map[string]int64{}
	for tenant, m := range k.newest {
		latest[tenant] = m.latest().UnixNano()
	}
	newest := func(tenant string) (int64, bool) {
		at, ok := latest[tenant]
		return at, ok
	}
	if err := k.live.Forget(newest, k.s.Lateness); err != nil {
		return fmt.Errorf("correlate: %w", err)
	}
	for _, n := range k.live.Notes() {
		changes.Tallies = append(changes.Tallies, state.Tally{Name: n.Name, Body: n.Body})
	}
	changes.Values = append(changes.Values, state.Value{Name: valueNoted, Text: strconv.FormatUint(k.flushes, 10)})
	var oldest time.Time
	for tenant, m := range k.newest {
		cut := m.latest().Add(-k.s.Lateness)
		k.book.cuts[tenant] = cut
		if oldest.IsZero() || cut.Before(oldest) {
			oldest = cut
		}
	}
	k.book.prune()
	if oldest.IsZero() {
		return nil
	}
	for i, c := range hitClasses {
		if c.keep == detect.Forever {
			continue
		}
		before := oldest.Add(-c.keep)
		changes.Expired = append(changes.Expired, state.Expiry{Class: c.name, Before: before})
		k.stored = slices.DeleteFunc(k.stored, func(s storedSegment) bool { return s.class == i && s.last.Before(before) })
	}
	return nil
}

// recall gives hits again: those that wait to be stored, and stored ones.
func (k *keeper) recall(ctx context.Context, ranges []detect.Range, each func(event.Key, []byte) error) error {
	overlaps := func(first, last time.Time) bool {
		return slices.ContainsFunc(ranges, func(r detect.Range) bool { return r.From <= last.UnixNano() && first.UnixNano() <= r.To })
	}
	for _, writers := range [][]*segmentWriter{k.buffer.hits, k.flying} {
		for _, w := range writers {
			if w.n == 0 || !overlaps(w.first, w.last) {
				continue
			}
			if err := eachHit(w.body, each); err != nil {
				return err
			}
		}
	}
	for i, c := range hitClasses {
		if !slices.ContainsFunc(k.stored, func(s storedSegment) bool { return s.class == i && overlaps(s.first, s.last) }) {
			continue
		}
		since, until := time.Unix(0, ranges[0].From).UTC(), time.Unix(0, ranges[len(ranges)-1].To).UTC()
		for seg, err := range k.s.State.Segments(ctx, c.name, since, until) {
			if err != nil {
				return fmt.Errorf("recall hits: %w", err)
			}
			if !overlaps(seg.First, seg.Last) {
				continue
			}
			by, _, hits, err := k.dec.open(&seg)
			if err == nil {
				err = k.eachHit(by, hits, each)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// latest is the time of the last event of any log.
func (m *marks) latest() time.Time {
	var last time.Time
	for _, at := range m {
		last = newest(last, at)
	}
	return last
}

// flush begins to store what is buffered.
func (k *keeper) flush(ctx context.Context, now time.Time) error {
	b := k.buffer
	changes := &state.Changes{
		Alerts: b.facts, Quarantined: b.bad, QuarantineLimit: quarantineLimit, Tallies: k.owed.Tallies, Values: k.owed.Values,
	}
	k.owed = state.Changes{}
	for _, c := range b.cursors {
		changes.Cursors = append(changes.Cursors, c)
	}
	for _, h := range b.hours {
		changes.Hours = append(changes.Hours, *h)
	}
	record(changes, b.adopted, now)
	k.flushes++
	k.flying = nil
	for class, w := range b.hits {
		if w.n > 0 {
			changes.Segments = append(changes.Segments, w.segment(k.enc, class, k.flushes, k.s.fingerprint))
			k.flying = append(k.flying, w)
			k.stored = append(k.stored, storedSegment{class, w.first, w.last})
		}
	}
	changes.Values = append(changes.Values, state.Value{Name: valueFlush, Text: strconv.FormatUint(k.flushes, 10)})
	if now.Sub(k.forgotten) >= k.s.Forget {
		k.forgotten = now
		if err := k.forget(changes); err != nil {
			return err
		}
	}
	for i := range b.facts {
		f := &b.facts[i]
		f.Stored = now
		for sink := range k.s.Sinks {
			changes.Deliveries = append(changes.Deliveries, state.Delivery{Alert: f.ID, Revision: f.Revision, Sink: sink, Rank: alert.Rank(f.Severity), Next: now, Stored: now})
		}
	}
	if err := k.remembering(changes, now); err != nil {
		return err
	}
	k.s.health.count(&b, now)
	k.s.health.due(changes.Deliveries)
	k.buffer.reset()
	k.passed = b.stored
	done := make(chan error, 1)
	k.flushed = done
	go func() { done <- k.s.store(ctx, b.rows, changes) }()
	return nil
}

// quarantineLimit is how many bytes of records that could not be decoded are kept.
const quarantineLimit = 256 << 20

// end takes the result of a flush.
func (k *keeper) end(err error) error {
	k.flushed, k.flying = nil, nil
	if err != nil {
		return err
	}
	for _, stored := range k.passed {
		stored()
	}
	k.passed = nil
	for _, wake := range k.s.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// restore brings back what the last run knew.
func (k *keeper) restore(ctx context.Context) error {
	files, err := k.s.State.Files(ctx)
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if files, err = k.adopt(ctx, files); err != nil {
		return err
	}
	if _, err := k.s.Lake.Recover(ctx, files); err != nil {
		return err
	}
	damaged, err := k.s.Lake.Sizes(ctx, files)
	if err != nil {
		return err
	}
	k.s.damaged(damaged)
	k.s.manifest = newManifest(files)
	k.known = newKnown(k.s)
	now := time.Now()
	for _, f := range files {
		if kind, ok := event.KindByName(f.Kind); ok && !f.Last.IsZero() {
			k.see(&item{tenant: f.Tenant, kind: kind, at: f.Last}, now)
		}
	}
	if err := k.s.health.recall(ctx, k.s.State, now); err != nil {
		return err
	}
	if k.book, err = openBook(ctx, k.s, k.live); err != nil {
		return err
	}
	if err := k.bringBack(ctx); err != nil {
		return err
	}
	k.fresh = true
	if err := k.evaluate(now, everything); err != nil || k.buffer.adopted == nil {
		return err
	}
	// Upkeep must find in the state what it finds in the manifest.
	if err := k.flush(ctx, now); err != nil {
		return err
	}
	return k.end(<-k.flushed)
}

// number is a value of the state that counts something.
func (k *keeper) number(ctx context.Context, name string) (uint64, error) {
	text, err := k.s.State.Value(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("read the state: %w", err)
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the state: %w: value %s is %q", state.ErrCorrupt, name, text)
	}
	return n, nil
}
