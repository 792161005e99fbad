package sigma

// Values repeat: nearly all records have one of few countries, clients or
// protocols. A Matcher remembers what looking at a value of a field marked, there
// and in those that depend on it (Ref.Of), and does not look again.

// memory holds what is known of the values of one field. Two values with one
// place displace each other, so that it never grows.
type memory struct {
	last    *remembered  // which most often is asked for again
	places  []remembered // made when the first is needed
	missing remembered   // of no value at all
}

// memoryPlaces is how many values of a field are remembered at most.
const memoryPlaces = 128

// remembered is a value, or that there is none, and the predicates that it marks.
type remembered struct {
	known int // 0 if nothing is, 1 if it is of no value, 2 of one
	kind  ValueKind
	text  []byte
	marks []uint32
}

// longest is the length up to which texts are remembered.
const longest = 256

// place returns where a value, or none, is remembered; nil if it is too long.
func (mem *memory) place(v FieldValue, n int) *remembered {
	switch {
	case n == 0:
		return &mem.missing
	case len(v.Text) <= longest:
		if mem.places == nil {
			mem.places = make([]remembered, memoryPlaces)
		}
		return &mem.places[placeOf(v.Text)%memoryPlaces]
	}
	return nil
}

// placeOf takes the length and characters from all over the text.
func placeOf(text string) uint64 {
	n := len(text)
	h := uint64(n)
	if n >= 8 {
		h ^= mix(word(text, 0)^word(text, n-8)<<1, 0x9E3779B97F4A7C15) ^ mix(word(text, (n-8)/2)^word(text, (n-8)/4*3)<<1, 0xD6E8FEB86659FD93)
		return h ^ h>>32
	}
	if n > 0 {
		h ^= mix(uint64(text[0])|uint64(text[n/4])<<16|uint64(text[n/2])<<32|uint64(text[n-1])<<48, 0x9E3779B97F4A7C15)
	}
	return h
}

func (r *remembered) is(v FieldValue, n int) bool {
	return r.known == n+1 && (n == 0 || r.kind == v.Kind && string(r.text) == v.Text)
}

// recall looks at the one value of a field, or at none, and at the fields that
// depend on it, or marks what it knows to come of that.
func (m *Matcher) recall(h *hotField, mem *memory, v FieldValue, n int) {
	r := mem.last
	if r == nil || !r.is(v, n) {
		r = mem.place(v, n)
		mem.last = r
		if r == nil || !r.is(v, n) {
			m.learn(h, r, v, n)
			return
		}
	}
	for _, p := range r.marks {
		m.mark(p)
	}
}

// learn does so for what is not known, and remembers it in r, if that is not nil.
func (m *Matcher) learn(h *hotField, r *remembered, v FieldValue, n int) {
	m.learning, m.learned = r != nil, m.learned[:0]
	if n > 0 {
		m.lookValue(&m.set.fields[h.field], h.level, v)
	}
	m.follow(h)
	m.learning = false
	if r != nil {
		*r = remembered{known: n + 1, kind: v.Kind, text: append(r.text[:0], v.Text...), marks: append(r.marks[:0], m.learned...)}
	}
}
