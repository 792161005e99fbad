package decode

import (
	"bytes"
	"strings"
)

// tail reads the keys of a wrapper behind its array.
func (f *Framer) tail(b *Batch, i int) (int, bool) {
	switch {
	case b.Data[i] == '}':
		f.pop()
		return i + 1, true
	case b.Data[i] == ',' && f.comma:
		f.comma = false
		return i + 1, true
	case b.Data[i] != '"' || f.comma:
		return f.damaged(b, i, i, -1, "expected , or } after the array of records")
	}
	to, _, err := skipString(b.Data, i+1)
	if err == scanMore {
		return f.more(b, i, -1)
	}
	if err != scanOK {
		return f.damaged(b, i, to, -1, err.String())
	}
	at := skipBlank(b.Data, to+1)
	if at >= len(b.Data) {
		return f.more(b, i, -1)
	}
	if b.Data[at] != ':' {
		return f.damaged(b, i, at, -1, scanColon.String())
	}
	at = skipBlank(b.Data, at+1)
	key := b.Data[i+1 : to]
	if at < len(b.Data) && b.Data[at] == '[' && (fold(key, "value") || fold(key, "records") || fold(key, "rows")) {
		fr := &f.stack[len(f.stack)-1]
		fr.index = 0
		fr.kind = inWrapper
		if fold(key, "rows") && fr.columns != nil {
			fr.kind = inRows
		}
		f.comma = false
		return at + 1, true
	}
	if fr := &f.stack[len(f.stack)-1]; fr.page > 0 && nextLink(key) && at < len(b.Data) && b.Data[at] == '"' {
		f.pages[fr.page-1].More = true
	}
	end, err := f.extent(b.Data, at)
	if err == scanMore {
		return f.more(b, i, -1)
	}
	if err != scanOK {
		return f.damaged(b, i, f.direct.at, -1, err.String())
	}
	f.comma = true
	return end, true
}

// extent finds the end of a value that is no record.
func (f *Framer) extent(data []byte, i int) (int, scanErr) {
	return f.direct.value(skipBlank(data, i), nil, -1, 0)
}

// row turns one row of a Log Analytics table into an object.
func (f *Framer) row(b *Batch, i int, fr *frame) (int, bool) {
	end, err := f.extent(b.Data, i)
	if err == scanMore {
		return f.more(b, i, fr.index)
	}
	if err != scanOK {
		return f.damaged(b, i, f.direct.at, fr.index, err.String())
	}
	line := b.lineOf(i)
	f.buf = zipRow(f.buf[:0], fr.columns, b.Data[i:end])
	f.detached(b, f.buf, line, fr.index, fr.env)
	f.done()
	return end, true
}

// zipRow writes a row's values under their column names.
func zipRow(dst []byte, columns []string, row []byte) []byte {
	dst = append(dst, '{')
	i := skipBlank(row, 1)
	for n := 0; i < len(row) && row[i] != ']'; n++ {
		end := skip(row, i)
		if n < len(columns) {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, columns[n])
			dst = append(dst, ':')
			dst = append(dst, bytes.TrimSpace(row[i:end])...)
		}
		if i = skipBlank(row, end); i < len(row) && row[i] == ',' {
			i = skipBlank(row, i+1)
		}
	}
	return append(dst, '}')
}

// columnNames reads [{"name": …}, …] at data[at].
func columnNames(data []byte, at int) []string {
	var names []string
	walkArray(data, at, func(elem int) {
		name := ""
		walkObject(data, elem, func(key []byte, v int) {
			if fold(key, "name") {
				name = stringAt(data, v)
			}
		})
		names = append(names, name)
	})
	return names
}

func wrapperEnv(outer *Envelope, key, context string) *Envelope {
	env := &Envelope{Context: context, hint: outer.hint}
	switch strings.ToLower(key) {
	case "value":
		env.Format = "Graph page"
	case "records":
		env.Format = "Azure Monitor batch"
	default:
		env.Format = "Log Analytics query result"
	}
	return env
}
