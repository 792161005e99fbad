package lake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A Query says which records to read. The zero value wants all.
type Query struct {
	Tenant   string
	Kinds    []event.Kind
	From, To time.Time // To is not included; events without a time are in no period
	// Equal are columns of text with the value that they must have.
	Equal map[string]string
	// Memory is about how many bytes of records are held to bring them into
	// order; default: 128 MiB. A file with more is read several times.
	Memory int
}

// A Row is a record as the lake has it. Its text is valid until the function
// that got it returns.
type Row struct {
	Tenant string
	Kind   event.Kind
	Sub    event.Sub
	Format event.Format
	Key    event.Key
	Time   time.Time // to the microsecond; zero = none
	Origin string
	Raw    []byte // as it came
}

// defaultMemory is how many bytes of records Read holds.
const defaultMemory = 128 << 20

// wants reports whether a file may hold rows of the query.
func (q *Query) wants(f state.File) (event.Kind, bool) {
	kind, ok := event.KindByName(f.Kind)
	switch {
	case !ok, q.Tenant != "" && f.Tenant != q.Tenant, len(q.Kinds) > 0 && !slices.Contains(q.Kinds, kind):
		return kind, false
	case q.From.IsZero() && q.To.IsZero():
		return kind, true
	}
	return kind, !f.First.IsZero() && (q.To.IsZero() || f.First.Before(q.To)) && (q.From.IsZero() || !f.Last.Before(q.From))
}

// Read gives the records that a query wants, of each file in the order of time;
// files come in the order of their day. An error of do ends it.
func (l *Lake) Read(ctx context.Context, files []state.File, q Query, do func(*Row) error) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b state.File) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Path, b.Path))
	})
	for _, f := range files {
		kind, ok := q.wants(f)
		if !ok {
			continue
		}
		if err := l.read(ctx, f, kind, &q, do); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lake) read(ctx context.Context, f state.File, kind event.Kind, q *Query, do func(*Row) error) error {
	o, err := l.open(f)
	if err != nil {
		return err
	}
	defer o.Close()
	return sound(f, func() error {
		r := &fileReader{ctx: ctx, o: o, q: q, kind: kind, file: f, do: do}
		return r.run()
	})
}

// A fileReader reads one file for a query.
type fileReader struct {
	ctx  context.Context
	o    *opened
	q    *Query
	kind event.Kind
	file state.File
	do   func(*Row) error

	groups []parquet.RowGroup // that may hold rows
	text   []byte
	rows   []held
}

// A held row waits for its turn.
type held struct {
	time                    int64
	key                     event.Key
	sub                     event.Sub
	format                  event.Format
	at, raw, tenant, origin int // where its texts begin in fileReader.text, and end
}

// run reads the file once for each stretch of time whose records memory can hold.
func (r *fileReader) run() error {
	var bytes int64
	for i, g := range r.o.pq.RowGroups() {
		may, err := r.may(g)
		if err != nil {
			return err
		}
		if may {
			r.groups = append(r.groups, g)
			bytes += r.rawBytes(i)
		}
	}
	if len(r.groups) == 0 {
		return nil
	}
	memory := int64(r.q.Memory)
	if memory <= 0 {
		memory = defaultMemory
	}
	bounds := []int64{}
	if n := int(bytes / memory); n > 0 && len(r.q.Equal) == 0 {
		times, err := r.times()
		if err != nil {
			return err
		}
		for i := 1; i <= n; i++ {
			if t := times[i*len(times)/(n+1)]; len(bounds) == 0 || bounds[len(bounds)-1] < t {
				bounds = append(bounds, t)
			}
		}
	}
	for i := 0; i <= len(bounds); i++ {
		from, to := int64(noTime), int64(1<<63-1)
		if i > 0 {
			from = bounds[i-1]
		}
		if i < len(bounds) {
			to = bounds[i]
		}
		if err := r.pass(from, to); err != nil {
			return err
		}
	}
	return nil
}

// may reports whether a group of rows may hold what the query wants.
func (r *fileReader) may(g parquet.RowGroup) (bool, error) {
	for name, want := range r.q.Equal {
		i, ok := r.o.leaf[name]
		if !ok {
			return false, nil // what the file does not have equals nothing
		}
		chunk, ok := g.ColumnChunks()[i].(*parquet.FileColumnChunk)
		if !ok {
			continue
		}
		if lowest, highest, ok := chunk.Bounds(); ok && chunk.Type().Kind() == parquet.ByteArray &&
			(want < string(lowest.ByteArray()) || want > string(highest.ByteArray())) {
			return false, nil
		}
		filter, err := chunk.BloomFilterFrom(r.o.file)
		if errors.Is(err, parquet.ErrMissingBloomFilter) {
			continue
		}
		if err != nil {
			return false, err
		}
		if hit, err := filter.Check(parquet.ByteArrayValue([]byte(want))); err != nil || !hit {
			return false, err
		}
	}
	return true, nil
}

// rawBytes is how many bytes the records of a group of rows take.
func (r *fileReader) rawBytes(group int) int64 {
	for _, c := range r.o.pq.Metadata().RowGroups[group].Columns {
		if path := c.MetaData.PathInSchema; len(path) == 1 && path[0] == column.Raw {
			return c.MetaData.TotalUncompressedSize
		}
	}
	return 0
}

// times are those of all rows in question, sorted.
func (r *fileReader) times() ([]int64, error) {
	s := r.stream(column.When)
	if s == nil {
		return nil, errors.New("it has no column " + column.When)
	}
	defer s.close()
	var out []int64
	for {
		v, err := s.one()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		t := int64(noTime)
		if !v.IsNull() {
			t = v.Int64()
		}
		out = append(out, t)
		s.done()
	}
	if len(out) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	slices.Sort(out)
	return out, nil
}

func (r *fileReader) stream(name string) *stream {
	s := r.o.stream(name)
	if s != nil {
		s.groups = r.groups
	}
	return s
}

// pass gives the rows with times from from on and before to.
func (r *fileReader) pass(from, to int64) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	names := []string{column.When, column.Key, column.Sub, column.Format, column.Tenant, column.Origin, column.Raw, column.Exact}
	for name := range r.q.Equal {
		names = append(names, name)
	}
	streams := make([]*stream, len(names))
	defer func() {
		for _, s := range streams {
			s.close()
		}
	}()
	for i, name := range names {
		if streams[i] = r.stream(name); streams[i] == nil && i != 7 {
			return errors.New("it has no column " + name)
		}
	}
	r.text, r.rows = r.text[:0], r.rows[:0]
	values := make([]parquet.Value, len(names))
	rows := int64(0)
	for _, g := range r.groups {
		rows += g.NumRows()
	}
	for range rows {
		for i, s := range streams {
			if s == nil {
				continue
			}
			var err error
			if values[i], err = s.one(); err != nil {
				return fmt.Errorf("column %s: %w", names[i], err)
			}
		}
		if err := r.hold(values, names[8:], from, to); err != nil {
			return err
		}
		for _, s := range streams {
			if s != nil && len(s.retired)+len(s.closing) > 0 {
				s.done()
			}
		}
	}
	slices.SortFunc(r.rows, func(a, b held) int { return cmp.Or(cmp.Compare(a.time, b.time), bytes.Compare(a.key[:], b.key[:])) })
	for i := range r.rows {
		if i%1024 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		h := &r.rows[i]
		row := Row{
			Kind: r.kind, Sub: h.sub, Format: h.format, Key: h.key,
			Raw: r.text[h.at:h.raw], Tenant: string(r.text[h.raw:h.tenant]), Origin: string(r.text[h.tenant:h.origin]),
		}
		if h.time != noTime {
			row.Time = time.UnixMicro(h.time).UTC()
		}
		if err := r.do(&row); err != nil {
			return foreign(err)
		}
	}
	return nil
}

// hold keeps a row that the query wants.
func (r *fileReader) hold(values []parquet.Value, equal []string, from, to int64) error {
	t := int64(noTime)
	if !values[0].IsNull() {
		t = values[0].Int64()
	}
	if t < from || t >= to {
		return nil
	}
	if q := r.q; !q.From.IsZero() && (t == noTime || t < q.From.UnixMicro()) || !q.To.IsZero() && (t == noTime || t >= q.To.UnixMicro()) {
		return nil
	}
	for i, name := range equal {
		if v := values[8+i]; v.IsNull() || string(v.ByteArray()) != r.q.Equal[name] {
			return nil
		}
	}
	h := held{time: t, at: len(r.text)}
	if n, err := hex.Decode(h.key[:], values[1].ByteArray()); err != nil || n != len(h.key) {
		return errors.New("a key is no key")
	}
	var ok bool
	if h.sub, ok = event.SubByName(string(values[2].ByteArray())); !ok {
		return fmt.Errorf("%q is no sort of sign-in", values[2].ByteArray())
	}
	if h.format, ok = event.FormatByName(string(values[3].ByteArray())); !ok {
		return fmt.Errorf("%q is no format", values[3].ByteArray())
	}
	raw := values[6]
	if !values[7].IsNull() {
		raw = values[7]
	}
	r.text = append(r.text, raw.ByteArray()...)
	h.raw = len(r.text)
	r.text = append(r.text, values[4].ByteArray()...)
	h.tenant = len(r.text)
	r.text = append(r.text, values[5].ByteArray()...)
	h.origin = len(r.text)
	r.rows = append(r.rows, h)
	return nil
}
