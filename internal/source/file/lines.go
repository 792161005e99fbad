package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// What a file looks like to somebody who follows it.
type shape uint8

const (
	shapeWhole shape = iota // it can only be read from beginning to end
	shapeLines              // each line, or row, stands for itself
)

// lines is a file of lines.
type lines struct {
	file   *os.File
	size   int64
	header []byte // of CSV, with its line break
	json   bool
}

// look settles what a file is by its beginning.
func (l *lines) look() (shape, error) {
	head := make([]byte, min(l.size, headSize))
	if _, err := l.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return shapeWhole, err
	}
	if _, unpack := compression(head); unpack != nil || bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return shapeWhole, nil
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 || text[0] == '[' {
		return shapeWhole, nil
	}
	first, err := l.first()
	if err != nil || first == nil {
		return shapeWhole, err
	}
	if text[0] != '{' {
		l.header = first
		return shapeLines, nil
	}
	l.json = true
	if !json.Valid(bytes.TrimPrefix(first, []byte("\xef\xbb\xbf"))) {
		return shapeWhole, nil // a document over several lines
	}
	return shapeLines, nil
}

// first is the first line that is not blank, with what stands before it; nil if
// it has no end. A line break within quotes ends no header of CSV.
func (l *lines) first() ([]byte, error) {
	var b []byte
	for size := int64(64 << 10); ; size *= 4 {
		b = make([]byte, min(size, l.size))
		if _, err := l.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		quoted, blank := false, true
		for i, c := range b {
			switch {
			case c == '"':
				quoted, blank = !quoted, false
			case c == '\n' && !blank && (!quoted || l.jsonBegins(b)):
				return b[:i+1], nil
			case c != '\n' && c != '\r' && c != ' ' && c != '\t':
				blank = false
			}
		}
		if size >= l.size || size >= lineLength {
			return nil, nil
		}
	}
}

// jsonBegins reports whether text is JSON, in which no string holds a line break.
func (l *lines) jsonBegins(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}

// end is the offset behind the last complete line from an offset on. A last line
// without a line break is complete if the file has settled and nothing is missing.
func (l *lines) end(from int64, settled bool) (int64, error) {
	const chunk = 64 << 10
	buf := make([]byte, chunk)
	end := from
	for at := l.size; at > from; {
		n := min(chunk, at-from)
		at -= n
		if _, err := l.file.ReadAt(buf[:n], at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			end = at + int64(i) + 1
			break
		}
	}
	if end == l.size || !settled || l.size-end > lineLength {
		return end, nil
	}
	last := make([]byte, l.size-end)
	if _, err := l.file.ReadAt(last, end); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if l.json && !json.Valid(last) {
		return end, nil
	}
	return l.size, nil
}

// counted knows how many lines stand before an offset of what was read.
type counted struct {
	r     io.Reader
	at    int64
	marks []lineMark
}

// A lineMark is a piece of text that was read, and where its lines end.
type lineMark struct {
	from int64
	n    int     // line breaks before it
	ends []int32 // offsets behind its line breaks
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	m := lineMark{from: c.at}
	if last := len(c.marks) - 1; last >= 0 {
		m.n = c.marks[last].n + len(c.marks[last].ends)
	}
	for i := 0; i < n; {
		j := bytes.IndexByte(p[i:n], '\n')
		if j < 0 {
			break
		}
		i += j + 1
		m.ends = append(m.ends, int32(i))
	}
	c.at += int64(n)
	if n > 0 {
		c.marks = append(c.marks, m)
	}
	return n, err
}

// before counts the line breaks before an offset, and forgets what is before it.
func (c *counted) before(offset int64) int {
	n := 0
	keep := 0
	for i, m := range c.marks {
		if m.from >= offset {
			break
		}
		keep = i
		n = m.n
		for _, end := range m.ends {
			if m.from+int64(end) > offset {
				break
			}
			n++
		}
	}
	c.marks = c.marks[keep:]
	return n
}
