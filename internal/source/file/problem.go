package file

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"unicode"
)

// Problem says why something was not read, or not read as the user may expect.
type Problem struct {
	Path   string // as the user would type it; "<stdin>" for standard input
	Reason string // what happened
	Hint   string // what to do about it; may be empty in a notice
	Notice bool   // for information: no log is missing because of it
}

func (p Problem) String() string {
	s := p.Reason
	if p.Path != "" {
		s = printable(p.Path) + ": " + s
	}
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// printable quotes a path that could play tricks on a terminal.
func printable(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(path)
	}
	return path
}

// Error is the type of all errors that Open, Decode and Read return, apart from
// io.EOF, and os.ErrClosed after Close. It wraps io.ErrUnexpectedEOF if
// compressed data end early.
type Error struct {
	Problem
	Err error // the cause; may be nil
}

func (e *Error) Error() string { return e.String() }
func (e *Error) Unwrap() error { return e.Err }

// pathError explains an error of the operating system about a path.
func pathError(path string, err error) *Error {
	p := Problem{Path: path}
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?["):
		p.Reason, p.Hint = "no file has this name", "if it is a pattern, nothing matches it"
	case errors.Is(err, fs.ErrNotExist):
		p.Reason, p.Hint = "no such file or folder", "check the spelling and the current folder"
	case errors.Is(err, fs.ErrPermission):
		p.Reason, p.Hint = "permission denied", "run as a user who may read it, or change its permissions"
	case errors.Is(err, syscall.ELOOP):
		p.Reason, p.Hint = "a link that leads back to itself", "remove the link"
	default:
		cause := err
		if pe := new(fs.PathError); errors.As(err, &pe) {
			cause = pe.Err
		}
		p.Reason, p.Hint = "cannot be read: "+cause.Error(), "check the disk or the network share, then scan it again"
	}
	return &Error{p, err}
}
