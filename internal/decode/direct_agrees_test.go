package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// A heard key is what a keyFunc was told.
type heard struct {
	Key  string
	Tell *telling
	At   int
}

// A readResult is everything that reading a record gives.
type readResult struct {
	End, At int
	Stopped bool
	Err     scanErr
	Notes   []event.Note
	Heard   []heard
}

// agrees reads the object at data[i] with and without marks and as naive does.
// The keyFunc says stop at the key of number stop.
func agrees(tb fatal, data []byte, i int, root *node, stop int) {
	tb.Helper()
	var want readResult
	hear := func(r *readResult) keyFunc {
		return func(key []byte, t *telling, value int) bool {
			r.Heard = append(r.Heard, heard{string(key), t, value})
			return len(r.Heard) != stop
		}
	}
	n := naive{}
	want.End, want.Stopped, want.Err = n.record(data, i, root, hear(&want))
	want.At, want.Notes = n.at, n.notes

	var k marker
	for _, m := range []marks{nil, k.extend(data)} {
		var got readResult
		d := direct{}
		d.over(data, m)
		got.End, got.Stopped, got.Err = d.record(i, root, hear(&got))
		got.At, got.Notes = d.at, d.notes
		if !reflect.DeepEqual(want, got) {
			tb.Fatal(fmt.Sprintf("%q from %d, %d bytes of marks (-naive +direct):\n%s", data, i, len(m), cmp.Diff(want, got, cmp.AllowUnexported(event.Note{}, telling{}, name{}))))
		}
	}
}

// agreesEverywhere does so for what looks like objects in data.
func agreesEverywhere(tb fatal, data []byte, root *node) {
	tb.Helper()
	for i, most := 0, 8; i < len(data) && most > 0; i++ {
		if data[i] == '{' {
			agrees(tb, data, i, root, most%3*4)
			most--
		}
	}
}

// TestDirectAgreesWithNaive takes the base records in all formats, whole, cut
// off anywhere and with a few bytes changed.
func TestDirectAgreesWithNaive(t *testing.T) {
	_, d := everything(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		for _, f := range rec.Formats() {
			var buf bytes.Buffer
			if err := simulate.Write(&buf, f, simulate.Layouts(f)[0], []simulate.Record{rec}); err != nil {
				t.Fatal(err)
			}
			data := buf.Bytes()
			i := bytes.IndexByte(data, '{')
			for k := range event.NumKinds {
				if root := d.roots[k][f]; root != nil && i >= 0 {
					agreesEverywhere(t, data, root)
					for range 20 {
						agrees(t, data[:rnd.IntN(len(data)-i)+i+1], i, root, 0)
						damaged := bytes.Clone(data)
						for range 1 + rnd.IntN(3) {
							const bytesOfInterest = "\"\\{}[]:, \n\x00x0-.eEtfn"
							damaged[rnd.IntN(len(data))] = bytesOfInterest[rnd.IntN(len(bytesOfInterest))]
						}
						agrees(t, damaged, i, root, 0)
					}
				}
			}
		}
	}
}

// TestDirectAtBorders puts strings with everything that may be in them at every
// offset around the borders of what is marked at once.
func TestDirectAtBorders(t *testing.T) {
	_, d := everything(t)
	root := d.roots[event.Signin][event.Graph]
	var parts []string
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 56, 57, 58, 63, 64, 65, 127, 128, 129, 200} {
		x := strings.Repeat("x", n)
		parts = append(parts, x, x+`\"`, x+`\\`, `\\`+x, x+"\n"+x, x+`\`, x+`\u00e9`+x, x+`\u00`, strings.Repeat(`\`, n), strings.Repeat(`\`, n)+`"`, strings.Repeat(`\"`, n), x+`\q`)
	}
	for _, part := range parts {
		for at := range 2 * markStep {
			blank := strings.Repeat(" ", at)
			for _, text := range []string{
				`{"id":"` + part + `","appId":"` + part + `","b":1}`,
				`{"` + part + `":"a","id" : "` + part + `" }`,
				`{"other":{"a":"` + part + `","b":"` + part + `"},"status":{"errorCode":0}}`,
			} {
				agrees(t, []byte(blank+text), at, root, 0)
			}
		}
	}
	for _, text := range []string{
		`{"id":"` + strings.Repeat("x", 300) + `","createdDateTime":"2024-01-01T00:00:00Z","status":{"errorCode":0,"x":[1,{"y":"z"},-1.5e+3,true,null]}}`,
		"{\n  \"id\" : \"a\" ,\r\n\t\"location\" : { \"city\" : \"b\" , \"c\" : [ ] , \"d\" : { } } ,\n\"e\":[\"f\",\"g\"]\n}",
	} {
		for n := 1; n <= len(text); n++ {
			agrees(t, []byte(text[:n]), 0, root, 0)
		}
	}
	for _, depth := range []int{MaxDepth - 2, MaxDepth - 1, MaxDepth, MaxDepth + 1} {
		agrees(t, []byte(`{"a":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+"}"), 0, root, 0)
		agrees(t, []byte(`{"a":`+strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)+"}"), 0, root, 0)
	}
}

// TestFind looks keys up in any case, and keys that are nearly those.
func TestFind(t *testing.T) {
	_, d := everything(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	for k := range event.NumKinds {
		for _, root := range d.roots[k] {
			if root == nil {
				continue
			}
			for _, n := range root.all {
				for _, e := range n.edges {
					for _, key := range []string{e.exact, e.name, strings.ToUpper(e.name), e.exact + "x", e.exact[1:], "x" + e.exact[1:], e.exact[:len(e.exact)/2] + "_" + e.exact[len(e.exact)/2+1:]} {
						var want *node
						for _, o := range n.edges {
							if strings.EqualFold(o.name, key) {
								want = o.to
							}
						}
						text := []byte(key)
						if got := n.find(text, nameOf(text)); got != want {
							t.Fatalf("%q found at %p, not %p", key, got, want)
						}
						text[rnd.IntN(len(text))] ^= 0x20
						if got := n.find(text, nameOf(text)); got != nil && strings.EqualFold(key, string(text)) != (got == want) {
							t.Fatalf("%q found", text)
						}
					}
				}
			}
		}
	}
}
