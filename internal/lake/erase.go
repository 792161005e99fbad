package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// An Erasure is what Erase did. The caller records Changes, publishes what it
// adds and deletes what it removes, at once.
type Erasure struct {
	Changes state.Changes
	Rows    int64 // erased
	Files   int   // that held them
}

// Erase writes files anew without the rows that name one of the users: object
// ids or user principal names, compared without regard to case. A row names a user
// if any of its columns of text, lists among them, holds just that; where a record
// only mentions one within a longer text, the row stays.
func (l *Lake) Erase(ctx context.Context, files []state.File, users []string) (out *Erasure, err error) {
	wanted, err := wantedUsers(users)
	if err != nil {
		return nil, err
	}
	out = &Erasure{}
	defer func() {
		if err != nil {
			l.discard(out.Changes.Files)
			out = nil
		}
	}()
	touched := folders{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		doomed, err := l.naming(f, wanted)
		if err != nil {
			return out, err
		}
		if len(doomed) == 0 {
			continue
		}
		out.Rows += int64(len(doomed))
		out.Files++
		out.Changes.Removed = append(out.Changes.Removed, f.Path)
		if int64(len(doomed)) == f.Rows {
			continue
		}
		p, ok := placeOf(f.Path)
		if !ok {
			return out, fmt.Errorf("%s is no file of the lake", f.Path)
		}
		added, unfit, err := l.rewrite(ctx, p, []state.File{f}, touched, func(_ int, row int64) bool { return !doomed[row] })
		if added.Path != "" {
			added.Level = f.Level
			out.Changes.Files = append(out.Changes.Files, added)
		}
		if err != nil {
			return out, err
		}
		if len(unfit) > 0 {
			return out, fmt.Errorf("%s was written by a newer version of entrawatch, which must erase from it", f.Path)
		}
	}
	return out, touched.sync()
}

// Naming counts the rows that Erase would erase, and the files that hold them.
func (l *Lake) Naming(ctx context.Context, files []state.File, users []string) (rows int64, in int, err error) {
	wanted, err := wantedUsers(users)
	if err != nil {
		return 0, 0, err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		found, err := l.naming(f, wanted)
		if err != nil {
			return 0, 0, err
		}
		if len(found) > 0 {
			rows += int64(len(found))
			in++
		}
	}
	return rows, in, nil
}

func wantedUsers(users []string) (map[string]bool, error) {
	out := map[string]bool{}
	for _, u := range users {
		if u = strings.ToLower(strings.TrimSpace(u)); u == "" {
			return nil, errors.New("the user to erase is empty")
		}
		out[u] = true
	}
	return out, nil
}

// naming gives the rows of a file that name one of the users, by number.
func (l *Lake) naming(f state.File, users map[string]bool) (map[int64]bool, error) {
	o, err := l.open(f)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	rows := map[int64]bool{}
	err = sound(f, func() error {
		for _, c := range o.pq.Root().Columns() {
			if err := o.find(c.Name(), users, rows); err != nil {
				return fmt.Errorf("column %s: %w", c.Name(), err)
			}
		}
		return nil
	})
	return rows, err
}

// noNames are columns that name no user.
var noNames = map[string]bool{column.Raw: true, column.Exact: true, column.Key: true, column.Origin: true}

// find adds the rows in which a column of text holds one of the texts.
func (o *opened) find(name string, texts map[string]bool, rows map[int64]bool) error {
	if noNames[name] {
		return nil
	}
	s := o.stream(name)
	if s == nil {
		return nil
	}
	defer s.close()
	row := int64(-1)
	for {
		v, err := s.one()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if v.RepetitionLevel() == 0 {
			row++
		}
		if v.Kind() == parquet.ByteArray && !v.IsNull() && matches(texts, v.ByteArray()) {
			rows[row] = true
		}
		if s.at == s.n {
			s.done()
		}
	}
}

func matches(texts map[string]bool, b []byte) bool {
	if texts[string(b)] {
		return true
	}
	for _, c := range b {
		if c >= 'A' && c <= 'Z' || c >= 0x80 {
			return texts[strings.ToLower(string(b))]
		}
	}
	return false
}
