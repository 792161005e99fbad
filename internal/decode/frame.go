package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

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
	notes []note // of all records that were read as they were cut out

	firstLine int // line number of Data[0], counted from 1
	// lineAt and lineNo remember the last answer of Line, which is asked for
	// rising offsets.
	lineAt, lineNo int
}

// A Rec is one record of a batch: the span of its text and what its outermost
// keys say about it.
type Rec struct {
	Start, End int
	Index      int // position in its array, from 0; -1 when it stands alone
	Env        *Envelope
	sniff      sniff
	what       class
	line       int    // when known beforehand, else 0
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

// Line returns the line on which the record begins. It is cheap when asked in
// order.
func (b *Batch) Line(r *Rec) int {
	if r.line > 0 {
		return r.line
	}
	return b.lineOf(r.Start)
}

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
}

// maxFrames bounds how deep containers of records nest: a page in an array in
// a batch is real, ten of them are not.
const maxFrames = 8

// A Framer cuts a stream into batches of records.
type Framer struct {
	r      io.Reader
	rest   []byte // read, not yet part of a batch
	eof    bool
	line   int
	stack  []frame
	top    *Envelope // of records outside any container
	direct direct
	// decoder and guess let records be read as they are cut out: most are of
	// the kind and format of the one before.
	decoder *Decoder
	mode    Mode
	guess   *node
	comma   bool // the next element of the innermost array needs a comma first
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
}

// NewFramer reads from r. name is the file's name: it decides only what
// content cannot, which is the sort of sign-in in portal downloads.
func NewFramer(r io.Reader, name string) *Framer {
	env := &Envelope{hint: hintFromName(name)}
	f := &Framer{r: r, line: 1, top: env, size: batchSize}
	f.onKey = f.key
	return f
}

// Read makes the framer read records as it cuts them out, for workers of d.
func (f *Framer) Read(d *Decoder, mode Mode) { f.decoder, f.mode = d, mode }

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
	b.firstLine = f.line
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
			used = f.records(b)
		}
		if used > 0 || f.eof || len(b.Bad) > 0 {
			f.line += bytes.Count(b.Data[:used], []byte{'\n'})
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
	b.Data = bytes.TrimPrefix(b.Data, []byte(mark))
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

func (f *Framer) bad(b *Batch, from, to int, index int, reason string) {
	raw := b.Data[from:to]
	b.Bad = append(b.Bad, Bad{Line: b.lineOf(from), Index: index, Reason: reason, Raw: bytes.TrimSpace(bytes.Clone(raw))})
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
	end, stopped, err := f.direct.record(b.Data, i, f.root(), f.onKey)
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
			Start: i, End: end, Index: index, Env: env, sniff: o.sniff,
			root: f.guess, notes: [2]int{from, len(f.direct.notes)},
		})
		f.expect(&b.Recs[len(b.Recs)-1], b.Data[i:end])
	}
	f.done()
	return end, true
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
func (f *Framer) key(key []byte, at int) bool {
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
			return false
		case fold(key, "rows") && o.columns != nil:
			o.innerAt = at + 1
			o.inner = frame{kind: inRows, env: wrapperEnv(o.env, "rows", ""), columns: o.columns}
			return false
		case fold(key, "columns"):
			o.columns = columnNames(o.data, at)
		}
	}
	o.sniff.key(key, o.data, at)
	return true
}

const (
	badKeep  = 1 << 20
	tooLarge = "the record is larger than 16 MiB; only its first MiB is kept in quarantine"
)

// more is called when the element at i does not end within b.Data.
func (f *Framer) more(b *Batch, i, index int) (int, bool) {
	switch {
	case f.eof:
		return f.damaged(b, i, len(b.Data), index, scanMore.String()+"; if it is still being written, scan it again later")
	case len(b.Data)-i > MaxRecord:
		f.bad(b, i, i+badKeep, index, tooLarge)
		f.skipping, f.skipDepth, f.skipStr, f.skipEsc = true, 0, false, false
		return i, true
	}
	return i, false
}

// skipLarge passes over a record of any size without keeping it.
func (f *Framer) skipLarge(b *Batch, i int) int {
	for ; i < len(b.Data); i++ {
		c := b.Data[i]
		switch {
		case f.skipEsc:
			f.skipEsc = false
		case f.skipStr:
			switch c {
			case '\\':
				f.skipEsc = true
			case '"':
				f.skipStr = false
			case '\n':
				// No string holds a line break: the record is damaged.
				f.skipping = false
				f.stack = f.stack[:0]
				return i
			}
		case c == '"':
			f.skipStr = true
		case c == '{' || c == '[':
			f.skipDepth++
		case c == '}' || c == ']':
			if f.skipDepth--; f.skipDepth == 0 {
				f.skipping = false
				f.done()
				return i + 1
			}
		}
	}
	if f.eof {
		f.skipping = false
		f.stack = f.stack[:0]
	}
	return i
}

// damaged reports the element at i, whose text is wrong at at, and goes on
// where that is safe.
func (f *Framer) damaged(b *Batch, i, at, index int, reason string) (int, bool) {
	next, how := f.resync(b.Data, i, at)
	switch {
	case how == nowhere && !f.eof && len(b.Data)-i <= MaxRecord:
		return i, false
	case how == nowhere && !f.eof:
		f.bad(b, i, i+badKeep, index, "the record is damaged ("+reason+") and larger than 16 MiB")
		f.skipping, f.skipDepth, f.skipStr, f.skipEsc = true, 0, false, false
		return i, true
	case how == behind:
		f.bad(b, i, next, index, describe(b, i, at, next, reason))
		f.done()
	default:
		// The containers around the damage can no longer be trusted.
		f.bad(b, i, next, index, describe(b, i, at, next, reason))
		f.stack, f.comma = f.stack[:0], false
	}
	return next, true
}

// A place says where reading can go on after damage.
type place uint8

const (
	nowhere place = iota // not within the data at hand; the end of it, if no more comes
	behind               // behind the damaged element, in the same container
	newLine              // at a line that begins with a bracket
)

// resync finds where to go on after damage at at in the element that began at
// i. Outside containers a line that begins with a bracket is a new record, so
// that a cut line costs no other line.
func (f *Framer) resync(data []byte, i, at int) (int, place) {
	top := len(f.stack) == 0
	depth, inStr := 0, false
	for k := i; k < len(data); k++ {
		c := data[k]
		if c == '\n' && top && columnZero(data, k+1) {
			return k + 1, newLine
		}
		if inStr {
			switch c {
			case '\\':
				k++
			case '"', '\n':
				inStr = false
			}
			continue
		}
		switch c {
		case '"':
			inStr = true
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			switch {
			case depth < 0 && !top && k >= at && k > i:
				return k, behind
			case depth <= 0 && k >= at:
				return k + 1, behind
			}
		}
	}
	if !f.eof && len(data)-i <= MaxRecord {
		return len(data), nowhere
	}
	for k := i; k < len(data); k++ {
		n := bytes.IndexByte(data[k:], '\n')
		if n < 0 {
			break
		}
		if k += n; columnZero(data, k+1) || (top && k >= at && k+1 < len(data)) {
			return k + 1, newLine
		}
	}
	return len(data), nowhere
}

func columnZero(data []byte, i int) bool {
	return i < len(data) && (data[i] == '{' || data[i] == '[')
}

// describe says where in the record the damage is, with the text around it.
func describe(b *Batch, i, at, end int, reason string) string {
	near := bytes.TrimSpace(b.Data[max(i, min(at, end)-20):min(end, at+20)])
	where := fmt.Sprintf("line %d", b.lineOf(at))
	b.lineAt, b.lineNo = 0, 0
	msg := fmt.Sprintf("not valid JSON at %s, near %q: %s", where, near, reason)
	if at < len(b.Data) && b.Data[at] == '\'' {
		msg += " (JSON has double quotes; this looks like a Python or JavaScript printout)"
	}
	return msg
}

// strange reports text where a record was expected.
func (f *Framer) strange(b *Batch, i, index int) (int, bool) {
	if len(f.stack) > 0 {
		end, err := f.extent(b.Data, i)
		if err == scanMore {
			return f.more(b, i, index)
		}
		if err != scanOK {
			return f.damaged(b, i, f.direct.at, index, err.String())
		}
		f.bad(b, i, end, index, "expected an object, found "+clip(b.Data[i:end]))
		f.done()
		return end, true
	}
	n := bytes.IndexByte(b.Data[i:], '\n')
	if n < 0 && !f.eof && len(b.Data)-i <= MaxRecord {
		return i, false
	}
	end := len(b.Data)
	if n >= 0 {
		end = i + n
	}
	f.bad(b, i, end, index, "expected a JSON object, found "+clip(b.Data[i:end]))
	return end, true
}

func clip(text []byte) string {
	const most = 40
	if len(text) > most {
		return fmt.Sprintf("%q…", text[:most])
	}
	return fmt.Sprintf("%q", text)
}

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
	rec := Rec{Index: index, Env: env, line: line}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		b.Bad = append(b.Bad, Bad{Line: line, Index: index, Reason: "expected the text of a JSON object, found " + clip(text), Raw: bytes.Clone(text)})
		return
	}
	end, _, err := f.direct.record(text, 0, nowhereNode, func(key []byte, at int) bool {
		rec.sniff.key(key, text, at)
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

// tail reads the keys of a wrapper behind its array.
func (f *Framer) tail(b *Batch, i int) (int, bool) {
	switch {
	case b.Data[i] == '}':
		f.pop()
		return i + 1, true
	case b.Data[i] == ',' && f.comma:
		f.comma = false
		return i + 1, true
	case b.Data[i] != '"' || f.comma:
		return f.damaged(b, i, i, -1, "expected , or } after the array of records")
	}
	to, _, err := skipString(b.Data, i+1)
	if err == scanMore {
		return f.more(b, i, -1)
	}
	if err != scanOK {
		return f.damaged(b, i, to, -1, err.String())
	}
	at := skipBlank(b.Data, to+1)
	if at >= len(b.Data) {
		return f.more(b, i, -1)
	}
	if b.Data[at] != ':' {
		return f.damaged(b, i, at, -1, scanColon.String())
	}
	at = skipBlank(b.Data, at+1)
	key := b.Data[i+1 : to]
	if at < len(b.Data) && b.Data[at] == '[' && (fold(key, "value") || fold(key, "records") || fold(key, "rows")) {
		fr := &f.stack[len(f.stack)-1]
		fr.index = 0
		fr.kind = inWrapper
		if fold(key, "rows") && fr.columns != nil {
			fr.kind = inRows
		}
		f.comma = false
		return at + 1, true
	}
	end, err := f.extent(b.Data, at)
	if err == scanMore {
		return f.more(b, i, -1)
	}
	if err != scanOK {
		return f.damaged(b, i, f.direct.at, -1, err.String())
	}
	f.comma = true
	return end, true
}

// extent finds the end of a value that is no record.
func (f *Framer) extent(data []byte, i int) (int, scanErr) {
	f.direct.data = data
	return f.direct.value(skipBlank(data, i), nil, -1, 0)
}

// row turns one row of a Log Analytics table into an object.
func (f *Framer) row(b *Batch, i int, fr *frame) (int, bool) {
	end, err := f.extent(b.Data, i)
	if err == scanMore {
		return f.more(b, i, fr.index)
	}
	if err != scanOK {
		return f.damaged(b, i, f.direct.at, fr.index, err.String())
	}
	line := b.lineOf(i)
	f.buf = zipRow(f.buf[:0], fr.columns, b.Data[i:end])
	f.detached(b, f.buf, line, fr.index, fr.env)
	f.done()
	return end, true
}

// zipRow writes a row's values under their column names.
func zipRow(dst []byte, columns []string, row []byte) []byte {
	dst = append(dst, '{')
	i := skipBlank(row, 1)
	for n := 0; i < len(row) && row[i] != ']'; n++ {
		end := skip(row, i)
		if n < len(columns) {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, columns[n])
			dst = append(dst, ':')
			dst = append(dst, bytes.TrimSpace(row[i:end])...)
		}
		if i = skipBlank(row, end); i < len(row) && row[i] == ',' {
			i = skipBlank(row, i+1)
		}
	}
	return append(dst, '}')
}

// columnNames reads [{"name": …}, …] at data[at].
func columnNames(data []byte, at int) []string {
	var names []string
	walkArray(data, at, func(elem int) {
		name := ""
		walkObject(data, elem, func(key []byte, v int) {
			if fold(key, "name") {
				name = stringAt(data, v)
			}
		})
		names = append(names, name)
	})
	return names
}

func wrapperEnv(outer *Envelope, key, context string) *Envelope {
	env := &Envelope{Context: context, hint: outer.hint}
	switch strings.ToLower(key) {
	case "value":
		env.Format = "Graph page"
	case "records":
		env.Format = "Azure Monitor batch"
	default:
		env.Format = "Log Analytics query result"
	}
	return env
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
