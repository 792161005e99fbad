package detect

import (
	"math"
	"slices"
	"sort"
	"strconv"
)

// numbers holds the numbers in the window in ascending order: sums run over
// them in that order, so that rounding does not depend on arrival.
type numbers struct {
	p      *Pattern
	queue  []number // oldest first
	sorted ascending
	// whole is the sum of the whole numbers and size that of their absolute
	// values. As long as there are no others and size stays within what floating
	// point counts one by one, no order rounds and whole is the sum.
	whole, size int64
	others      int // values that are no whole numbers, or are too large
}

type number struct {
	at int64
	f  float64
}

const (
	maxWhole = 1 << 40
	maxSafe  = 1 << 22 // so many of those add without overflow
)

func numberOf(v string) (float64, bool) {
	f, err := strconv.ParseFloat(v, 64)
	return f + 0, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) // + 0: -0 is 0
}

func (c *numbers) each(m *Member, f func(float64)) {
	for _, v := range m.Values {
		if n, ok := numberOf(v); ok {
			f(n)
		}
	}
}

func isWhole(f float64) bool { return f == math.Trunc(f) && math.Abs(f) < maxWhole }

func (c *numbers) add(m *Member) {
	c.each(m, func(f float64) {
		c.queue = append(c.queue, number{m.At, f})
		c.sorted.insert(f)
		c.weigh(f, 1)
	})
}

// weigh adds a number to the sums, or takes it out.
func (c *numbers) weigh(f float64, sign int) {
	if !isWhole(f) {
		c.others += sign
		return
	}
	c.whole += int64(sign) * int64(f)
	c.size += int64(sign) * int64(math.Abs(f))
}

func (c *numbers) drop(int) {}

func (c *numbers) countsIn(m *Member) bool {
	some := false
	c.each(m, func(float64) { some = true })
	return some
}

func (c *numbers) value(from int64) float64 {
	for len(c.queue) > 0 && c.queue[0].at <= from {
		c.sorted.remove(c.queue[0].f)
		c.weigh(c.queue[0].f, -1)
		c.queue = c.queue[1:]
	}
	n := c.sorted.n
	if n == 0 {
		return math.NaN()
	}
	switch c.p.Type {
	case "value_sum":
		return c.sum()
	case "value_avg":
		return c.sum() / float64(n)
	}
	return c.sorted.at(nearestRank(c.p.Percentile, n))
}

func (c *numbers) sum() float64 {
	if c.others == 0 && c.size <= 1<<53 && c.sorted.n < maxSafe {
		return float64(c.whole)
	}
	sum := 0.0
	for _, chunk := range c.sorted.chunks {
		for _, f := range chunk {
			sum += f
		}
	}
	return sum
}

// nearestRank is the index of a percentile among n sorted values: the least
// value that so many per cent of the values do not exceed.
func nearestRank(percentile float64, n int) int {
	// Divided last: 7/100*100 is more than 7.
	return min(max(int(math.Ceil(percentile*float64(n)/100))-1, 0), n-1)
}

// ascending holds numbers in order, in chunks, so that a million of them do not
// move for one more.
type ascending struct {
	chunks [][]float64
	n      int
}

const maxChunk = 1024

// chunk finds where a number is, or belongs.
func (a *ascending) chunk(f float64) int {
	return sort.Search(len(a.chunks), func(i int) bool { c := a.chunks[i]; return c[len(c)-1] >= f })
}

func (a *ascending) insert(f float64) {
	a.n++
	if len(a.chunks) == 0 {
		a.chunks = append(a.chunks, []float64{f})
		return
	}
	k := min(a.chunk(f), len(a.chunks)-1)
	c := a.chunks[k]
	i, _ := slices.BinarySearch(c, f)
	c = slices.Insert(c, i, f)
	if a.chunks[k] = c; len(c) > maxChunk {
		half := slices.Clone(c[maxChunk/2:])
		a.chunks[k] = c[:maxChunk/2]
		a.chunks = slices.Insert(a.chunks, k+1, half)
	}
}

func (a *ascending) remove(f float64) {
	k := a.chunk(f)
	c := a.chunks[k]
	i, _ := slices.BinarySearch(c, f)
	a.n--
	if a.chunks[k] = slices.Delete(c, i, i+1); len(a.chunks[k]) == 0 {
		a.chunks = slices.Delete(a.chunks, k, k+1)
	}
}

// at returns the i-th number.
func (a *ascending) at(i int) float64 {
	for _, c := range a.chunks {
		if i < len(c) {
			return c[i]
		}
		i -= len(c)
	}
	return math.NaN()
}
