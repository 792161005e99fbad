package detect_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
)

// TestVeryMany fills a window with more members than it keeps to show, lets it
// slide, and fills it again: everything is counted, the first are shown.
func TestVeryMany(t *testing.T) {
	const kept = detect.MaxKept
	tests := []struct {
		typ        string
		step       int64
		limit      float64
		at, count  int // when the condition first holds, and for how many in the end
		percentile float64
	}{
		{typ: "event_count", step: 1, limit: kept + 10, at: kept + 9, count: 2 * kept},
		{typ: "event_count", step: 0, limit: kept + 10, at: 0, count: 2 * kept},
		{typ: "value_count", step: 1, limit: kept + 10, at: kept + 9, count: 2 * kept},
		{typ: "value_sum", step: 1, limit: 1e9, at: 44721, count: 2 * kept},
		{typ: "value_percentile", percentile: 50, step: 1, limit: kept - 1, at: 2*kept - 2, count: 2 * kept},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.typ, " ", tt.step), func(t *testing.T) {
			p := &detect.Pattern{Type: tt.typ, Inputs: 1, Span: 2 * kept, Percentile: tt.percentile, Terms: []detect.Term{{Op: "gte", Limit: tt.limit}}}
			p.SetSlots(nil, [][]int{nil})
			var founds []*detect.Found
			bursts := []int64{0, 1 << 40} // each is a finding of its own
			if tt.typ != "event_count" {
				bursts = bursts[:1]
			}
			err := p.Eval(func(yield func(detect.Member, error) bool) {
				for b, start := range bursts {
					for i := range 2 * kept {
						m := detect.Member{At: start + int64(i)*tt.step, Values: []string{strconv.Itoa(i)}}
						binary.BigEndian.PutUint64(m.ID[:], uint64(b)<<32|uint64(i))
						when := time.Unix(0, m.At).UTC()
						d := detect.Detail{First: when, Last: when, Count: 1, Evidence: []detect.Evidence{{Key: m.ID, Time: when}}}
						m.Detail = d.Encode()
						if !yield(m, nil) {
							return
						}
					}
				}
			}, detect.Never, func(f *detect.Found) error { founds = append(founds, f); return nil })
			if err != nil || len(founds) != len(bursts) {
				t.Fatal(len(founds), err)
			}
			for b, f := range founds {
				if f.At != bursts[b]+int64(tt.at) || f.Count != tt.count || len(f.Evidence) != detect.MaxEvidence {
					t.Errorf("burst %d: at %d, count %d, %d pieces of evidence", b, f.At-bursts[b], f.Count, len(f.Evidence))
				}
				for i, e := range f.Evidence {
					if got := binary.BigEndian.Uint64(e.Key[:]); got != uint64(b)<<32|uint64(i) {
						t.Errorf("burst %d: evidence %d is %x", b, i, got)
					}
				}
				if first, last := f.First.UnixNano(), f.Last.UnixNano(); first != bursts[b] || last != bursts[b]+tt.step*(2*kept-1) {
					t.Errorf("burst %d: from %d to %d", b, first, last)
				}
			}
		})
	}
}

// TestWindowMemory: what a window holds beyond what it keeps to show is small.
func TestWindowMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures memory")
	}
	const n = 400_000
	p := &detect.Pattern{Type: "event_count", Inputs: 1, Span: time.Hour, Terms: []detect.Term{{Op: "gte", Limit: 1e9}}}
	p.SetSlots(nil, [][]int{nil})
	detail := (&detect.Detail{Count: 1, Evidence: []detect.Evidence{{Source: "signins.json:12[3]"}}}).Encode()
	live := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before, after := live(), uint64(0)
	err := p.Eval(func(yield func(detect.Member, error) bool) {
		for i := range n {
			m := detect.Member{At: int64(i), Detail: detail}
			binary.BigEndian.PutUint64(m.ID[:], uint64(i))
			if i == detect.MaxKept {
				before = live() // what is kept has its own bound
			}
			if i == n-1 {
				after = live()
			}
			if !yield(m, nil) {
				return
			}
		}
	}, detect.Never, func(*detect.Found) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if each := int64(after-before) / (n - detect.MaxKept); each > 48 {
		t.Errorf("a member takes %d bytes", each)
	}
}

// TestDistinctFull: what a sentence does not count any more is not remembered.
func TestDistinctFull(t *testing.T) {
	var d detect.Detail
	for i := range 30_000 {
		d.Merge(&detect.Detail{Values: []detect.Distinct{{Texts: []string{strconv.Itoa(i)}}}})
	}
	v := &d.Values[0]
	if !v.Full() || v.Len() != 10_008 || len(v.Texts) != 8 {
		t.Errorf("%d values, %d of them shown, full %t", v.Len(), len(v.Texts), v.Full())
	}
}
