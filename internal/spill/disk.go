package spill

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// level is a temporary file with the runs that were merged equally often. One
// file for many runs keeps the number of open files small.
type level struct {
	file  *os.File
	named bool // the file still has a name, which close removes
	runs  []run
	end   int64 // where the next run begins
}

// run is a stretch of a level's file: records in ascending order, each with
// its length in front as a varint.
type run struct{ off, len int64 }

// newLevel creates the file and takes its name away at once, so that it goes
// with the process however that ends. Windows refuses; there close removes it.
func newLevel(dir string) (*level, error) {
	f, err := os.CreateTemp(dir, "entrawatch-sort-*")
	if err != nil {
		return nil, diskError(err)
	}
	return &level{file: f, named: os.Remove(f.Name()) != nil}, nil
}

// clear gives the space of all runs back.
func (l *level) clear() error {
	l.runs, l.end = nil, 0
	if err := l.file.Truncate(0); err != nil {
		return diskError(err)
	}
	return nil
}

func (l *level) close() error {
	err := l.file.Close()
	if l.named {
		err = errors.Join(err, os.Remove(l.file.Name()))
	}
	return err
}

// writeRun merges in and appends the result to level i as one run. It returns
// the length of the run.
func (s *Sorter) writeRun(i int, in []cursor) (int64, error) {
	for len(s.levels) <= i {
		l, err := newLevel(s.dir)
		if err != nil {
			return 0, err
		}
		s.levels = append(s.levels, l)
	}
	l := s.levels[i]
	w := bufio.NewWriterSize(io.NewOffsetWriter(l.file, l.end), s.buffer)
	var n int64
	var head [binary.MaxVarintLen64]byte
	for rec, err := range merge(in) {
		if err != nil {
			return 0, err
		}
		h := binary.PutUvarint(head[:], uint64(len(rec)))
		_, _ = w.Write(head[:h]) // the next call returns its error as well
		if _, err := w.Write(rec); err != nil {
			return 0, diskError(err)
		}
		n += int64(h + len(rec))
	}
	if err := w.Flush(); err != nil {
		return 0, diskError(err)
	}
	l.runs = append(l.runs, run{l.end, n})
	l.end += n
	return n, nil
}

// compact merges all runs of the levels up to i into one of level i+1.
func (s *Sorter) compact(i int) error {
	var in []cursor
	for _, l := range s.levels[:i+1] {
		in = s.open(in, l)
	}
	if _, err := s.writeRun(i+1, in); err != nil {
		return err
	}
	for _, l := range s.levels[:i+1] {
		if err := l.clear(); err != nil {
			return err
		}
	}
	return nil
}

// reduce merges runs until at most n are left.
func (s *Sorter) reduce(n int) error {
	total := 0
	for _, l := range s.levels {
		total += len(l.runs)
	}
	for i, merged := 0, 0; total > n && i < len(s.levels); i++ {
		merged += len(s.levels[i].runs)
		if total-merged+1 <= n {
			return s.compact(i)
		}
	}
	return nil
}

// open appends a cursor for each run of the level.
func (s *Sorter) open(in []cursor, l *level) []cursor {
	for _, r := range l.runs {
		section := io.NewSectionReader(l.file, r.off, r.len)
		in = append(in, &runCursor{
			section: section,
			r:       bufio.NewReaderSize(section, s.buffer),
			path:    l.file.Name(),
		})
	}
	return in
}

// runCursor reads a run.
type runCursor struct {
	section *io.SectionReader
	r       *bufio.Reader
	path    string
	used    int    // bytes of r that the last record takes up
	long    []byte // holds records longer than the buffer of r
}

func (c *runCursor) next() ([]byte, error) {
	_, _ = c.r.Discard(c.used) // they are in the buffer
	c.used = 0
	n, err := binary.ReadUvarint(c.r)
	if err == io.EOF {
		if pos, _ := c.section.Seek(0, io.SeekCurrent); pos == c.section.Size() {
			return nil, io.EOF
		}
	}
	if err != nil || n > MaxRecord {
		return nil, c.damaged(err)
	}
	if int(n) <= c.r.Size() {
		rec, err := c.r.Peek(int(n))
		if err != nil {
			return nil, c.damaged(err)
		}
		c.used = int(n)
		return rec, nil
	}
	if cap(c.long) < int(n) {
		c.long = make([]byte, n)
	}
	if _, err := io.ReadFull(c.r, c.long[:n]); err != nil {
		return nil, c.damaged(err)
	}
	return c.long[:n], nil
}

func (c *runCursor) damaged(err error) error {
	if pe := new(fs.PathError); errors.As(err, &pe) {
		return diskError(err)
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return diskError(fmt.Errorf("read %s: the file was changed: %w", c.path, err))
}

// diskError adds what the operator can do. The path is in err already.
func diskError(err error) error {
	variable := "TMPDIR"
	if runtime.GOOS == "windows" {
		variable = "TMP"
	}
	hint := "a disk with room"
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		hint = "a folder that exists and can be written, on a disk with room"
	}
	return fmt.Errorf("spill: %w; set %s to %s", err, variable, hint)
}
