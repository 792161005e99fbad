package decode

import (
	"bytes"
	"fmt"
)

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

func (f *Framer) bad(b *Batch, from, to int, index int, reason string) {
	raw := b.Data[from:to]
	b.Bad = append(b.Bad, Bad{Line: b.lineOf(from), Index: index, Reason: reason, Raw: bytes.TrimSpace(bytes.Clone(raw))})
}
