package lake

import (
	"container/list"
	"sync"
)

// How much memory may be taken by what is remembered of files.
const (
	filterBytes = 64 << 20
	keyBytes    = 32 << 20
)

// A cache keeps what was read of files last, within a limit of bytes.
type cache[V any] struct {
	limit int

	mu     sync.Mutex
	byName map[string]*list.Element
	recent list.List // of *cached[V], the last used first
	size   int
}

type cached[V any] struct {
	name  string
	value V
	size  int
}

func (c *cache[V]) get(name string) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byName[name]
	if e == nil {
		return v, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached[V]).value, true
}

func (c *cache[V]) put(name string, v V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]*list.Element{}
	}
	if c.byName[name] != nil {
		return
	}
	c.byName[name] = c.recent.PushFront(&cached[V]{name, v, size})
	c.size += size
	for c.size > c.limit && c.recent.Len() > 1 {
		old := c.recent.Back().Value.(*cached[V])
		c.recent.Remove(c.recent.Back())
		delete(c.byName, old.name)
		c.size -= old.size
	}
}

func (c *cache[V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byName, c.size = nil, 0
	c.recent.Init()
}
