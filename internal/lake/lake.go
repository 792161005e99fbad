package lake

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Lake is a folder of files. Its methods may be called at the same time; that
// nobody else writes into the folder is the caller's matter.
type Lake struct {
	dir string
	log *slog.Logger
	now func() time.Time

	groupRows int
	shapes    [event.NumKinds]func() *shape
	mu        sync.Mutex
	free      [event.NumKinds][]*writer // to be used again
	filters   cache[[][]byte]           // by path: those over the keys of each group of rows
	keys      cache[[]event.Key]        // by path and group of rows: its keys, in order
}

// Open opens the lake in a folder and makes the folder where there is none.
func Open(dir string, log *slog.Logger) (*Lake, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of the lake: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Lake{dir: dir, log: log, now: time.Now, groupRows: groupRows}
	for k := range l.shapes {
		l.shapes[k] = sync.OnceValue(func() *shape { return newShape(event.Kind(k)) })
	}
	l.filters.limit, l.keys.limit = filterBytes, keyBytes
	return l, nil
}

// Dir is the lake's folder.
func (l *Lake) Dir() string { return l.dir }

// Close gives up open files.
func (l *Lake) Close() error {
	l.filters.clear()
	l.keys.clear()
	return nil
}
