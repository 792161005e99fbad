package sigma

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A number equals a string or another number if they have a spelling in common.
// A number has two: the one in which it was written and its canonical one, an
// integer without leading zeros or the shortest decimal fraction.

// plainInteger reports whether s is an integer in canonical spelling.
func plainInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] == '0' && s != "0" {
		return false
	}
	return allDigits(digits)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isDecimal reports whether s is an optional sign, digits with at most one
// point among them, and an optional exponent. ParseFloat takes more, and its
// errors allocate.
func isDecimal(s string) bool {
	i, digits := 0, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	point := false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == '.' && !point:
			point = true
		case (c == 'e' || c == 'E') && digits > 0:
			exp := s[i+1:]
			if exp != "" && (exp[0] == '-' || exp[0] == '+') {
				exp = exp[1:]
			}
			return allDigits(exp)
		default:
			return false
		}
	}
	return digits > 0
}

// appendCanonical appends the canonical spelling of a decimal number; ok is false
// if s is none.
func appendCanonical(dst []byte, s string) (out []byte, ok bool) {
	if !isDecimal(s) {
		return dst, false
	}
	if digits := strings.TrimLeft(s, "+-"); allDigits(digits) {
		digits = strings.TrimLeft(digits, "0")
		switch {
		case digits == "":
			return append(dst, '0'), true
		case s[0] == '-':
			dst = append(dst, '-')
		}
		return append(dst, digits...), true
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		return dst, false
	case f == 0: // also -0
		return append(dst, '0'), true
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64), true
	default:
		return strconv.AppendFloat(dst, f, 'g', -1, 64), true
	}
}

// ruleNumber returns the canonical spelling of a number in a rule, where YAML
// permits more notations than records have.
func ruleNumber(s string) (canonical string, ok bool) {
	s = strings.ReplaceAll(s, "_", "")
	sign, digits := "", strings.TrimPrefix(s, "+")
	if d, minus := strings.CutPrefix(digits, "-"); minus {
		sign, digits = "-", d
	}
	for prefix, base := range map[string]int{"0x": 16, "0o": 8, "0b": 2} {
		if d, has := strings.CutPrefix(strings.ToLower(digits), prefix); has {
			n, valid := new(big.Int).SetString(sign+d, base)
			if !valid {
				return "", false
			}
			return n.String(), true
		}
	}
	b, ok := appendCanonical(nil, s)
	return string(b), ok
}

// number is a number to compare by size: exactly if it is an integer that fits.
type number struct {
	i     int64
	f     float64
	isInt bool
}

// parseNumber reads a decimal number.
func parseNumber(s string) (number, bool) {
	if !isDecimal(s) {
		return number{}, false
	}
	if len(s) < 19 && allDigits(strings.TrimLeft(s, "+-")) {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return intNumber(i), true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return number{}, false
	}
	return number{f: f}, true
}

func intNumber(i int64) number { return number{i: i, f: float64(i), isInt: true} }

// compare returns -1, 0 or 1.
func (a number) compare(b number) int {
	switch {
	case a.isInt && b.isInt && a.i < b.i, !(a.isInt && b.isInt) && a.f < b.f:
		return -1
	case a.isInt && b.isInt && a.i > b.i, !(a.isInt && b.isInt) && a.f > b.f:
		return 1
	default:
		return 0
	}
}

// relation is a comparison of two numbers.
type relation uint8

const (
	equal relation = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (r relation) holds(a, b number) bool {
	c := a.compare(b)
	switch r {
	case less:
		return c < 0
	case lessOrEqual:
		return c <= 0
	case greater:
		return c > 0
	case greaterOrEqual:
		return c >= 0
	default:
		return c == 0
	}
}
