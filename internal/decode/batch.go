package decode

import (
	"bytes"

	"github.com/entrawatch/entrawatch/internal/event"
)

// MaxRecord is the largest record that is read. The limit is for one record,
// not for its line, array or file.
const MaxRecord = 16 << 20

// batchSize is how many bytes a batch aims for. Larger records grow it.
const batchSize = 128 << 10

// A Batch is a stretch of input with the records found in it. The records
// share its memory, so a batch lives until the last of them is done with.
type Batch struct {
	Data  []byte
	Recs  []Rec
	Bad   []Bad
	notes []event.Note // of all records that were read as they were cut out

	offset    int64 // of Data[0] in the input
	firstLine int   // line number of Data[0], counted from 1
	// lineAt and lineNo remember the last answer of lineOf.
	lineAt, lineNo int
}

// A Rec is one record of a batch: the span of its text and what its outermost
// keys say about it.
type Rec struct {
	Start, End int
	Index      int // position in its array, from 0; -1 when it stands alone
	Line       int // on which it begins, from 1
	Env        *Envelope
	sniff      sniff
	what       class
	own        []byte // the text, when it does not stand in the batch's data
	// root is what the record was read along when it was cut out, if it was;
	// notes is where what was found stands in the batch.
	root  *node
	notes [2]int
}

// An Envelope is what surrounds records and says something about them.
type Envelope struct {
	Context string // @odata.context of a Graph page, as far as read
	Format  string // what the container is, for people: "Graph page"
	csv     *csvTable
	hint    subHint
}

// Bad is a stretch of input that is not a record.
type Bad struct {
	Line   int
	Index  int // position in its array, or -1
	Reason string
	Raw    []byte // a copy; for oversized records only their beginning
	// Notice marks what was left out on purpose and needs no quarantine.
	Notice bool
}

// Text is the record's bytes.
func (b *Batch) Text(r *Rec) []byte {
	if r.own != nil {
		return r.own
	}
	return b.Data[r.Start:r.End]
}

// Span says where in the input the record's text stands; ok is false where it
// does not stand there as it is.
func (b *Batch) Span(r *Rec) (offset int64, length int, ok bool) {
	return b.offset + int64(r.Start), r.End - r.Start, r.own == nil
}

// lineOf returns the line of an offset. It is cheap when asked in order.
func (b *Batch) lineOf(at int) int {
	if at < b.lineAt || b.lineNo == 0 {
		b.lineAt, b.lineNo = 0, b.firstLine
	}
	b.lineNo += bytes.Count(b.Data[b.lineAt:at], []byte{'\n'})
	b.lineAt = at
	return b.lineNo
}

func (b *Batch) reset() {
	b.Data, b.Recs, b.Bad, b.notes = b.Data[:0], b.Recs[:0], b.Bad[:0], b.notes[:0]
	b.lineAt, b.lineNo = 0, 0
}
