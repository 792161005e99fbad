package file

import (
	"bufio"
	"errors"
	"io"
)

// A Picker reads parts of an input's text once more. Rising offsets are cheap:
// compressed text is unpacked once from its beginning.
type Picker struct {
	in   Input
	s    *Stream
	text *bufio.Reader // of s; nil if the file can be read anywhere
	at   int64         // what comes next in text
}

// NewPicker opens an input that Open has read before. Standard input cannot be
// read again.
func NewPicker(in Input) (*Picker, error) {
	if in.Stdin {
		return nil, &Error{Problem: Problem{Path: stdinPath, Reason: "standard input cannot be read twice", Hint: "write it to a file first"}}
	}
	p := &Picker{in: in}
	if err := p.open(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Picker) open() error {
	s, err := Open(p.in)
	if err != nil {
		return err
	}
	if p.s, p.text, p.at = s, nil, 0; s.file == nil {
		p.text = bufio.NewReaderSize(s, bufferSize)
	}
	return nil
}

// Pick fills dst with the text at an offset.
func (p *Picker) Pick(dst []byte, offset int64) error {
	if p.text == nil {
		_, err := p.s.file.ReadAt(dst, offset+p.s.bom)
		return p.explain(err)
	}
	if offset < p.at {
		if err := errors.Join(p.s.Close(), p.open()); err != nil {
			return err
		}
	}
	n, err := io.CopyN(io.Discard, p.text, offset-p.at)
	p.at += n
	if err == nil {
		var m int
		m, err = io.ReadFull(p.text, dst)
		p.at += int64(m)
	}
	return p.explain(err)
}

func (p *Picker) explain(err error) error {
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Problem{Path: p.in.Path, Reason: "has become shorter while it was scanned", Hint: "scan it again"}, io.ErrUnexpectedEOF}
	}
	return pathError(p.in.Path, err)
}

// Close closes the file.
func (p *Picker) Close() error { return p.s.Close() }
