package kafka

import (
	"bytes"
	"io"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/source"
)

// joinBytes is how much text of several messages is handed on at once: enough
// that handing on costs little, and little enough to be read again.
const joinBytes = 1 << 20

// A parcel is what one delivery holds: one message, or several that follow each
// other, each on a line of its own. The line of a message tells its offset, so
// that messages without text are empty lines.
type parcel struct {
	first kgo.EpochOffset // the first message
	at    time.Time       // when the broker had it
	next  kgo.EpochOffset // behind the last
	texts [][]byte
	size  int
}

// parcels puts messages of one partition together. Only those are joined that
// close every bracket and string which they open: one that is cut off would
// swallow its neighbour.
func parcels(records []*kgo.Record) []parcel {
	var out []parcel
	var last *parcel // that more may be added to
	for _, r := range records {
		text := clean(r.Value)
		joins := len(text) == 0 || source.OneLine(text)
		if last == nil || !joins || r.Offset != last.next.Offset || last.size+len(text) > joinBytes {
			out = append(out, parcel{first: kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset}, at: r.Timestamp})
			last = &out[len(out)-1]
		}
		last.texts = append(last.texts, text)
		last.size += len(text) + 1
		last.next = kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset + 1}
		if !joins {
			last = nil
		}
	}
	return out
}

// clean takes off what may stand around a message's text.
func clean(text []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
}

// empty reports whether there is nothing in it to read.
func (p *parcel) empty() bool { return p.size == len(p.texts) }

// body returns the text.
func (p *parcel) body() io.Reader {
	lines := make([]byte, 0, p.size)
	for _, t := range p.texts {
		lines = append(append(lines, t...), '\n')
	}
	return bytes.NewReader(lines)
}

// cursorAt returns where to go on when the text is stored up to an offset: at
// the first message that is not wholly before it.
func (p *parcel) cursorAt(offset int64) string {
	end, done := int64(0), int64(0)
	for _, t := range p.texts {
		if end += int64(len(t)); end > offset {
			break
		}
		end++ // the line break may be missing
		done++
	}
	return cursor(p.first.Offset + done)
}

func cursor(offset int64) string { return strconv.FormatInt(offset, 10) }
