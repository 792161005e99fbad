package decode

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A frameResult is what framing an input gives, in a form that compares.
type frameResult struct {
	Recs []string
	Bad  []string
}

// fatal is what testing.TB and rapid.T share.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

// frameAll reads everything through batches of the given size.
func frameAll(tb fatal, r io.Reader, name string, size int) frameResult {
	tb.Helper()
	var input bytes.Buffer
	f := NewFramer(io.TeeReader(r, &input), name)
	f.size = size
	var out frameResult
	b := &Batch{}
	for range 1 << 20 {
		err := f.Next(b)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		for i := range b.Recs {
			rec := &b.Recs[i]
			out.Recs = append(out.Recs, where(rec.Line, rec.Index)+string(b.Text(rec)))
			if at, n, ok := b.Span(rec); ok && string(input.Bytes()[at:at+int64(n)]) != string(b.Text(rec)) {
				tb.Fatal("the record " + string(b.Text(rec)) + " does not stand where its span says")
			}
		}
		for _, bad := range b.Bad {
			out.Bad = append(out.Bad, where(bad.Line, bad.Index)+bad.Reason)
		}
	}
	tb.Fatal("the framer does not come to an end")
	return out
}

func where(line, index int) string {
	var b strings.Builder
	b.WriteString(itoa(line))
	if index >= 0 {
		b.WriteString("[" + itoa(index) + "]")
	}
	b.WriteString(" ")
	return b.String()
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + itoa(n%10)
	}
	return string(rune('0' + n))
}

func TestFrame(t *testing.T) {
	for _, c := range []struct {
		name, in string
		recs     []string
		bad      []string // parts of the reasons
	}{
		{name: "empty", in: ""},
		{name: "blank", in: " \r\n\t\n"},
		{name: "lines", in: "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", recs: []string{`1 {"a":1}`, `2 {"a":2}`, `4 {"a":3}`}},
		{name: "one line", in: `{"a":1}{"a":2} {"a":3}`, recs: []string{`1 {"a":1}`, `1 {"a":2}`, `1 {"a":3}`}},
		{name: "byte order mark", in: "\ufeff{\"a\":1}", recs: []string{`1 {"a":1}`}},
		{name: "array", in: "[{\"a\":1},\n {\"a\":2}]", recs: []string{`1[0] {"a":1}`, `2[1] {"a":2}`}},
		{name: "empty array", in: "[]"},
		{name: "pretty documents", in: "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", recs: []string{"1 {\n  \"a\": 1\n}", "4 {\n  \"a\": 2\n}"}},
		{
			name: "Graph page", in: `{"@odata.context":"x","value":[{"a":1},{"a":2}],"@odata.nextLink":"y"}`,
			recs: []string{`1[0] {"a":1}`, `1[1] {"a":2}`},
		},
		{
			name: "batches, one a line", in: "{\"records\":[{\"a\":1}]}\n{\"records\":[{\"a\":2},{\"a\":3}]}\n",
			recs: []string{`1[0] {"a":1}`, `2[0] {"a":2}`, `2[1] {"a":3}`},
		},
		{name: "batch in batches", in: `[{"records":[{"a":1}]},{"value":[{"a":2}]}]`, recs: []string{`1[0] {"a":1}`, `1[0] {"a":2}`}},
		{name: "value that is data", in: `{"value":["x"],"a":1}`, recs: []string{`1 {"value":["x"],"a":1}`}},
		{name: "records as text", in: `["{\"a\":1}"]`, recs: []string{`1[0] {"a":1}`}},
		{
			name: "query result", in: `{"tables":[{"name":"t","columns":[{"name":"A"},{"name":"B"}],"rows":[[1,"x"],[null,"y"]]}]}`,
			recs: []string{`1[0] {"A":1,"B":"x"}`, `1[1] {"A":null,"B":"y"}`},
		},
		{name: "cut off", in: `{"a":1}` + "\n" + `{"a":`, recs: []string{`1 {"a":1}`}, bad: []string{"2 not valid JSON at line 2"}},
		{name: "cut line", in: "{\"a\":[1,\n{\"a\":2}\n", recs: []string{`2 {"a":2}`}, bad: []string{"1 not valid JSON"}},
		{name: "open string", in: "{\"a\":\"x\n{\"a\":2}\n", recs: []string{`2 {"a":2}`}, bad: []string{"1 not valid JSON at line 1"}},
		{name: "cut page", in: `{"value":[{"a":1},{"a":2}`, recs: []string{`1[0] {"a":1}`, `1[1] {"a":2}`}, bad: []string{"the input ends before its outermost { is closed"}},
		{name: "trailing comma", in: `{"a":[1,],"b":2}`, bad: []string{"expected a value"}},
		{name: "comma before brace", in: `{"a":1,}`, bad: []string{"expected a quoted key"}},
		{name: "damaged element", in: `[{"a":1},{"a":},{"a":3}]`, recs: []string{`1[0] {"a":1}`, `1[2] {"a":3}`}, bad: []string{"1[1] not valid JSON"}},
		{name: "Python printout", in: `{'a': 'x'}`, bad: []string{"looks like a Python or JavaScript printout"}},
		{name: "number", in: "[{\"a\":1},7]", recs: []string{`1[0] {"a":1}`}, bad: []string{`expected an object, found "7"`}},
		{name: "wrong bracket", in: `{"a":[1}}`, bad: []string{"closing bracket does not match"}},
		{name: "leading zero", in: `{"a":01}`, bad: []string{"malformed number"}},
		{name: "prose", in: "hello, world\nsecond line\n", bad: []string{"unknown CSV header"}},
		{name: "one word", in: "hello\nsecond line\n", bad: []string{"neither JSON nor the CSV of a log"}},
		{name: "rotated file", in: "1,\"b\":2}\n{\"a\":1}\n", recs: []string{`2 {"a":1}`}, bad: []string{"1 expected a JSON object"}},
		{name: "deep", in: strings.Repeat("[", 20) + `{"a":1}` + strings.Repeat("]", 20), bad: []string{"nested more than 8 deep"}},
		{name: "deep record", in: `{"a":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + "}\n{\"b\":1}", recs: []string{`2 {"b":1}`}, bad: []string{"nested more than 1,000 levels deep"}},
		{name: "as deep as allowed", in: `{"a":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + "}", recs: []string{`1 {"a":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + "}"}},
		{name: "bad escape", in: `{"a":"\x"}`, bad: []string{"unknown escape in a string"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := frameAll(t, strings.NewReader(c.in), "x.json", batchSize)
			if d := cmp.Diff(c.recs, got.Recs); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
			if len(c.bad) != len(got.Bad) {
				t.Fatalf("damage: got %q, want %q", got.Bad, c.bad)
			}
			for i := range c.bad {
				if !strings.Contains(got.Bad[i], c.bad[i]) {
					t.Errorf("damage: got %q, want %q in it", got.Bad[i], c.bad[i])
				}
			}
			for _, size := range []int{1, 2, 3, 7, 64} {
				again := frameAll(t, iotest.OneByteReader(strings.NewReader(c.in)), "x.json", size)
				if d := cmp.Diff(got, again); d != "" {
					t.Errorf("in batches of %d (-whole +batches):\n%s", size, d)
				}
			}
		})
	}
}

// TestLargeRecord holds the limit to records, not to lines or arrays.
func TestLargeRecord(t *testing.T) {
	var in bytes.Buffer
	in.WriteString(`[{"small":1},{"large":"`)
	in.Write(bytes.Repeat([]byte("x"), MaxRecord))
	in.WriteString(`"},{"small":2}`)
	for range 1 << 12 {
		in.WriteString(`,{"fill":"` + strings.Repeat("y", 8<<10) + `"}`)
	}
	in.WriteString(`,{"small":3}]`)
	got := frameAll(t, &in, "x.json", batchSize)
	if len(got.Recs) != 3+1<<12 || got.Recs[1] != `1[2] {"small":2}` {
		t.Errorf("got %d records", len(got.Recs))
	}
	if len(got.Bad) != 1 || !strings.HasPrefix(got.Bad[0], "1[1] the record is larger than 16 MiB") {
		t.Errorf("got %q", got.Bad)
	}
}

// TestFrameAnyBatches checks that neither the reader's portions nor the size
// of batches change what is found, on damaged input as well.
func TestFrameAnyBatches(t *testing.T) {
	pieces := []string{
		`{"a":1}`, `{"b":"x\ny\u00e9"}`, `[{"c":2},{"d":[3,{"e":null}]}]`, `{"value":[{"f":1},{"g":2}],"h":3}`, `{"records":[]}`, "\n", "\r\n", " ",
		`{"tables":[{"columns":[{"name":"k"}],"rows":[["v"]]}]}`, `{"a":`, `"`, `{"a":"`, `]`, `}`, `,`, `x`, `[`, `{"i":tru}`, `{"value":["s"]}`, "\n{\"j\":1}\n", `\`,
	}
	rapid.Check(t, func(t *rapid.T) {
		var in strings.Builder
		for range rapid.IntRange(0, 12).Draw(t, "pieces") {
			in.WriteString(rapid.SampledFrom(pieces).Draw(t, "piece"))
		}
		name := "x.json"
		whole := frameAll(t, strings.NewReader(in.String()), name, batchSize)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		size := rapid.IntRange(1, 40).Draw(t, "size")
		parts := frameAll(t, &portions{r: strings.NewReader(in.String()), rnd: rnd}, name, size)
		if d := cmp.Diff(whole, parts); d != "" {
			t.Fatalf("%q in batches of %d (-whole +parts):\n%s", in.String(), size, d)
		}
	})
}

// portions reads a few bytes at a time.
type portions struct {
	r   io.Reader
	rnd *rand.Rand
}

func (p *portions) Read(b []byte) (int, error) {
	return p.r.Read(b[:min(len(b), 1+p.rnd.IntN(9))])
}
