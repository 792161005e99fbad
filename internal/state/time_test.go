package state

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	ascending := []time.Time{
		time.Unix(math.MinInt64/2, 0),
		time.Date(-1, 12, 31, 23, 0, 0, 0, time.UTC),
		{},
		time.Time{}.Add(1),
		time.Unix(0, -1),
		time.Unix(0, 0),
		time.Date(2026, 11, 2, 8, 15, 4, 999_999_999, time.FixedZone("", 3600)),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -12*3600)),
	}
	var last []byte
	for _, want := range ascending {
		b := EncodeTime(want)
		got, err := DecodeTime(b)
		if err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%v: got %v, %v", want, got, err)
		}
		if bytes.Compare(last, b) >= 0 {
			t.Errorf("%v does not come after what is before it", want)
		}
		last = b
	}
	if got, _ := DecodeTime(EncodeTime(time.Time{})); got != (time.Time{}) {
		t.Errorf("the zero time comes back as %#v", got)
	}
}

func TestDamagedTimes(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 11), bytes.Repeat([]byte{0xff}, 12)} {
		if got, err := DecodeTime(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%x: got %v, %v", b, got, err)
		}
	}
}
