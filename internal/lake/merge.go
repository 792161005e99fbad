package lake

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A source is a file being merged.
type source struct {
	file    state.File
	o       *opened
	columns []*stream // as the writer has them; nil = the file lacks the column
	// user, when and key are read ahead of the columns: they say in which order
	// rows come.
	user, when, key *stream
	order           int // among the sources
	row             int64

	u, k []byte
	t    int64
}

// sources opens files of one kind for merging. fit is false for a file with
// columns that this version does not know, which a merge would lose.
func (l *Lake) source(f state.File, s *shape, order int) (src *source, fit bool, err error) {
	o, err := l.open(f)
	if err != nil {
		return nil, false, err
	}
	src = &source{file: f, o: o, order: order}
	if !s.takes(o) {
		src.close()
		return nil, false, nil
	}
	for i := range s.columns {
		src.columns = append(src.columns, o.stream(s.columns[i].Name))
	}
	src.user, src.when, src.key = o.stream(column.User), o.stream(column.When), o.stream(column.Key)
	if src.key == nil {
		src.close()
		return nil, false, &Damage{f.Path, errors.New("it has no keys")}
	}
	return src, true, nil
}

// takes reports whether the shape has all columns of a file, with their types.
func (s *shape) takes(o *opened) bool {
	for _, path := range o.pq.Schema().Columns() {
		theirs, _ := o.pq.Schema().Lookup(path...)
		ours, ok := s.schema.Lookup(path...)
		if !ok || ours.Node.Type().String() != theirs.Node.Type().String() ||
			ours.MaxDefinitionLevel != theirs.MaxDefinitionLevel || ours.MaxRepetitionLevel != theirs.MaxRepetitionLevel {
			return false
		}
	}
	return true
}

func (s *source) close() {
	for _, c := range s.columns {
		c.close()
	}
	for _, c := range []*stream{s.user, s.when, s.key} {
		c.close()
	}
	_ = s.o.Close()
}

// advance reads what says where the next row belongs; io.EOF at the end.
func (s *source) advance() error {
	key, err := s.key.one()
	if err != nil {
		if errors.Is(err, io.EOF) && s.row != s.file.Rows {
			return fmt.Errorf("it ends after %d of %d rows", s.row, s.file.Rows)
		}
		return err
	}
	s.row++
	s.k = append(s.k[:0], key.ByteArray()...)
	s.u, s.t = s.u[:0], noTime
	if s.user != nil {
		v, err := s.user.one()
		if err != nil {
			return err
		}
		if !v.IsNull() {
			s.u = append(s.u, v.ByteArray()...)
		}
	}
	if s.when != nil {
		v, err := s.when.one()
		if err != nil {
			return err
		}
		if !v.IsNull() {
			s.t = v.Int64()
		}
	}
	for _, c := range []*stream{s.key, s.user, s.when} {
		if c != nil {
			c.done()
		}
	}
	return nil
}

// heads are the sources by their next row.
type heads []*source

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	a, b := h[i], h[j]
	if c := bytes.Compare(a.u, b.u); c != 0 {
		return c < 0
	}
	return cmp.Or(cmp.Compare(a.t, b.t), bytes.Compare(a.k, b.k), cmp.Compare(a.order, b.order)) < 0
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*source)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// A pick is the next row of a source: to be copied, or to be left out.
type pick struct {
	source *source
	kept   bool
}

// A merger writes the rows of sorted files in one order.
type merger struct {
	w       *writer
	sources []*source
	// keep says by number which rows of a source stay; nil = all.
	keep func(source int, row int64) bool
	// reading is whose fault it is when reading fails.
	reading *source
}

// run merges. It finds the order of a group of rows first, by the few columns
// that say it, and then copies the group column by column, so that no row is
// ever put together and memory holds a page of each column of each file. Of rows
// with one key the first stays: there are such when a file was damaged while its
// events came again.
func (m *merger) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be decoded: %v", p)
		}
		var own *callerError
		if errors.As(err, &own) {
			err = own.err
		} else if err != nil && m.reading != nil {
			err = &Damage{m.reading.file.Path, err}
		}
	}()
	var h heads
	for _, s := range m.sources {
		m.reading = s
		switch err := s.advance(); {
		case err == nil:
			h = append(h, s)
		case !errors.Is(err, io.EOF):
			return err
		}
	}
	heap.Init(&h)
	picks := make([]pick, 0, m.w.groupRows)
	var last []byte // key of the row before
	for len(h) > 0 {
		if err := ctx.Err(); err != nil {
			return foreign(err)
		}
		picks = picks[:0]
		kept := 0
		for kept < m.w.groupRows && len(h) > 0 {
			s := h[0]
			p := pick{s, !bytes.Equal(s.k, last) && (m.keep == nil || m.keep(s.order, s.row-1))}
			picks = append(picks, p)
			if p.kept {
				kept++
				m.w.seen(s.t)
				last = append(last[:0], s.k...)
			}
			m.reading = s
			switch err := s.advance(); {
			case err == nil:
				heap.Fix(&h, 0)
			case errors.Is(err, io.EOF):
				heap.Pop(&h)
			default:
				return err
			}
		}
		for i, out := range m.w.w.ColumnWriters() {
			if err := m.column(out, i, picks); err != nil {
				return err
			}
		}
		if kept > 0 {
			if err := m.w.w.Flush(); err != nil {
				return foreign(err)
			}
		}
	}
	return nil
}

// column copies one column of the picked rows.
func (m *merger) column(out *parquet.ColumnWriter, i int, picks []pick) error {
	values, rows, size := m.values(i), 0, 0
	write := func() error {
		if len(values) > 0 {
			if _, err := out.WriteRowValues(values); err != nil {
				return foreign(fmt.Errorf("column %s: %w", m.w.shape.columns[i].Name, err))
			}
		}
		for _, s := range m.sources {
			if s.columns[i] != nil {
				s.columns[i].done()
			}
		}
		values, rows, size = values[:0], 0, 0
		return nil
	}
	for _, p := range picks {
		before := len(values)
		if s := p.source.columns[i]; s == nil {
			values = append(values, parquet.Value{}.Level(0, 0, i))
		} else {
			m.reading = p.source
			var err error
			if values, err = s.row(values); err != nil {
				return err
			}
		}
		if !p.kept {
			values = values[:before]
		}
		for _, v := range values[before:] {
			if v.Kind() == parquet.ByteArray {
				size += len(v.ByteArray())
			}
		}
		if rows++; rows == 4*portionRows || size >= portionBytes {
			if err := write(); err != nil {
				return err
			}
		}
	}
	err := write()
	m.w.values[i] = values
	return err
}

// values is room for the values of a column.
func (m *merger) values(i int) []parquet.Value {
	if m.w.values == nil {
		m.w.values = make([][]parquet.Value, len(m.w.shape.columns))
	}
	return m.w.values[i][:0]
}
