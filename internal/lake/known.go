package lake

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Known says which keys the files have; Select gives those of a day. Filters
// tell nearly always without looking further; where they do not, the keys
// themselves are read, and never a record. Where files are damaged, an error says
// so, and what the others have is returned with it.
func (l *Lake) Known(ctx context.Context, files []state.File, keys []event.Key) (map[event.Key]bool, error) {
	out := map[event.Key]bool{}
	if len(keys) == 0 {
		return out, nil
	}
	hashes := make([]uint64, len(keys))
	var text [2 * len(event.Key{})]byte
	for i := range keys {
		hex.Encode(text[:], keys[i][:])
		hashes[i] = bloom.XXH64{}.Sum64(text[:])
	}
	var damaged error
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := l.known(f, keys, hashes, out)
		if bad := (*Damage)(nil); errors.As(err, &bad) {
			damaged = errors.Join(damaged, err)
		} else if err != nil {
			return nil, err
		}
	}
	return out, damaged
}

func (l *Lake) known(f state.File, keys []event.Key, hashes []uint64, out map[event.Key]bool) error {
	var o *opened
	defer func() {
		if o != nil {
			_ = o.Close()
		}
	}()
	open := func() (err error) {
		if o == nil {
			o, err = l.open(f)
		}
		return err
	}
	keysOf := func(group int) ([]event.Key, error) {
		// One that comes again is seldom alone.
		name := f.Path + ":" + strconv.Itoa(group)
		there, ok := l.keys.get(name)
		if ok {
			return there, nil
		}
		err := open()
		if err == nil {
			err = sound(f, func() (err error) { there, err = o.sortedKeys(group); return err })
		}
		if err != nil {
			return nil, err
		}
		l.keys.put(name, there, len(there)*len(event.Key{}))
		return there, nil
	}
	filters, ok := l.filters.get(f.Path)
	if !ok {
		if err := open(); err != nil {
			return err
		}
		size := 0
		if err := sound(f, func() (err error) { filters, size, err = o.filters(); return err }); err != nil {
			return err
		}
		l.filters.put(f.Path, filters, size)
	}
	for g, bits := range filters {
		var there []event.Key
		r := bytes.NewReader(bits)
		for i, h := range hashes {
			if out[keys[i]] {
				continue
			}
			hit, err := bloom.CheckSplitBlock(r, int64(len(bits)), h)
			if err != nil {
				return &Damage{f.Path, err}
			}
			if !hit {
				continue
			}
			if there == nil {
				if there, err = keysOf(g); err != nil {
					return err
				}
			}
			if _, found := slices.BinarySearchFunc(there, keys[i], compareKeys); found {
				out[keys[i]] = true
			}
		}
	}
	return nil
}

func compareKeys(a, b event.Key) int { return bytes.Compare(a[:], b[:]) }

// filters reads the filters over the keys of each group of rows.
func (o *opened) filters() (out [][]byte, size int, err error) {
	i, ok := o.leaf[column.Key]
	if !ok {
		return nil, 0, errors.New("it has no keys")
	}
	for _, g := range o.pq.RowGroups() {
		chunk, ok := g.ColumnChunks()[i].(*parquet.FileColumnChunk)
		if !ok {
			return nil, 0, errors.New("it has no filter over the keys")
		}
		filter, err := chunk.BloomFilterFrom(o.file)
		if err != nil {
			return nil, 0, fmt.Errorf("the filter over the keys: %w", err)
		}
		bits := make([]byte, filter.Size())
		if _, err := filter.ReadAt(bits, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, fmt.Errorf("the filter over the keys: %w", err)
		}
		if len(bits) == 0 || len(bits)%bloom.BlockSize != 0 {
			return nil, 0, errors.New("the filter over the keys has no proper size")
		}
		out = append(out, bits)
		size += len(bits) + 64
	}
	return out, size, nil
}

// sortedKeys reads the keys of a group of rows.
func (o *opened) sortedKeys(group int) ([]event.Key, error) {
	var out []event.Key
	bad := false
	err := o.keys(group, func(text []byte) {
		var key event.Key
		if n, err := hex.Decode(key[:], text[:min(len(text), 2*len(key))]); err != nil || n != len(key) {
			bad = true
		}
		out = append(out, key)
	})
	if err == nil && bad {
		err = errors.New("it has a key that is none")
	}
	slices.SortFunc(out, compareKeys)
	return out, err
}

// keys gives the keys of a group of rows.
func (o *opened) keys(group int, do func(key []byte)) error {
	groups := o.pq.RowGroups()
	if group >= len(groups) {
		return errors.New("it has fewer groups of rows than before")
	}
	s := &stream{groups: groups[group : group+1], column: o.leaf[column.Key], buf: make([]parquet.Value, 512)}
	defer s.close()
	for {
		v, err := s.one()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		do(v.ByteArray())
		s.done()
	}
}
