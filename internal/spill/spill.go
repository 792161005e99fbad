package spill

import (
	"errors"
	"fmt"
	"iter"
)

const (
	// MaxRecord is the length, in bytes, of the longest record that Add takes.
	MaxRecord = 64 << 20

	// DefaultLimit is the limit, in bytes, of a sorter made with limit 0.
	DefaultLimit = 64 << 20

	maxChunk  = 1 << 22   // a chunk is sorted while the caches still hold it
	minBuffer = 4 << 10   // per run that is read or written
	maxBuffer = 256 << 10 // lets a spinning disk read more than it seeks
	maxFanIn  = 64        // runs merged at once
)

var errClosed = errors.New("spill: the sorter is closed")

// Sorter collects records and yields them in ascending order. It is not safe
// for concurrent use: callers keep one per goroutine and read them together
// with [Iterate]. After a failure to write, every further call returns that
// error, because records may be missing from then on.
type Sorter struct {
	dir     string
	limit   int
	chunk   int // length of a chunk in memory
	buffer  int // length of a read or write buffer
	fanIn   int
	longest int // longest record so far

	fixed int      // length of all records so far; 0 if it varies, -1 at first
	cur   *chunk   // takes the next record; nil before the first one
	full  []*chunk // sorted
	held  int      // bytes in full
	free  [][]byte // memory of chunks that went to disk, for reuse
	tmp   scratch

	levels  []*level // on disk; a run of level n+1 is made of runs of level n
	runs    int
	spilled int64
	err     error
}

// New returns an empty sorter that holds at most limit bytes of records in
// memory (DefaultLimit if limit is 0 or less) and sends more than that to
// temporary files in dir, or in os.TempDir if dir is empty. Reading back what
// went to disk takes up to half of limit on top. Nothing is allocated or opened
// before it is needed.
func New(dir string, limit int) *Sorter {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Sorter{
		dir:    dir,
		limit:  limit,
		chunk:  min(max(limit/16, 1), maxChunk),
		buffer: min(max(limit/2/maxFanIn, minBuffer), maxBuffer),
		fanIn:  maxFanIn,
		fixed:  -1,
	}
}

// Add copies rec into the sorter.
func (s *Sorter) Add(rec []byte) error {
	if s.err != nil {
		return s.err
	}
	if len(rec) > s.longest {
		if len(rec) > MaxRecord {
			return fmt.Errorf("spill: a record has %d bytes, the longest allowed has %d", len(rec), MaxRecord)
		}
		s.longest = len(rec)
	}
	if s.cur == nil || !s.cur.takes(len(rec), s.chunk) {
		if err := s.room(len(rec)); err != nil {
			return err
		}
	}
	s.cur.add(rec, s.chunk)
	return nil
}

// room makes s.cur a chunk that takes a record of n bytes. Chunks start out for
// records of one length; the first other length settles that they vary.
func (s *Sorter) room(n int) error {
	switch {
	case s.fixed < 0 && n <= maxWidth:
		s.fixed = n
	case s.fixed != n:
		s.fixed = 0
	}
	if s.cur != nil {
		s.cur.sort(&s.tmp)
		s.held += cap(s.cur.data)
		s.full = append(s.full, s.cur)
		s.cur = nil
		if s.held+max(n, s.chunk)+s.tmp.size() > s.limit {
			if err := s.flush(); err != nil {
				s.err = err
				return err
			}
		}
	}
	if n > s.chunk {
		s.free = nil // a record of that length takes their place in memory
	}
	s.cur = &chunk{width: s.fixed}
	if last := len(s.free) - 1; last >= 0 {
		s.cur.data, s.free = s.free[last], s.free[:last]
	} else if len(s.full) > 0 && n <= s.chunk { // spare it growing step by step
		s.cur.data = make([]byte, 0, s.chunk)
	}
	return nil
}

// flush writes the chunks in s.full to disk as one run.
func (s *Sorter) flush() error {
	in := make([]cursor, 0, len(s.full))
	for _, c := range s.full {
		in = append(in, &chunkCursor{c.data, c.width})
	}
	n, err := s.writeRun(0, in)
	if err != nil {
		return err
	}
	s.runs++
	s.spilled += n
	for _, c := range s.full {
		if cap(c.data) <= s.chunk {
			s.free = append(s.free, c.data[:0])
		}
	}
	clear(s.full)
	s.full, s.held = s.full[:0], 0
	for i := 0; len(s.levels[i].runs) >= s.width(); i++ {
		if err := s.compact(i); err != nil {
			return err
		}
	}
	return nil
}

// width returns how many runs are merged at once: fewer if records are so long
// that one of each run would take more than half of the limit.
func (s *Sorter) width() int {
	return min(max(s.limit/2/(s.buffer+s.longest), 2), s.fanIn)
}

// Sorted yields all records in ascending order, equal ones as often as they
// were added. A record is valid, and must not be changed, until the next step.
// An error ends the sequence. Sorted may be called again, and records may be
// added between two sequences, but not during one.
func (s *Sorter) Sorted() iter.Seq2[[]byte, error] { return Iterate(s) }

// Spilled reports how often memory was written to disk and how many bytes that
// made. The merging of runs is not counted again.
func (s *Sorter) Spilled() (runs int, bytes int64) { return s.runs, s.spilled }

// Close frees the memory and removes the temporary files. It may be called at
// any time, also within a sequence, and more than once.
func (s *Sorter) Close() error {
	var errs []error
	for _, l := range s.levels {
		errs = append(errs, l.close())
	}
	s.cur, s.full, s.free, s.levels, s.held, s.tmp = nil, nil, nil, nil, 0, scratch{}
	s.err = errClosed
	return errors.Join(errs...)
}
