package detect

// A bitmap is a set of hashes in which two that share a bit are one. Few bits,
// which stay in a processor's cache, answer for nearly all hashes that are not
// in it; many bits for the others.
type bitmap struct {
	few  *glance
	many []uint64
}

// newBitmap returns a bitmap of so many bits, a power of two.
func newBitmap(many int) bitmap { return bitmap{new(glance), make([]uint64, many/64)} }

func (b *bitmap) made() bool { return b.few != nil }

func (b *bitmap) set(h uint32) {
	b.few.set(h)
	many := h & uint32(len(b.many)*64-1)
	b.many[many/64] |= 1 << (many % 64)
}

func (b *bitmap) has(h uint32) bool {
	many := h & uint32(len(b.many)*64-1)
	return b.few.has(h) && b.many[many/64]&(1<<(many%64)) != 0
}

func (b *bitmap) merge(o bitmap) {
	if !o.made() {
		return
	}
	b.few.merge(o.few)
	for i, w := range o.many {
		b.many[i] |= w
	}
}

const fewBits = 1 << 17

// A glance is the few bits of a bitmap, or of several in one: a hash that is not
// in it is in none of them.
type glance [fewBits / 64]uint64

func (g *glance) empty() bool { return *g == glance{} }

func (g *glance) set(h uint32) {
	few := h % fewBits
	g[few/64] |= 1 << (few % 64)
}

func (g *glance) has(h uint32) bool {
	few := h % fewBits
	return g[few/64]&(1<<(few%64)) != 0
}

func (g *glance) merge(o *glance) {
	for i, w := range o {
		g[i] |= w
	}
}
