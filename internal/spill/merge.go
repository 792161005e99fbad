package spill

import (
	"bytes"
	"io"
	"iter"
	"math"
)

// cursor reads records in ascending order. A record is valid until the next
// call; after the last one comes io.EOF.
type cursor interface {
	next() ([]byte, error)
}

// Iterate yields the records of several sorters in ascending order, as if all
// had been added to one. See [Sorter.Sorted].
func Iterate(sorters ...*Sorter) iter.Seq2[[]byte, error] { return over(sorters, merge) }

// All yields the records of several sorters in no particular order, which is
// faster. What else is said of [Sorter.Sorted] holds.
func All(sorters ...*Sorter) iter.Seq2[[]byte, error] { return over(sorters, chain) }

func over(sorters []*Sorter, in func([]cursor) iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		from, err := cursors(sorters)
		if err != nil {
			yield(nil, err)
			return
		}
		in(from)(yield)
	}
}

// chain yields the records of one cursor after the other.
func chain(in []cursor) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, c := range in {
			for {
				rec, err := c.next()
				if err == io.EOF {
					break
				}
				if !yield(rec, err) || err != nil {
					return
				}
			}
		}
	}
}

// cursors returns what reads the records of several sorters.
func cursors(sorters []*Sorter) ([]cursor, error) {
	var in []cursor
	for _, s := range sorters {
		if s.err == nil {
			s.err = s.reduce(max(s.width()/len(sorters), 1))
		}
		if s.err != nil {
			return nil, s.err
		}
		for _, c := range s.full {
			in = append(in, &chunkCursor{c.data, c.width})
		}
		if s.cur != nil {
			s.cur.sort(&s.tmp)
			in = append(in, &chunkCursor{s.cur.data, s.cur.width})
		}
		for _, l := range s.levels {
			in = s.open(in, l)
		}
	}
	return in, nil
}

// merge yields the records of all cursors in ascending order. It is a loser
// tree: the head of each cursor is a leaf, an inner node holds the one that lost
// there, and a new head meets only those on its way to the root.
func merge(in []cursor) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		k := len(in)
		if k == 0 {
			return
		}
		heads := make([]head, k)
		for i := range heads {
			heads[i].from = in[i]
			if err := heads[i].advance(); err != nil {
				yield(nil, err)
				return
			}
		}
		losers := make([]int, k)
		winner := build(heads, losers, 1)
		for !heads[winner].done {
			if !yield(heads[winner].rec, nil) {
				return
			}
			if err := heads[winner].advance(); err != nil {
				yield(nil, err)
				return
			}
			for n := (winner + k) / 2; n > 0; n /= 2 {
				if heads[losers[n]].before(&heads[winner]) {
					losers[n], winner = winner, losers[n]
				}
			}
		}
	}
}

// build fills the tree below node n and returns the winner there. The children
// of n are 2n and 2n+1; node len(heads)+i is head i.
func build(heads []head, losers []int, n int) int {
	if n >= len(heads) {
		return n - len(heads)
	}
	a, b := build(heads, losers, 2*n), build(heads, losers, 2*n+1)
	if heads[b].before(&heads[a]) {
		a, b = b, a
	}
	losers[n] = b
	return a
}

// head is the record at which a cursor stands.
type head struct {
	word uint64 // the first bytes of rec
	rec  []byte
	from cursor
	done bool
}

func (h *head) advance() error {
	rec, err := h.from.next()
	if err == io.EOF {
		h.rec, h.word, h.done = nil, math.MaxUint64, true
		return nil
	}
	h.rec, h.word = rec, word(rec)
	return err
}

func (h *head) before(o *head) bool {
	if h.word != o.word {
		return h.word < o.word
	}
	if h.done || o.done {
		return !h.done
	}
	return bytes.Compare(h.rec, o.rec) < 0
}
