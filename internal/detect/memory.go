package detect

import (
	"bytes"
	"errors"
	"iter"
	"slices"
)

// Memory is a Sorter for what fits into memory.
type Memory struct {
	recs   [][]byte
	closed bool
}

var _ Sorter = (*Memory)(nil)

// NewMemory returns an empty Memory.
func NewMemory() Sorter { return &Memory{} }

// Add copies a record.
func (m *Memory) Add(rec []byte) error {
	if m.closed {
		return errors.New("the sorter is closed")
	}
	m.recs = append(m.recs, bytes.Clone(rec))
	return nil
}

// Sorted yields all records in ascending order.
func (m *Memory) Sorted() iter.Seq2[[]byte, error] {
	slices.SortFunc(m.recs, bytes.Compare)
	return func(yield func([]byte, error) bool) {
		for _, rec := range m.recs {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Close forgets the records.
func (m *Memory) Close() error {
	m.recs, m.closed = nil, true
	return nil
}
