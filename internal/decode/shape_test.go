package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// room stands behind a record, as there is in a batch.
var room = strings.Repeat(" ", 2*window)

// followAgrees holds what following a shape gives to what reading gives, for
// the record at the beginning of data. It returns whether the shape was
// followed, and learns the record if it is sound.
func followAgrees(tb fatal, s *shape, data []byte) (followed bool) {
	tb.Helper()
	var told sniff
	d := direct{}
	d.over(data, nil)
	end, _, err := d.record(0, s.root, func(_ []byte, t *telling, at int) bool {
		told.key(t, data, at)
		return true
	})
	var k marker
	for _, m := range []marks{nil, k.extend(data)} {
		var o sniff
		f := direct{notes: make([]event.Note, 0, 32)} // more need room of their own
		f.over(data, m)
		got, ok := s.follow(&f, 0, &o)
		if !ok {
			if len(f.notes) > 0 {
				tb.Fatal("notes were left of a record that does not follow the shape")
			}
			continue
		}
		followed = true
		if err != scanOK || got != end || o != told || !slices.Equal(f.notes, d.notes) {
			tb.Fatal(fmt.Sprintf("%q, %d bytes of marks: read to %d (%v), followed to %d, told %v and %v (-read +followed):\n%s",
				data, len(m), end, err, got, told, o, cmp.Diff(d.notes, f.notes, cmp.AllowUnexported(event.Note{}))))
		}
	}
	if err == scanOK {
		s.learn(data, 0, end)
	}
	return followed
}

// TestShapeAgrees learns the base records of a kind in a format, follows them,
// cuts them off anywhere and changes a few bytes.
func TestShapeAgrees(t *testing.T) {
	_, d := everything(t)
	rnd := rand.New(rand.NewPCG(7, 8))
	records, followed := 0, 0
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		for _, f := range rec.Formats() {
			root := d.roots[rec.Kind][f]
			for _, l := range simulate.Layouts(f) {
				var buf bytes.Buffer
				if err := simulate.Write(&buf, f, l, []simulate.Record{rec}); err != nil {
					t.Fatal(err)
				}
				at := bytes.IndexByte(buf.Bytes(), '{')
				if root == nil || at < 0 {
					continue
				}
				data := append(buf.Bytes()[at:], room...)
				s := newShape(root)
				followAgrees(t, s, data)
				records++
				if followAgrees(t, s, data) {
					followed++
				}
				for range 30 {
					followAgrees(t, s, data[:rnd.IntN(len(data))])
					followAgrees(t, s, damaged(rnd, data))
				}
			}
		}
	}
	// Those in arrays of records are not learnt.
	if records < 200 || followed < records/2 {
		t.Errorf("of %d records only %d followed their own shape", records, followed)
	}
}

// damaged returns data with a few bytes changed.
func damaged(rnd *rand.Rand, data []byte) []byte {
	out := bytes.Clone(data)
	for range 1 + rnd.IntN(3) {
		const bytesOfInterest = "\"\\{}[]:, \n\x00x0-.eEtfn"
		out[rnd.IntN(len(out))] = bytesOfInterest[rnd.IntN(len(bytesOfInterest))]
	}
	return out
}

// TestShapeOfRandomRecords makes records of the keys that a sign-in has and of
// others, nested anyhow, so that the same states are come to in many ways.
func TestShapeOfRandomRecords(t *testing.T) {
	_, d := everything(t)
	rnd := rand.New(rand.NewPCG(9, 10))
	followed := 0
	for _, f := range []event.Format{event.Graph, event.Diagnostic} {
		s := newShape(d.roots[event.Signin][f])
		for range 20_000 {
			r := recordMaker{rnd: rnd}
			r.object(3)
			if followAgrees(t, s, append(r.b, room...)) {
				followed++
			}
		}
		if s.ways > maxWays+1000 {
			t.Errorf("%d ways", s.ways)
		}
	}
	if followed < 2000 {
		t.Errorf("only %d records followed a shape", followed)
	}
}

type recordMaker struct {
	rnd *rand.Rand
	b   []byte
}

func (r *recordMaker) object(depth int) {
	keys := []string{
		"id", "status", "errorCode", "location", "geoCoordinates", "latitude", "category", "properties", "x", "y",
		"authenticationDetails", "succeeded", "authenticationMethod", "riskEventTypes_v2", "appliedConditionalAccessPolicies", "result",
		"aKeyThatIsLongerThanTheWindowOfAWay", "aKeyThatIsLongerThanAllThatStandsInAWayItself", "value", `esc\u0061ped`, "deviceDetail",
	}
	r.b = append(r.b, '{')
	n := r.rnd.IntN(5)
	first := r.rnd.IntN(len(keys) - n)
	for i, key := range keys[first : first+n] {
		if i > 0 {
			r.b = append(r.b, ',')
			r.blank()
		}
		r.b = append(append(append(r.b, '"'), key...), `":`...)
		r.value(depth - 1)
	}
	r.b = append(r.b, '}')
}

func (r *recordMaker) blank() {
	if r.rnd.IntN(20) == 0 {
		r.b = append(r.b, "\n  "...)
	}
}

func (r *recordMaker) value(depth int) {
	scalars := []string{`"a"`, `""`, `"b\"c"`, `"` + strings.Repeat("long", 30) + `"`, "0", "17", "-1.5e3", "104.98470", "01", "1.", "true", "false", "null", "[]", "{}", "[ ]", `"[{\"a\":1}]"`}
	switch n := r.rnd.IntN(8); {
	case depth > 0 && n == 0:
		r.b = append(r.b, '[')
		for i := range 1 + r.rnd.IntN(3) {
			if i > 0 {
				r.b = append(r.b, ',')
			}
			r.value(depth - 1)
		}
		r.b = append(r.b, ']')
	case depth > 0 && n < 4:
		r.object(depth)
	default:
		r.b = append(r.b, scalars[r.rnd.IntN(len(scalars))]...)
	}
}

// TestShapeRests reads records that never follow a shape, which is given up
// for a while, and then taken up again.
func TestShapeRests(t *testing.T) {
	_, d := everything(t)
	s := newShape(d.roots[event.Signin][event.Graph])
	learnt, rested := 0, 0
	for i := range 3 * pauseFor {
		if s.resting() {
			rested++
			continue
		}
		learnt++
		data := fmt.Appendf(nil, `{"k%d":"a","id":"b"}`, i)
		s.learn(data, 0, len(data))
	}
	if learnt > 200 || rested < 2*pauseFor {
		t.Errorf("learnt %d times, rested %d times", learnt, rested)
	}
}

// FuzzShape learns the objects of one text and reads those of another.
func FuzzShape(f *testing.F) {
	_, d := everything(f)
	for _, name := range []string{"signin", "audit"} {
		for _, n := range simulate.BaseNames() {
			if !strings.HasPrefix(n, name) {
				continue
			}
			rec, _ := simulate.Base(n)
			var buf bytes.Buffer
			if err := simulate.Write(&buf, event.Graph, simulate.NDJSON, []simulate.Record{rec}); err == nil {
				f.Add(buf.Bytes(), buf.Bytes())
			}
		}
	}
	f.Fuzz(func(t *testing.T, known, data []byte) {
		s := newShape(d.roots[event.Signin][event.Graph])
		for _, text := range [][]byte{known, data, known} {
			for i, most := 0, 8; i < len(text) && most > 0; i++ {
				if text[i] == '{' {
					followAgrees(t, s, append(bytes.Clone(text[i:]), room...))
					most--
				}
			}
		}
	})
}

// TestShapeOfNumbers puts sound and malformed numbers where one stood before.
func TestShapeOfNumbers(t *testing.T) {
	_, d := everything(t)
	s := newShape(d.roots[event.Signin][event.Graph])
	followAgrees(t, s, []byte(`{"id":7,"x":1,"y":"a"}`+room))
	for _, n := range []string{"0", "10", "-1", "1.5", "-0.25e-3", "1E5", "1e+5"} {
		if !followAgrees(t, s, []byte(`{"id":`+n+`,"x":`+n+`,"y":"a"}`+room)) {
			t.Errorf("%s did not follow", n)
		}
	}
	for _, n := range []string{"01", "1.", ".5", "1.e3", "1e", "1e+", "-", "--1", "+1", "1x", "0x1", "1..2", "", "1.5.5", "00.5"} {
		if followAgrees(t, s, []byte(`{"id":`+n+`,"x":`+n+`,"y":"a"}`+room)) {
			t.Errorf("%q followed", n)
		}
	}
}
