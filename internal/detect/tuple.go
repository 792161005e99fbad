package detect

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/ascii"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A tuple is the values that an event has for several fields, as one text that
// tells different values apart: for each field 0 where there is none, 2 and 16
// bytes for an id, else 1 and the value in lower case. An event whose fields have several values has a
// tuple for each combination.

// maxTuples bounds the combinations of one event.
const maxTuples = 256

// tuples appends an event's tuples for some fields, each with its length, and
// says how many they are.
func (m *Matcher) tuples(dst []byte, ev *event.Event, fields []access) ([]byte, int) {
	m.buf = m.buf[:0]
	for i := range fields {
		values := m.keyValues(ev, fields[i])
		if len(values) > 1 {
			return m.multiply(dst, ev, fields)
		}
		if len(values) == 0 {
			m.buf = append(m.buf, 0)
		} else {
			m.buf = appendPart(m.buf, values[0].Text)
		}
	}
	return appendText(dst, borrowed(m.buf)), 1
}

// multiply is tuples for events of which a field has several values.
func (m *Matcher) multiply(dst []byte, ev *event.Event, fields []access) ([]byte, int) {
	all := []string{""}
	for _, f := range fields {
		values := m.keyValues(ev, f)
		var next []string
		for _, t := range all {
			if len(values) == 0 {
				next = append(next, t+"\x00")
			}
			for _, v := range values {
				if len(next) < maxTuples {
					next = append(next, string(appendPart([]byte(t), v.Text)))
				}
			}
		}
		all = next
	}
	for _, t := range all {
		dst = appendText(dst, t)
	}
	return dst, len(all)
}

func appendPart(dst []byte, text string) []byte {
	if g, _, ok := event.ParseGUID(text); ok {
		return append(append(dst, 2), g[:]...)
	}
	return appendSortable(append(dst, 1), ascii.ToLower(text))
}

// splitTuple returns the length of the first n parts of a tuple, and whether
// all of them have a value.
func splitTuple(t string, n int) (length int, complete bool) {
	complete = true
	i := 0
	for range n {
		if i >= len(t) {
			return len(t), false
		}
		switch t[i] {
		case 0:
			complete = false
			i++
			continue
		case 2:
			i += 17
			continue
		}
		for i++; i+1 < len(t) && (t[i] != 0 || t[i+1] != 0); i++ {
			if t[i] == 0 {
				i++
			}
		}
		i += 2
	}
	return min(i, len(t)), complete
}

// nextPart splits the first value off a tuple; ok is false if it is missing.
func nextPart(t string) (value, rest string, ok bool) {
	switch {
	case t == "" || t[0] == 0:
		return "", t[min(1, len(t)):], false
	case t[0] == 2 && len(t) >= 17:
		return string(event.AppendGUID(nil, [16]byte([]byte(t[1:17])))), t[17:], true
	case t[0] == 2:
		return "", "", false
	}
	t = t[1:]
	i := strings.IndexByte(t, 0)
	if i < 0 || i+1 == len(t) {
		return "", "", false
	}
	if t[i+1] == 0 {
		return t[:i], t[i+2:], true
	}
	// There is a zero byte in the value, which is written as two.
	d := signalReader{b: []byte(t)}
	value = d.sortable()
	return value, t[len(t)-len(d.b):], !d.bad
}

// parts returns the values of a tuple, "" for those that are missing.
func parts(t string) []string {
	var out []string
	for t != "" {
		var value string
		value, t, _ = nextPart(t)
		out = append(out, strings.Clone(value))
	}
	return out
}

// placeOf reads what travel compares, as an encoded tuple: latitude, longitude,
// and whether the address is one of the organisation's own, whose place is that
// of the building and not of the person.
func placeOf(tuple string) Place {
	var parts [3]string
	for i := range parts {
		parts[i], tuple, _ = nextPart(tuple)
	}
	if parts[2] == "true" {
		return Place{}
	}
	return placeAt(parts[0], parts[1])
}

// placeAt reads coordinates. 0/0 is how logs say that they do not know.
func placeAt(latitude, longitude string) Place {
	lat, ok1 := coordinate(latitude, 90)
	lon, ok2 := coordinate(longitude, 180)
	return Place{Lat: lat, Lon: lon, Known: ok1 && ok2 && (lat != 0 || lon != 0)}
}
