package lake

import (
	"container/list"
	"sync"
)

// cacheBytes is how much memory the filters of files may take.
const cacheBytes = 64 << 20

// A cache keeps the filters over the keys of files that were asked last.
type cache struct {
	limit int

	mu     sync.Mutex
	byPath map[string]*list.Element
	recent list.List // of *filters, the last used first
	size   int
}

// A filters holds the filter over the keys of each group of rows.
type filters struct {
	path   string
	groups [][]byte
	size   int
}

func (c *cache) get(path string) *filters {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byPath[path]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*filters)
}

func (c *cache) put(f *filters) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byPath == nil {
		c.byPath = map[string]*list.Element{}
	}
	if c.byPath[f.path] != nil {
		return
	}
	c.byPath[f.path] = c.recent.PushFront(f)
	c.size += f.size
	for c.size > c.limit && c.recent.Len() > 1 {
		old := c.recent.Back().Value.(*filters)
		c.recent.Remove(c.recent.Back())
		delete(c.byPath, old.path)
		c.size -= old.size
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byPath, c.size = nil, 0
	c.recent.Init()
}
