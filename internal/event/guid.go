package event

// ParseGUID reads an id as Entra writes it, 8-4-4-4-12 hexadecimal digits. lower
// tells that there are no capitals in it, so that GUIDText gives it back.
func ParseGUID(s string) (g [16]byte, lower, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false, false
	}
	var all byte
	for k, at := range guidDigits {
		high, low := hexDigit[s[at]], hexDigit[s[at+1]]
		all |= high | low
		g[k] = high<<4 | low&15
	}
	return g, all&capital == 0, all < noDigit
}

// AppendGUID appends the text of an id, in lower case.
func AppendGUID(dst []byte, g [16]byte) []byte {
	const digits = "0123456789abcdef"
	var text [36]byte
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	for k, at := range guidDigits {
		text[at], text[at+1] = digits[g[k]>>4], digits[g[k]&15]
	}
	return append(dst, text[:]...)
}

// guidDigits is where the bytes of an id stand in its text.
var guidDigits = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

const (
	capital = 0x10 // marks the value of a capital
	noDigit = 0x80 // is what stands for anything else
)

// hexDigit is the value of a digit.
var hexDigit = func() (t [256]byte) {
	for i := range t {
		t[i] = noDigit
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, capital|(10+i)
	}
	return t
}()
