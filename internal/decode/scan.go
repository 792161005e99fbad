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
	scanEscape
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
	scanEscape:  "unknown escape in a string",
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
			w := binary.LittleEndian.Uint64(b[i : i+8 : i+8])
			// Flipping bit 1 puts the quote right above the control
			// characters and the blank behind it, so that one comparison
			// finds both. Each term marks, exactly up to its first hit, the
			// bytes that it looks for.
			q := w ^ (ones * 2)
			s := w ^ (ones * '\\')
			m := ((q-ones*0x21)&^q | (s-ones)&^s) & highs
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
			if i+1 >= len(b) {
				return len(b), escaped, scanMore
			}
			switch b[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				for k := i + 2; k < i+6; k++ {
					if k >= len(b) {
						return len(b), escaped, scanMore
					}
					if c := b[k]; c-'0' > 9 && lower(c)-'a' > 5 {
						return i, escaped, scanEscape
					}
				}
				i += 6
			default:
				return i, escaped, scanEscape
			}
		default:
			return i, escaped, scanControl
		}
	}
}

// blank is skipBlank for where there is seldom anything to skip. It is small
// enough to be compiled into its callers.
func blank(b []byte, i int) int {
	if i < len(b) && b[i] <= ' ' {
		return skipBlank(b, i)
	}
	return i
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

// A token is a value or key on the tape of a record: where its text is and,
// for containers, where the tape goes on behind them. Reading a record along
// its tape looks at no byte that it does not want.
type token struct {
	at, end uint32 // first byte; last byte (quote or bracket), or end of a literal
	next    uint32 // containers: index of the token behind; strings: 1 if escaped
}

// A keyFunc hears of each key of the outermost object: the key without its
// quotes, what it tells, and where its value begins. Returning false stops the
// scan there.
type keyFunc func(key []byte, t *telling, value int) bool

// A scanner checks the grammar of JSON values, finds their ends, and writes
// their tape. It keeps its memory between calls.
type scanner struct {
	tape  []token
	stack []uint32 // tape index of each open container
	// at is where the scan stopped, for messages.
	at int
}

// value scans the value at b[i] and appends its tape. Keys of the value
// itself, if it is an object, go to keys when that is not nil; stopped reports
// that keys said stop.
func (s *scanner) value(b []byte, i int, keys keyFunc) (end int, stopped bool, err scanErr) {
	s.stack = s.stack[:0]
	tape := s.tape
	defer func() { s.tape = tape }()
	for {
		// A value is expected at i.
		i = blank(b, i)
		if i >= len(b) {
			s.at = i
			return i, false, scanMore
		}
		switch c := b[i]; c {
		case '"':
			from := i
			var escaped bool
			if i, escaped, err = skipString(b, i+1); err != scanOK {
				s.at = i
				return i, false, err
			}
			t := token{at: uint32(from), end: uint32(i)}
			if escaped {
				t.next = 1
			}
			tape = append(tape, t)
			i++
		case '{', '[':
			if len(s.stack) == MaxDepth {
				s.at = i
				return i, false, scanDepth
			}
			s.stack = append(s.stack, uint32(len(tape)))
			tape = append(tape, token{at: uint32(i)})
			i = blank(b, i+1)
			// ] and } are two above [ and {.
			if i < len(b) && b[i] == c+2 {
				goto closed
			}
			if c == '{' {
				goto key
			}
			continue
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			from := i
			if i, err = skipNumber(b, i); err != scanOK {
				s.at = i
				return i, false, err
			}
			if i == len(b) {
				s.at = i
				return i, false, scanMore
			}
			tape = append(tape, token{at: uint32(from), end: uint32(i)})
		default:
			from := i
			if i, err = skipLiteral(b, i); err != scanOK {
				s.at = i
				return i, false, err
			}
			tape = append(tape, token{at: uint32(from), end: uint32(i)})
		}

	after: // a value has just ended before i
		if len(s.stack) == 0 {
			return i, false, scanOK
		}
		i = blank(b, i)
		if i >= len(b) {
			s.at = i
			return i, false, scanMore
		}
		switch b[i] {
		case ',':
			i++
			if b[tape[s.stack[len(s.stack)-1]].at] == '[' {
				continue
			}
			i = blank(b, i)
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
			var escaped bool
			if i, escaped, err = skipString(b, from); err != scanOK {
				s.at = i
				return i, false, err
			}
			to := i
			t := token{at: uint32(from - 1), end: uint32(to)}
			if escaped {
				t.next = 1
			}
			tape = append(tape, t)
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
			if len(s.stack) == 1 && keys != nil {
				if i = skipBlank(b, i); i >= len(b) {
					s.at = i
					return i, false, scanMore
				}
				if key := b[from:to]; !keys(key, telltale.find(key, nameOf(key)), i) {
					return i, true, scanOK
				}
			}
		}
		continue

	closed: // b[i] closes the innermost container
		open := s.stack[len(s.stack)-1]
		if b[tape[open].at]+2 != b[i] {
			s.at = i
			return i, false, scanClose
		}
		tape[open].end, tape[open].next = uint32(i), uint32(len(tape))
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
		if depth == 0 && i <= len(b) && (b[i-1] == '"' || b[i-1] == '}' || b[i-1] == ']') {
			return i
		}
	}
	return len(b)
}
