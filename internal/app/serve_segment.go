package app

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Segments hold the hits of the events of one flush, for the next start. What
// hits are needed for decides how long: each class is kept for so long, beyond
// the time that events may be late.

type hitClass struct {
	name string
	keep time.Duration
}

var hitClasses = []hitClass{
	{"day", 24 * time.Hour},
	{"week", 8 * 24 * time.Hour},
	{"month", 32 * 24 * time.Hour},
	{"quarter", 100 * 24 * time.Hour},
	{"ever", detect.Forever},
}

// classOf is the class of hits that are needed for so long.
func classOf(need time.Duration) int {
	for i, c := range hitClasses {
		if need <= c.keep {
			return i
		}
	}
	return len(hitClasses) - 1
}

const segmentVersion = 1

// A segmentWriter gathers hits.
type segmentWriter struct {
	body        []byte
	n           int
	first, last time.Time
}

func (w *segmentWriter) add(key event.Key, at time.Time, hits []byte) {
	w.body = append(w.body, key[:]...)
	w.body = binary.AppendUvarint(w.body, uint64(len(hits)))
	w.body = append(w.body, hits...)
	w.n++
	if at.IsZero() {
		return
	}
	if w.first.IsZero() || at.Before(w.first) {
		w.first = at
	}
	w.last = newest(w.last, at)
}

// segment returns what was gathered in a flush, under the fingerprint of the
// rules that made it.
func (w *segmentWriter) segment(enc *zstd.Encoder, class int, flush uint64, fingerprint string) state.Segment {
	head := append([]byte{segmentVersion}, binary.AppendUvarint(nil, flush)...)
	head = append(binary.AppendUvarint(head, uint64(len(fingerprint))), fingerprint...)
	return state.Segment{Class: hitClasses[class].name, First: w.first, Last: w.last, Body: enc.EncodeAll(w.body, head)}
}

var errSegment = errors.New("a stored segment is damaged")

// A segmentReader reads segments.
type segmentReader struct {
	dec  *zstd.Decoder
	body []byte
}

func newSegmentReader() (*segmentReader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &segmentReader{dec: dec}, nil
}

// open returns which rules wrote a segment, in which flush, and its hits, which
// are valid until the next call.
func (r *segmentReader) open(seg *state.Segment) (by string, flush uint64, hits []byte, err error) {
	b := seg.Body
	if len(b) == 0 || b[0] != segmentVersion {
		return "", 0, nil, errSegment
	}
	b = b[1:]
	var lengths [2]uint64
	for i := range lengths {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return "", 0, nil, errSegment
		}
		lengths[i], b = n, b[size:]
	}
	if lengths[1] > uint64(len(b)) {
		return "", 0, nil, errSegment
	}
	if r.body, err = r.dec.DecodeAll(b[lengths[1]:], r.body[:0]); err != nil {
		return "", 0, nil, fmt.Errorf("%w: %w", errSegment, err)
	}
	return string(b[:lengths[1]]), lengths[0], r.body, nil
}

// eachHit gives the hits that a segmentWriter has gathered.
func eachHit(body []byte, each func(event.Key, []byte) error) error {
	for len(body) > 0 {
		if len(body) < len(event.Key{}) {
			return errSegment
		}
		key := event.Key(body)
		body = body[len(key):]
		n, size := binary.Uvarint(body)
		if size <= 0 || n > uint64(len(body)-size) {
			return errSegment
		}
		if err := each(key, body[size:size+int(n)]); err != nil {
			return err
		}
		body = body[size+int(n):]
	}
	return nil
}
