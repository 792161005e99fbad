package lake

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// A stream reads one column of a file from its first row to its last, across
// groups of rows. Values stay valid until done is called.
type stream struct {
	groups []parquet.RowGroup
	column int
	next   int // group
	pages  parquet.Pages
	page   parquet.Page
	reader parquet.ValueReader
	buf    []parquet.Value
	at, n  int
	// retired and closing are what was read to its end, but whose values may be
	// in use.
	retired []parquet.Page
	closing []parquet.Pages
}

// stream reads a column; nil if the file does not have it.
func (o *opened) stream(name string) *stream {
	i, ok := o.leaf[name]
	if !ok {
		return nil
	}
	return &stream{groups: o.pq.RowGroups(), column: i, buf: make([]parquet.Value, 128)}
}

// value returns the next value without taking it; io.EOF at the end.
func (s *stream) value() (*parquet.Value, error) {
	for s.at == s.n {
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	return &s.buf[s.at], nil
}

func (s *stream) fill() error {
	for {
		if s.reader != nil {
			n, err := s.reader.ReadValues(s.buf)
			s.at, s.n = 0, n
			if n > 0 {
				return nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			s.retired = append(s.retired, s.page)
			s.page, s.reader = nil, nil
		}
		if s.pages != nil {
			page, err := s.pages.ReadPage()
			if err == nil {
				s.page, s.reader = page, page.Values()
				continue
			}
			if !errors.Is(err, io.EOF) {
				return err
			}
			s.closing = append(s.closing, s.pages)
			s.pages = nil
		}
		if s.next == len(s.groups) {
			return io.EOF
		}
		s.pages = s.groups[s.next].ColumnChunks()[s.column].Pages()
		s.next++
	}
}

// row appends the values of the next row.
func (s *stream) row(dst []parquet.Value) ([]parquet.Value, error) {
	v, err := s.value()
	if err != nil {
		return dst, err
	}
	if v.RepetitionLevel() != 0 {
		return dst, errors.New("a row begins in the middle of a list")
	}
	for {
		dst = append(dst, *v)
		s.at++
		if v, err = s.value(); errors.Is(err, io.EOF) {
			return dst, nil
		} else if err != nil {
			return dst, err
		}
		if v.RepetitionLevel() == 0 {
			return dst, nil
		}
	}
}

// one takes the next value of a column that is no list.
func (s *stream) one() (parquet.Value, error) {
	v, err := s.value()
	if err != nil {
		return parquet.Value{}, err
	}
	s.at++
	return *v, nil
}

// done tells that no value that was given out is in use any more.
func (s *stream) done() {
	for i, p := range s.retired {
		parquet.Release(p)
		s.retired[i] = nil
	}
	s.retired = s.retired[:0]
	for i, p := range s.closing {
		_ = p.Close()
		s.closing[i] = nil
	}
	s.closing = s.closing[:0]
}

// close gives up what is open.
func (s *stream) close() {
	if s == nil {
		return
	}
	s.done()
	if s.page != nil {
		parquet.Release(s.page)
	}
	if s.pages != nil {
		_ = s.pages.Close()
	}
	s.page, s.pages, s.reader = nil, nil, nil
}

// must is a stream of a column that every file has.
func (o *opened) must(name string) (*stream, error) {
	if s := o.stream(name); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("it has no column %s", name)
}
