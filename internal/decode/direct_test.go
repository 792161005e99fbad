package decode

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// readAll decodes an input, along the expected paths or along tapes only, and
// gives every value of every field of every event.
func readAll(tb fatal, s *event.Schema, d *Decoder, data []byte, name string, direct bool) []map[string][]event.Value {
	tb.Helper()
	fr := NewFramer(bytes.NewReader(data), name)
	if direct {
		fr.Read(d, Entra)
	}
	w, e := d.NewWorker(Entra), event.New(s)
	var out []map[string][]event.Value
	b := &Batch{}
	for {
		err := fr.Next(b)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		for _, bad := range b.Bad {
			out = append(out, map[string][]event.Value{"bad": {{Text: bad.Reason}}})
		}
		for i := range b.Recs {
			if reason := w.Decode(b, &b.Recs[i], e); reason != "" {
				out = append(out, map[string][]event.Value{"refused": {{Text: reason}}})
				continue
			}
			fields := map[string][]event.Value{"key": {{Text: string(e.Key[:])}}, "time": {{Text: e.Time.String()}}, "tenant": {{Text: e.Tenant}}}
			for _, f := range s.Fields(e.Kind) {
				for n := 0; ; n++ {
					v, ok := e.Value(f.ID, n)
					if !ok {
						break
					}
					v.Text = string(append([]byte(nil), v.Text...))
					fields[f.Name] = append(fields[f.Name], v)
				}
			}
			out = append(out, fields)
		}
	}
}

// TestDirectAgreesWithTape reads each base record three times over, so that
// the second and third are read along the expected paths, and a mixture of all
// kinds, in which the expectation is often wrong.
func TestDirectAgreesWithTape(t *testing.T) {
	s, d := everything(t)
	var mixture []byte
	direct := 0
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		for _, f := range rec.Formats() {
			for _, l := range simulate.Layouts(f) {
				var buf bytes.Buffer
				if err := simulate.Write(&buf, f, l, []simulate.Record{rec, rec, rec}); err != nil {
					t.Fatal(err)
				}
				if l == simulate.NDJSON {
					mixture = append(mixture, buf.Bytes()...)
				}
				want := readAll(t, s, d, buf.Bytes(), portalName(rec), false)
				got := readAll(t, s, d, buf.Bytes(), portalName(rec), true)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s as %s %s (-tape +direct):\n%s", name, f, l, diff)
				}
				direct += len(got)
			}
		}
	}
	if diff := cmp.Diff(readAll(t, s, d, mixture, "x", false), readAll(t, s, d, mixture, "x", true)); diff != "" {
		t.Errorf("mixture (-tape +direct):\n%s", diff)
	}
	if direct < 500 {
		t.Errorf("only %d records were compared", direct)
	}
}

// FuzzDirect holds the two ways of reading to each other, and reading along the
// expected paths to doing so a byte after the other, on anything at all.
func FuzzDirect(f *testing.F) {
	s, d := everything(f)
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		for _, format := range rec.Formats() {
			var buf bytes.Buffer
			if err := simulate.Write(&buf, format, simulate.Layouts(format)[0], []simulate.Record{rec, rec}); err != nil {
				f.Fatal(err)
			}
			f.Add(buf.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		agreesEverywhere(t, data, d.roots[event.Signin][event.Diagnostic])
		want := readAll(t, s, d, data, "x", false)
		got := readAll(t, s, d, data, "x", true)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-tape +direct):\n%s", data, diff)
		}
	})
}
