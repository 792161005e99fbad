package spill

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"
)

// maxWidth is the longest record that is sorted by moving it about.
const maxWidth = 128

// chunk is a part of a sorter's memory. Records of one length lie in data one
// after the other and are sorted in place. Those of varied lengths have theirs
// in front as a varint, as on disk, and are sorted by way of a scratch. Neither
// needs more memory per record than that varint.
type chunk struct {
	data   []byte
	width  int // of every record; 0 if lengths vary
	n      int // records
	sorted bool
}

// takes reports whether the chunk has the right form for a record of n bytes
// and stays within limit with it.
func (c *chunk) takes(n, limit int) bool {
	if c.width > 0 {
		return n == c.width && len(c.data)+n <= limit
	}
	return len(c.data)+n+binary.MaxVarintLen32 <= limit && c.n < limit/entrySize
}

func (c *chunk) add(rec []byte, limit int) {
	if c.width > 0 {
		c.grow(len(rec), limit)
	} else {
		c.grow(len(rec)+binary.MaxVarintLen32, limit)
		c.data = binary.AppendUvarint(c.data, uint64(len(rec)))
	}
	c.data = append(c.data, rec...)
	c.n++
	c.sorted = false
}

// grow makes room for n bytes more, four times as much up to limit: memory that
// is given up is wasted until it is collected.
func (c *chunk) grow(n, limit int) {
	if need := len(c.data) + n; need > cap(c.data) {
		data := make([]byte, len(c.data), max(need, min(max(4*cap(c.data), 1024), limit)))
		copy(data, c.data)
		c.data = data
	}
}

func (c *chunk) sort(tmp *scratch) {
	switch {
	case c.sorted || c.n < 2:
	case c.width > 0:
		sortFixed(c.data, c.width, 0)
	default:
		tmp.sort(c)
	}
	c.sorted = true
}

// scratch is what a sorter needs to sort chunks of varied lengths, one at a time.
type scratch struct {
	index []entry
	spare []byte
}

// entry is one record of a chunk.
type entry struct {
	word     uint64 // eight bytes of the record, while sorting
	off, len uint32
}

const entrySize = 16 // bytes

func (t *scratch) size() int { return cap(t.spare) + cap(t.index)*entrySize }

func (t *scratch) sort(c *chunk) {
	if cap(t.index) < c.n {
		t.index = make([]entry, 0, max(c.n, cap(c.data)/4/entrySize))
	}
	t.index = t.index[:0]
	for off := 0; off < len(c.data); {
		n, h := binary.Uvarint(c.data[off:])
		off += h
		t.index = append(t.index, entry{off: uint32(off), len: uint32(n)})
		off += int(n)
	}
	sortIndex(c.data, t.index, 0)
	if cap(t.spare) < len(c.data) {
		t.spare = make([]byte, 0, cap(c.data))
	}
	out := t.spare[:0]
	for _, e := range t.index {
		out = binary.AppendUvarint(out, uint64(e.len))
		out = append(out, c.data[e.off:][:e.len]...)
	}
	c.data, t.spare = out, c.data
}

// sortFixed sorts the records of w bytes that make up a and agree in their
// first d bytes: an American flag sort, byte after byte, which needs no memory.
func sortFixed(a []byte, w, d int) {
	const few = 24
	for len(a) > few*w && d < w {
		var next, end [256]int32 // per value of byte d: its records, as offsets
		for i := d; i < len(a); i += w {
			end[a[i]] += int32(w)
		}
		if int(end[a[d]]) == len(a) {
			d = agree(a, w, d+1)
			continue
		}
		var sum int32
		for b := range end {
			next[b] = sum
			sum += end[b]
			end[b] = sum
		}
		for b := range end {
			for next[b] < end[b] {
				rec := a[next[b]:][:w]
				v := rec[d]
				if int(v) != b {
					swap(rec, a[next[v]:][:w])
				}
				next[v] += int32(w)
			}
		}
		start := int32(0)
		for b := range end {
			if int(end[b]-start) > w {
				sortFixed(a[start:end[b]], w, d+1)
			}
			start = end[b]
		}
		return
	}
	if d < w {
		insertionSort(a, w, d)
	}
}

// agree returns how many leading bytes all records have in common, given that
// they have the first d.
func agree(a []byte, w, d int) int {
	n := w
	for i := w; i < len(a); i += w {
		rec := a[i:][:w]
		for j := d; j < n; j++ {
			if rec[j] != a[j] {
				n = j
			}
		}
	}
	return n
}

func insertionSort(a []byte, w, d int) {
	var tmp [maxWidth]byte
	for i := w; i < len(a); i += w {
		key := a[i+d : i+w]
		j := i
		for j > 0 && bytes.Compare(a[j-w+d:j], key) > 0 {
			j -= w
		}
		if j < i {
			n := copy(tmp[:], a[i:i+w])
			copy(a[j+w:i+w], a[j:i])
			copy(a[j:], tmp[:n])
		}
	}
}

// swap exchanges two records of the same length.
func swap(x, y []byte) {
	for len(x) >= 8 && len(y) >= 8 {
		p, q := binary.NativeEndian.Uint64(x), binary.NativeEndian.Uint64(y)
		binary.NativeEndian.PutUint64(x, q)
		binary.NativeEndian.PutUint64(y, p)
		x, y = x[8:], y[8:]
	}
	for i := range min(len(x), len(y)) {
		x[i], y[i] = y[i], x[i]
	}
}

// sortIndex sorts records of data that agree in their first d bytes, by the
// eight bytes that follow and, where those are equal, by the eight after them.
// The bytes are copied into the index first, so that most comparisons look at
// nothing else.
func sortIndex(data []byte, index []entry, d int) {
	if len(index) < 8 || d >= 64 {
		slices.SortFunc(index, func(a, b entry) int {
			return bytes.Compare(data[a.off:][d:a.len], data[b.off:][d:b.len])
		})
		return
	}
	for i := range index {
		e := &index[i]
		e.word = word(data[e.off:][d:e.len])
	}
	slices.SortFunc(index, func(a, b entry) int {
		if a.word != b.word {
			return cmp.Compare(a.word, b.word)
		}
		// A record that ends here precedes those that go on, because what
		// word took for its zero bytes are theirs.
		return cmp.Compare(min(int(a.len), d+9), min(int(b.len), d+9))
	})
	for start := 0; start < len(index); {
		first := index[start]
		end := start + 1
		for end < len(index) && index[end].word == first.word {
			end++
		}
		for start < end && int(index[start].len) <= d+8 {
			start++
		}
		if end-start > 1 {
			sortIndex(data, index[start:end], d+8)
		}
		start = end
	}
}

// word returns the first eight bytes of b as a number that compares like them.
// Bytes that b lacks count as zero.
func word(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var full [8]byte
	copy(full[:], b)
	return binary.BigEndian.Uint64(full[:])
}

// chunkCursor reads a sorted chunk.
type chunkCursor struct {
	data  []byte // what is still to come
	width int
}

func (c *chunkCursor) next() ([]byte, error) {
	if len(c.data) == 0 {
		return nil, io.EOF
	}
	n := c.width
	if n == 0 {
		v, h := binary.Uvarint(c.data)
		n, c.data = int(v), c.data[h:]
	}
	rec := c.data[:n:n]
	c.data = c.data[n:]
	return rec, nil
}
