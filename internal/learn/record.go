package learn

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"iter"
	"strings"
)

// A Sorter takes records and gives them back in order; package spill has one.
type Sorter interface {
	Add(rec []byte) error
	Sorted() iter.Seq2[[]byte, error]
}

// longest is how long a value may be that is worth learning.
const longest = 256

// appendText writes a text with its length. What is too long to be normal is
// left out.
func appendText(dst []byte, s string) []byte {
	if len(s) > longest {
		s = ""
	}
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

var errDamaged = errors.New("learn: a sorted record is damaged")

// A reader takes a record apart.
type reader struct {
	rec []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rec) {
		r.bad = true
		return make([]byte, min(n, longest))
	}
	out := r.rec[:n]
	r.rec = r.rec[n:]
	return out
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

func (r *reader) text() string {
	n, used := binary.Uvarint(r.rec)
	if used <= 0 || n > longest {
		r.bad = true
		return ""
	}
	r.rec = r.rec[used:]
	return string(r.take(int(n)))
}

// member is a number for whoever is counted. A collision can only make fewer
// of two.
func member(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.ToLower(s)))
	return h.Sum64()
}
