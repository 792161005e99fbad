package decode

import "encoding/binary"

// A name stands for a key in comparisons: its first and last eight bytes and
// its length, which up to sixteen bytes is all of it.
type name struct {
	head, tail uint64
	size       int
}

func nameOf(key []byte) name {
	n := len(key)
	switch {
	case n >= 8:
		return name{binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:]), n}
	case n >= 4:
		return name{uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:])), n}
	case n > 0:
		return name{uint64(key[0]) | uint64(key[n/2])<<8, uint64(key[n-1]), n}
	}
	return name{}
}

// hash is the same for names that differ in case only. Its upper bits are the
// best.
func (k name) hash() uint64 {
	const lower = 0x2020202020202020
	return ((k.head|lower)*0x9e3779b97f4a7c15 ^ (k.tail | lower) + uint64(k.size)) * 0xff51afd7ed558ccd
}
