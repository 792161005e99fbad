package detect

import (
	"bytes"
	"container/list"
	"math"
	"slices"
	"strings"
)

// A window slides over the members of a group for the types that look at what
// happened within a span.
type window struct {
	p    *Pattern
	emit func(*Found) error
	agg  aggregate

	at, from int64  // the window at hand is later than from, up to at
	held     []held // in the window, oldest first
	taken    int    // how many of held the open finding has already
	kept     int    // how many of held have a member
	begun    bool

	open *Found
	sat  int64 // end of its last window
	base *Base // what stands for members that are not there any more; nil = none are gone
}

// A held is an event in a window that a finding may want to show, or events of
// one moment that it only counts.
type held struct {
	at     int64
	n      int // events; none if it is one that is held already
	member *Member
}

// maxKept is how many members in a window are kept for findings to show.
// Further ones are counted, and take next to no memory.
const maxKept = 1 << 16

// An aggregate follows what is in the window.
type aggregate interface {
	add(*Member)
	// drop tells that events have left the window.
	drop(n int)
	// value is the aggregate of the members later than from.
	value(from int64) float64
	// countsIn reports whether a member counts at all.
	countsIn(*Member) bool
}

func (p *Pattern) aggregate() aggregate {
	switch p.Type {
	case "value_count":
		return &distinctCount{index: map[string]*list.Element{}}
	case "temporal":
		return &together{last: startingNever(p.Inputs)}
	case "temporal_ordered":
		return newInOrder(p.Inputs)
	case "value_sum", "value_avg", "value_percentile":
		return &numbers{p: p}
	}
	return &eventCount{}
}

func (w *window) counts(m *Member) bool { return w.agg.countsIn(m) }

func (w *window) add(m *Member) error {
	if !w.begun || m.At != w.at {
		w.begun = true
		w.slide(m.At)
	}
	w.agg.add(m)
	n := 1
	if m.again {
		n = 0
	}
	if w.kept < maxKept {
		k := *m
		k.Values, k.Detail = nil, bytes.Clone(m.Detail)
		w.held = append(w.held, held{m.At, n, &k})
		w.kept++
		return nil
	}
	if last := len(w.held) - 1; last >= 0 && w.held[last].member == nil && w.held[last].at == m.At {
		w.held[last].n += n
	} else if n > 0 {
		w.held = append(w.held, held{at: m.At, n: n})
	}
	return nil
}

// slide moves the end of the window.
func (w *window) slide(at int64) {
	w.at, w.from = at, w.p.from(at)
	n, events := 0, 0
	for n < len(w.held) && w.held[n].at <= w.from {
		events += w.held[n].n
		if w.held[n].member != nil {
			w.kept--
		}
		n++
	}
	w.held = w.held[n:]
	w.taken = max(0, w.taken-n)
	w.agg.drop(events)
}

func (w *window) moment() error {
	v := w.agg.value(w.from) // aggregates count moments
	if w.base != nil && w.at <= w.base.Floor {
		return nil // its windows are part of the base
	}
	w.resume()
	if !math.IsNaN(v) && w.satisfied(v) {
		return w.satisfy(v)
	}
	return nil
}

// satisfy adds the window at hand to the open finding, or begins one with it.
func (w *window) satisfy(v float64) error {
	if w.open != nil && w.from >= w.sat {
		if err := w.close(); err != nil {
			return err
		}
	}
	if w.open == nil {
		w.open = &Found{At: w.at, Detail: w.p.detail()}
	}
	if w.p.Type[0] == 'v' {
		w.open.Measure = measure(v)
	}
	w.sat = w.at
	for i := w.taken; i < len(w.held); i++ {
		h := &w.held[i]
		if h.member == nil {
			w.open.count(h.at, h.n)
			continue
		}
		if err := w.p.take(&w.open.Detail, h.member); err != nil {
			return err
		}
		h.member = nil
		w.kept--
	}
	w.taken = len(w.held)
	return nil
}

func (w *window) satisfied(v float64) bool {
	if len(w.p.Terms) == 0 {
		return v >= float64(w.p.Inputs)
	}
	return w.p.holds(v)
}

func (w *window) close() error {
	f := w.open
	w.open = nil
	return w.emit(f)
}

// resume takes up the finding that the base left open.
func (w *window) resume() {
	if w.base == nil {
		return
	}
	if f := w.base.Open; f != nil {
		open := *f
		open.Detail = f.Detail.clone()
		w.open, w.sat = &open, w.base.Sat
		// It has what is in its windows.
		w.taken = 0
		for w.taken < len(w.held) && w.held[w.taken].at <= w.sat {
			if h := &w.held[w.taken]; h.member != nil {
				h.member = nil
				w.kept--
			}
			w.taken++
		}
	}
	w.base = nil
}

func (w *window) end() error {
	w.resume()
	if w.open == nil {
		return nil
	}
	return w.close()
}

type eventCount struct{ n int }

func (c *eventCount) add(*Member)           { c.n++ }
func (c *eventCount) drop(n int)            { c.n -= n }
func (c *eventCount) value(int64) float64   { return float64(c.n) }
func (c *eventCount) countsIn(*Member) bool { return true }

// A distinctCount counts values, exactly. It knows when each came last.
type distinctCount struct {
	index map[string]*list.Element
	order list.List // of lastSeen, oldest first
}

type lastSeen struct {
	value string
	at    int64
}

func (c *distinctCount) add(m *Member) {
	for _, v := range m.Values {
		if el := c.index[v]; el != nil {
			el.Value.(*lastSeen).at = m.At
			c.order.MoveToBack(el)
		} else {
			v = strings.Clone(v)
			c.index[v] = c.order.PushBack(&lastSeen{v, m.At})
		}
	}
}

func (c *distinctCount) drop(int) {}

func (c *distinctCount) value(from int64) float64 {
	for el := c.order.Front(); el != nil && el.Value.(*lastSeen).at <= from; el = c.order.Front() {
		delete(c.index, c.order.Remove(el).(*lastSeen).value)
	}
	return float64(c.order.Len())
}

func (c *distinctCount) countsIn(m *Member) bool { return len(m.Values) > 0 }

// together counts the rules that have a member in the window.
type together struct{ last []int64 }

func startingNever(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = never
	}
	return out
}

func (c *together) add(m *Member)         { c.last[m.Input] = m.At }
func (c *together) drop(int)              {}
func (c *together) countsIn(*Member) bool { return true }

func (c *together) value(from int64) float64 {
	n := 0
	for _, at := range c.last {
		if at > from {
			n++
		}
	}
	return float64(n)
}

// inOrder finds the longest part of the list of rules that happened in its
// order within the window. starts[k][i] is the latest start of a chain of k+1
// rules that ends with rule i. Members of one moment are in any order.
type inOrder struct {
	starts [][]int64
	moment []bool // by rule: has a member at the moment at hand
	at     int64  // that moment
	any    bool
}

func newInOrder(n int) *inOrder {
	c := &inOrder{moment: make([]bool, n)}
	for range n {
		c.starts = append(c.starts, startingNever(n))
	}
	return c
}

func (c *inOrder) add(m *Member)         { c.moment[m.Input], c.at, c.any = true, m.At, true }
func (c *inOrder) drop(int)              {}
func (c *inOrder) countsIn(*Member) bool { return true }

func (c *inOrder) value(from int64) float64 {
	if c.any {
		// Rules in ascending order: a chain may use several members of one
		// moment, in the order that suits it.
		for i, here := range c.moment {
			if !here {
				continue
			}
			c.starts[0][i] = c.at
			for k := 1; k < len(c.starts); k++ {
				for j := range i {
					c.starts[k][i] = max(c.starts[k][i], c.starts[k-1][j])
				}
			}
			c.moment[i] = false
		}
		c.any = false
	}
	for k := len(c.starts) - 1; k >= 0; k-- {
		if slices.Max(c.starts[k]) > from {
			return float64(k + 1)
		}
	}
	return 0
}
