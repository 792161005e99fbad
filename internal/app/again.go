package app

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// appendPlace writes where the text of a record stands and what it is. Places
// sort as the records stand in the files.
func appendPlace(dst []byte, file int, offset int64, length int, e *event.Event) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(file))
	dst = binary.BigEndian.AppendUint64(dst, uint64(offset))
	dst = binary.BigEndian.AppendUint32(dst, uint32(length))
	return append(dst, byte(e.Kind), byte(e.Sub), byte(e.Format))
}

// A rereader reads records once more that turned out to matter.
type rereader struct {
	ctx    context.Context
	sc     *scan
	file   int // that is open; -1 = none
	picker *file.Picker
	err    error // why it could not be opened
	worker *worker
	text   []byte
	buf    []byte
	// lost are the records that were not there any more, by file, and why.
	lost   map[int]int
	reason map[int]error
}

func (sc *scan) newRereader(ctx context.Context) *rereader {
	// The workers have nothing to do any more.
	return &rereader{ctx: ctx, sc: sc, file: -1, worker: sc.workers[0], lost: map[int]int{}, reason: map[int]error{}}
}

// hits reads the record at a place and gives the hits of the rules that its
// event satisfies. A record that has changed since it was first read gives none.
func (r *rereader) hits(key event.Key, place, source []byte, rules []int) ([]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(place))
	if err := r.read(n, key, place); err != nil {
		if r.lost[n]++; r.lost[n] == 1 {
			r.reason[n] = err
		}
		return nil, nil
	}
	r.buf = r.worker.match.Hits(r.buf[:0], rules, r.worker.full, source)
	return r.buf, nil
}

func (r *rereader) read(n int, key event.Key, place []byte) error {
	if n != r.file {
		r.close()
		r.file = n
		r.picker, r.err = file.NewPicker(r.sc.files[n])
	}
	if r.err != nil {
		return r.err
	}
	size := int(binary.BigEndian.Uint32(place[12:]))
	r.text = slices.Grow(r.text[:0], size)[:size]
	if err := r.picker.Pick(r.text, int64(binary.BigEndian.Uint64(place[4:]))); err != nil {
		return err
	}
	ev := r.worker.full
	kind, sub, format := event.Kind(place[16]), event.Sub(place[17]), event.Format(place[18])
	if reason := r.worker.details.Again(kind, sub, format, r.text, ev); reason != "" || ev.Key != key {
		return fmt.Errorf("%s: has changed while it was scanned; scan it again", r.sc.files[n].Path)
	}
	return nil
}

// problems says what could not be read again.
func (r *rereader) problems() []string {
	var out []string
	for n := range r.sc.files {
		if lost := r.lost[n]; lost > 0 {
			out = append(out, fmt.Sprintf("%v; %d of its records could not be read a second time, so correlations miss them", r.reason[n], lost))
		}
	}
	return out
}

func (r *rereader) close() {
	if r.picker != nil {
		_ = r.picker.Close()
	}
	r.picker = nil
}
