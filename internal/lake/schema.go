package lake

import (
	"sort"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
)

// Sizes of the parts of a file. A query for one user reads the columns that it
// names in one group of rows, and of the records only the pages with that user's
// rows, so both are small.
const (
	groupRows = 16 << 10
	pageBytes = 64 << 10
)

// codec is fast rather than tight: live intake must keep up.
var codec = &zstd.Codec{Level: zstd.SpeedFastest}

// required are the columns that every row has a value in.
var required = map[string]bool{
	column.Tenant: true, column.Kind: true, column.Key: true, column.Format: true, column.Origin: true, column.Raw: true,
}

// definition levels of values: of a required column, of an optional one, and of
// an element of a list.
const (
	defOptional = 1
	defNullElem = 2
	defElem     = 3
)

// A shape is the Parquet side of the columns of a kind. Parquet keeps columns in
// the order of their names.
type shape struct {
	schema  *parquet.Schema
	columns []column.Column // in the order of the file
	from    []int           // where each stands in column.Of
	levels  []int           // definition level of a value
}

func newShape(k event.Kind) *shape {
	all := column.Of(k)
	s := &shape{}
	group := parquet.Group{}
	for i := range all {
		group[all[i].Name] = node(&all[i])
		s.from = append(s.from, i)
	}
	sort.Slice(s.from, func(i, j int) bool { return all[s.from[i]].Name < all[s.from[j]].Name })
	for _, i := range s.from {
		s.columns = append(s.columns, all[i])
		level := defOptional
		switch {
		case all[i].List:
			level = defElem
		case required[all[i].Name]:
			level = 0
		}
		s.levels = append(s.levels, level)
	}
	s.schema = parquet.NewSchema(k.String(), group)
	return s
}

func node(c *column.Column) parquet.Node {
	var n parquet.Node
	switch c.Type {
	case column.Int:
		n = parquet.Int(64)
	case column.Float:
		n = parquet.Leaf(parquet.DoubleType)
	case column.Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case column.Time:
		n = parquet.TimestampAdjusted(parquet.Microsecond, false)
	case column.Bytes:
		n = parquet.Leaf(parquet.ByteArrayType)
	default:
		n = parquet.String()
	}
	if c.Few && c.Type != column.Bool {
		n = parquet.Encoded(n, &parquet.RLEDictionary)
	}
	n = parquet.Compressed(n, codec)
	switch {
	case c.List:
		return parquet.Optional(parquet.List(parquet.Optional(n)))
	case required[c.Name]:
		return n
	default:
		return parquet.Optional(n)
	}
}

// options are how files of the shape are written.
func (s *shape) options() []parquet.WriterOption {
	var filters []parquet.BloomFilterColumn
	for i := range s.columns {
		if c := &s.columns[i]; c.Filter {
			filters = append(filters, parquet.SplitBlockFilter(10, c.Name))
		}
	}
	return []parquet.WriterOption{
		s.schema,
		parquet.BloomFilters(filters...),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(256 << 10),
		parquet.DataPageStatistics(false),
		// Bounds of what has no limit would put whole records into the footer.
		parquet.SkipPageBounds(column.Raw), parquet.SkipPageBounds(column.Exact), parquet.SkipPageBounds(column.Policies),
		parquet.DictionaryMaxBytes(512 << 10),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.NullsFirst(parquet.Ascending(column.User)), parquet.NullsFirst(parquet.Ascending(column.When)))),
		parquet.CreatedBy("entrawatch", "1", "0"),
	}
}
