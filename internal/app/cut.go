package app

import (
	"context"
	"errors"
	"io"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// cut cuts one file into batches, used ones again where there are some, and
// hands them on. The framer is nil if the file cannot be opened.
func (sc *scan) cut(ctx context.Context, in file.Input, d *decode.Decoder, free <-chan *decode.Batch, hand func(*decode.Batch)) (fr *decode.Framer, encoding string, err error) {
	s, err := file.Open(in)
	if err != nil {
		return nil, "", err
	}
	defer s.Close()
	fr = decode.NewFramer(s, in.Path)
	fr.Read(d, sc.mode())
	consumed := int64(0)
	for ctx.Err() == nil {
		var b *decode.Batch
		select {
		case b = <-free:
		default:
			b = &decode.Batch{}
		}
		if err = fr.Next(b); err != nil {
			break
		}
		now := s.Consumed()
		sc.readBytes.Add(now - consumed)
		consumed = now
		hand(b)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return fr, s.Encoding(), err
}
