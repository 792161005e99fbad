package decode

import (
	"encoding/binary"
	"math/bits"
)

// MaxDepth is how deep a record may nest; deeper ones are refused.
const MaxDepth = 1000

// A scanErr is the outcome of scanning a value: none, more input needed, or
// what is wrong with it.
type scanErr uint8

const (
	scanOK scanErr = iota
	scanMore
	scanControl
	scanKey
	scanColon
	scanComma
	scanValue
	scanNumber
	scanLiteral
	scanClose
	scanDepth
)

var scanTexts = [...]string{
	scanMore:    "the record is cut off: the input ends in the middle of it",
	scanControl: "a line break or control character inside a string",
	scanKey:     "expected a quoted key or }",
	scanColon:   "expected : after the key",
	scanComma:   "expected , or the closing bracket",
	scanValue:   "expected a value",
	scanNumber:  "malformed number",
	scanLiteral: "expected true, false or null",
	scanClose:   "closing bracket does not match",
	scanDepth:   "nested more than 1,000 levels deep",
}

func (e scanErr) String() string { return scanTexts[e] }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipString returns the index of the quote that ends the string whose first
// byte is b[i], and whether it holds escapes.
func skipString(b []byte, i int) (end int, escaped bool, err scanErr) {
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			q := w ^ (ones * '"')
			s := w ^ (ones * '\\')
			// Each term marks, exactly up to its first hit, the bytes that
			// are a quote, a backslash, or below 0x20.
			m := ((q-ones)&^q | (s-ones)&^s | (w-ones*0x20)&^w) & highs
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				goto special
			}
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
			i++
		}
		if i >= len(b) {
			return i, escaped, scanMore
		}
	special:
		switch b[i] {
		case '"':
			return i, escaped, scanOK
		case '\\':
			escaped = true
			if i += 2; i > len(b) {
				return i, escaped, scanMore
			}
		default:
			return i, escaped, scanControl
		}
	}
}

func skipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipNumber checks a number that begins at b[i] and returns its end.
func skipNumber(b []byte, i int) (int, scanErr) {
	if b[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' < 10 {
			i++
		}
		return i > from
	}
	from := i
	if !digits() || (b[from] == '0' && i > from+1) {
		return i, numberErr(b, i)
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return i, numberErr(b, i)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return i, numberErr(b, i)
		}
	}
	return i, scanOK
}

func numberErr(b []byte, i int) scanErr {
	if i >= len(b) {
		return scanMore
	}
	return scanNumber
}

// skipLiteral checks true, false or null at b[i].
func skipLiteral(b []byte, i int) (int, scanErr) {
	var want string
	switch b[i] {
	case 't':
		want = "true"
	case 'f':
		want = "false"
	case 'n':
		want = "null"
	default:
		return i, scanValue
	}
	for k := 0; k < len(want); k++ {
		if i+k >= len(b) {
			return i, scanMore
		}
		if b[i+k] != want[k] {
			return i, scanLiteral
		}
	}
	return i + len(want), scanOK
}

// A keyFunc hears of each key of the outermost object: the key without its
// quotes, and where its value begins. Returning false stops the scan there.
type keyFunc func(key []byte, value int) bool

// A scanner checks the grammar of one JSON value and finds its end. It keeps
// its stack between calls so that scanning allocates nothing.
type scanner struct {
	stack []byte // '{' or '[' of each open container
	// at is where the scan stopped, for messages.
	at int
}

// value scans the value at b[i]. Keys of the value itself, if it is an object,
// go to keys when that is not nil; stopped reports that keys said stop.
func (s *scanner) value(b []byte, i int, keys keyFunc) (end int, stopped bool, err scanErr) {
	s.stack = s.stack[:0]
	for {
		// A value is expected at i.
		if i = skipBlank(b, i); i >= len(b) {
			s.at = i
			return i, false, scanMore
		}
		switch c := b[i]; c {
		case '{':
			if len(s.stack) == MaxDepth {
				s.at = i
				return i, false, scanDepth
			}
			s.stack = append(s.stack, '{')
			if i = skipBlank(b, i+1); i < len(b) && b[i] == '}' {
				goto closed
			}
			goto key
		case '[':
			if len(s.stack) == MaxDepth {
				s.at = i
				return i, false, scanDepth
			}
			s.stack = append(s.stack, '[')
			if i = skipBlank(b, i+1); i < len(b) && b[i] == ']' {
				goto closed
			}
			continue
		case '"':
			if i, _, err = skipString(b, i+1); err != scanOK {
				s.at = i
				return i, false, err
			}
			i++
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if i, err = skipNumber(b, i); err != scanOK {
				s.at = i
				return i, false, err
			}
			if i == len(b) {
				s.at = i
				return i, false, scanMore
			}
		default:
			if i, err = skipLiteral(b, i); err != scanOK {
				s.at = i
				return i, false, err
			}
		}

	after: // a value has just ended before i
		if len(s.stack) == 0 {
			return i, false, scanOK
		}
		if i < len(b) && b[i] <= ' ' {
			i = skipBlank(b, i)
		}
		if i >= len(b) {
			s.at = i
			return i, false, scanMore
		}
		switch b[i] {
		case ',':
			if s.stack[len(s.stack)-1] == '[' {
				i++
				continue
			}
			if i++; i < len(b) && b[i] <= ' ' {
				i = skipBlank(b, i)
			}
			goto key
		case '}', ']':
			goto closed
		default:
			s.at = i
			return i, false, scanComma
		}

	key: // a quoted key is expected at i
		if i >= len(b) {
			s.at = i
			return i, false, scanMore
		}
		if b[i] != '"' {
			s.at = i
			return i, false, scanKey
		}
		{
			from := i + 1
			if i, _, err = skipString(b, from); err != scanOK {
				s.at = i
				return i, false, err
			}
			to := i
			if i++; i < len(b) && b[i] != ':' {
				i = skipBlank(b, i)
			}
			if i >= len(b) {
				s.at = i
				return i, false, scanMore
			}
			if b[i] != ':' {
				s.at = i
				return i, false, scanColon
			}
			i++
			if keys != nil && len(s.stack) == 1 {
				if i = skipBlank(b, i); i >= len(b) {
					s.at = i
					return i, false, scanMore
				}
				if !keys(b[from:to], i) {
					return i, true, scanOK
				}
			}
		}
		continue

	closed: // b[i] closes the innermost container
		if open := s.stack[len(s.stack)-1]; (open == '{') != (b[i] == '}') {
			s.at = i
			return i, false, scanClose
		}
		s.stack = s.stack[:len(s.stack)-1]
		i++
		goto after
	}
}

// skip returns the end of the value at b[i], which scanner.value has accepted
// before, so that nothing needs checking.
func skip(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i, _, _ = skipString(b, i+1)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return i
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
		if depth == 0 && (b[i-1] == '"' || b[i-1] == '}' || b[i-1] == ']') {
			return i
		}
	}
	return i
}
