package file

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
)

const (
	headSize   = 4 << 10 // what a decision about the content is based on
	bufferSize = 128 << 10

	// Logs shrink by a factor of 10 to 100. More than this, once the output is
	// large, is what somebody built to keep us busy.
	maxRatio  = 5000
	bombFloor = 1 << 30
)

// Stream yields the text of an input. Only Consumed may be called while another
// goroutine reads.
type Stream struct {
	path     string
	raw      *counter
	r        io.Reader
	encoding []string
	packed   bool
	recoded  bool  // from UTF-16
	produced int64 // bytes
	floor    int64 // of produced, before its ratio to the input counts
	closers  []func() error
	err      error
	// The text of a file that is neither packed nor in another code is what
	// stands in it, behind the byte order mark.
	file *os.File
	bom  int64
}

var _ io.ReadCloser = (*Stream)(nil)

// Open returns the text of an input that Walk found. The errors of Open and of
// the stream are of type *Error and name the path.
func Open(in Input) (*Stream, error) {
	if in.Stdin {
		return open(stdinPath, os.Stdin, bufferSize)
	}
	info, err := os.Stat(in.Path)
	if err != nil {
		return nil, pathError(in.Path, err)
	}
	if info.IsDir() {
		return nil, &Error{Problem: Problem{Path: in.Path, Reason: "a folder, not a file", Hint: "have it walked first"}}
	}
	if what, hint := special(info.Mode()); what != "" {
		return nil, &Error{Problem: Problem{Path: in.Path, Reason: what, Hint: hint}}
	}
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, pathError(in.Path, err)
	}
	s, err := open(in.Path, f, int(min(max(info.Size(), headSize), bufferSize)))
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	s.closers = append(s.closers, f.Close)
	if !s.packed && !s.recoded {
		s.file = f
	}
	return s, nil
}

// Decode is Open for what is not a file. It reads the first 4 KiB at once, and
// does not close r.
func Decode(r io.Reader) (*Stream, error) { return open("", r, bufferSize) }

func open(path string, r io.Reader, buffer int) (*Stream, error) {
	s := &Stream{path: path, raw: &counter{r: r, path: path}, floor: bombFloor}
	if err := s.unwrap(bufio.NewReaderSize(s.raw, buffer)); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// unwrap takes off one layer after the other, outermost first.
func (s *Stream) unwrap(r *bufio.Reader) error {
	for depth := 0; ; depth++ {
		// The readers below repeat their errors, so what Peek says about the
		// end of the input will be said again when Read comes to it.
		head, err := r.Peek(headSize)
		if len(head) == 0 && err != nil && err != io.EOF {
			return err
		}
		name, unpack := compression(head)
		if unpack == nil {
			s.r = r
			return s.text(head, r)
		}
		if depth == 2 {
			return s.refuse("compressed more than twice", "unpack it first")
		}
		inner, closer, err := unpack(s.path, r)
		if err != nil {
			return err
		}
		if closer != nil {
			s.closers = append(s.closers, closer)
		}
		s.packed = true
		s.encoding = append(s.encoding, name)
		r = bufio.NewReaderSize(inner, bufferSize)
	}
}

func (s *Stream) refuse(reason, hint string) *Error {
	return &Error{Problem: Problem{Path: s.path, Reason: reason, Hint: hint}}
}

// Read returns UTF-8 text, or bytes in an unknown 8-bit code as they are. An
// error other than io.EOF comes after everything that could be read; if it says
// that compressed data are damaged, the last bytes before it may be wrong.
func (s *Stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.produced += int64(n)
	if err == nil && s.packed && s.produced > s.floor && s.produced/maxRatio > s.Consumed() {
		err = s.refuse("unpacks to more than 5000 times its size, the rest was not read", "if it is no attack, unpack it first")
	}
	s.err = err
	return n, err
}

// Consumed returns how many bytes of the input, compressed if it is, have been
// read so far.
func (s *Stream) Consumed() int64 { return s.raw.n.Load() }

// Encoding names the layers that were taken off, outermost first, and the code
// of the text: "utf-8", or "gzip, utf-16le".
func (s *Stream) Encoding() string { return strings.Join(s.encoding, ", ") }

// Close closes the file. Standard input stays open.
func (s *Stream) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	s.closers = nil
	s.err = os.ErrClosed
	return errors.Join(errs...)
}

// counter counts the bytes of the input and repeats its error.
type counter struct {
	r    io.Reader
	path string
	n    atomic.Int64
	err  error
}

func (c *counter) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if err != nil && err != io.EOF {
		err = pathError(c.path, err)
	}
	c.err = err
	return n, err
}
