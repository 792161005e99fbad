package detect

import (
	"hash/maphash"
	"math"
	"math/bits"
	"strings"

	"github.com/entrawatch/entrawatch/internal/ascii"
	"github.com/entrawatch/entrawatch/internal/event"
)

// Filters remember, while events are read in any order, enough to leave out
// later what cannot matter: outcomes of sign-ins that nothing interrupted,
// places of people who were never far from where they were before, and events
// of a correlation that lack a counterpart in their group. They may let too
// much pass, never too little. A Matcher fills its own; those of all
// are joined by Merge before a Correlator uses them.
type Filters struct {
	interrupts bitmap // by hash of the sign-in
	boxes      boxes  // by hash of the group
	// groups are by hash of the group, for each input of a correlation without
	// which another input does not matter.
	groups []bitmap
	// counted says how many events, or different values, there are of a group
	// within a stretch of time as long as the correlation's span, by hash of all
	// of these, up to maxCounted. A window lies in one stretch or in two that
	// adjoin. They are made when the first is counted, and few at first, which
	// stay in a processor's cache.
	counted []uint8
	// values are those last counted, with rule, group and stretch, by hash: where
	// different values count, one that comes again does not. One that was
	// forgotten counts twice.
	values []uint64
	adds   int // to counted
}

const (
	interruptBits = 1 << 22
	groupBits     = 1 << 20
	maxCounted    = math.MaxUint8
	// As binary logarithms: of counted and values at first, and of what they grow
	// to once that many were added.
	fewCounted, manyCounted = 19, 23
	fewValues, manyValues   = 15, 18
	enoughAdds              = 1 << fewCounted / 4
)

// newFilters returns the filters that some rules need.
func (e *Engine) newFilters() *Filters {
	f := &Filters{groups: make([]bitmap, e.marks)}
	for i := range f.groups {
		f.groups[i] = newBitmap(groupBits)
	}
	for i := range e.signals {
		if e.signals[i].logons && !f.interrupts.made() {
			f.interrupts = newBitmap(interruptBits)
		}
	}
	return f
}

// Merge adds what another matcher's filters know.
func (f *Filters) Merge(o *Filters) {
	f.interrupts.merge(o.interrupts)
	for i := range o.groups {
		f.groups[i].merge(o.groups[i])
	}
	if f.counted == nil {
		f.counted, f.values, f.adds, o.counted = o.counted, o.values, o.adds, nil
	}
	if o.counted != nil && len(o.counted) != len(f.counted) {
		for _, few := range []*Filters{f, o} {
			if len(few.counted) < 1<<manyCounted {
				few.grow()
			}
		}
	}
	for i, n := range o.counted {
		f.counted[i] = uint8(min(int(f.counted[i])+int(n), maxCounted))
	}
	f.boxes.merge(&o.boxes)
}

// interrupt notes the hash of a sign-in.
func (f *Filters) interrupt(h uint32) {
	if f != nil {
		f.interrupts.set(h)
	}
}

// interrupted reports whether a sign-in may have been interrupted.
func (f *Filters) interrupted(h uint32) bool {
	return f == nil || !f.interrupts.made() || f.interrupts.has(h)
}

// A hasher makes the hashes by which filters know groups and sign-ins. Those of
// one engine agree.
type hasher struct {
	seed maphash.Seed
	// The tenant of the event before, which most have.
	name    string
	hash    uint64
	encoded []byte // as appendText writes it
}

func (h *hasher) tenant(name string) uint64 {
	if name != h.name || h.hash == 0 {
		h.name, h.hash = strings.Clone(name), maphash.String(h.seed, name)
		h.encoded = appendText(h.encoded[:0], name)
	}
	return h.hash
}

// part is the hash of a value, in which case does not count.
func (h *hasher) part(value string) uint64 { return maphash.String(h.seed, ascii.ToLower(value)) }

// raw is the hash of a value in which case counts.
func (h *hasher) raw(value string) uint64 { return maphash.String(h.seed, value) }

// mix adds the hash of a part to that of what stands before it.
func mix(h, part uint64) uint64 {
	return (bits.RotateLeft64(h, 25) ^ part) * 0x9e3779b97f4a7c15
}

// short is the part of a hash that filters use.
func short(h uint64) uint32 { return uint32(h >> 32) }

// group is the hash of a group, given as the tuple of its values.
func (h *hasher) group(tenant, group string) uint32 {
	sum := h.tenant(tenant)
	for value := ""; group != ""; {
		value, group, _ = nextPart(group)
		sum = mix(sum, h.part(value))
	}
	return short(sum)
}

// logon is the hash of a sign-in in a tenant. Different sign-ins seldom have
// the same correlation id.
func (h *hasher) logon(tenant uint64, correlation string) uint32 {
	return logonHash(tenant, h.part(correlation))
}

func logonHash(tenant, correlation uint64) uint32 { return short(mix(tenant, correlation)) }

// note notes the groups of an event. tuples are the encoded tuples of a slot.
func (f *Filters) note(hashes *hasher, ev *event.Event, ts *tenantSets, tuples []byte, s *slotFields) {
	if f == nil || len(s.notes) == 0 {
		return
	}
	at, timed := nanos(ev.Time)
	d := signalReader{b: tuples}
	for len(d.b) > 0 && !d.bad {
		n := d.uvarint() >> 1 // a tuple is never a GUID
		if n > uint64(len(d.b)) {
			return
		}
		t := borrowed(d.take(int(n)))
		for _, n := range s.notes {
			end, complete := splitTuple(t, n.groups)
			if !complete {
				continue
			}
			h := hashes.group(ev.Tenant, t[:end])
			value := uint64(0)
			if n.values {
				value = hashes.raw(t[end:])
			}
			f.see(&n, ts, h, value, at, timed)
			if n.travels {
				f.boxes.visit(h, boxOf(placeOf(t[end:])))
			}
		}
	}
}

// see notes an event of a group, given by its hash. value is the hash of what
// counts only once.
func (f *Filters) see(n *groupNote, ts *tenantSets, h uint32, value uint64, at int64, timed bool) {
	if n.mark >= 0 {
		f.mark(n.mark, h)
	}
	if n.counts >= 0 && timed {
		f.count(n, ts.patterns[n.counts], h, value, at)
	}
}

func (f *Filters) mark(m int, h uint32) { f.groups[m].set(h) }

// count counts an event of a group of a correlation, or a value of it.
func (f *Filters) count(n *groupNote, p *Pattern, h uint32, value uint64, at int64) {
	if p == nil || p.least < 2 {
		return
	}
	if f.counted == nil {
		f.counted, f.values = make([]uint8, 1<<fewCounted), make([]uint64, 1<<fewValues)
	}
	bucket := bucketOf(p, at)
	if !n.values {
		f.add(n.counts, h, bucket)
		return
	}
	// A value may come in two stretches that adjoin, and is one there too: so
	// each pair of them counts by itself, under the number of the former.
	for _, pair := range [2]int64{bucket - 1, bucket} {
		v := mix(mix(mix(value, uint64(h)), uint64(n.counts)), uint64(pair))
		if last := &f.values[v&uint64(len(f.values)-1)]; *last != v {
			*last = v
			f.add(n.counts, h, pair)
		}
	}
}

func (f *Filters) add(rule int, h uint32, bucket int64) {
	if f.adds++; f.adds >= enoughAdds && len(f.counted) < 1<<manyCounted {
		f.grow()
	}
	if n := f.at(rule, h, bucket); *n < maxCounted {
		*n++
	}
}

// at is the counter of a stretch of a group.
func (f *Filters) at(rule int, h uint32, bucket int64) *uint8 {
	return &f.counted[mix(mix(uint64(h), uint64(rule)), uint64(bucket))&uint64(len(f.counted)-1)]
}

// grow makes room for many. What a counter has counted may belong to any of those
// that come of it.
func (f *Filters) grow() {
	few := f.counted
	f.counted = make([]uint8, 1<<manyCounted)
	for i := 0; i < len(f.counted); i += len(few) {
		copy(f.counted[i:], few)
	}
	last := f.values
	f.values = make([]uint64, 1<<manyValues)
	for _, v := range last {
		f.values[v&uint64(len(f.values)-1)] = v
	}
}

// mayReach reports whether some window around an event may have as many events
// of its group, or different values, as the correlation wants at least.
func (f *Filters) mayReach(rule int, p *Pattern, h uint32, at int64) bool {
	if p.least < 2 {
		return true
	}
	if f.counted == nil {
		return false
	}
	n := bucketOf(p, at)
	near := func(n int64) int { return int(*f.at(rule, h, n)) }
	here := near(n)
	switch {
	case p.Type == "value_count":
		return here >= p.least || near(n-1) >= p.least
	case p.Span <= 0:
		return here >= p.least
	}
	return here+near(n-1) >= p.least || here+near(n+1) >= p.least
}

// bucketOf is the number of the stretch of time in which an event lies.
func bucketOf(p *Pattern, at int64) int64 {
	if p.Span <= 0 {
		return 0
	}
	n := at / int64(p.Span)
	if at%int64(p.Span) < 0 {
		n-- // division rounds towards 1970
	}
	return n
}

// marked reports whether a group may have been marked.
func (f *Filters) marked(m int, h uint32) bool { return f.groups[m].has(h) }
