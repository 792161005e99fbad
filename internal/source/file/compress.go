package file

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the memory that a zstd file may ask for. It is what the zstd
// program allows unless told otherwise.
const maxWindow = 128 << 20

// unpacker returns a reader of what r holds in compressed form. The reader
// repeats its error.
type unpacker func(path string, r *bufio.Reader) (io.Reader, func() error, error)

// compression returns nil if head does not begin like something that can be
// unpacked.
func compression(head []byte) (string, unpacker) {
	h := string(head[:min(len(head), 4)])
	switch {
	case strings.HasPrefix(h, "\x1f\x8b\x08"):
		return "gzip", gunzip
	case h == "\x28\xb5\x2f\xfd", len(h) == 4 && h[0]&0xf0 == 0x50 && h[1:] == "\x2a\x4d\x18": // a frame to skip
		return "zstd", unzstd
	}
	return "", nil
}

const damagedHint = "what comes before was read; copy or download the file again"

// damaged explains an error of a decompressor. Errors that have been explained
// further down go through.
func damaged(path, format string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	p := Problem{Path: path, Hint: damagedHint}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.Reason, err = "the "+format+" data end too early", io.ErrUnexpectedEOF
	case errors.Is(err, errTrailing), errors.Is(err, zstd.ErrMagicMismatch):
		p.Reason = "the " + format + " data are followed by something else"
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		p.Reason, p.Hint = "unpacking it takes more than 128 MiB of memory", "compress it again without --long and --ultra"
	case errors.Is(err, zstd.ErrUnknownDictionary):
		p.Reason, p.Hint = "it was compressed with a dictionary", "unpack it with zstd -d -D DICTIONARY"
	default:
		p.Reason = "the " + format + " data are damaged: " + err.Error()
	}
	return &Error{p, err}
}

// errTrailing means that another gzip member was expected.
var errTrailing = errors.New("not gzip")

// gunzipper reads gzip members up to the end. The gzip package can do so as
// well, but takes some truncated members for the end of the file.
type gunzipper struct {
	path string
	r    *bufio.Reader
	z    *gzip.Reader
	err  error
}

func gunzip(path string, r *bufio.Reader) (io.Reader, func() error, error) {
	g := &gunzipper{path: path, r: r, z: new(gzip.Reader)}
	if err := g.member(); err != nil {
		return nil, nil, damaged(path, "gzip", err)
	}
	return g, nil, nil
}

func (g *gunzipper) member() error {
	err := g.z.Reset(g.r)
	g.z.Multistream(false)
	return err
}

func (g *gunzipper) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for n == 0 && g.err == nil {
		n, err = g.z.Read(p)
		switch {
		case err == io.EOF:
			g.err = g.next()
		case err != nil:
			g.err = damaged(g.path, "gzip", err)
		}
	}
	return n, g.err
}

// next moves on to the next member. Zero bytes may fill up the end of the file.
func (g *gunzipper) next() error {
	head, err := g.r.Peek(2)
	if string(head) == "\x1f\x8b" {
		if err := g.member(); err != nil {
			return damaged(g.path, "gzip", err)
		}
		return nil
	}
	for err == nil || err == io.EOF {
		var b byte
		if b, err = g.r.ReadByte(); err == io.EOF {
			return io.EOF
		} else if b != 0 {
			err = errTrailing
		}
	}
	return damaged(g.path, "gzip", err)
}

// unzstder reads zstd frames up to the end.
type unzstder struct {
	path string
	z    *zstd.Decoder
	err  error
}

func unzstd(path string, r *bufio.Reader) (io.Reader, func() error, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, nil, damaged(path, "zstd", err)
	}
	return &unzstder{path: path, z: z}, func() error { z.Close(); return nil }, nil
}

func (u *unzstder) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.z.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(u.path, "zstd", err)
	}
	u.err = err
	return n, err
}
