package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A Verification is what Verify found.
type Verification struct {
	Files, Rows, Bytes int64
	Damaged            []*Damage
	// Unrecorded are files of ours that the manifest does not name: they are being
	// written, were compacted, or are left over.
	Unrecorded []string
	Strangers  []string // files that are not ours
}

// Verify reads every file of the manifest from beginning to end, and looks for
// files that it does not name. Damage is part of what it returns; an error means
// that it could not look.
func (l *Lake) Verify(ctx context.Context, files []state.File, progress func(done int)) (*Verification, error) {
	out := &Verification{}
	recorded := make(map[string]bool, len(files))
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		recorded[f.Path] = true
		var d *Damage
		err := l.VerifyFile(ctx, f)
		if errors.As(err, &d) {
			out.Damaged = append(out.Damaged, d)
		} else if err != nil {
			return nil, err
		} else {
			out.Files++
			out.Rows += f.Rows
			out.Bytes += f.Bytes
		}
		if progress != nil {
			progress(i + 1)
		}
	}
	found, strangers, err := l.walk(ctx)
	if err != nil {
		return nil, err
	}
	for _, path := range found {
		if !recorded[path] && !recorded[trimTmp(path)] {
			out.Unrecorded = append(out.Unrecorded, path)
		}
	}
	out.Strangers = strangers
	return out, nil
}

func trimTmp(path string) string {
	if len(path) > len(tmpSuffix) && path[len(path)-len(tmpSuffix):] == tmpSuffix {
		return path[:len(path)-len(tmpSuffix)]
	}
	return path
}

// VerifyFile reads a file of the manifest from beginning to end.
func (l *Lake) VerifyFile(ctx context.Context, f state.File) error {
	o, err := l.open(f)
	if err != nil {
		return err
	}
	defer o.Close()
	return sound(f, func() error {
		p, ok := placeOf(f.Path)
		if !ok || p.tenant != f.Tenant || p.kind.String() != f.Kind || p.day != f.Day {
			return errors.New("its path is not that of its tenant, kind and day")
		}
		info, err := o.file.Stat()
		if err != nil {
			return err
		}
		if err := sized(info, f); err != nil {
			return err
		}
		if n := o.pq.NumRows(); n != f.Rows {
			return fmt.Errorf("it has %d rows, and was written with %d", n, f.Rows)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, &readerWithContext{ctx, io.NewSectionReader(o.file, 0, info.Size())}); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil))[:len(sumOf(f.Path))] != sumOf(f.Path) {
			return errors.New("its contents are not those that were written")
		}
		for _, name := range []string{column.When, column.Tenant, column.Kind} {
			if err := o.verifyColumn(name, p, f); err != nil {
				return err
			}
		}
		return o.verifyFilters()
	})
}

// A readerWithContext ends with its context.
type readerWithContext struct {
	ctx context.Context
	r   io.Reader
}

func (r *readerWithContext) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// verifyColumn reads a column to its end and holds it to what the manifest says.
func (o *opened) verifyColumn(name string, p place, f state.File) error {
	s, err := o.must(name)
	if err != nil {
		return err
	}
	defer s.close()
	first, last, rows := int64(noTime), int64(noTime), int64(0)
	for {
		v, err := s.one()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("column %s, row %d: %w", name, rows, err)
		}
		switch t := int64(noTime); {
		case name == column.When:
			if !v.IsNull() {
				t = v.Int64()
				if first == noTime {
					first, last = t, t
				}
				first, last = min(first, t), max(last, t)
			}
			if dayOf(t) != p.day {
				return fmt.Errorf("row %d is of another day, %s", rows, dayOf(t))
			}
		case name == column.Tenant && string(v.ByteArray()) != p.tenant:
			return fmt.Errorf("row %d is of another tenant", rows)
		case name == column.Kind && string(v.ByteArray()) != p.kind.String():
			return fmt.Errorf("row %d is of another kind", rows)
		}
		rows++
		if s.at == s.n {
			s.done()
		}
	}
	if rows != f.Rows {
		return fmt.Errorf("column %s has %d rows of %d", name, rows, f.Rows)
	}
	if name == column.When && (!moment(first).Equal(f.First) || !moment(last).Equal(f.Last)) {
		return fmt.Errorf("its events are of %v to %v, and the manifest says %v to %v", moment(first), moment(last), f.First, f.Last)
	}
	return nil
}

// verifyFilters holds the filter over the keys to the keys: one that missed some
// would let events in twice.
func (o *opened) verifyFilters() error {
	i, ok := o.leaf[column.Key]
	if !ok {
		return errors.New("it has no keys")
	}
	for g, group := range o.pq.RowGroups() {
		chunk, ok := group.ColumnChunks()[i].(*parquet.FileColumnChunk)
		if !ok {
			return errors.New("it has no filter over the keys")
		}
		filter, err := chunk.BloomFilterFrom(o.file)
		if err != nil {
			return fmt.Errorf("the filter over the keys: %w", err)
		}
		missed := false
		err = o.keys(g, func(key []byte) {
			if hit, err := filter.Check(parquet.ByteArrayValue(key)); err != nil || !hit {
				missed = true
			}
		})
		if err != nil {
			return err
		}
		if missed {
			return errors.New("the filter over the keys does not know all of them")
		}
	}
	return nil
}

// SetAside renames a damaged file, so that queries go on without it. It must be
// taken out of the manifest first.
func (l *Lake) SetAside(path string) error {
	if _, ok := placeOf(path); !ok {
		return fmt.Errorf("%s is no file of the lake", path)
	}
	err := os.Rename(l.path(path), l.path(path)+damagedSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it is missing, which is why it is set aside
	}
	if err != nil {
		return fmt.Errorf("set a damaged file of the lake aside: %w", err)
	}
	return nil
}
