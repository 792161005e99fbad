package decode

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// FuzzScan holds the scanner to encoding/json: both accept the same objects,
// and the tape leads to the same keys and values.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, `{"a":[1,2,{"b":null}],"c":"\u00e9\n"}`, `{"a":-1.5e+10}`, `{"a":01}`, `{"a":tru}`, `{"a":"\x"}`, `{"a" : 1 , "b":[ ]}`, `{"a":1,}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := bytes.TrimSpace(data)
		if len(text) == 0 || text[0] != '{' {
			return
		}
		var s scanner
		end, _, err := s.value(text, 0, nil)
		ok := err == scanOK && end == len(text)
		if depth(text) > MaxDepth {
			return
		}
		if valid := json.Valid(text); ok != valid {
			t.Fatalf("%q: scanner says %v (%s at %d), encoding/json says %v", text, ok, err, s.at, valid)
		}
		if !ok {
			return
		}
		if at := skip(text, 0); at != len(text) {
			t.Fatalf("%q: skip ends at %d of %d", text, at, len(text))
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			return
		}
		c := cursor{data: text, tape: s.tape}
		got := map[string]bool{}
		for k := 1; k < int(s.tape[0].next); k = c.behind(k + 1) {
			key := string(c.text(k, fresh))
			got[strings.ToValidUTF8(key, "\ufffd")] = true
		}
		for key := range want {
			if !got[key] && !strings.Contains(key, "\ufffd") {
				t.Fatalf("%q: key %q is not on the tape", text, key)
			}
		}
	})
}

func depth(text []byte) int {
	d, most := 0, 0
	for _, c := range text {
		if c == '{' || c == '[' {
			d++
			most = max(most, d)
		} else if c == '}' || c == ']' {
			d--
		}
	}
	return most
}

// FuzzDecode feeds anything at all through framing and decoding. Nothing may
// panic or run forever, and each record is an event or has a reason.
func FuzzDecode(f *testing.F) {
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		for _, format := range rec.Formats() {
			for _, layout := range simulate.Layouts(format) {
				var buf bytes.Buffer
				if err := simulate.Write(&buf, format, layout, []simulate.Record{rec}); err != nil {
					f.Fatal(err)
				}
				f.Add(buf.Bytes(), portalName(rec))
			}
		}
	}
	s, d := everything(f)
	w := d.NewWorker(Entra)
	e := event.New(s)
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		fr := NewFramer(bytes.NewReader(data), name)
		b := &Batch{}
		for {
			err := fr.Next(b)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Recs {
				rec := &b.Recs[i]
				if line := rec.Line; line < 1 || line > 1+bytes.Count(data, []byte{'\n'}) {
					t.Fatalf("record on line %d", line)
				}
				if reason := w.Decode(b, rec, e); reason != "" {
					continue
				}
				if e.Kind == event.KindUnknown || e.Key == (event.Key{}) {
					t.Fatalf("an event without kind or key: %s", b.Text(rec))
				}
				for _, field := range s.Fields(e.Kind) {
					for n := 0; ; n++ {
						if _, ok := e.Value(field.ID, n); !ok {
							break
						}
					}
				}
			}
		}
	})
}

// FuzzCSV holds the splitting of rows to encoding/csv where that accepts the
// text.
func FuzzCSV(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("\"a\"\"x\",b\r\n\"1\n2\",\n")
	f.Add("a,\"b,c\"\n")
	f.Fuzz(func(t *testing.T, in string) {
		if strings.ContainsAny(in, "\r\x00") {
			return
		}
		r := csv.NewReader(strings.NewReader(in))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			return
		}
		var got [][]string
		data := []byte(in)
		for i := 0; i < len(data); {
			if data[i] == '\n' {
				i++
				continue
			}
			end, _ := csvRow(data, i)
			got = append(got, csvCells(nil, data[i:end], ','))
			i = end
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%q (-encoding/csv +ours):\n%s", in, d)
		}
	})
}

// FuzzTime holds the fast way of reading times to time.Parse.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2024-01-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-02-29T23:59:59.1234567Z", "2023-02-29T00:00:00+00:00", "2007-01-09T09:41:00.535404056Z", "2024-01-01T24:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := fastTime(s)
		if !ok {
			parseTime(s)
			return
		}
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatalf("%q: read as %s, time.Parse says %v", s, got, err)
		}
		if !got.Equal(want) {
			t.Fatalf("%q: read as %s, time.Parse says %s", s, got, want)
		}
	})
}

// FuzzUnescape holds unescaping to encoding/json, and quoting to both.
func FuzzUnescape(f *testing.F) {
	f.Add(`a\"b\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud83d`)
	f.Fuzz(func(t *testing.T, s string) {
		var want string
		if json.Unmarshal([]byte(`"`+s+`"`), &want) == nil && !strings.ContainsRune(want, '\ufffd') {
			got, ok := unescape(nil, []byte(s))
			if !ok || string(got) != want {
				t.Fatalf("%q: %q, want %q", s, got, want)
			}
		}
		var back string
		if err := json.Unmarshal(appendJSONString(nil, s), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && !strings.ContainsRune(back, '\ufffd') {
			t.Fatalf("%q: quoted %s, read back %q (%v)", s, appendJSONString(nil, s), back, err)
		}
	})
}
