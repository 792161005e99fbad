package sigma

import (
	"math"
	"math/bits"
	"slices"
)

// Matcher matches records against a Set. It is for one goroutine at a time.
type Matcher struct {
	set *Set
	rec Record
	gen uint32 // number of the record; stamps of other numbers are out of date

	values []FieldValue
	fields []fieldState
	marks  []uint32 // of a predicate: gen if it was marked
	memo   []uint32 // of a predicate: gen<<1 | answer
	cand   []uint64 // formulas to evaluate, a bit each
	out    []int

	memory   []memory
	learning bool     // learned gathers what is marked
	learned  []uint32 //

	buf, number, other []byte // scratch for folded texts and canonical numbers
}

// fieldState is what is known of a field of the current record.
type fieldState struct {
	gen        uint32
	level      level
	gathered   bool  // its values stand in Matcher.values
	start, end int32 // there
}

// NewMatcher returns a Matcher for the set.
func (s *Set) NewMatcher() *Matcher {
	return &Matcher{
		set:    s,
		fields: make([]fieldState, len(s.fields)),
		marks:  make([]uint32, len(s.preds)),
		memo:   make([]uint32, len(s.preds)),
		cand:   make([]uint64, len(s.always)),
		memory: make([]memory, s.memories),
	}
}

// Match returns, sorted, the indexes in Set.Rules of the rules that match. The
// result is valid until the next call.
func (m *Matcher) Match(rec Record) []int {
	m.next(rec)
	for i := range m.set.hot {
		m.heed(&m.set.hot[i])
	}
	return m.conclude()
}

// heed looks at a field that every record is looked at for. Nothing of it, and of
// those that depend on it, has been looked at in this record.
func (m *Matcher) heed(h *hotField) {
	if h.texts {
		m.look(h.field, h.level)
		return
	}
	v, n := m.rec.First(h.id)
	if n > 1 {
		m.fields[h.field] = fieldState{gen: m.gen}
		m.look(h.field, h.level)
		m.follow(h)
		return
	}
	if h.presence {
		m.present(&m.set.fields[h.field], n > 0 && v.Kind != Null, n == 0 || v.Kind == Null, n > 0)
	}
	if h.plain && (n == 0 || h.exact == nil || v.Kind == String && !mayHave(h.exact, v.Text)) {
		return // as for most fields of most records
	}
	m.recall(h, &m.memory[h.memory], v, n)
}

// follow looks at the fields that depend on one.
func (m *Matcher) follow(h *hotField) {
	for _, d := range h.dependent {
		m.look(d.field, d.level)
	}
}

// conclude evaluates what waits to be.
func (m *Matcher) conclude() []int {
	s := m.set
	m.out = m.out[:0]
	for w, word := range m.cand {
		for ; word != 0; word &= word - 1 {
			if f := w*64 + bits.TrailingZeros64(word); m.run(s.entry[f]) {
				m.out = append(m.out, s.formulas[f]...)
			}
		}
	}
	if s.repeated {
		slices.Sort(m.out)
	}
	m.rec = nil
	return m.out
}

// Matchers match several records at a time, which is faster than one after the
// other: they are looked at field by field. They are for one goroutine at a time.
type Matchers struct {
	each []*Matcher
	out  [][]int
}

// NewMatchers returns Matchers for up to n records at a time.
func (s *Set) NewMatchers(n int) *Matchers {
	ms := &Matchers{}
	for range n {
		m := s.NewMatcher()
		if len(ms.each) > 0 {
			m.memory = ms.each[0].memory // what values mark is the same for all
		}
		ms.each = append(ms.each, m)
	}
	return ms
}

// Match returns for each record what Matcher.Match does. There must not be more of
// them than NewMatchers was told.
func (ms *Matchers) Match(recs []Record) [][]int {
	ms.out = ms.out[:0]
	if len(recs) == 0 {
		return ms.out
	}
	each := ms.each[:len(recs)]
	for i, m := range each {
		m.next(recs[i])
	}
	hot := each[0].set.hot
	for i := range hot {
		for _, m := range each {
			m.heed(&hot[i])
		}
	}
	for _, m := range each {
		ms.out = append(ms.out, m.conclude())
	}
	return ms.out
}

// next forgets the record before; it wakes what has no anchors.
func (m *Matcher) next(rec Record) {
	m.rec = rec
	copy(m.cand, m.set.always)
	m.values = m.values[:0]
	if m.gen++; m.gen > math.MaxUint32>>1 {
		clear(m.fields)
		clear(m.marks)
		clear(m.memo)
		m.gen = 1
	}
}

func (m *Matcher) run(pc int32) bool {
	for pc >= 0 {
		in := &m.set.code[pc]
		if m.holds(in.pred) {
			pc = in.yes
		} else {
			pc = in.no
		}
	}
	return pc == accepted
}

// holds answers a predicate.
func (m *Matcher) holds(id uint32) bool {
	p := &m.set.preds[id]
	if m.state(p.slot).level&p.level != p.level {
		m.look(p.slot, p.level)
	}
	if p.kind == marked || p.gated && m.marks[id] != m.gen {
		return m.marks[id] == m.gen
	}
	if memo := m.memo[id]; memo>>1 == m.gen {
		return memo&1 != 0
	}
	ok := m.answer(p)
	m.memo[id] = m.gen << 1
	if ok {
		m.memo[id] |= 1
	}
	return ok
}

// state returns what is known of a field of the current record.
func (m *Matcher) state(slot uint32) *fieldState {
	st := &m.fields[slot]
	if st.gen != m.gen {
		*st = fieldState{gen: m.gen, level: m.set.fields[slot].heeded}
	}
	return st
}

// mark notes that a predicate holds, or may hold if it is gated, and wakes what
// waits for it.
func (m *Matcher) mark(id uint32) {
	if m.marks[id] == m.gen {
		return
	}
	m.marks[id] = m.gen
	if m.learning {
		m.learned = append(m.learned, id)
	}
	for _, r := range m.set.awake[id] {
		m.cand[r/64] |= 1 << (r % 64)
	}
}

// look takes the values of a field to the level asked for.
func (m *Matcher) look(slot uint32, want level) {
	st := m.state(slot)
	values := m.valuesOf(slot)
	todo := want &^ st.level
	st.level |= want
	if todo == 0 {
		return
	}
	f := &m.set.fields[slot]
	for _, v := range values {
		m.lookValue(f, todo, v)
	}
}

// lookValue marks what one value of a field says, in all its spellings.
func (m *Matcher) lookValue(f *field, todo level, v FieldValue) {
	if v.Kind == Null {
		return
	}
	lookText(m, f, todo, v.Text)
	if v.Kind == Number && !plainInteger(v.Text) {
		if canonical, ok := m.canonical(v.Text); ok {
			lookText(m, f, todo, canonical)
		}
	}
}

// canonical returns the canonical spelling of a number if it is not s.
func (m *Matcher) canonical(s string) ([]byte, bool) {
	var ok bool
	m.number, ok = appendCanonical(m.number[:0], s)
	return m.number, ok && string(m.number) != s
}

func lookText[T byteseq](m *Matcher, f *field, todo level, text T) {
	if todo&hashed != 0 && f.exact != nil && mayHave(f.exact, text) {
		findExact(m, f.exact, text)
	}
	if todo&scanned == 0 {
		return
	}
	if f.anywhere != nil {
		findAnywhere(m, f.anywhere, text)
	}
	if f.start != nil {
		findAtStart(m, f.start, text)
	}
	if f.end != nil {
		findAtEnd(m, f.end, text)
	}
}

// valuesOf returns the values of a field. Where they have not been looked at, it
// marks whether there are any.
func (m *Matcher) valuesOf(slot uint32) []FieldValue {
	f, st := &m.set.fields[slot], m.state(slot)
	if st.gathered {
		return m.values[st.start:st.end]
	}
	start := int32(len(m.values))
	if f.texts {
		for i := 0; ; i++ {
			text, ok := m.rec.Text(i)
			if !ok {
				break
			}
			m.values = append(m.values, FieldValue{String, text})
		}
	} else {
		m.values = m.rec.Append(m.values, f.id)
	}
	values := m.values[start:]
	if st.level&fetched == 0 {
		st.level |= fetched
		isNull, notNull := len(values) == 0, false
		for _, v := range values {
			isNull, notNull = isNull || v.Kind == Null, notNull || v.Kind != Null
		}
		m.present(f, notNull, isNull, len(values) > 0)
	}
	st.gathered, st.start, st.end = true, start, int32(len(m.values))
	return values
}

// present marks the presence of a field: whether it exists, has a value that is
// not null, and has one that is null or none.
func (m *Matcher) present(f *field, notNull, isNull, exists bool) {
	if f.exists >= 0 && exists {
		m.mark(uint32(f.exists))
	}
	if f.any >= 0 && notNull {
		m.mark(uint32(f.any))
	}
	if f.null >= 0 && isNull {
		m.mark(uint32(f.null))
	}
}
