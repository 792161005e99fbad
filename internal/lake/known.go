package lake

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Known says which keys the files have; Select gives those of a day. Filters
// tell nearly always without looking further; where they do not, the keys
// themselves are read, and never a record.
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
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := l.known(f, keys, hashes, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *Lake) known(f state.File, keys []event.Key, hashes []uint64, out map[event.Key]bool) error {
	var o *opened
	defer func() {
		if o != nil {
			_ = o.Close()
		}
	}()
	fl := l.cache.get(f.Path)
	if fl == nil {
		var err error
		if o, err = l.open(f); err != nil {
			return err
		}
		if fl, err = o.filters(f); err != nil {
			return err
		}
		l.cache.put(fl)
	}
	for g, bits := range fl.groups {
		maybe := map[string]event.Key{}
		r := bytes.NewReader(bits)
		for i, h := range hashes {
			if out[keys[i]] {
				continue
			}
			hit, err := bloom.CheckSplitBlock(r, int64(len(bits)), h)
			if err != nil {
				return &Damage{f.Path, err}
			}
			if hit {
				maybe[hex.EncodeToString(keys[i][:])] = keys[i]
			}
		}
		if len(maybe) == 0 {
			continue
		}
		if o == nil {
			var err error
			if o, err = l.open(f); err != nil {
				return err
			}
		}
		err := sound(f, func() error {
			return o.keys(g, func(key []byte) {
				if k, ok := maybe[string(key)]; ok {
					out[k] = true
				}
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// filters reads the filters over the keys.
func (o *opened) filters(f state.File) (*filters, error) {
	fl := &filters{path: f.Path}
	err := sound(f, func() error {
		i, ok := o.leaf[column.Key]
		if !ok {
			return errors.New("it has no keys")
		}
		for _, g := range o.pq.RowGroups() {
			chunk, ok := g.ColumnChunks()[i].(*parquet.FileColumnChunk)
			if !ok {
				return errors.New("it has no filter over the keys")
			}
			filter, err := chunk.BloomFilterFrom(o.file)
			if err != nil {
				return fmt.Errorf("the filter over the keys: %w", err)
			}
			bits := make([]byte, filter.Size())
			if _, err := filter.ReadAt(bits, 0); err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("the filter over the keys: %w", err)
			}
			if len(bits) == 0 || len(bits)%bloom.BlockSize != 0 {
				return errors.New("the filter over the keys has no proper size")
			}
			fl.groups = append(fl.groups, bits)
			fl.size += len(bits) + 64
		}
		return nil
	})
	return fl, err
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
