package sigma

// Values repeat: nearly all records have one of few countries, clients or
// protocols. For a field in whose texts something is searched, and for one on
// which others depend (Ref.Of), a Matcher remembers what looking at a value
// marked, there and in the dependent fields, and does not look again.

// memory holds what is known of the values of one field. Two values with one
// place displace each other, so that it never grows.
type memory struct {
	places  [128]remembered
	missing remembered // of no value at all
}

// remembered is a value and the predicates that it marks.
type remembered struct {
	known bool
	kind  ValueKind
	text  []byte
	marks []uint32
}

// longest is the length up to which texts are remembered.
const longest = 256

// place returns where values are remembered, nil if they are not: several values
// are rare and come in too many combinations.
func (mem *memory) place(values []FieldValue) *remembered {
	switch len(values) {
	case 0:
		return &mem.missing
	case 1:
		if text := values[0].Text; len(text) <= longest {
			return &mem.places[placeOf(text)%uint64(len(mem.places))]
		}
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
	for i := range n {
		h = h*31 + uint64(text[i])
	}
	return h
}

func (r *remembered) is(values []FieldValue) bool {
	return r.known && (len(values) == 0 || r.kind == values[0].Kind && string(r.text) == values[0].Text)
}

// recall looks at a field and at those that depend on it, or marks what it knows
// to come of that. Nothing of them has been looked at in this record.
func (m *Matcher) recall(h *hotField, mem *memory) {
	st := &m.fields[h.field]
	m.fetch(&m.set.fields[h.field], st)
	values := m.values[st.start:st.end]
	r := mem.place(values)
	if r != nil && r.is(values) {
		for _, p := range r.marks {
			m.mark(p)
		}
		st.level |= h.level
		return
	}
	m.learning, m.learned = r != nil, m.learned[:0]
	m.look(h.field, h.level)
	for _, d := range h.dependent {
		m.look(d.field, d.level)
	}
	m.learning = false
	if r == nil {
		return
	}
	*r = remembered{known: true, text: r.text[:0], marks: append(r.marks[:0], m.learned...)}
	if len(values) == 1 {
		r.kind, r.text = values[0].Kind, append(r.text, values[0].Text...)
	}
}
