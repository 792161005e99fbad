package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/entrawatch/entrawatch/internal/event"
)

type frameKind uint8

const (
	inArray   frameKind = iota // elements of a plain array
	inWrapper                  // elements of a wrapper's array: value, records, tables
	inTail                     // the keys of a wrapper after its array
	inRows                     // rows of a Log Analytics table
)

type frame struct {
	kind    frameKind
	index   int // of the next element
	env     *Envelope
	columns []string // inRows
	page    int      // place in Framer.pages, plus one
}

// maxFrames bounds how deep containers of records nest: a page in an array in
// a batch is real, ten of them are not.
const maxFrames = 8

// A Framer cuts a stream into batches of records.
type Framer struct {
	r      io.Reader
	rest   []byte // read, not yet part of a batch
	eof    bool
	offset int64 // of rest in the input
	line   int
	stack  []frame
	top    *Envelope // of records outside any container
	direct direct
	marker marker // of the batch's data
	// decoder and guess let records be read as they are cut out: most are of
	// the kind and format of the one before.
	decoder *Decoder
	mode    Mode
	guess   *node
	shapes  shapes
	shape   *shape // of guess
	comma   bool   // the next element of the innermost array needs a comma first
	begun   bool
	csv     *csvTable
	// skipping is the state inside a record that is too large.
	skipping  bool
	skipDepth int
	skipStr   bool
	skipEsc   bool
	buf       []byte // room for rewritten records
	size      int    // how many bytes a batch aims for
	seen      seen
	onKey     keyFunc // f.key, made once
	pages     []Page
}

// NewFramer reads from r. name is the file's name: it decides only what
// content cannot, which is the sort of sign-in in portal downloads.
func NewFramer(r io.Reader, name string) *Framer {
	env := &Envelope{hint: hintFromName(name)}
	f := &Framer{r: r, line: 1, top: env, size: batchSize, shapes: shapes{}}
	f.onKey = f.key
	return f
}

// Read makes the framer read records as it cuts them out, for workers of d.
func (f *Framer) Read(d *Decoder, mode Mode) { f.decoder, f.mode = d, mode }

// Another makes the framer read another input, as NewFramer does, and remembers
// what records looked like: a source brings the same again and again in small
// pieces.
func (f *Framer) Another(r io.Reader, name string) {
	fresh := NewFramer(r, name)
	fresh.decoder, fresh.mode, fresh.guess, fresh.shapes, fresh.shape = f.decoder, f.mode, f.guess, f.shapes, f.shape
	fresh.buf, fresh.rest = f.buf[:0], f.rest[:0]
	*f = *fresh
	f.onKey = f.key
}

// At tells the framer on which line of its file the input begins.
func (f *Framer) At(line int) { f.line = max(line, 1) }

// Whole says up to which offset of the input whole records were handed out, and
// ok whether another framer could go on from there: no container is open. Rows
// of CSV need their header once more.
func (f *Framer) Whole() (offset int64, ok bool) {
	return f.offset, len(f.stack) == 0 && !f.skipping
}

// nowhereNode leads nowhere: a record is checked and nothing noted.
var nowhereNode = func() *node {
	n := &node{}
	n.seal()
	return n
}()

// root is what the next record is read along.
func (f *Framer) root() *node {
	if f.guess == nil {
		return nowhereNode
	}
	return f.guess
}

// expect settles what a record is, and expects the next one to be the same.
func (f *Framer) expect(rec *Rec, text []byte) {
	if f.mode == Generic {
		rec.what = class{kind: event.Generic, format: event.JSONLines}
	} else {
		rec.what = classify(rec, text)
	}
	if f.decoder != nil && rec.what.reason == "" {
		f.guess = f.decoder.roots[rec.what.kind][rec.what.format]
		if f.shape == nil || f.shape.root != f.guess {
			f.shape = f.shapes.of(f.guess)
		}
	}
}

// Format says what the input as a whole looked like.
func (f *Framer) Format() string {
	if f.csv != nil {
		return f.csv.title
	}
	if f.top.Format == "" {
		return "JSON"
	}
	return f.top.Format
}

// Next fills b with the next stretch of input. It returns io.EOF when there is
// none left; any other error is the reader's own, and the end as well.
func (f *Framer) Next(b *Batch) error {
	b.reset()
	b.Data = append(b.Data, f.rest...)
	f.rest = f.rest[:0]
	b.firstLine, b.offset = f.line, f.offset
	f.marker.reset()
	f.direct.notes = b.notes
	defer func() { b.notes = f.direct.notes }()
	if f.eof && len(b.Data) == 0 {
		return io.EOF
	}
	want := f.size
	for {
		if err := f.fill(b, want); err != nil {
			return err
		}
		if !f.begun {
			f.begin(b)
		}
		used := 0
		if !f.begun {
			want *= 2
			continue
		}
		if f.csv != nil {
			used = f.csvRows(b)
		} else {
			f.direct.over(b.Data, f.marker.extend(b.Data))
			used = f.records(b)
		}
		if used > 0 || f.eof || len(b.Bad) > 0 {
			f.line = b.lineOf(used)
			f.offset = b.offset + int64(used)
			f.rest = append(f.rest, b.Data[used:]...)
			b.Data = b.Data[:used]
			if f.eof && len(f.rest) == 0 && len(b.Recs) == 0 && len(b.Bad) == 0 {
				return io.EOF
			}
			return nil
		}
		want *= 2
	}
}

// fill reads until b holds want bytes or the input ends.
func (f *Framer) fill(b *Batch, want int) error {
	if cap(b.Data) < want {
		b.Data = append(make([]byte, 0, want+want/8), b.Data...)
	}
	for !f.eof && len(b.Data) < want {
		n, err := f.r.Read(b.Data[len(b.Data):cap(b.Data)])
		b.Data = b.Data[:len(b.Data)+n]
		if errors.Is(err, io.EOF) {
			f.eof = true
		} else if err != nil {
			// What was read before the error still counts.
			f.eof = true
			b.Bad = append(b.Bad, Bad{Line: f.line, Index: -1, Reason: err.Error()})
		}
	}
	return nil
}

// begin looks at the first bytes and decides between JSON and CSV. It leaves
// begun false when it needs to see more.
func (f *Framer) begin(b *Batch) {
	const mark = "\ufeff"
	if !f.eof && len(b.Data) < len(mark) {
		return
	}
	if bytes.HasPrefix(b.Data, []byte(mark)) {
		b.Data = b.Data[len(mark):]
		b.offset += int64(len(mark))
	}
	i := skipBlank(b.Data, 0)
	switch {
	case i < len(b.Data) && (b.Data[i] == '{' || b.Data[i] == '['):
		f.begun = true
	case i == len(b.Data):
		f.begun = f.eof
	case f.eof || len(b.Data) >= batchSize:
		f.begun = true
		f.beginCSV(b, i)
	}
}

// records cuts b.Data into records and returns how much of it is done with.
func (f *Framer) records(b *Batch) (used int) {
	i := 0
	for {
		if f.skipping {
			i = f.skipLarge(b, i)
			if f.skipping {
				return i
			}
		}
		i = skipBlank(b.Data, i)
		if i >= len(b.Data) {
			if f.eof && len(f.stack) > 0 {
				b.Bad = append(b.Bad, Bad{
					Line: b.lineOf(i), Index: -1,
					Reason: "the input ends before its outermost " + f.open() + " is closed: the file is cut off, or still being written",
				})
				f.stack = f.stack[:0]
			}
			return i
		}
		next, ok := f.element(b, i)
		if !ok {
			return i
		}
		i = next
	}
}

func (f *Framer) open() string {
	if f.stack[0].kind == inArray {
		return "["
	}
	return "{"
}

// element handles what begins at b.Data[i]: a record, the start or end of a
// container, or damage. ok is false when more input is needed first.
func (f *Framer) element(b *Batch, i int) (next int, ok bool) {
	var fr *frame
	index, env := -1, f.top
	if n := len(f.stack); n > 0 {
		fr = &f.stack[n-1]
		env = fr.env
		switch {
		case fr.kind == inTail:
			return f.tail(b, i)
		case b.Data[i] == ']':
			if fr.kind == inArray {
				f.pop()
			} else {
				fr.kind = inTail
				f.comma = true
			}
			return i + 1, true
		case f.comma && b.Data[i] != ',':
			return f.damaged(b, i, i, -1, "expected , or ] after an element of the array")
		case f.comma:
			f.comma = false
			return i + 1, true
		}
		index = fr.index
	}
	switch c := b.Data[i]; {
	case c == '[' && fr != nil && fr.kind == inRows:
		return f.row(b, i, fr)
	case c == '[':
		return f.push(b, i, frame{kind: inArray, env: env}, i+1)
	case c == '{':
		return f.object(b, i, index, env)
	case c == '"' && fr != nil:
		return f.stringElement(b, i, index, env)
	}
	return f.strange(b, i, index)
}

// push enters a container whose first element is at next.
func (f *Framer) push(b *Batch, i int, fr frame, next int) (int, bool) {
	if len(f.stack) == maxFrames {
		return f.damaged(b, i, i, -1, fmt.Sprintf("arrays of records nested more than %d deep", maxFrames))
	}
	f.stack = append(f.stack, fr)
	f.comma = false
	return next, true
}

// pop leaves the innermost container; it was an element of the one around it.
func (f *Framer) pop() {
	f.stack = f.stack[:len(f.stack)-1]
	f.done()
}

// done notes that an element of the innermost container has ended.
func (f *Framer) done() {
	if n := len(f.stack); n > 0 {
		f.stack[n-1].index++
		f.comma = true
	}
}

// object scans the object at i, which is a record unless one of its keys shows
// that it wraps records.
func (f *Framer) object(b *Batch, i, index int, env *Envelope) (int, bool) {
	f.seen = seen{data: b.Data, env: env}
	o := &f.seen
	o.sniff.base = i
	from := len(f.direct.notes)
	end, stopped, err := f.read(i)
	if stopped || err != scanOK || end-i > MaxRecord {
		f.direct.notes = f.direct.notes[:from]
	}
	switch {
	case o.undecided:
		return f.more(b, i, index)
	case stopped:
		if o.inner.env.Format != "" && len(f.stack) == 0 {
			f.top.Format = o.inner.env.Format
		}
		return f.push(b, i, o.inner, o.innerAt)
	case err == scanMore:
		return f.more(b, i, index)
	case err != scanOK:
		return f.damaged(b, i, f.direct.at, index, err.String())
	case end-i > MaxRecord:
		f.bad(b, i, i+min(end-i, badKeep), index, tooLarge)
	default:
		b.Recs = append(b.Recs, Rec{
			Start: i, End: end, Index: index, Env: env, Line: b.lineOf(i), sniff: o.sniff,
			root: f.guess, notes: [2]int{from, len(f.direct.notes)},
		})
		f.expect(&b.Recs[len(b.Recs)-1], b.Data[i:end])
	}
	f.done()
	return end, true
}

// read reads the object at i, by its shape if that is known.
func (f *Framer) read(i int) (end int, stopped bool, err scanErr) {
	return f.shape.read(&f.direct, i, f.root(), f.onKey, &f.seen.sniff)
}

// seen is what the outermost keys of the object at hand have shown so far.
type seen struct {
	data      []byte
	env       *Envelope
	sniff     sniff
	columns   []string // of a Log Analytics table
	inner     frame    // the container that the object turned out to be
	innerAt   int      // where its first element is
	undecided bool     // the data ends where a wrapper would show
}

// key hears of the outermost keys of the object at hand. It returns false at
// an array of records.
func (f *Framer) key(key []byte, t *telling, at int) bool {
	o := &f.seen
	if o.data[at] == '[' {
		switch {
		case fold(key, "value"), fold(key, "records"), fold(key, "tables"):
			// Arrays of scalars under these names are data, not a wrapper.
			first := skipBlank(o.data, at+1)
			if o.undecided = first >= len(o.data); o.undecided {
				return false
			}
			if o.data[first] != '{' && o.data[first] != ']' && !(o.data[first] == '"' && fold(key, "records")) {
				break
			}
			o.innerAt = at + 1
			o.inner = frame{kind: inWrapper, env: wrapperEnv(o.env, string(key), o.sniff.context(o.data))}
			if fold(key, "value") {
				f.pages = append(f.pages, Page{o.inner.env.Context, o.sniff.any(mNext)})
				o.inner.page = len(f.pages)
			}
			return false
		case fold(key, "rows") && o.columns != nil:
			o.innerAt = at + 1
			o.inner = frame{kind: inRows, env: wrapperEnv(o.env, "rows", ""), columns: o.columns}
			return false
		case fold(key, "columns"):
			o.columns = columnNames(o.data, at)
		}
	}
	o.sniff.key(t, o.data, at)
	return true
}

// A Page is an answer of Microsoft Graph that the input holds.
type Page struct {
	Context string // @odata.context
	More    bool   // it names a page behind it
}

// Pages lists the pages that were begun so far.
func (f *Framer) Pages() []Page { return f.pages }

func nextLink(key []byte) bool { return fold(key, "@odata.nextlink") }

// stringElement handles an element that is a string: the text of a record,
// written as JSON in JSON.
func (f *Framer) stringElement(b *Batch, i, index int, env *Envelope) (int, bool) {
	end, escaped, err := skipString(b.Data, i+1)
	if err == scanMore {
		return f.more(b, i, index)
	}
	if err != scanOK {
		return f.damaged(b, i, end, index, err.String())
	}
	text := b.Data[i+1 : end]
	if escaped {
		text, _ = unescape(nil, text)
	}
	f.detached(b, text, b.lineOf(i), index, env)
	f.done()
	return end + 1, true
}

// detached adds a record whose text does not stand in the input as it is.
func (f *Framer) detached(b *Batch, text []byte, line, index int, env *Envelope) {
	rec := Rec{Index: index, Env: env, Line: line}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		b.Bad = append(b.Bad, Bad{Line: line, Index: index, Reason: "expected the text of a JSON object, found " + clip(text), Raw: bytes.Clone(text)})
		return
	}
	defer f.direct.over(f.direct.data, f.direct.marks)
	f.direct.over(text, nil)
	end, _, err := f.direct.record(0, nowhereNode, func(_ []byte, t *telling, at int) bool {
		rec.sniff.key(t, text, at)
		return true
	})
	if err != scanOK || end != len(text) {
		why := "expected the text of a JSON object"
		if err != scanOK {
			why = err.String()
		}
		b.Bad = append(b.Bad, Bad{Line: line, Index: index, Reason: why + ", found " + clip(text), Raw: bytes.Clone(text)})
		return
	}
	rec.own = bytes.Clone(text)
	if f.mode == Generic {
		rec.what = class{kind: event.Generic, format: event.JSONLines}
	} else {
		rec.what = classify(&rec, text)
	}
	b.Recs = append(b.Recs, rec)
}

// Notices are things to know about the input as a whole that are no errors.
func (f *Framer) Notices() []string {
	if f.csv != nil && f.csv.days.ambiguous {
		order := "month first"
		if f.csv.days.dayFirst {
			order = "day first"
		}
		return []string{"dates such as 3/12/2025 can be read two ways; they were taken as " + order}
	}
	return nil
}
