package detect

import "slices"

// A bitmap is a set of hashes in which two that share a bit are one. Few bits,
// which stay in a processor's cache, answer for nearly all hashes that are not
// in it; many bits for the others.
type bitmap struct{ few, many []uint64 }

const fewBits = 1 << 17

// newBitmap returns a bitmap of so many bits, a power of two.
func newBitmap(many int) bitmap {
	return bitmap{make([]uint64, fewBits/64), make([]uint64, many/64)}
}

func (b *bitmap) made() bool { return b.few != nil }

func (b *bitmap) empty() bool {
	return !slices.ContainsFunc(b.few, func(w uint64) bool { return w != 0 })
}

func (b *bitmap) set(h uint32) {
	few, many := h%fewBits, h&uint32(len(b.many)*64-1)
	b.few[few/64] |= 1 << (few % 64)
	b.many[many/64] |= 1 << (many % 64)
}

func (b *bitmap) has(h uint32) bool {
	few, many := h%fewBits, h&uint32(len(b.many)*64-1)
	return b.few[few/64]&(1<<(few%64)) != 0 && b.many[many/64]&(1<<(many%64)) != 0
}

func (b *bitmap) merge(o bitmap) {
	for i, w := range o.few {
		b.few[i] |= w
	}
	for i, w := range o.many {
		b.many[i] |= w
	}
}

// A glance is the few bits of several bitmaps in one: a hash that is not in it is
// in none of them.
type glance [fewBits / 64]uint64

func (g *glance) add(b *bitmap) {
	for i, w := range b.few {
		g[i] |= w
	}
}

func (g *glance) has(h uint32) bool {
	few := h % fewBits
	return g[few/64]&(1<<(few%64)) != 0
}
