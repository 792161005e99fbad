package app

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Segments hold the hits of the events of one flush, for the next start.

// hitClass is the class of all segments.
const hitClass = "hits"

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

// segment returns what was gathered, under the fingerprint of the rules that
// made it, and begins anew.
func (w *segmentWriter) segment(enc *zstd.Encoder, fingerprint string) state.Segment {
	head := append([]byte{segmentVersion}, binary.AppendUvarint(nil, uint64(len(fingerprint)))...)
	head = append(head, fingerprint...)
	seg := state.Segment{Class: hitClass, First: w.first, Last: w.last, Body: enc.EncodeAll(w.body, head)}
	*w = segmentWriter{body: w.body[:0]}
	return seg
}

var errSegment = errors.New("a stored segment is damaged")

// readSegment gives the hits of a segment. same is false, and nothing given, if
// other rules have made it.
func readSegment(dec *zstd.Decoder, seg *state.Segment, fingerprint string, each func(event.Key, []byte) error) (same bool, err error) {
	b := seg.Body
	if len(b) == 0 || b[0] != segmentVersion {
		return false, nil
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n > uint64(len(b)-1-size) {
		return false, errSegment
	}
	b = b[1+size:]
	if string(b[:n]) != fingerprint {
		return false, nil
	}
	body, err := dec.DecodeAll(b[n:], nil)
	if err != nil {
		return true, fmt.Errorf("%w: %w", errSegment, err)
	}
	for len(body) > 0 {
		if len(body) < len(event.Key{}) {
			return true, errSegment
		}
		key := event.Key(body)
		body = body[len(key):]
		n, size := binary.Uvarint(body)
		if size <= 0 || n > uint64(len(body)-size) {
			return true, errSegment
		}
		if err := each(key, body[size:size+int(n)]); err != nil {
			return true, err
		}
		body = body[size+int(n):]
	}
	return true, nil
}
