package state

import (
	"encoding/binary"
	"fmt"
	"time"
)

// TimeSize is how many bytes EncodeTime gives.
const TimeSize = 12

// EncodeTime gives a time as stores keep it: to the nanosecond, for every year
// that a record may claim, and such that bytes compare as times do.
func EncodeTime(t time.Time) []byte {
	b := make([]byte, TimeSize)
	binary.BigEndian.PutUint64(b, uint64(t.Unix())^1<<63)
	binary.BigEndian.PutUint32(b[8:], uint32(t.Nanosecond()))
	return b
}

// DecodeTime gives back, in UTC, what EncodeTime was given. Other bytes are
// damage.
func DecodeTime(b []byte) (time.Time, error) {
	if len(b) != TimeSize {
		return time.Time{}, fmt.Errorf("%w: a time of %d bytes", ErrCorrupt, len(b))
	}
	nanos := binary.BigEndian.Uint32(b[8:])
	if nanos >= 1e9 {
		return time.Time{}, fmt.Errorf("%w: a time with %d nanoseconds", ErrCorrupt, nanos)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b)^1<<63), int64(nanos)).UTC(), nil
}
